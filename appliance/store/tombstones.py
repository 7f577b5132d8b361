# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Tombstones: signed words of a box that an agent's statements, up to a sequence, are gone and stay gone.

A tombstone names the agent by a SHA-256 only. It *acts* on the statements of ``origin``; a tombstone that came from
another box and speaks of a third box's statements is kept and handed on, but does not act here. Nor does one of a
box whose key is not known here yet: it acts once a file of that box itself brings it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appliance.errors import BadInput
from appliance.store.identity import Identity, verified

ANYWHERE = ""
"""The origin in a final tombstone for every statement of its actor, from whichever box it comes."""
LONGEST = 2000
"""Characters of a tombstone's text."""
_HASH = re.compile(r"[0-9a-f]{64}")
_FIELDS = {"actor": str, "origin": str, "sequence": int, "final": bool, "at": str, "box": str, "key": str,
           "signature": str}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tombstone:
    """``box`` says, signed with ``key``: what ``origin`` numbered up to ``sequence`` and names ``actor`` is erased."""

    actor: str
    """:func:`hashed`."""
    origin: str
    sequence: int
    final: bool
    """Nothing new of this actor is kept either, whatever its sequence."""
    at: str
    """RFC 3339, by the clock of ``box``."""
    box: str
    key: str
    signature: str

    @property
    def text(self) -> str:
        """As it is kept and exported: JSON, sorted keys, no spaces."""
        return _canonical(dataclasses.asdict(self))


def hashed(agent_value: str) -> str:
    """What a tombstone says of an agent (:func:`appliance.xapi.terms.agent_value`): its SHA-256, hex."""
    return hashlib.sha256(agent_value.encode()).hexdigest()


def signed(identity: Identity, actor: str, origin: str, sequence: int, *, final: bool, at: str) -> Tombstone:
    """A tombstone of this box; ``actor``: :func:`hashed`."""
    blank = Tombstone(actor, origin, sequence, final, at, identity.box, identity.key, "")
    return dataclasses.replace(blank, signature=identity.sign(_message(blank)))


def read(text: str) -> Tombstone:
    """The tombstone written in ``text``, its signature checked against the key it names; raises :class:`BadInput`.

    Whether that key is the box's own is the caller's question (:func:`appliance.store.identity.known_key`).
    """
    try:
        found = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError) as error:
        raise BadInput("This is not a tombstone.") from error
    if not isinstance(found, dict) or {name: type(value) for name, value in found.items()} != _FIELDS:
        raise BadInput("This is not a tombstone.")
    tombstone = Tombstone(**found)
    if tombstone.text != text or not _HASH.fullmatch(tombstone.actor) or not 0 <= tombstone.sequence < 2**63:
        raise BadInput("This is not a tombstone.")
    if not verified(tombstone.key, tombstone.signature, _message(tombstone)):
        raise BadInput("The signature of this tombstone is wrong: the file was changed.")
    return tombstone


def _message(tombstone: Tombstone) -> bytes:
    fields = dataclasses.asdict(tombstone)
    del fields["signature"]
    return b"cartable tombstone 1\n" + _canonical(fields).encode()


def _canonical(fields: dict[str, object]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def insert(conn: sqlite3.Connection, tombstone: Tombstone, *, acts: bool) -> bool:
    """Within the caller's transaction; False when it was there already, and acted if ``acts``."""
    done = conn.execute(
        "INSERT INTO tombstone (actor, origin, sequence, final, body, acts) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (actor, origin, sequence, final, body) DO UPDATE SET acts = 1 WHERE excluded.acts AND NOT acts",
        (tombstone.actor, tombstone.origin, tombstone.sequence, int(tombstone.final), tombstone.text, int(acts)),
    )
    return done.rowcount > 0


def every(conn: sqlite3.Connection) -> Iterator[Tombstone]:
    """All of them, in the order in which they came."""
    for row in conn.execute("SELECT body FROM tombstone ORDER BY id"):
        yield Tombstone(**json.loads(row["body"]))


def claimed_key(conn: sqlite3.Connection, box: str) -> str | None:
    """The key of the tombstones of ``box`` that are here, None without any. It may be another one than the box's own
    as long as that is not known."""
    row = conn.execute("SELECT body FROM tombstone WHERE json_extract(body, '$.box') = ? LIMIT 1", (box,)).fetchone()
    return None if row is None else Tombstone(**json.loads(row["body"])).key


def drop_forged(conn: sqlite3.Connection, box: str, key: str) -> int:
    """Within the caller's transaction: remove what others handed on as words of ``box``, whose own key is ``key``."""
    return conn.execute(
        "DELETE FROM tombstone WHERE NOT acts AND json_extract(body, '$.box') = ? AND json_extract(body, '$.key') <> ?",
        (box, key),
    ).rowcount


def erased(conn: sqlite3.Connection, agents: Iterable[str], origin: str, sequence: int | None = None) -> bool:
    """Whether a statement of ``origin`` that names ``agents`` (agent values) may not come in, or come back.

    ``sequence`` None: it is new, and has none yet: only final tombstones speak of it. ``origin`` :data:`ANYWHERE`: asks
    for an actor of whom this box keeps nothing more at all.
    """
    if conn.execute("SELECT 1 FROM tombstone LIMIT 1").fetchone() is None:  # nearly always
        return False
    for agent in agents:
        found = conn.execute(
            "SELECT 1 FROM tombstone WHERE actor = ? AND origin IN (?, ?) AND acts AND (final OR sequence >= ?)",
            (hashed(agent), origin, ANYWHERE, 2**63 - 1 if sequence is None else sequence),
        ).fetchone()
        if found is not None:
            return True
    return False
