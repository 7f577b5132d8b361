# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A library on a folder, as the hub wires it, for tests: started, stopped and started again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from appliance.config import Config, load
from appliance.hub.imports import Library
from appliance.hub.indexing import Indexer
from appliance.store.db import Database, Role
from appliance.store.import_jobs import ImportJob, JobState
from appliance.store.migrations import migrate
from tests.library import texts

DEADLINE_S = 40.0


def config_for(state: Path, library: Mapping[str, object] | None = None) -> Config:
    """Nothing kept free: test disks are small."""
    return load([], {"box": {"state": state, "run": state / "run"}, "library": {"keep_free_mb": 0, **(library or {})}})


class Shelf:
    """``library`` is None until :meth:`start`."""

    def __init__(self, state: Path, indexer: Indexer | None = None, **library: object) -> None:
        self.config = config_for(state, library)
        self.indexer = indexer
        self.incoming = state.parent / "incoming"
        self.incoming.mkdir(exist_ok=True)

    def start(self) -> Library:
        migrate(self.config.database)
        self.db = Database(self.config.database, Role.HUB)
        self.library = Library(self.config, self.db, lambda: texts.FORMATS, self.indexer, worker_command=texts.COMMAND)
        self.library.start()
        return self.library

    def stop(self) -> None:
        self.library.stop()
        self.db.close()

    def restart(self) -> Library:
        self.stop()
        return self.start()

    def file(self, text: str, name: str = "one.text", order: str = "") -> Path:
        """A file of the text format on the disk."""
        path = self.incoming / name
        path.write_text(f"TEXT {order}\n{text}", encoding="utf-8")
        return path

    def add(self, text: str, name: str = "one.text", order: str = "", **more: object) -> ImportJob:
        """Submit and wait for the end."""
        job_id = self.library.submit(self.file(text, name, order), filename=name, **more)  # type: ignore[arg-type]
        return self.wait(job_id)

    def added(self, text: str, name: str = "one.text", **more: object) -> str:
        """The resource's id."""
        job = self.add(text, name, "", **more)
        assert job.state is JobState.DONE, job
        assert job.resource
        return job.resource

    def wait(self, job_id: str) -> ImportJob:
        """Poll until the job is over."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            job = self.library.job(job_id)
            if job.over and not (self.config.library_folder / "staging" / job_id).exists():
                return job
            assert time.monotonic() < deadline, job
            time.sleep(0.01)

    def leftovers(self) -> list[str]:
        """What stands below the library folder besides blobs, and blobs that no resource has.

        The trash is emptied after a job is over: a moment is given to it.
        """
        deadline = time.monotonic() + 5
        while (found := self._leftovers()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return found

    def _leftovers(self) -> list[str]:
        folder = self.config.library_folder
        known = {resource.blob for resource in self.library.list(include_damaged=True)}
        found = [str(p) for part in ("staging", "trash") for p in (folder / part).glob("*")]
        return found + [str(p) for p in (folder / "blobs").glob("*") if p.name not in known]
