# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Rows of the vault: keys of classes and pupils, and what is sealed to a pupil. No private key is needed to write.

A class has a pair of keys; its private key stands in ``group_grant``, once for each holder (a member of the staff, or
:data:`RECOVERY`), sealed to that holder. A pupil has a pair; the private key is sealed to the class. Things are sealed
to the pupil. docs/explanation/class.md draws it.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance import power_cut, sealing
from appliance.errors import BadInput, Conflict, NotFound
from appliance.store.durable import disk_errors, step

FOLDER = "vault"
"""Of the state folder: sealed media, one file each."""
RECOVERY = "recovery"
"""The holder that is the printed key."""
RECOVERY_SETTING = "recovery_public"
"""Setting: the public half of the printed key, hex."""
NAME, TEXT, MEDIA = "name", "text", "media"
KINDS = (NAME, TEXT, MEDIA)
LONGEST_NAME = 40
MOST_BYTES = 16 << 20
"""Of one thing: it is sealed and opened whole, in memory."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something sealed, unread."""

    id: str
    pupil: str
    kind: str
    about: str
    media_type: str
    size: int
    """Bytes on the card."""
    at: str
    """RFC 3339, or empty: sealed while the clock could not be trusted, and not dated since."""


@dataclass(frozen=True, slots=True)
class SealedName:
    """Where a first name stands."""

    pupil: str
    home: str
    """The pupil's class."""
    item: str


def put_class_keys(conn: sqlite3.Connection, group_id: str, holders: Mapping[str, bytes]) -> None:
    """Make the class's pair, and give it to each holder (id -> public key), and its pupils theirs.

    The printed key holds it too wherever there is one. Raises :class:`Conflict` for a class that has keys,
    :class:`BadInput` when nobody could ever open it, :class:`NotFound` for no class.
    """
    if conn.execute("SELECT 1 FROM school_group WHERE id = ?", (group_id,)).fetchone() is None:
        raise NotFound("There is no such class.")
    if has_keys(conn, group_id):
        raise Conflict("This class has its keys already.")
    given = {**holders, **recovery_holder(conn)}
    if not given:
        raise BadInput("A class's names can be kept once it has a teacher: sign in with a passphrase first.")
    pair = sealing.pair()
    conn.execute("INSERT INTO group_key VALUES (?, ?)", (group_id, pair.public))
    for holder, public in given.items():
        put_grant(conn, group_id, holder, public, pair.private)
    for row in conn.execute("SELECT id FROM pupil WHERE school_group = ?", (group_id,)).fetchall():
        put_pupil_keys(conn, group_id, row["id"])


def recovery_holder(conn: sqlite3.Connection) -> dict[str, bytes]:
    """The printed key as a holder; empty while there is none."""
    row = conn.execute("SELECT value FROM setting WHERE key = ?", (RECOVERY_SETTING,)).fetchone()
    return {} if row is None else {RECOVERY: bytes.fromhex(row["value"])}


def put_grant(conn: sqlite3.Connection, group_id: str, holder: str, public: bytes, private: bytes) -> None:
    """Let ``holder`` open the class, whose private key the caller has open."""
    sealed = sealing.seal(public, private, purpose="class key", owner=f"{group_id}/{holder}")
    conn.execute("INSERT OR REPLACE INTO group_grant VALUES (?, ?, ?)", (group_id, holder, sealed))


def put_recovery(conn: sqlite3.Connection, public: bytes, classes: Mapping[str, bytes]) -> None:
    """Another printed key, from now on the only one. ``classes``: id -> private key of each that it shall open."""
    conn.execute("DELETE FROM group_grant WHERE holder = ?", (RECOVERY,))
    for group_id, private in classes.items():
        put_grant(conn, group_id, RECOVERY, public, private)
    conn.execute("INSERT INTO setting VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                 (RECOVERY_SETTING, public.hex()))  # fmt: skip


def heal(conn: sqlite3.Connection, group_id: str, private: bytes) -> None:
    """Give an open class to the printed key where it has not got it yet."""
    for holder, public in recovery_holder(conn).items():
        if not holds(conn, holder, group_id):
            put_grant(conn, group_id, holder, public, private)


def drop_grant(conn: sqlite3.Connection, group_id: str, holder: str) -> None:
    """``holder`` opens the class no longer. Refuses (:class:`Conflict`) to take it from the last one."""
    others = conn.execute(
        "SELECT 1 FROM group_grant WHERE school_group = ? AND holder <> ?", (group_id, holder)
    ).fetchone()  # fmt: skip
    if others is None:
        raise Conflict("Nobody else could open this class: let another teacher in first.")
    conn.execute("DELETE FROM group_grant WHERE school_group = ? AND holder = ?", (group_id, holder))


def open_grant(conn: sqlite3.Connection, group_id: str, holder: str, private: bytes) -> bytes:
    """The class's private key, by the holder's. Raises :class:`NotFound`, :class:`appliance.errors.Damaged`."""
    row = conn.execute(
        "SELECT sealed FROM group_grant WHERE school_group = ? AND holder = ?", (group_id, holder)
    ).fetchone()  # fmt: skip
    if row is None:
        raise NotFound("This class belongs to another teacher.")
    return sealing.unseal(private, row["sealed"], purpose="class key", owner=f"{group_id}/{holder}")


def granted(conn: sqlite3.Connection, holder: str) -> list[str]:
    """The classes that ``holder`` may open."""
    rows = conn.execute("SELECT school_group FROM group_grant WHERE holder = ? ORDER BY school_group", (holder,))
    return [row["school_group"] for row in rows]


def holds(conn: sqlite3.Connection, holder: str, group_id: str) -> bool:
    """Whether the class is the holder's."""
    found = conn.execute("SELECT 1 FROM group_grant WHERE holder = ? AND school_group = ?", (holder, group_id))
    return found.fetchone() is not None


def has_keys(conn: sqlite3.Connection, group_id: str) -> bool:
    """Whether the class can keep names and texts."""
    return conn.execute("SELECT 1 FROM group_key WHERE school_group = ?", (group_id,)).fetchone() is not None


def without_keys(conn: sqlite3.Connection) -> list[str]:
    """The classes that were made before there was a teacher."""
    rows = conn.execute("SELECT id FROM school_group WHERE id NOT IN (SELECT school_group FROM group_key) ORDER BY id")
    return [row["id"] for row in rows]


def put_pupil_keys(conn: sqlite3.Connection, group_id: str, pupil_id: str) -> None:
    """Make the pupil's pair, sealed to the class. Raises :class:`NotFound` for a class without keys."""
    row = conn.execute("SELECT public FROM group_key WHERE school_group = ?", (group_id,)).fetchone()
    if row is None:
        raise _no_keys()
    pair = sealing.pair()
    sealed = sealing.seal(row["public"], pair.private, purpose="pupil key", owner=pupil_id)
    conn.execute("INSERT INTO pupil_key VALUES (?, ?, ?)", (pupil_id, pair.public, sealed))


def open_pupil_key(conn: sqlite3.Connection, pupil_id: str, class_private: bytes) -> bytes:
    """The pupil's private key. Raises :class:`NotFound`, :class:`appliance.errors.Damaged`."""
    row = conn.execute("SELECT sealed FROM pupil_key WHERE pupil = ?", (pupil_id,)).fetchone()
    if row is None:
        raise _no_keys()
    return sealing.unseal(class_private, row["sealed"], purpose="pupil key", owner=pupil_id)


def sealed_names(conn: sqlite3.Connection, group_id: str) -> list[SealedName]:
    """Of the pupils of a class or of a need group, in the order of the list."""
    rows = conn.execute(
        "SELECT p.id, p.school_group, i.id AS item FROM pupil p JOIN sealed_item i ON i.pupil = p.id AND i.kind = ? "
        "WHERE p.school_group = ? OR p.id IN (SELECT pupil FROM member WHERE school_group = ?) "
        "ORDER BY p.school_group, p.position", (NAME, group_id, group_id),
    )  # fmt: skip
    return [SealedName(row["id"], row["school_group"], row["item"]) for row in rows]


def homes(conn: sqlite3.Connection, group_id: str) -> list[str]:
    """The group, and the classes of its members: one of these has the keys."""
    rows = conn.execute(
        "SELECT DISTINCT school_group FROM pupil WHERE id IN (SELECT pupil FROM member WHERE school_group = ?)",
        (group_id,),
    )
    return [group_id, *(row["school_group"] for row in rows)]


def home(conn: sqlite3.Connection, group_id: str, pupil_id: str) -> str:
    """The class of a pupil of the class or need group. Raises :class:`NotFound`: there is no such pupil in it."""
    row = conn.execute("SELECT school_group FROM pupil WHERE id = ?", (pupil_id,)).fetchone()
    member = "SELECT 1 FROM member WHERE school_group = ? AND pupil = ?"
    if row is None or (
        row["school_group"] != group_id and conn.execute(member, (group_id, pupil_id)).fetchone() is None
    ):
        raise _gone()
    return str(row["school_group"])


def seal(
    conn: sqlite3.Connection, pupil_id: str, kind: str, body: bytes, *, about: str = "", media_type: str = "",
    at: str = "", folder: Path | None = None, item_id: str = "",
) -> str:  # fmt: skip
    """Keep ``body``, unreadable until the class is opened; returns the id of the thing.

    A name (UTF-8, at most :data:`LONGEST_NAME` characters) takes the place of the one before. A medium is a file of
    ``folder`` (``<state>/vault``; needed for media only), left by a death as a file that no row names
    (:func:`sweep`). ``about``: what it belongs to, a statement's id say. ``at``: now, as RFC 3339, by a clock that can
    be trusted. ``item_id``: the id that the thing gets, where what names it was written before; empty: a new one.
    Raises :class:`NotFound` for a pupil without keys, :class:`BadInput` for what cannot be kept,
    :class:`appliance.errors.StorageError`.
    """
    row = conn.execute("SELECT public FROM pupil_key WHERE pupil = ?", (pupil_id,)).fetchone()
    if row is None:
        raise _no_keys()
    if kind not in KINDS or len(body) > MOST_BYTES or not body:
        raise BadInput("This cannot be kept: it is empty, too large, or of an unknown kind.")
    item = item_id or str(uuid.uuid4())
    if kind == NAME:
        body = _name(body)
        conn.execute("DELETE FROM sealed_item WHERE pupil = ? AND kind = ?", (pupil_id, NAME))
    sealed = sealing.seal(row["public"], body, purpose=f"item {kind}", owner=_owner(pupil_id, item, about))
    kept: bytes | None = sealed
    if kind == MEDIA:
        kept = None
        _write(folder, item, sealed)
    conn.execute(
        "INSERT INTO sealed_item (id, pupil, kind, about, media_type, size, body, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (item, pupil_id, kind, about, media_type, len(sealed), kept, at),
    )
    return item


def unseal(conn: sqlite3.Connection, item_id: str, pupil_private: bytes, folder: Path) -> bytes:
    """What was sealed, a name without its padding. Raises :class:`NotFound`, :class:`appliance.errors.Damaged`."""
    row = conn.execute("SELECT * FROM sealed_item WHERE id = ?", (item_id,)).fetchone()
    if row is None:
        raise _gone()
    sealed = row["body"] if row["body"] is not None else _read(folder, item_id)
    owner = _owner(row["pupil"], item_id, row["about"])
    body = sealing.unseal(pupil_private, sealed, purpose=f"item {row['kind']}", owner=owner)
    return sealing.unpadded(body).encode() if row["kind"] == NAME else body


def item(conn: sqlite3.Connection, item_id: str) -> Item:
    """What is known of it without opening it. Raises :class:`NotFound`."""
    row = conn.execute(f"{_ITEMS} WHERE id = ?", (item_id,)).fetchone()
    if row is None:
        raise _gone()
    return Item(**row)


def items(conn: sqlite3.Connection, pupil_id: str, *kinds: str) -> list[Item]:
    """What is sealed to a pupil, oldest first; ``kinds``: all."""
    rows = conn.execute(f"{_ITEMS} WHERE pupil = ? ORDER BY at, rowid", (pupil_id,))
    return [Item(**row) for row in rows if not kinds or row["kind"] in kinds]


def forget_items(conn: sqlite3.Connection, ids: list[str]) -> None:
    """Delete rows; their files go with the next :func:`sweep`."""
    conn.executemany("DELETE FROM sealed_item WHERE id = ?", [(each,) for each in ids])


def forget_pupil(conn: sqlite3.Connection, pupil_id: str) -> None:
    """Delete the pupil's keys first, then every sealed thing, memberships and settings; files: :func:`sweep`."""
    for table in _OF_PUPILS:
        conn.execute(f"DELETE FROM {table} WHERE pupil = ?", (pupil_id,))  # noqa: S608 - a list of ours


def forget_strays(conn: sqlite3.Connection) -> int:
    """Delete what belongs to pupils who are no longer on the list: an earlier release erased them, which knows nothing
    of these tables. Returns how many rows went.
    """
    return sum(
        conn.execute(f"DELETE FROM {table} WHERE pupil NOT IN (SELECT id FROM pupil)").rowcount  # noqa: S608 - ours
        for table in _OF_PUPILS
    )


def forget_older(conn: sqlite3.Connection, pupil_id: str, before: str = "") -> None:
    """Delete a pupil's texts and media sealed before ``before`` (RFC 3339), all of them by default; the name stays."""
    conn.execute(
        "DELETE FROM sealed_item WHERE pupil = ? AND kind IN (?, ?) AND (? = '' OR (at <> '' AND at < ?))",
        (pupil_id, TEXT, MEDIA, before, before),
    )


def date(conn: sqlite3.Connection, at: str) -> None:
    """Give what was sealed, and who left, under a clock that was not set the date of now, by one that is."""
    conn.execute("UPDATE sealed_item SET at = ? WHERE at = ''", (at,))
    conn.execute("UPDATE pupil_detail SET left_at = ? WHERE left_at = ''", (at,))


def sweep(conn: sqlite3.Connection, folder: Path) -> int:
    """Remove the files that no row names, left by an erasure or a death; returns how many.

    In the writer's turn: a medium's file is there before its row.
    """
    if not folder.is_dir():
        return 0
    known = {row["id"] for row in conn.execute("SELECT id FROM sealed_item WHERE kind = ?", (MEDIA,))}
    strays = [path for path in _files(folder) if path.name not in known]
    with disk_errors(folder):
        for path in strays:
            step("remove a medium")
            _destroy(path)
        if strays:
            power_cut.sync_folder(folder)
    return len(strays)


_HEAD = 64
"""Bytes: an encapsulated key of X25519, and the first ones of the ciphertext."""
_OF_PUPILS = ("pupil_key", "sealed_item", "member", "pupil_detail", "pupil_merged")
"""Tables with rows of a pupil, the keys first. None refers to ``pupil``: an earlier release deletes from that one."""
_ITEMS = "SELECT id, pupil, kind, about, media_type, size, at FROM sealed_item"


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file() or path.is_symlink())


def _owner(pupil_id: str, item_id: str, about: str) -> str:
    return f"{pupil_id}/{item_id}/{about}"


def _name(body: bytes) -> bytes:
    try:
        text = body.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise BadInput("This name is not text.") from error
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise BadInput("A first name has 1 to %(most)s characters.", most=LONGEST_NAME)
    return sealing.padded(text)


def _write(folder: Path | None, name: str, sealed: bytes) -> None:
    if folder is None:
        raise BadInput("This cannot be kept: it is empty, too large, or of an unknown kind.")
    with disk_errors(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        power_cut.replace(folder / name, sealed)


def _destroy(path: Path) -> None:
    """Write over its beginning before it goes: without the key that stands there nobody opens the rest, though its
    pupil's own key lives on. (A card may keep the old block for a while; nothing on this side can help that.)
    """
    if not path.is_symlink():
        with path.open("r+b") as file:
            file.write(bytes(_HEAD))
            file.flush()
            os.fsync(file.fileno())
    path.unlink()


def _read(folder: Path, name: str) -> bytes:
    try:
        return power_cut.small(folder / name, MOST_BYTES + 4096)
    except OSError as error:
        raise _gone() from error


def _no_keys() -> NotFound:
    return NotFound("This class keeps no names and no texts: its teacher has not opened a vault for it.")


def _gone() -> NotFound:
    return NotFound("This was erased, or never was.")
