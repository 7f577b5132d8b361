# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The store of release 0.1, frozen: its schema and its SQL, word for word, as it ran on the boxes of that release.

After a roll-back this is what opens the file. Never mend it: if a test here fails, the new release is wrong.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlite_utils import Database as Migrated
from sqlite_utils import Migrations

migrations = Migrations("cartable")


@migrations()
def first(db: Migrated) -> None:
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

RESOURCE = ("r1", "pdf", "b" * 64, "volcans.pdf", 12, "original.pdf", None, "{}", '{"title": "Les volcans"}', "{}",
            "ready", "2026-10-01T08:00:00Z", None)  # fmt: skip
QUESTIONS = [
    {"id": "moitie", "prompt": "La moitié de 8 ?", "answer": "a", "right": "Oui.", "wrong": "Non.", "sound": None,
     "choices": [{"id": "a", "text": "4", "image": None}, {"id": "b", "text": "2", "image": None}]},
]  # fmt: skip


def migrate(path: Path) -> list[str]:
    """The previous ``cartable migrate``: a no-op on any later file."""
    conn = _connect(path)
    try:
        db = Migrated(conn)
        pending = [migration.name for migration in migrations.pending(db)]
        if pending:
            migrations.apply(db)
        return pending
    finally:
        conn.close()


def _connect(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    conn.row_factory = sqlite3.Row
    conn.execute("PRAGMA journal_mode=WAL").fetchone()
    conn.execute("PRAGMA synchronous=FULL")
    conn.execute("PRAGMA foreign_keys=ON")
    conn.execute("PRAGMA cache_size=-2000")
    return conn


class PreviousRelease:
    """The previous hub's store, open on ``path``."""

    def __init__(self, path: Path) -> None:
        self.conn = _connect(path)

    def close(self) -> None:
        self.conn.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        self.conn.execute("BEGIN IMMEDIATE")
        try:
            yield self.conn
            self.conn.execute("COMMIT")
        except BaseException:
            if self.conn.in_transaction:
                self.conn.execute("ROLLBACK")
            raise

    # from settings.py
    def setting(self, key: str) -> str | None:
        row = self.conn.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row["value"])

    def once(self, key: str, value: str) -> str:
        with self.writing() as conn:
            conn.execute("INSERT OR IGNORE INTO setting VALUES (?, ?)", (key, value))
            return str(conn.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()["value"])

    def put(self, key: str, value: str) -> None:
        with self.writing() as conn:
            conn.execute("INSERT INTO setting VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                         (key, value))  # fmt: skip

    # people.py
    def put_class(self) -> None:
        """One group of two, one activity, one lesson."""
        with self.writing() as conn:
            conn.execute("INSERT OR IGNORE INTO school_group VALUES (?, ?)", ("g", "CM1"))
            conn.executemany(
                "INSERT OR IGNORE INTO pupil VALUES (?, ?, ?, ?, ?)",
                [("p1", "g", "Renard", "1F98A", 0), ("p2", "g", "Loup", "1F43A", 1)],
            )
            conn.executemany(
                "INSERT OR IGNORE INTO activity VALUES (?, ?, ?)", [("fractions", "Fractions", json.dumps(QUESTIONS))]
            )
            conn.execute(
                "INSERT OR IGNORE INTO lesson (id, school_group, title, activity, started_at) VALUES (?, ?, ?, ?, ?)",
                ("lesson", "g", "Maths", "fractions", "2026-10-01T08:00:00Z"),
            )

    def groups(self) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.conn.execute("SELECT id, name FROM school_group ORDER BY name")]

    def pupils(self) -> list[tuple[Any, ...]]:
        rows = self.conn.execute("SELECT * FROM pupil WHERE school_group = ? ORDER BY position", ("g",))
        return [(row["id"], row["school_group"], row["alias"], row["avatar"]) for row in rows]

    def pupil(self, pupil_id: str) -> str | None:
        row = self.conn.execute("SELECT * FROM pupil WHERE id = ?", (pupil_id,)).fetchone()
        return None if row is None else str(row["alias"])

    def running_lesson(self) -> tuple[Any, ...] | None:
        row = self.conn.execute(
            "SELECT * FROM lesson WHERE ended_at IS NULL ORDER BY started_at DESC, rowid DESC LIMIT 1"
        ).fetchone()
        return None if row is None else (row["id"], row["school_group"], row["title"], row["started_at"])

    def activities(self) -> list[tuple[Any, ...]]:
        rows = self.conn.execute("SELECT * FROM activity ORDER BY rowid")
        return [(row["id"], row["title"], json.loads(row["body"])) for row in rows]

    # statements.py
    def record(self, box: str, pupil: str, identifier: str, choice: str, stored: str = "") -> bool:
        """An answer, unless its identifier is known; ``stored``: the wall clock, else just after the last one."""
        with self.writing() as conn:
            if conn.execute("SELECT * FROM answer WHERE statement = ?", (identifier,)).fetchone() is not None:
                return False
            last = conn.execute(
                "SELECT sequence, stored FROM statement WHERE origin = ? ORDER BY sequence DESC LIMIT 1", (box,)
            ).fetchone()
            stored = stored or (last["stored"][:-7] + f"{int(last['stored'][-7:-1]) + 1:06d}Z")
            body = json.dumps(statement(box, pupil, identifier, choice, stored), ensure_ascii=False,
                              separators=(",", ":")).encode()  # fmt: skip
            conn.execute(
                "INSERT INTO statement (id, origin, sequence, body, sha256, stored, trusted)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (identifier, box, (last["sequence"] if last else 0) + 1, body, hashlib.sha256(body).digest(), stored,
                 1),
            )  # fmt: skip
            conn.execute(
                "INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)",
                (identifier, "lesson", pupil, "fractions", "moitie", choice, int(choice == "a")),
            )
            return True

    def results(self, pupil: str) -> dict[str, tuple[str, bool]]:
        rows = self.conn.execute(
            "SELECT question, choice, correct FROM answer JOIN statement ON statement.id = answer.statement "
            "WHERE lesson = ? AND pupil = ? AND activity = ? ORDER BY statement.row",
            ("lesson", pupil, "fractions"),
        )
        return {row["question"]: (row["choice"], bool(row["correct"])) for row in rows}

    def counts(self) -> dict[str, dict[str, int]]:
        rows = self.conn.execute(
            "SELECT activity, count(*) AS answers, coalesce(sum(correct), 0) AS right, count(DISTINCT pupil) AS pupils "
            "FROM answer WHERE lesson = ? GROUP BY activity", ("lesson",))  # fmt: skip
        return {row["activity"]: {name: row[name] for name in ("answers", "right", "pupils")} for row in rows}

    # resources.py, import_jobs.py
    def add_resource(self) -> None:
        with self.writing() as conn:
            conn.execute(
                "INSERT INTO resource (id, format, blob, filename, size, entry, cover, details, card, edits, state,"
                " added_at, url) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                RESOURCE,
            )
            conn.execute(
                "INSERT INTO import_job (id, filename, source, sha256, card, captions, state, created_at)"
                " VALUES (?, ?, '', ?, ?, ?, ?, ?)",
                ("j1", "volcans.pdf", "", "{}", "[]", "queued", "2026-10-01T08:00:00Z"),
            )

    def resources(self) -> list[str]:
        rows = self.conn.execute("SELECT * FROM resource WHERE state IN (?, ?) ORDER BY rowid", ("ready", "damaged"))
        return [str(row["filename"]) for row in rows]

    def edit_resource(self, edits: str) -> int:
        with self.writing() as conn:
            return conn.execute(
                "UPDATE resource SET edits = ?, indexed = CASE indexed WHEN ? THEN ? ELSE indexed END WHERE id = ?",
                (edits, 1, 2, "r1"),
            ).rowcount

    def jobs(self) -> list[tuple[str, str]]:
        rows = self.conn.execute("SELECT * FROM import_job WHERE state IN (?, ?) ORDER BY rowid", ("queued", "running"))
        return [(row["id"], row["state"]) for row in rows]

    def finish_job(self) -> int:
        with self.writing() as conn:
            return conn.execute(
                "UPDATE import_job SET state = ?, progress = 1, resource = ?, existing = ? WHERE id = ?",
                ("done", "r1", 0, "j1"),
            ).rowcount


def statement(box: str, pupil: str, identifier: str, choice: str, stored: str) -> dict[str, Any]:
    """What the previous hub wrote, ``stored`` included in the body."""
    base = f"https://cartable.invalid/boxes/{box}"
    about = f"{base}/activities/fractions"
    return {
        "id": identifier,
        "actor": {"objectType": "Agent", "account": {"homePage": base, "name": pupil}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"fr": "a répondu", "en": "answered"}},
        "object": {
            "objectType": "Activity",
            "id": f"{about}/questions/moitie",
            "definition": {
                "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
                "interactionType": "choice",
                "description": {"fr": "La moitié de 8 ?"},
                "choices": [{"id": "a", "description": {"fr": "4"}}, {"id": "b", "description": {"fr": "2"}}],
                "correctResponsesPattern": ["a"],
            },
        },
        "result": {"success": choice == "a", "completion": True, "response": choice},
        "context": {
            "registration": "3b7e2f0a-6a0f-5f0c-9d0e-0c5f3c1c2a77",
            "contextActivities": {"parent": [{"id": about}], "grouping": [{"id": f"{base}/lessons/lesson"}]},
            "platform": "Cartable",
        },
        "timestamp": stored,
        "stored": stored,
        "version": "1.0.3",
    }
