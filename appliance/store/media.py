# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Photos and voices of pupils: sealed files of the vault, each about the statement that tells of it.

Files, not rows: a medium is a thousand times an answer, and the database is copied, written anew and sent in backups.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import NotFound
from appliance.store import merging, vault
from appliance.store.db import Database


@dataclass(frozen=True, slots=True)
class Work:
    """A medium, unread, and what it answers."""

    item: str
    pupil: str
    """Under whom it counts (:mod:`appliance.store.merging`)."""
    home: str
    """The class of the pupil to whom it is sealed."""
    lesson: str
    activity: str
    question: str
    media_type: str
    at: str
    """RFC 3339, or empty: sealed while the clock could not be trusted."""


def keep(
    conn: sqlite3.Connection, pupil: str, body: bytes, *, media_type: str, item: str, about: str, at: str, folder: Path
) -> None:
    """Seal ``body`` as ``item`` (an id), about a statement, in the statement's own transaction.

    For a pupil of whom media are kept (:func:`appliance.store.texts.kept_of`). Raises as :func:`vault.seal`.
    """
    vault.seal(
        conn, pupil, vault.MEDIA, body, about=about, media_type=media_type, at=at, folder=folder, item_id=item
    )  # fmt: skip


def used(db: Database, lesson: str, pupil: str) -> tuple[int, int]:
    """How many media of a pupil a lesson holds, and their bytes on the card."""
    conn = db.reading()
    row = conn.execute(
        "SELECT count(*) AS number, coalesce(sum(size), 0) AS size FROM sealed_item "
        "JOIN answer ON answer.statement = sealed_item.about WHERE kind = ? AND lesson = ? AND answer.pupil = ?",
        (vault.MEDIA, lesson, merging.into(conn, pupil)),
    ).fetchone()  # fmt: skip
    return row["number"], row["size"]


def of_lesson(db: Database, lesson: str) -> list[Work]:
    """In the order of arrival."""
    return _found(db, "lesson = ?", lesson)


def of_pupil(db: Database, pupil: str) -> list[Work]:
    """In the order of arrival."""
    return _found(db, "answer.pupil = ?", pupil)


def get(db: Database, item: str) -> Work:
    """One of them. Raises :class:`NotFound`."""
    found = _found(db, "sealed_item.id = ?", item)
    if not found:
        raise NotFound("This was erased, or never was.")
    return found[0]


def remove(db: Database, item: str, folder: Path) -> None:
    """Take one away for good; the statement that tells of it stays."""
    with db.writing() as conn:
        vault.forget_items(conn, [item])
    with db.writing() as conn:
        vault.sweep(conn, folder)


_WORKS = (
    "SELECT sealed_item.id AS item, answer.pupil, school_group AS home, lesson, activity, question, media_type, "
    "sealed_item.at FROM sealed_item JOIN answer ON answer.statement = sealed_item.about "
    "JOIN statement ON statement.id = answer.statement JOIN pupil ON pupil.id = sealed_item.pupil "
    "WHERE sealed_item.kind = ? AND "
)


def _found(db: Database, where: str, value: str) -> list[Work]:
    rows = db.reading().execute(f"{_WORKS} {where} ORDER BY statement.row", (vault.MEDIA, value))
    return [Work(**row) for row in rows]
