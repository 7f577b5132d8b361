# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Table ``import_job``: what was asked of the library, and what became of it."""

from __future__ import annotations

import enum
import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.errors import CartableError, NotFound
from appliance.store.db import Database

KEPT = 1000
"""Finished jobs remembered; older ones are forgotten at start."""


class JobState(enum.StrEnum):
    """Where an import stands. QUEUED and RUNNING ones are taken up again at start."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ImportJob:
    """One file asked to be imported."""

    id: str
    filename: str
    state: JobState
    created_at: str
    """RFC 3339, UTC."""
    sha256: str = ""
    """Of the spooled file; empty until computed."""
    card: Mapping[str, object] = field(default_factory=dict)
    """Card fields given by the person who added it."""
    captions: tuple[tuple[str, str], ...] = ()
    """(name, SHA-256) of each."""
    progress: float = 0.0
    step: str = ""
    """A gettext message id: what is being done."""
    message: str = ""
    """FAILED: a gettext message id, with ``params``."""
    params: Mapping[str, object] = field(default_factory=dict)
    resource: str | None = None
    """DONE: the resource."""
    existing: bool = False
    """DONE: the same bytes were already in the library."""

    @property
    def over(self) -> bool:
        """Nothing more will happen to it."""
        return self.state in (JobState.DONE, JobState.FAILED)

    @property
    def error(self) -> CartableError | None:
        """Why it failed, to be localized."""
        return CartableError(self.message, **self.params) if self.state is JobState.FAILED else None


def new_id() -> str:
    """64 random bits in hex; also the name of the job's staging folder."""
    return secrets.token_hex(8)


def insert(db: Database, job: ImportJob) -> None:
    """Durable on return."""
    with db.writing() as conn:
        conn.execute(
            "INSERT INTO import_job (id, filename, source, sha256, card, captions, state, created_at)"
            " VALUES (?, ?, '', ?, ?, ?, ?, ?)",
            (job.id, job.filename, job.sha256, json.dumps(dict(job.card)), json.dumps(job.captions), job.state,
             job.created_at),
        )  # fmt: skip


def get(db: Database, job_id: str) -> ImportJob:
    """Raises :class:`NotFound`."""
    row = db.reading().execute("SELECT * FROM import_job WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such import.")
    return _job(row)


def every(db: Database, limit: int = KEPT) -> list[ImportJob]:
    """Newest first."""
    rows = db.reading().execute("SELECT * FROM import_job ORDER BY rowid DESC LIMIT ?", (limit,))
    return [_job(row) for row in rows]


def waiting(db: Database) -> list[ImportJob]:
    """Queued, or cut short by a death; oldest first."""
    rows = db.reading().execute(
        "SELECT * FROM import_job WHERE state IN (?, ?) ORDER BY rowid", (JobState.QUEUED, JobState.RUNNING)
    )
    return [_job(row) for row in rows]


def start(db: Database, job_id: str, sha256: str) -> None:
    """Durable on return."""
    with db.writing(patience_s=None) as conn:
        conn.execute("UPDATE import_job SET state = ?, sha256 = ? WHERE id = ?", (JobState.RUNNING, sha256, job_id))


def finish(conn: sqlite3.Connection, job_id: str, resource: str, *, existing: bool) -> None:
    """Within the caller's transaction: the resource and the end of its job are one fact."""
    conn.execute(
        "UPDATE import_job SET state = ?, progress = 1, resource = ?, existing = ? WHERE id = ?",
        (JobState.DONE, resource, int(existing), job_id),
    )


def fail(db: Database, job_id: str, error: CartableError) -> None:
    """End it with a sentence, kept so that it can be shown in any language."""
    params = {name: value if isinstance(value, int | float) else str(value) for name, value in error.params.items()}
    with db.writing(patience_s=None) as conn:
        conn.execute(
            "UPDATE import_job SET state = ?, message = ?, params = ? WHERE id = ?",
            (JobState.FAILED, error.message, json.dumps(params), job_id),
        )


def prune(db: Database) -> None:
    """Forget all but the latest :data:`KEPT` finished jobs."""
    with db.writing(patience_s=None) as conn:
        conn.execute(
            "DELETE FROM import_job WHERE state IN (?, ?) AND rowid <= (SELECT max(rowid) FROM import_job) - ?",
            (JobState.DONE, JobState.FAILED, KEPT),
        )


def _job(row: sqlite3.Row) -> ImportJob:
    return ImportJob(
        id=row["id"],
        filename=row["filename"],
        state=JobState(row["state"]),
        created_at=row["created_at"],
        sha256=row["sha256"],
        card=json.loads(row["card"]),
        captions=tuple((name, digest) for name, digest in json.loads(row["captions"])),
        progress=row["progress"],
        step=row["step"],
        message=row["message"],
        params=json.loads(row["params"]),
        resource=row["resource"],
        existing=bool(row["existing"]),
    )
