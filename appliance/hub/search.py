# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Search as the hub sees it: a client of the search process, which may be slow, stuck or dead without harm to pages.

One search runs at a time. Who comes while it runs waits a little, then is told to try again: a page thread is never
held for long by other people's searches.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from appliance.child import Child
from appliance.config import Config
from appliance.errors import Busy, CartableError, Damaged, StorageError
from appliance.hub import search_worker as wire
from appliance.i18n import N_
from appliance.model import Hit, Resource
from appliance.store.search_text import QUERY_CHARS

_BUSY = N_("Too many searches at the moment: try again in a few seconds.")
_SLOW = N_("This search takes too long: try with fewer or more precise words.")
_REBUILT = N_("The search index was damaged and is being built again: try again in a few minutes.")
_STARTING = N_("The search is starting: try again in a few seconds.")
_STOPPED = N_("Writing the search index stopped half-way; it is as it was before. Try again.")

_START_LIMIT_S = 20.0
_WAIT_S = 0.3
"""How long a caller waits for its turn: some hundred ordinary searches."""
_SLOW_S = 0.05
"""A search that runs longer than this makes the last free page thread refuse to wait."""
_BACK_OFF_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def _child(mode: str, folder: Path, limit_s: float) -> Child:
    return Child([sys.executable, "-m", wire.__name__, mode, str(folder), str(limit_s)])


class Search:
    """The library's search. Thread-safe. Queries raise :class:`Busy` rather than hold a page."""

    def __init__(self, config: Config) -> None:
        self.on_damaged: Callable[[], object] = lambda: None
        """Called when a search met a damaged index, by then an empty one: everything has to be indexed again."""
        self._folder = config.library_folder / "index"
        self._limit_s = config.search.time_limit_s
        self._most = config.search.waiting + 1
        self._free_threads_from = max(1, config.hub.threads - 1)
        self._turn = threading.Lock()
        self._count = threading.Lock()
        self._writing = threading.Lock()
        self._inside = 0
        self._since = 0.0
        self._child: Child | None = None
        self._failures = 0
        self._not_before = 0.0
        self._running = False

    def start(self, *, now: bool = True) -> None:
        """Start the search process without waiting for it; not ``now``: when somebody searches, or at the next call."""
        with self._turn:
            self._running = True
            if now and self._child is None:
                self._spawn()

    def stop(self) -> None:
        """End the process; later queries raise :class:`Busy`."""
        with self._turn:
            self._running = False
            self._drop(1.0)

    def search(self, query: str, resources: Sequence[Resource] | None, limit: int = 25) -> list[Hit]:
        """The best hits of what a person typed, grouped by resource, best first; never an error for its content.

        ``resources``: search only these; None: all. Raises :class:`Busy`: over the time limit, too many waiting, or
        an index being built again.
        """
        allowed = None if resources is None else [resource.id for resource in resources]
        if not query.strip() or allowed == []:
            return []
        request = {"op": "search", "text": query[: QUERY_CHARS + 1], "allowed": allowed, "limit": limit}
        return [Hit(*fields) for fields in self._ask(request)]

    def suggest(self, prefix: str, limit: int = 8) -> list[str]:
        """Titles that begin as ``prefix`` does, for completion while typing. Raises as :meth:`search`."""
        if not prefix.strip():
            return []
        return list(self._ask({"op": "suggest", "text": prefix[: QUERY_CHARS + 1], "limit": limit}))

    def index(self, resource: Resource, sections: Path | None) -> None:
        """Put card and sections (``sections.jsonl.gz``) in the index, replacing what was there; durable on return.

        Blocks for as long as it takes, in another process. Raises :class:`StorageError`, :class:`Busy` or
        :class:`BadInput` (an unreadable sections file): the index is as before. Raises :class:`Damaged` when the index
        could not be read: it is empty now, and everything has to be indexed again.
        """
        self._write({"op": "write", "resource": wire.packed(resource), "sections": sections and str(sections)})

    def index_card(self, resource: Resource) -> None:
        """Replace the card in the index; the sections stay. Raises as :meth:`index`."""
        self._write({"op": "card", "resource": wire.packed(resource)})

    def forget(self, resource_id: str) -> None:
        """Remove a resource from the index; an unknown one is fine. Raises as :meth:`index`."""
        self._write({"op": "forget", "ids": [resource_id]})

    def held(self) -> frozenset[str]:
        """The resources that the index holds, for who compares it with the library when the hub starts.

        Blocks while another process looks. Raises :class:`Damaged` as :meth:`index`, :class:`Busy`.
        """
        child = _child("search", self._folder, _START_LIMIT_S)
        try:
            child.wait_ready(_START_LIMIT_S)
            return frozenset(child.ask({"op": "resources"}, _START_LIMIT_S))
        except Damaged:
            self._renew()
            raise
        except CartableError:
            raise
        except (EOFError, OSError) as error:
            raise Busy(_STARTING) from error
        finally:
            child.close()

    def _write(self, request: dict[str, Any]) -> None:
        with self._writing:
            try:
                self._written(request)
            except Damaged:
                self._written({"op": "create"})
                raise

    def _written(self, request: dict[str, Any]) -> None:
        child = _child("index", self._folder, 0.0)
        try:
            child.wait_ready(None)
            child.ask(request, None)
        except CartableError:
            raise
        except (EOFError, OSError) as error:
            raise StorageError(_STOPPED) from error
        finally:
            child.close(_START_LIMIT_S)

    def _renew(self) -> None:
        """An unreadable index becomes an empty one, and who can fill it is told."""
        with self._writing:
            self._written({"op": "create"})
        self.on_damaged()

    def _ask(self, request: dict[str, Any]) -> Any:
        try:
            with self._queue():
                reply = self._exchange(request)
                self._failures = 0
                return reply
        except Damaged as error:
            self._renew()
            raise Busy(_REBUILT) from error

    def _exchange(self, request: dict[str, Any]) -> Any:
        child = self._ready_child()
        whole = False  # so that no answer is taken for the next request's, were this one interrupted
        try:
            answer = child.ask(request, self._limit_s)
            whole = True
        except Damaged:
            self._fail()
            whole = True
            raise
        except CartableError:
            whole = True
            raise
        except TimeoutError as error:
            raise Busy(_SLOW) from error
        except (EOFError, OSError, ValueError) as error:
            raise Busy(_STARTING) from error
        finally:
            if not whole:
                self._replace()
        return answer

    @contextlib.contextmanager
    def _queue(self) -> Iterator[None]:
        """One at a time; raises :class:`Busy` instead of a long wait."""
        with self._count:
            slow = self._since and time.monotonic() - self._since > _SLOW_S
            if self._inside >= self._most or (slow and self._inside >= self._free_threads_from):
                raise Busy(_BUSY)
            self._inside += 1
        try:
            if not self._turn.acquire(timeout=_WAIT_S):
                raise Busy(_BUSY)
            try:
                self._since = time.monotonic()
                yield
            finally:
                self._since = 0.0
                self._turn.release()
        finally:
            with self._count:
                self._inside -= 1

    def _ready_child(self) -> Child:
        if self._child is None:
            if not self._running or time.monotonic() < self._not_before:
                raise Busy(_STARTING)
            self._spawn()
        child = self._child
        assert child is not None
        try:
            child.wait_ready(self._limit_s)
        except TimeoutError as error:
            if time.monotonic() - child.started > _START_LIMIT_S:
                self._replace()
            raise Busy(_STARTING) from error
        except CartableError:
            self._fail()
            raise
        except (EOFError, OSError) as error:
            self._replace()
            raise Busy(_STARTING) from error
        return child

    def _spawn(self) -> None:
        self._child = _child("search", self._folder, 2 * self._limit_s)

    def _replace(self) -> None:
        """The process failed: the next one starts now (it loads while pages go on) or, if that recurs, later."""
        self._fail()
        if time.monotonic() >= self._not_before and self._running:
            self._spawn()

    def _fail(self) -> None:
        self._drop(0.0)
        self._not_before = time.monotonic() + _BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)]
        self._failures += 1

    def _drop(self, patience_s: float) -> None:
        if self._child is not None:
            self._child.close(patience_s)
            self._child = None
