# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Additive migrations: the previous release must still read the file after a roll-back.

Only new tables, new nullable columns or columns with a default, new indexes. Never a drop, a rename or a new
constraint on an old table.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database as Migrated
from sqlite_utils import Migrations

from appliance.store.db import Role, connect, translated

migrations = Migrations("cartable")


@migrations()
def first(db: Migrated) -> None:
    """Library, class, lesson, activity, statement, settings."""
    for statement in _FIRST.split(";"):
        if statement.strip():
            db.execute(statement)


_FIRST = """
CREATE TABLE resource (
    id TEXT PRIMARY KEY, format TEXT NOT NULL, blob TEXT, filename TEXT NOT NULL, size INTEGER NOT NULL DEFAULT 0,
    entry TEXT NOT NULL DEFAULT '', cover TEXT, details TEXT NOT NULL DEFAULT '{}', card TEXT NOT NULL,
    edits TEXT NOT NULL DEFAULT '{}', state TEXT NOT NULL, added_at TEXT NOT NULL, url TEXT,
    indexed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX resource_blob ON resource (blob);
CREATE TABLE import_job (
    id TEXT PRIMARY KEY, filename TEXT NOT NULL, source TEXT NOT NULL, card TEXT NOT NULL DEFAULT '{}',
    captions TEXT NOT NULL DEFAULT '[]', state TEXT NOT NULL, progress REAL NOT NULL DEFAULT 0,
    step TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', params TEXT NOT NULL DEFAULT '{}',
    resource TEXT, existing INTEGER NOT NULL DEFAULT 0, sha256 TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL);
CREATE TABLE school_group (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE pupil (
    id TEXT PRIMARY KEY, school_group TEXT NOT NULL REFERENCES school_group (id), alias TEXT NOT NULL,
    avatar TEXT NOT NULL, position INTEGER NOT NULL DEFAULT 0);
CREATE TABLE activity (id TEXT PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE lesson (
    id TEXT PRIMARY KEY, school_group TEXT NOT NULL REFERENCES school_group (id), title TEXT NOT NULL,
    activity TEXT, started_at TEXT NOT NULL, ended_at TEXT);
CREATE TABLE statement (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, origin TEXT NOT NULL, sequence INTEGER NOT NULL,
    body BLOB NOT NULL, sha256 BLOB NOT NULL, stored TEXT NOT NULL, trusted INTEGER NOT NULL DEFAULT 1,
    UNIQUE (origin, sequence));
CREATE TABLE answer (
    statement TEXT PRIMARY KEY REFERENCES statement (id), lesson TEXT NOT NULL, pupil TEXT NOT NULL,
    activity TEXT NOT NULL, question TEXT NOT NULL, choice TEXT NOT NULL, correct INTEGER NOT NULL);
CREATE INDEX answer_lesson ON answer (lesson, pupil);
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL)
"""


def migrate(path: Path) -> list[str]:
    """Bring the file at ``path`` to this release's schema; returns the names of the migrations applied.

    Safe to run again, and to be killed: each migration is one transaction.
    """
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        conn = connect(path, Role.MIGRATE)
        try:
            db = Migrated(conn)
            pending = [migration.name for migration in migrations.pending(db)]
            if pending:
                migrations.apply(db)
            return pending
        finally:
            conn.close()


def schema(conn: sqlite3.Connection) -> dict[str, str]:
    """Table name -> its CREATE statement, for the documentation test."""
    rows = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_*'")
    return {row["name"]: row["sql"] for row in rows}
