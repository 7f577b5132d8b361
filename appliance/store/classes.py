# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Classes and need groups, and who sits in them. No name passes here: names are the vault's."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance import sealing
from appliance.errors import BadInput, Conflict, NotFound
from appliance.model import LEVELS, Pupil
from appliance.store import merging, vault
from appliance.store.db import Connection, Database

CLASS, NEED = "class", "need"
ANIMALS, NAMED, PORTFOLIO = "animals", "named", "portfolio"
REGIMES = (ANIMALS, NAMED, PORTFOLIO)
"""What a class keeps of a pupil: an animal; a first name too; texts and media too."""
LONGEST_NAME = 60
MOST_PUPILS = 48
"""Of a class: there is an animal for each."""
MOST_GROUPS = 200


@dataclass(frozen=True, slots=True)
class SchoolClass:
    """A class or a need group, with what its pages need."""

    id: str
    name: str
    kind: str
    regime: str
    level: str
    """One of :data:`appliance.model.LEVELS`, or empty."""
    names_shown: bool
    """Whether the grid shows first names below the animals while the vault is open."""
    archived_at: str | None
    pupils: int

    @property
    def is_need_group(self) -> bool:
        """It holds pupils of classes, and none of its own."""
        return self.kind == NEED


def every(db: Database, *, archived: bool = False) -> list[SchoolClass]:
    """Classes, then need groups, by name; ``archived``: those that were put away instead."""
    rows = db.reading().execute(f"{_GROUPS} ORDER BY coalesce(d.kind, 'class'), g.name, g.id")
    found = [_group(row) for row in rows]
    return [each for each in found if (each.archived_at is not None) == archived]


def get(db: Database, group_id: str) -> SchoolClass:
    """Raises :class:`NotFound`."""
    row = db.reading().execute(f"{_GROUPS} WHERE g.id = ?", (group_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such class.")
    return _group(row)


def add(conn: Connection, name: str, *, kind: str = CLASS, regime: str = ANIMALS, level: str = "") -> str:
    """A new one, empty; returns its id. Raises :class:`BadInput`."""
    if conn.execute("SELECT count(*) FROM school_group").fetchone()[0] >= MOST_GROUPS:
        raise BadInput("There are too many classes on this box: remove those of former years.")
    group_id = str(uuid.uuid4())
    conn.execute("INSERT INTO school_group (id, name) VALUES (?, ?)", (group_id, checked_name(name)))
    conn.execute("INSERT INTO group_detail (school_group, kind) VALUES (?, ?)", (group_id, kind))
    change(conn, group_id, name=name, regime=regime, level=level, names_shown=False)
    return group_id


def change(conn: Connection, group_id: str, *, name: str, regime: str, level: str, names_shown: bool) -> None:
    """What a class is called and what it keeps. Raises :class:`BadInput`, :class:`NotFound`."""
    if regime not in REGIMES or level not in ("", *LEVELS):
        raise BadInput("The request was not understood.")
    if conn.execute("UPDATE school_group SET name = ? WHERE id = ?", (checked_name(name), group_id)).rowcount == 0:
        raise NotFound("There is no such class.")
    conn.execute("INSERT OR IGNORE INTO group_detail (school_group) VALUES (?)", (group_id,))
    conn.execute("UPDATE group_detail SET regime = ?, level = ?, names_shown = ? WHERE school_group = ?",
                 (regime, level, int(names_shown), group_id))  # fmt: skip


def archive(conn: Connection, group_id: str, at: str | None) -> None:
    """Put a class away (its records stay), or with None take it out again. Refuses while its lesson runs."""
    running = conn.execute("SELECT 1 FROM lesson WHERE school_group = ? AND ended_at IS NULL", (group_id,)).fetchone()
    if at is not None and running is not None:
        raise Conflict("A lesson of this class is running: ring the bell first.")
    conn.execute("INSERT OR IGNORE INTO group_detail (school_group) VALUES (?)", (group_id,))
    conn.execute("UPDATE group_detail SET archived_at = ? WHERE school_group = ?", (at, group_id))


def checked_name(name: str) -> str:
    """Raises :class:`BadInput`."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput("Give the class a name of at most %(most)s characters.", most=LONGEST_NAME)
    return name


def pupils(db: Database, group_id: str) -> list[Pupil]:
    """Who sits in a class or need group now, in the order of the list; those who left are not told."""
    rows = db.reading().execute(f"{_SEATS} ORDER BY p.school_group, p.position, p.rowid", (group_id, group_id))
    return [Pupil(row["id"], row["school_group"], row["alias"], row["avatar"]) for row in rows]


def add_pupils(conn: Connection, group_id: str, animals: Sequence[tuple[str, str]]) -> list[str]:
    """New pupils, each by (hexcode, name of the animal), after those of the class; returns their ids.

    They get keys where the class has some. Raises :class:`BadInput` when it would hold too many, or one animal twice.
    """
    seated = conn.execute(f"{_SEATS}", (group_id, group_id)).fetchall()
    if len(seated) + len(animals) > MOST_PUPILS:
        raise BadInput("A class holds at most %(most)s pupils: make two of it.", most=MOST_PUPILS)
    avatars = [row["avatar"] for row in seated] + [avatar for avatar, _ in animals]
    if len(set(avatars)) < len(avatars):
        raise BadInput("Two pupils have the same animal: choose another one for one of them.")
    last = conn.execute("SELECT coalesce(max(position), -1) FROM pupil WHERE school_group = ?", (group_id,)).fetchone()[
        0
    ]
    made = [str(uuid.uuid4()) for _ in animals]
    keyed = vault.has_keys(conn, group_id)
    for number, (pupil_id, (avatar, alias)) in enumerate(zip(made, animals, strict=True), last + 1):
        conn.execute("INSERT INTO pupil (id, school_group, alias, avatar, position) VALUES (?, ?, ?, ?, ?)",
                     (pupil_id, group_id, alias, avatar, number))  # fmt: skip
        if keyed:
            vault.put_pupil_keys(conn, group_id, pupil_id)
    return made


def set_animal(conn: Connection, pupil_id: str, avatar: str, alias: str) -> None:
    """Give a pupil another animal; who had it in that class takes the pupil's. Raises :class:`NotFound`."""
    row = _pupil(conn, pupil_id)
    taken = conn.execute(
        "SELECT id FROM pupil WHERE school_group = ? AND avatar = ? AND id <> ? AND id NOT IN "
        "(SELECT pupil FROM pupil_detail WHERE left_at IS NOT NULL UNION SELECT pupil FROM pupil_merged)",
        (row["school_group"], avatar, pupil_id),
    ).fetchone()  # fmt: skip
    put = "UPDATE pupil SET avatar = ?, alias = ? WHERE id = ?"
    if taken is not None:
        conn.execute(put, (row["avatar"], row["alias"], taken["id"]))
    conn.execute(put, (avatar, alias, pupil_id))


def leave(conn: Connection, pupil_id: str, at: str) -> None:
    """The pupil is no longer in the class or in any need group; records and keys stay until retention or erasure.

    ``at``: now, as RFC 3339, or empty where the clock cannot be trusted: :func:`vault.date` says it later.
    """
    _pupil(conn, pupil_id)
    for each in (pupil_id, *merging.formers(conn, pupil_id)):
        conn.execute("INSERT OR IGNORE INTO pupil_detail (pupil) VALUES (?)", (each,))
        conn.execute("UPDATE pupil_detail SET left_at = ? WHERE pupil = ?", (at, each))
        conn.execute("DELETE FROM member WHERE pupil = ?", (each,))


def move(conn: Connection, pupil_id: str, to: str, animal: tuple[str, str], private: bytes | None) -> None:
    """To another class, with what is sealed and with an animal that is free there.

    ``private``: the key of the class left, needed where that class has keys. Raises :class:`Conflict` when names would
    be lost, :class:`BadInput` when the class is full, :class:`NotFound`.
    """
    left = _pupil(conn, pupil_id)["school_group"]
    if conn.execute("SELECT 1 FROM school_group WHERE id = ?", (to,)).fetchone() is None:
        raise NotFound("There is no such class.")
    if len(conn.execute(_SEATS, (to, to)).fetchall()) >= MOST_PUPILS:
        raise BadInput("A class holds at most %(most)s pupils: make two of it.", most=MOST_PUPILS)
    _move_keys(conn, pupil_id, left, to, private)
    last = conn.execute("SELECT coalesce(max(position), -1) FROM pupil WHERE school_group = ?", (to,)).fetchone()[0]
    conn.execute("UPDATE pupil SET school_group = ?, position = ?, avatar = ?, alias = ? WHERE id = ?",
                 (to, last + 1, *animal, pupil_id))  # fmt: skip
    for former in merging.formers(conn, pupil_id):
        _move_keys(conn, former, left, to, private)
        conn.execute("UPDATE pupil SET school_group = ? WHERE id = ?", (to, former))


def _move_keys(conn: Connection, pupil_id: str, left: str, to: str, private: bytes | None) -> None:
    keyed = conn.execute("SELECT 1 FROM pupil_key WHERE pupil = ?", (pupil_id,)).fetchone() is not None
    new = conn.execute("SELECT public FROM group_key WHERE school_group = ?", (to,)).fetchone()
    if new is None:
        if keyed:
            raise Conflict("That class keeps no names: this pupil's name would be lost.")
    elif not keyed:
        vault.put_pupil_keys(conn, to, pupil_id)
    elif private is None:
        raise Conflict("The first names of this class are locked: sign in with your PIN or passphrase first.")
    else:
        opened = vault.open_pupil_key(conn, pupil_id, private)
        sealed = sealing.seal(new["public"], opened, purpose="pupil key", owner=pupil_id)
        conn.execute("UPDATE pupil_key SET sealed = ? WHERE pupil = ?", (sealed, pupil_id))


def set_members(conn: Connection, group_id: str, home: str, members: Collection[str]) -> None:
    """Which pupils of the class ``home`` are in a need group. Raises :class:`BadInput` for others."""
    own = {row["id"] for row in conn.execute(_SEATS, (home, home))}
    if not set(members) <= own:
        raise BadInput("One of these pupils is no longer in the class: reload the page, then choose again.")
    conn.executemany("DELETE FROM member WHERE school_group = ? AND pupil = ?", [(group_id, each) for each in own])
    conn.executemany("INSERT INTO member VALUES (?, ?)", [(group_id, each) for each in sorted(members)])


def seats(db: Database, group_id: str, pupil_id: str) -> bool:
    """Whether a pupil belongs to a class, or to a need group; who left a class still does, for what comes late."""
    found = db.reading().execute(
        "SELECT 1 FROM pupil WHERE id = ? AND (school_group = ? OR id IN (SELECT pupil FROM member WHERE "
        "school_group = ?))", (pupil_id, group_id, group_id),
    )  # fmt: skip
    return found.fetchone() is not None


def details(db: Database, pupil_id: str) -> dict[str, Any]:
    """A pupil's settings (``pupil_detail.profile``); empty where nothing was ever set."""
    row = db.reading().execute("SELECT profile FROM pupil_detail WHERE pupil = ?", (pupil_id,)).fetchone()
    return dict(json.loads(row["profile"])) if row is not None else {}


def set_details(conn: Connection, pupil_id: str, changes: Mapping[str, Any]) -> None:
    """Change some of a pupil's settings. Raises :class:`NotFound`."""
    _pupil(conn, pupil_id)
    conn.execute("INSERT OR IGNORE INTO pupil_detail (pupil) VALUES (?)", (pupil_id,))
    row = conn.execute("SELECT profile FROM pupil_detail WHERE pupil = ?", (pupil_id,)).fetchone()
    conn.execute("UPDATE pupil_detail SET profile = ? WHERE pupil = ?",
                 (json.dumps({**json.loads(row["profile"]), **changes}), pupil_id))  # fmt: skip


_SEATS = (
    "SELECT p.* FROM pupil p LEFT JOIN pupil_detail d ON d.pupil = p.id WHERE d.left_at IS NULL AND "
    "p.id NOT IN (SELECT pupil FROM pupil_merged) AND "
    "(p.school_group = ? OR p.id IN (SELECT pupil FROM member WHERE school_group = ?))"
)
_GROUPS = (
    "SELECT g.id, g.name, coalesce(d.kind, 'class') AS kind, coalesce(d.regime, 'animals') AS regime, "
    "coalesce(d.level, '') AS level, coalesce(d.names_shown, 0) AS names_shown, d.archived_at, "
    "(SELECT count(*) FROM pupil p LEFT JOIN pupil_detail t ON t.pupil = p.id WHERE t.left_at IS NULL AND "
    "p.id NOT IN (SELECT pupil FROM pupil_merged) AND "
    "(p.school_group = g.id OR p.id IN (SELECT pupil FROM member WHERE school_group = g.id))) AS pupils "
    "FROM school_group g LEFT JOIN group_detail d ON d.school_group = g.id"
)


def _group(row: sqlite3.Row) -> SchoolClass:
    return SchoolClass(
        row["id"], row["name"], row["kind"], row["regime"], row["level"], bool(row["names_shown"]), row["archived_at"],
        row["pupils"],
    )  # fmt: skip


def _pupil(conn: Connection, pupil_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = conn.execute("SELECT * FROM pupil WHERE id = ?", (pupil_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such pupil: choose your animal again.")
    return row
