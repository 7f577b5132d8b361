# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Additive migrations: the previous release must still read the file after a roll-back.

Only new tables, new nullable columns or columns with a default, new indexes. Never a drop, a rename or a new
constraint on an old table: a new table with a foreign key onto an old one is such a constraint, since the previous
release could no longer delete there.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database as Migrated
from sqlite_utils import Migrations

from appliance.store.db import Role, connect, translated
from appliance.store.released import VERSION

migrations = Migrations("cartable")


@migrations()
def first(db: Migrated) -> None:
    """Library, class, lesson, activity, statement, settings."""
    _run(db, _FIRST)


@migrations()
def records(db: Migrated) -> None:
    """The learning record store: what makes ``statement`` searchable, documents, keys, erasure."""
    _run(db, _RECORDS)


@migrations()
def references(db: Migrated) -> None:
    """What a statement about another still has to borrow of it, and whom a row refers to."""
    _run(db, _REFERENCES)


@migrations()
def class_and_vault(db: Migrated) -> None:
    """Staff, keys, sealed things, the audit; what classes, pupils and lessons are besides."""
    _run(db, _CLASS)


@migrations()
def quizzes(db: Migrated) -> None:
    """Questions of every kind, one by one, those that are asked no more included."""
    _run(db, _QUIZZES)


@migrations()
def quiz_media(db: Migrated) -> None:
    """Pictures and sounds that teachers gave to exercises."""
    _run(db, _QUIZ_MEDIA)


@migrations()
def merged_pupils(db: Migrated) -> None:
    """Pupils who were on the list twice."""
    _run(db, _MERGED)


@migrations()
def spoken_english(db: Migrated) -> None:
    """What pupils tried to say: a projection of statements."""
    _run(db, _ORAL)


def _run(db: Migrated, script: str) -> None:
    for statement in script.split(";"):
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

_RECORDS = """
ALTER TABLE statement ADD COLUMN given INTEGER;
ALTER TABLE statement ADD COLUMN voided INTEGER NOT NULL DEFAULT 0;
ALTER TABLE statement ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
ALTER TABLE statement ADD COLUMN defines INTEGER NOT NULL DEFAULT 1;
CREATE TABLE held (row INTEGER PRIMARY KEY, boot TEXT NOT NULL, monotonic REAL NOT NULL, age REAL);
CREATE TABLE term (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (kind, value));
CREATE TABLE posting (
    term INTEGER NOT NULL, row INTEGER NOT NULL, via INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (term, row, via)
    ) WITHOUT ROWID;
CREATE TABLE posting_fresh (
    row INTEGER NOT NULL, term INTEGER NOT NULL, via INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (row, term, via)
    ) WITHOUT ROWID;
CREATE TABLE statement_reference (target TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (target, row)) WITHOUT ROWID;
CREATE TABLE statement_void (target TEXT PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE statement_attachment (
    sha256 TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (sha256, row)) WITHOUT ROWID;
CREATE TABLE activity_definition (iri TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE progress (
    actor INTEGER NOT NULL, activity INTEGER NOT NULL, registration INTEGER NOT NULL, statements INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, completed INTEGER NOT NULL, passed INTEGER, scaled REAL,
    duration REAL, PRIMARY KEY (actor, activity, registration)) WITHOUT ROWID;
CREATE INDEX progress_registration ON progress (registration);
CREATE TABLE actor_seen (actor INTEGER PRIMARY KEY, statements INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE TABLE verb_count (
    actor INTEGER NOT NULL, verb INTEGER NOT NULL, statements INTEGER NOT NULL, PRIMARY KEY (actor, verb)
    ) WITHOUT ROWID;
CREATE TABLE document (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, activity TEXT NOT NULL DEFAULT '', agent TEXT NOT NULL DEFAULT '',
    registration TEXT NOT NULL DEFAULT '', name TEXT NOT NULL, content_type TEXT NOT NULL, body BLOB NOT NULL,
    etag TEXT NOT NULL, updated TEXT NOT NULL, UNIQUE (kind, activity, agent, registration, name));
CREATE INDEX document_agent ON document (agent);
CREATE TABLE record_key (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, secret BLOB NOT NULL, scopes TEXT NOT NULL, created_at TEXT NOT NULL,
    revoked_at TEXT);
CREATE TABLE tombstone (
    id INTEGER PRIMARY KEY, actor TEXT NOT NULL, origin TEXT NOT NULL, sequence INTEGER NOT NULL,
    final INTEGER NOT NULL, body TEXT NOT NULL, acts INTEGER NOT NULL DEFAULT 1,
    UNIQUE (actor, origin, sequence, final, body));
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY, statement TEXT NOT NULL, origin TEXT NOT NULL, sequence INTEGER NOT NULL,
    body BLOB NOT NULL, sha256 BLOB NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL,
    UNIQUE (statement, sha256))
"""

_REFERENCES = """
CREATE TABLE reference_waiting (row INTEGER NOT NULL, lender INTEGER NOT NULL, PRIMARY KEY (row, lender)) WITHOUT ROWID;
CREATE INDEX statement_reference_row ON statement_reference (row)
"""

_CLASS = """
ALTER TABLE lesson ADD COLUMN plan TEXT NOT NULL DEFAULT '[]';
ALTER TABLE lesson ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE lesson ADD COLUMN opened_by TEXT NOT NULL DEFAULT '';
CREATE TABLE group_detail (
    school_group TEXT PRIMARY KEY, kind TEXT NOT NULL DEFAULT 'class',
    regime TEXT NOT NULL DEFAULT 'animals', level TEXT NOT NULL DEFAULT '', names_shown INTEGER NOT NULL DEFAULT 0,
    archived_at TEXT) WITHOUT ROWID;
CREATE TABLE pupil_detail (
    pupil TEXT PRIMARY KEY, profile TEXT NOT NULL DEFAULT '{}', left_at TEXT) WITHOUT ROWID;
CREATE TABLE activity_detail (
    activity TEXT PRIMARY KEY, owner TEXT NOT NULL DEFAULT '', removed_at TEXT) WITHOUT ROWID;
CREATE TABLE member (
    school_group TEXT NOT NULL, pupil TEXT NOT NULL,
    PRIMARY KEY (school_group, pupil)) WITHOUT ROWID;
CREATE TABLE staff (
    id TEXT PRIMARY KEY, role TEXT NOT NULL, name TEXT NOT NULL, public BLOB NOT NULL, created_at TEXT NOT NULL,
    left_at TEXT);
CREATE TABLE staff_key (
    staff TEXT NOT NULL REFERENCES staff (id), holder TEXT NOT NULL, params TEXT NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (staff, holder)) WITHOUT ROWID;
CREATE TABLE device (
    id TEXT PRIMARY KEY, staff TEXT NOT NULL REFERENCES staff (id), label TEXT NOT NULL, created_at TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0, waits TEXT NOT NULL DEFAULT '{}');
CREATE TABLE group_key (
    school_group TEXT PRIMARY KEY, public BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE group_grant (
    school_group TEXT NOT NULL, holder TEXT NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (school_group, holder)) WITHOUT ROWID;
CREATE TABLE pupil_key (pupil TEXT PRIMARY KEY, public BLOB NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sealed_item (
    id TEXT PRIMARY KEY, pupil TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL DEFAULT '',
    media_type TEXT NOT NULL DEFAULT '', size INTEGER NOT NULL, body BLOB, at TEXT NOT NULL);
CREATE INDEX sealed_item_pupil ON sealed_item (pupil, kind);
CREATE TABLE audit (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, trusted INTEGER NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL,
    act TEXT NOT NULL, subject TEXT NOT NULL, outcome TEXT NOT NULL, hash BLOB NOT NULL)
"""


_QUIZZES = """
CREATE TABLE activity_question (
    activity TEXT NOT NULL, id TEXT NOT NULL, position INTEGER, body TEXT NOT NULL,
    PRIMARY KEY (activity, id)) WITHOUT ROWID
"""


_QUIZ_MEDIA = """
CREATE TABLE quiz_medium (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0, size INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0, added_at TEXT NOT NULL)
"""


_MERGED = """
CREATE TABLE pupil_merged (pupil TEXT PRIMARY KEY, kept TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID
"""


_ORAL = """
CREATE TABLE oral_attempt (
    statement TEXT PRIMARY KEY, lesson TEXT NOT NULL, pupil TEXT NOT NULL, sequence TEXT NOT NULL, item TEXT NOT NULL,
    outcome TEXT NOT NULL, activity TEXT NOT NULL DEFAULT '', heard TEXT NOT NULL DEFAULT '',
    focus TEXT NOT NULL DEFAULT '{}', overruled INTEGER NOT NULL DEFAULT 0);
CREATE INDEX oral_attempt_pupil ON oral_attempt (pupil, lesson);
CREATE INDEX oral_attempt_lesson ON oral_attempt (lesson)
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
            if conn.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                conn.execute(f"PRAGMA user_version={VERSION}")
            return pending
        finally:
            conn.close()


def names() -> list[str]:
    """Every migration of this release, in order."""
    empty = Migrated(memory=True)
    try:
        return [migration.name for migration in migrations.pending(empty)]
    finally:
        empty.close()


def schema(conn: sqlite3.Connection) -> dict[str, str]:
    """Table name -> its CREATE statement, for the documentation test."""
    rows = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_*'")
    return {row["name"]: row["sql"] for row in rows}
