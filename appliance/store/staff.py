# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Teachers and technicians: who they are, and the wraps by which each holds a private key.

All passphrases of a box are stretched with one salt, so that words typed without saying by whom cost one computation,
however many people there are.
"""

from __future__ import annotations

import secrets
import sqlite3
import uuid
from dataclasses import dataclass

from appliance import sealing
from appliance.errors import BadInput, Damaged, Locked, NotFound, Refused

TEACHER, TECHNICIAN = "teacher", "technician"
ROLES = (TEACHER, TECHNICIAN)
LONGEST_NAME = 60
MOST = 200
"""Accounts on a box."""
_WORDS = "words"
_SALT = "staff_salt"


@dataclass(frozen=True, slots=True)
class Staff:
    """One account."""

    id: str
    role: str
    name: str
    """As pupils call them, or empty."""
    public: bytes
    created_at: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody who proved to be that one."""

    staff: Staff
    private: bytes

    def __repr__(self) -> str:
        return f"Opened({self.staff!r})"


def add(conn: sqlite3.Connection, role: str, name: str, words: str, *, at: str) -> Opened:
    """A new account, opened by ``words``. Raises :class:`BadInput` for a name or words that cannot be.

    Takes as long as a passphrase does (:func:`appliance.sealing.wrap_with_words`).
    """
    name = checked_name(name)
    if role not in ROLES:
        raise BadInput("The request was not understood.")
    if conn.execute("SELECT count(*) FROM staff").fetchone()[0] >= MOST:
        raise BadInput("There are too many accounts on this box.")
    pair, staff_id = sealing.pair(), str(uuid.uuid4())
    conn.execute(
        "INSERT INTO staff (id, role, name, public, created_at) VALUES (?, ?, ?, ?, ?)",
        (staff_id, role, name, pair.public, at),
    )
    put_words(conn, staff_id, pair.private, words)
    return Opened(get(conn, staff_id), pair.private)


def checked_name(name: str) -> str:
    """Raises :class:`BadInput`."""
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME or (name and not name.isprintable()):
        raise BadInput("A name has at most %(most)s characters.", most=LONGEST_NAME)
    return name


def get(conn: sqlite3.Connection, staff_id: str) -> Staff:
    """Raises :class:`NotFound`, for one who left too."""
    row = conn.execute(f"{_STAFF} AND id = ?", (staff_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such account on this box.")
    return Staff(**row)


def every(conn: sqlite3.Connection) -> list[Staff]:
    """Who has not left, the first first."""
    return [Staff(**row) for row in conn.execute(f"{_STAFF} ORDER BY created_at, id")]


def any_teacher(conn: sqlite3.Connection) -> bool:
    """Whether the box has a teacher: until then, whoever reads its code may do what a teacher may."""
    return conn.execute("SELECT 1 FROM staff WHERE role = ? AND left_at IS NULL", (TEACHER,)).fetchone() is not None


def first_teacher(conn: sqlite3.Connection) -> str:
    """Id of the teacher who has been here longest, by the order of the rows (a clock may be wrong); empty: none."""
    row = conn.execute("SELECT id FROM staff WHERE role = ? AND left_at IS NULL ORDER BY rowid LIMIT 1", (TEACHER,))
    found = row.fetchone()
    return "" if found is None else str(found["id"])


def since(conn: sqlite3.Connection, staff_id: str) -> list[Staff]:
    """The accounts made after that one, by the order of the rows, whatever the clock said; all, after none."""
    row = conn.execute("SELECT rowid FROM staff WHERE id = ?", (staff_id,)).fetchone()
    rows = conn.execute(f"{_STAFF} AND rowid > ? ORDER BY rowid", (row["rowid"] if row else 0,))
    return [Staff(**row) for row in rows]


def last(conn: sqlite3.Connection) -> str:
    """Id of the account that was made last, left or not; empty: none."""
    row = conn.execute("SELECT id FROM staff ORDER BY rowid DESC LIMIT 1").fetchone()
    return "" if row is None else str(row["id"])


def anybody(conn: sqlite3.Connection) -> bool:
    """Whether a passphrase can be typed at all."""
    return conn.execute("SELECT 1 FROM staff WHERE left_at IS NULL").fetchone() is not None


def find(conn: sqlite3.Connection, words: str, memo: sealing.Memo | None = None) -> Opened | None:
    """Whose words these are. One computation of Argon2id, or none where nobody has an account."""
    memo = {} if memo is None else memo
    rows = conn.execute(
        "SELECT k.staff, k.params, k.sealed FROM staff_key k JOIN staff s ON s.id = k.staff "
        "WHERE k.holder = ? AND s.left_at IS NULL", (_WORDS,),
    ).fetchall()  # fmt: skip
    for row in rows:
        try:
            private = sealing.unwrap_with_words(row["params"], row["sealed"], words, row["staff"], memo=memo)
        except (Refused, Damaged):
            continue
        return Opened(get(conn, row["staff"]), private)
    return None


def put_words(conn: sqlite3.Connection, staff_id: str, private: bytes, words: str) -> None:
    """Let ``words`` open the account from now on, and no others.

    Raises :class:`BadInput` when they are too few, or somebody else's, and as :func:`expect_key`.
    """
    expect_key(conn, staff_id, private)
    memo: sealing.Memo = {}
    params, sealed = sealing.wrap_with_words(private, words, staff_id, salt=_salt(conn), memo=memo)
    known = find(conn, words, memo)
    if known is not None and known.staff.id != staff_id:
        raise BadInput("Choose another passphrase: this one is taken.")
    _put_key(conn, staff_id, _WORDS, params, sealed)


def expect_key(conn: sqlite3.Connection, staff_id: str, private: bytes) -> None:
    """Raises :class:`Locked` where this is no longer the account's private key: the director gave new words meanwhile,
    and another wrap of the old key would open nothing.
    """
    if get(conn, staff_id).public != sealing.of_private(private).public:
        raise Locked("Type your PIN or your passphrase again: the box has locked your key.")


def renew(conn: sqlite3.Connection, staff_id: str, words: str) -> Opened:
    """A new pair of keys and new words, for who forgot theirs; what the old keys opened must be granted again.

    Devices are forgotten. Raises :class:`NotFound`, :class:`BadInput`.
    """
    get(conn, staff_id)
    pair = sealing.pair()
    conn.execute("DELETE FROM staff_key WHERE staff = ?", (staff_id,))
    conn.execute("DELETE FROM device WHERE staff = ?", (staff_id,))
    conn.execute("UPDATE staff SET public = ? WHERE id = ?", (pair.public, staff_id))
    put_words(conn, staff_id, pair.private, words)
    return Opened(get(conn, staff_id), pair.private)


def leave(conn: sqlite3.Connection, staff_id: str, at: str) -> None:
    """The account opens nothing any more; acts in the audit keep its id. Raises :class:`NotFound`."""
    get(conn, staff_id)
    conn.execute("DELETE FROM staff_key WHERE staff = ?", (staff_id,))
    conn.execute("DELETE FROM device WHERE staff = ?", (staff_id,))
    conn.execute("DELETE FROM group_grant WHERE holder = ?", (staff_id,))
    conn.execute("UPDATE staff SET left_at = ?, name = '' WHERE id = ?", (at, staff_id))


def put_wrap(conn: sqlite3.Connection, staff_id: str, holder: str, params: str, sealed: bytes) -> None:
    """Another way to the account's private key; ``holder``: a device's."""
    _put_key(conn, staff_id, holder, params, sealed)


def wrap(conn: sqlite3.Connection, staff_id: str, holder: str) -> tuple[str, bytes] | None:
    """Parameters and ciphertext of a device's wrap."""
    row = conn.execute(
        "SELECT params, sealed FROM staff_key WHERE staff = ? AND holder = ?", (staff_id, holder)
    ).fetchone()  # fmt: skip
    return None if row is None else (row["params"], row["sealed"])


def drop_wrap(conn: sqlite3.Connection, staff_id: str, holder: str) -> None:
    """That way is closed."""
    conn.execute("DELETE FROM staff_key WHERE staff = ? AND holder = ?", (staff_id, holder))


_STAFF = "SELECT id, role, name, public, created_at FROM staff WHERE left_at IS NULL"


def _put_key(conn: sqlite3.Connection, staff_id: str, holder: str, params: str, sealed: bytes) -> None:
    conn.execute("INSERT OR REPLACE INTO staff_key VALUES (?, ?, ?, ?)", (staff_id, holder, params, sealed))


def _salt(conn: sqlite3.Connection) -> bytes:
    conn.execute("INSERT OR IGNORE INTO setting VALUES (?, ?)", (_SALT, secrets.token_hex(sealing.SALT_BYTES)))
    return bytes.fromhex(conn.execute("SELECT value FROM setting WHERE key = ?", (_SALT,)).fetchone()["value"])
