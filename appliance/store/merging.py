# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A child who was on the list twice: two pseudonyms, one pupil.

Statements are never changed: each keeps the pseudonym that it was made under. ``pupil_merged`` says under whom it
counts; whoever reads a pupil's answers, exports or erases them asks for the former pseudonyms too.
"""

from __future__ import annotations

from appliance.errors import Conflict, NotFound
from appliance.store import vault
from appliance.store.db import Connection
from appliance.xapi import identifiers, terms


def into(conn: Connection, pupil_id: str) -> str:
    """Under whom this one counts: itself, unless it was merged."""
    row = conn.execute("SELECT kept FROM pupil_merged WHERE pupil = ?", (pupil_id,)).fetchone()
    return pupil_id if row is None else str(row["kept"])


def every(conn: Connection) -> dict[str, str]:
    """Former pupil -> under whom it counts."""
    return {row["pupil"]: row["kept"] for row in conn.execute("SELECT pupil, kept FROM pupil_merged")}


def formers(conn: Connection, pupil_id: str) -> list[str]:
    """Who counts under this pupil, besides itself."""
    rows = conn.execute("SELECT pupil FROM pupil_merged WHERE kept = ? ORDER BY pupil", (pupil_id,))
    return [row["pupil"] for row in rows]


def agents(conn: Connection, box: str, pupil_id: str) -> list[str]:
    """The agent values of a pupil and of the former ones."""
    return [terms.agent_value(identifiers.pupil(box, each)) for each in (pupil_id, *formers(conn, pupil_id))]


def merge(conn: Connection, kept: str, other: str, at: str) -> None:
    """From now on ``other`` counts under ``kept``, a pupil of the same class; its first name goes, its keys stay for
    what is sealed to it. ``at``: RFC 3339.

    Raises :class:`Conflict` unless they are two pupils who sit in one class, :class:`NotFound`.
    """
    home, former = _seated(conn, kept), _seated(conn, other)
    if home != former or kept == other:
        raise Conflict("Only two pupils of the same class can be made one.")
    conn.execute("UPDATE pupil_merged SET kept = ? WHERE kept = ?", (kept, other))
    conn.execute("INSERT INTO pupil_merged (pupil, kept, at) VALUES (?, ?, ?)", (other, kept, at))
    conn.execute("INSERT OR IGNORE INTO member SELECT school_group, ? FROM member WHERE pupil = ?", (kept, other))
    conn.execute("DELETE FROM member WHERE pupil = ?", (other,))
    conn.execute("UPDATE answer SET pupil = ? WHERE pupil = ?", (kept, other))
    conn.execute("UPDATE oral_attempt SET pupil = ? WHERE pupil = ?", (kept, other))
    vault.forget_items(conn, [item.id for item in vault.items(conn, other, vault.NAME)])


def _seated(conn: Connection, pupil_id: str) -> str:
    """The class in which a pupil sits now."""
    row = conn.execute(
        "SELECT school_group FROM pupil LEFT JOIN pupil_detail ON pupil = id WHERE id = ? AND left_at IS NULL "
        "AND id NOT IN (SELECT pupil FROM pupil_merged)", (pupil_id,),
    ).fetchone()  # fmt: skip
    if row is None:
        raise NotFound("There is no such pupil in this class: go back to the list.")
    return str(row["school_group"])
