# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The queue by which things come into the library: one at a time, in a thread of its own, each file read by a worker.

What a death at any point leaves: before the job's row is written, nothing (staging is swept at start); after it, a
job that is run again from its own durable copy; and since a resource's row and the end of its job are one
transaction, never half a resource and never two for one job.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import re
import tempfile
import threading
from pathlib import Path

from appliance.config import Config
from appliance.errors import CartableError, Damaged, StorageError
from appliance.hub.import_process import Stopped, Worker
from appliance.hub.import_worker import Request
from appliance.hub.indexing import Indexing
from appliance.i18n import N_, translator
from appliance.model import Resource, ResourceState
from appliance.store import blobs, durable, import_jobs, resources
from appliance.store.blobs import Blobs, Manifest
from appliance.store.db import Database
from appliance.store.durable import step
from appliance.store.import_jobs import ImportJob

log = logging.getLogger(__name__)

SPOOL = "spool"
CAPTIONS = "captions"
RETRY_S = 30.0
"""Pause after the disk refused even to note a failure."""


class Queue:
    """Runs the jobs of table ``import_job``, oldest first."""

    def __init__(self, config: Config, db: Database, store: Blobs, worker: Worker, indexing: Indexing) -> None:
        self._config = config.library
        self._say = translator(config.box.language)
        self._db = db
        self._blobs = store
        self._worker = worker
        self._indexing = indexing
        self.changing = threading.Lock()
        """Held from "is this blob used?" until the answer has been acted on."""
        self._live: dict[str, tuple[float, str]] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Take up what waits, then whatever comes."""
        self._thread = threading.Thread(target=self._run, name="library-import", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns when the worker is dead; its job is taken up again at the next start."""
        self._stopping.set()
        self._worker.stop()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """A job was added."""
        self._wake.set()

    def live(self, job: ImportJob) -> ImportJob:
        """``job`` with its progress of this moment, which is not worth a write to the card."""
        progress, doing = self._live.get(job.id, (job.progress, job.step))
        return job if job.over else dataclasses.replace(job, progress=progress, step=doing)

    @property
    def alive(self) -> bool:
        """Whether the thread still runs (or there is nothing for it to do)."""
        return self._thread is None or self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            jobs = import_jobs.waiting(self._db)
            if not jobs:
                self._wake.wait()
                continue
            try:
                self._finish(jobs[0])
            except Stopped:
                return
            except StorageError as error:
                self._warn(N_("The import of %(name)s waits: %(why)s"), jobs[0], error)
                self._stopping.wait(RETRY_S)

    def _finish(self, job: ImportJob) -> None:
        """Bring one job to its end, good or bad."""
        try:
            with durable.disk_errors(self._blobs.library):
                self._import(job)
        except CartableError as error:
            self._warn(N_("%(name)s was not added: %(why)s"), job, error)
            import_jobs.fail(self._db, job.id, error)
        finally:
            self._live.pop(job.id, None)
        self._blobs.drop_staging(job.id)
        self._indexing.wake()

    def _warn(self, message: str, job: ImportJob, error: CartableError) -> None:
        """In the box's language: under ``cartable dev`` the teacher reads it."""
        log.warning(self._say(message), {"name": job.filename, "why": error.localized(self._say)})

    def _import(self, job: ImportJob) -> None:
        staging = self._blobs.staging / job.id
        self._progress(job.id, 0.0, N_("Reading"))
        if not (staging / SPOOL).is_file():
            raise Damaged("The copy of %(name)s is gone: add the file again.", name=job.filename)
        sha256 = job.sha256 or durable.sha256_of(staging / SPOOL)
        step("note start")
        import_jobs.start(self._db, job.id, sha256)
        blob = blobs.key_of(sha256, job.captions)
        if self._already(job, blob):
            return
        work = None
        if not self._published(blob):
            work = self._work_folder(staging)
            self._read(job, sha256, staging, work)
        self._commit(job, blob, work)

    def _already(self, job: ImportJob, blob: str) -> bool:
        """Whether the bytes are in the library, whole: then the job ends with the resource that has them."""
        with self.changing:
            found = resources.with_blob(self._db, blob)
            if found is None or found.state is not ResourceState.READY or not self._blobs.has(blob):
                return False
            with self._db.writing(patience_s=None) as conn:
                import_jobs.finish(conn, job.id, found.id, existing=True)
            return True

    def _work_folder(self, staging: Path) -> Path:
        """A new one for each try: a worker of a killed hub may still be dying in the last."""
        for old in staging.glob("work-*"):
            durable.discard(old, self._blobs.trash)
        step("make work folder")
        return Path(tempfile.mkdtemp(prefix="work-", dir=staging))

    def _read(self, job: ImportJob, sha256: str, staging: Path, work: Path) -> None:
        work.chmod(0o755)  # nginx serves from it once it is published
        spool = staging / SPOOL
        request = Request(
            parent=os.getpid(),
            spool=str(spool),
            sha256=sha256,
            filename=job.filename,
            captions={name: str(staging / CAPTIONS / name) for name, _ in job.captions},
            work=str(work),
            max_bytes=self._config.max_extracted_mb << 20,
            max_files=self._config.max_files,
            max_ratio=self._config.max_ratio,
        )
        keep = self._config.keep_free_mb << 20
        self._worker.run(
            request,
            lambda done, what: self._progress(job.id, done, what),
            lambda: durable.check_free(staging, 0, keep),
        )

    def _published(self, blob: str) -> bool:
        """A death came between publishing and the row: the work is done already."""
        return resources.with_blob(self._db, blob) is None and self._blobs.has(blob)

    def _commit(self, job: ImportJob, blob: str, work: Path | None) -> None:
        self._progress(job.id, 0.98, N_("Storing"))
        with self.changing:
            damaged = resources.with_blob(self._db, blob)
            if work is not None:
                self._blobs.publish(work, blob, replace=damaged is not None)
            manifest = blobs.read_manifest(self._blobs.path(blob))
            step("commit")
            try:
                with self._db.writing(patience_s=None) as conn:
                    if damaged is not None:
                        resources.set_state(conn, damaged.id, ResourceState.READY)
                        import_jobs.finish(conn, job.id, damaged.id, existing=True)
                    else:
                        resource = new_resource(blob, manifest)
                        resources.insert(conn, resource, job.card)
                        import_jobs.finish(conn, job.id, resource.id, existing=False)
            except StorageError:
                if damaged is None:
                    self._blobs.remove(blob)
                raise
        step("committed")

    def _progress(self, job: str, done: float, what: str) -> None:
        self._live[job] = (done, what)


def title_of(filename: str) -> str:
    """For a file that has no title of its own: ``carte-du_monde.png`` is "carte du monde"."""
    return " ".join(re.split(r"[\s_-]+", Path(filename).stem)).strip() or filename


def new_resource(blob: str, manifest: Manifest) -> Resource:
    """The row of a blob that has just come in."""
    found = manifest.imported
    return Resource(
        id=resources.new_id(),
        format=found.format,
        card=dataclasses.replace(found.card, title=found.card.title or title_of(manifest.filename)),
        blob=blob,
        filename=manifest.filename,
        size=manifest.size,
        entry=found.entry,
        cover=found.cover,
        details=found.details,
        state=ResourceState.READY,
        added_at=resources.now(),
    )
