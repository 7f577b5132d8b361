# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pictures and sounds that teachers gave to exercises: a row, and a file ``<library>/exercises/<sha256>.<suffix>``.

Beside the library's blobs, not among them: a blob is a folder with a manifest, an entry of the shelf and of the search.
One file each, named by its content, is what nginx can answer by itself.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from appliance import power_cut
from appliance.errors import BadInput, NotFound
from appliance.model import MINE
from appliance.store.db import Connection, Database
from appliance.store.durable import disk_errors

FOLDER = "exercises"
"""Of the library."""
PICTURE, SOUND = "picture", "sound"
SUFFIXES = {PICTURE: ".jpg", SOUND: ".mp3"}
MOST, MOST_BYTES = 600, 300 << 20
"""Of the whole box; 300 MB are three thousand pictures of a hundred kilobytes."""
LONGEST_NAME = 80
_USED = re.compile(re.escape(MINE) + r"([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or a sound."""

    id: str
    """SHA-256 of the file, hex."""
    kind: str
    name: str
    """What it shows or says: its alternative text. Lower case, one of its kind."""
    width: int
    height: int
    seconds: float
    size: int
    """Bytes."""

    @property
    def file(self) -> str:
        """Its file's name."""
        return self.id + SUFFIXES[self.kind]

    @property
    def reference(self) -> str:
        """What stands in a question."""
        return MINE + self.id


def put(conn: Connection, medium: Medium, body: bytes, folder: Path, at: str) -> Medium:
    """Keep it, its file first; the same bytes are kept once, under the name that they had.

    Raises :class:`BadInput` without a name or where there are too many, :class:`appliance.errors.StorageError`.
    """
    name = " ".join(medium.name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadInput("Say in a few words what this shows or says: at most %(most)s characters.", most=LONGEST_NAME)
    known = conn.execute("SELECT * FROM quiz_medium WHERE id = ?", (medium.id,)).fetchone()
    if known is None:
        count, size = conn.execute("SELECT count(*), coalesce(sum(size), 0) FROM quiz_medium").fetchone()
        if count >= MOST or size + medium.size > MOST_BYTES:
            raise BadInput("The exercises hold as many pictures and sounds as the box takes: remove an exercise first.")
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        power_cut.replace(folder / medium.file, body, mode=0o644)
    if known is not None:
        return _medium(known)
    row = (medium.id, medium.kind, _unused(conn, medium.kind, name), medium.width, medium.height, medium.seconds,
           medium.size, at)  # fmt: skip
    conn.execute("INSERT INTO quiz_medium (id, kind, name, width, height, seconds, size, added_at) "
                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # fmt: skip
    return _medium(conn.execute("SELECT * FROM quiz_medium WHERE id = ?", (medium.id,)).fetchone())


def _unused(conn: Connection, kind: str, name: str) -> str:
    """Two pictures of one name would be one for who types it."""
    taken = {row["name"].lower() for row in conn.execute("SELECT name FROM quiz_medium WHERE kind = ?", (kind,))}
    others = (f"{name} {number}" for number in range(2, MOST + 2))
    return name if name.lower() not in taken else next(each for each in others if each.lower() not in taken)


def every(db: Database, kind: str) -> list[Medium]:
    """Of a kind, the newest first."""
    rows = db.reading().execute("SELECT * FROM quiz_medium WHERE kind = ? ORDER BY rowid DESC", (kind,))
    return [_medium(row) for row in rows]


def get(db: Database, reference: str) -> Medium:
    """By what stands in a question. Raises :class:`NotFound`."""
    name = reference.removeprefix(MINE)
    row = db.reading().execute("SELECT * FROM quiz_medium WHERE id = ?", (name,)).fetchone()
    if row is None:
        raise NotFound("This picture or sound is no longer on the box: choose it again.")
    return _medium(row)


def sweep(conn: Connection, folder: Path, *, starting: bool) -> int:
    """Remove what an exercise used and none uses now; returns how many rows went. ``starting``: also what none ever
    used, and files without a row, left by a death. (In mid-day, what was just given is still on its way.)
    """
    used = _used(conn)
    conn.executemany("UPDATE quiz_medium SET used = 1 WHERE id = ?", [(each,) for each in sorted(used)])
    rows = conn.execute("SELECT * FROM quiz_medium WHERE used = 1 OR ?", (starting,)).fetchall()
    gone = [_medium(row) for row in rows if row["id"] not in used]
    conn.executemany("DELETE FROM quiz_medium WHERE id = ?", [(each.id,) for each in gone])
    _remove(folder, {each.file for each in gone} | (_strays(conn, folder) if starting else set()))
    return len(gone)


def _used(conn: Connection) -> set[str]:
    """Of the questions that are asked today, in exercises that are offered."""
    rows = conn.execute(
        "SELECT q.body FROM activity_question q LEFT JOIN activity_detail d ON d.activity = q.activity "
        "WHERE q.position IS NOT NULL AND d.removed_at IS NULL AND instr(q.body, ?) > 0", (MINE,),
    )  # fmt: skip
    return {name for row in rows for name in _USED.findall(row["body"])}


def _strays(conn: Connection, folder: Path) -> set[str]:
    if not folder.is_dir():
        return set()
    known = {_medium(row).file for row in conn.execute("SELECT * FROM quiz_medium")}
    return {path.name for path in folder.iterdir() if path.is_file()} - known


def _remove(folder: Path, names: Collection[str]) -> None:
    if names:
        with disk_errors(folder):
            for name in names:
                (folder / name).unlink(missing_ok=True)
            power_cut.sync_folder(folder)


def _medium(row: sqlite3.Row) -> Medium:
    return Medium(row["id"], row["kind"], row["name"], row["width"], row["height"], row["seconds"], row["size"])
