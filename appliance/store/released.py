# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Whether a database has this release's schema already: known at each start of the box, without loading migrations."""

from __future__ import annotations

import contextlib
import zlib
from pathlib import Path

from appliance.store.db import Role, connect, translated

MIGRATIONS = ("first", "records", "references", "class_and_vault", "quizzes", "quiz_media", "merged_pupils",
              "spoken_english")  # fmt: skip
"""The names of :mod:`appliance.store.migrations`, in order (a test compares)."""

VERSION = zlib.crc32(" ".join(MIGRATIONS).encode()) & 0x7FFFFFFF
"""``PRAGMA user_version`` of a file that has them all: ``systemd/provision`` looks for it."""


def current(path: Path) -> bool:
    """Whether every migration has been applied to the file at ``path``, as sqlite-utils notes it, and :data:`VERSION`
    stands there; False without a file.

    Raises :class:`appliance.errors.StorageError`, and :class:`appliance.errors.Damaged` when it is not a database.
    """
    if not path.exists():
        return False
    with translated(path), contextlib.closing(connect(path, Role.MIGRATE)) as conn:
        if conn.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone() is None:
            return False
        if conn.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            return False
        applied = conn.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'cartable'")
        return {name for (name,) in applied} >= set(MIGRATIONS)
