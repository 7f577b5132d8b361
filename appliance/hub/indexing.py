# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Keeps the search index in step with the table of resources: whatever a death or a lost index leaves out is done
again, because the table says what is indexed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from appliance.errors import CartableError, Damaged
from appliance.model import Resource
from appliance.store import blobs, resources
from appliance.store.blobs import Blobs
from appliance.store.db import Database

log = logging.getLogger(__name__)

RETRY_S = 10.0
"""Pause after the index could not take something (busy, disk full)."""
GIVE_UP_AFTER = 5
"""Tries before a resource waits for the next start."""


class Indexer(Protocol):
    """What the library needs of the search service."""

    on_damaged: Callable[[], object]
    """Called when the index was lost, and is empty now."""

    def held(self) -> frozenset[str]:
        """Ids of the resources in the index."""

    def index(self, resource: Resource, sections: Path | None) -> None:
        """Card and sections (gzip JSON lines), instead of whatever the index has of ``resource``."""

    def index_card(self, resource: Resource) -> None:
        """The card alone."""

    def forget(self, resource_id: str) -> None:
        """Nothing of it is found any more."""


class Indexing:
    """A thread that indexes what the table says is not."""

    def __init__(self, db: Database, store: Blobs, indexer: Indexer | None) -> None:
        self._db = db
        self._blobs = store
        self._indexer = indexer
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._failures: dict[str, int] = {}
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Index what is not; nothing without an indexer."""
        if self._indexer is not None:
            self._indexer.on_damaged = self.rebuild
            self._thread = threading.Thread(target=self._run, name="library-index", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended, after what it was indexing."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """Something changed in the table."""
        self._wake.set()

    def forget(self, resource_id: str) -> None:
        """Take a resource out of the index; a damaged index is rebuilt without it."""
        if self._indexer is None:
            return
        try:
            self._indexer.forget(resource_id)
        except Damaged:
            self.rebuild()

    def rebuild(self) -> None:
        """Index everything again."""
        log.warning("the search index is damaged: it is made again")
        with self._db.writing(patience_s=None) as conn:
            resources.forget_index(conn)
        self._wake.set()

    def _compare(self, indexer: Indexer) -> None:
        """A death between index and table, or a lost index folder: the table is right."""
        try:
            held = indexer.held()
        except Damaged:
            self.rebuild()
            return
        except CartableError as error:
            log.warning("the search index could not be compared with the library: %s", error)
            return
        known = {resource.id for resource in resources.every(self._db, include_damaged=True)}
        with self._db.writing(patience_s=None) as conn:
            for missing in known - held:
                resources.set_indexed(conn, missing, resources.STALE)
        for gone in held - known:
            self.forget(gone)

    @property
    def alive(self) -> bool:
        """Whether the thread still runs (or there is nothing for it to do)."""
        return self._thread is None or self._thread.is_alive()

    def _run(self) -> None:
        assert self._indexer is not None
        self._compare(self._indexer)
        while not self._stopping.is_set():
            self._wake.clear()
            pending = [p for p in resources.unindexed(self._db) if self._failures.get(p[0].id, 0) < GIVE_UP_AFTER]
            if not pending:
                self._wake.wait()
            elif not self._index(*pending[0]):
                self._stopping.wait(RETRY_S)

    def _index(self, resource: Resource, lacking: int) -> bool:
        assert self._indexer is not None
        try:
            if lacking == resources.CARD_STALE:
                self._indexer.index_card(resource)
            else:
                self._indexer.index(resource, self._sections(resource))
            with self._db.writing(patience_s=None) as conn:
                resources.mark_indexed(conn, resource)
        except Damaged:
            self._failures[resource.id] = self._failures.get(resource.id, 0) + 1
            self.rebuild()
            return self._failures[resource.id] < 2
        except CartableError as error:
            self._failures[resource.id] = self._failures.get(resource.id, 0) + 1
            log.warning("%s is not indexed yet: %s", resource.id, error)
            return False
        self._failures.pop(resource.id, None)
        return True

    def _sections(self, resource: Resource) -> Path | None:
        if resource.blob is None:
            return None
        path = self._blobs.path(resource.blob) / blobs.SECTIONS
        return path if path.is_file() else None
