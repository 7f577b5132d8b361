# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Credentials of the learning record store: who may speak to ``/xapi``, and what for.

Only the SHA-256 of a secret is kept. A secret is 256 random bits, so a slow hash would protect nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.errors import BadInput, Conflict, NotFound
from appliance.store.db import Database

SCOPES = (
    "statements/write", "statements/read/mine", "statements/read", "state", "define", "profile", "all/read", "all",
)  # fmt: skip
"""xAPI 1.0.3 part 3, 4.2."""
DEFAULT_SCOPES = ("statements/write", "statements/read/mine")
"""What the specification gives where nothing is asked (4.2)."""

LONGEST_NAME = 100
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class Key:
    """A credential, without its secret."""

    id: str
    """The user name: 32 hexadecimal digits."""
    name: str
    """The words of whoever made it."""
    scopes: tuple[str, ...]
    created_at: str
    """RFC 3339, UTC, by the box's clock of that moment."""
    revoked_at: str | None = None

    def may(self, *scopes: str) -> bool:
        """Whether one of ``scopes`` was granted."""
        return any(scope in self.scopes for scope in scopes)


class Keys:
    """The keys of one box. Nothing is remembered here: a key that is revoked is refused at the next request."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, name: str, scopes: Sequence[str] = DEFAULT_SCOPES) -> tuple[str, str]:
        """Make a key; returns its id and its secret, which can never be shown again.

        Raises :class:`BadInput` for a name or a scope that is none, :class:`Conflict` when a valid key has the name.
        """
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise BadInput("Give the key a name of at most %(most)s characters.", most=LONGEST_NAME)
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown or not scopes:
            raise BadInput(
                "Unknown scope %(scope)s: choose among %(known)s.", scope=", ".join(unknown), known=", ".join(SCOPES)
            )
        key, secret = secrets.token_hex(16), secrets.token_urlsafe(32)
        with self._db.writing() as conn:
            if conn.execute("SELECT 1 FROM record_key WHERE name = ? AND revoked_at IS NULL", (name,)).fetchone():
                raise Conflict("A key is already called %(name)s: revoke it, or choose another name.", name=name)
            conn.execute(
                "INSERT INTO record_key (id, name, secret, scopes, created_at) "
                "VALUES (?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
                (key, name, _digest(secret), " ".join(dict.fromkeys(scopes))),
            )
        return key, secret

    def list(self) -> list[Key]:
        """Every key, revoked ones included, oldest first."""
        rows = self._db.reading().execute("SELECT * FROM record_key ORDER BY created_at, rowid")
        return [_key(row) for row in rows]

    def revoke(self, key: str) -> Key:
        """Refuse the key of this id or name from now on; an id that is revoked already stays as it is.

        Raises :class:`NotFound`.
        """
        with self._db.writing() as conn:
            row = conn.execute(
                "SELECT * FROM record_key WHERE id = ? OR (name = ? AND revoked_at IS NULL)", (key, key)
            ).fetchone()
            if row is None:
                raise NotFound("There is no key %(key)s: see the list of keys.", key=key)
            conn.execute(
                "UPDATE record_key SET revoked_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') "
                "WHERE id = ? AND revoked_at IS NULL",
                (row["id"],),
            )
            return _key(conn.execute("SELECT * FROM record_key WHERE id = ?", (row["id"],)).fetchone())

    def check(self, key: str, secret: str) -> Key | None:
        """The valid key with this id and secret; None otherwise, after the same work whether or not the id exists."""
        row = self._db.reading().execute("SELECT * FROM record_key WHERE id = ?", (key,)).fetchone()
        right = hmac.compare_digest(bytes(row["secret"]) if row else _NOBODY, _digest(secret))
        return _key(row) if row is not None and right and row["revoked_at"] is None else None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key(row: sqlite3.Row) -> Key:
    return Key(row["id"], row["name"], tuple(row["scopes"].split()), row["created_at"], row["revoked_at"])
