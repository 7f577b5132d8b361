# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The library from a terminal: through the hub when one runs, else opened here, under the hub's own lock."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from appliance.config import Config
from appliance.errors import BadInput
from appliance.hub.imports import Library
from appliance.hub.library_json import damage_json, job_json, resource_json
from appliance.ports import Progress
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate
from appliance.words import access
from appliance.words.access import POLL_S, Api

COPY_LIMIT_S = 3600.0
"""The hub answers once it has copied the file: minutes from a slow stick."""


class Access(Protocol):
    """What the words need. Everything is the JSON of ``/api/library``; errors are :class:`CartableError`."""

    def list(self) -> Sequence[Mapping[str, Any]]:
        """Resources, damaged ones included."""

    def add(self, path: Path, filename: str, card: Mapping[str, object], captions: Sequence[Path], move: bool) -> str:
        """Id of the job, once the hub has its own copy."""

    def add_link(self, url: str, card: Mapping[str, object]) -> Mapping[str, Any]:
        """The resource."""

    def job(self, job_id: str) -> Mapping[str, Any]:
        """How far it is."""

    def verify(self, progress: Progress) -> Sequence[Mapping[str, Any]]:
        """The damaged files."""

    def remove(self, resource_id: str) -> None:
        """Off the box."""

    def export(self, resource_id: str, folder: Path) -> str:
        """Path of the file written."""


def opened(
    config: Config,
    gettext: Callable[[str], str],
    waiting: Callable[[], None],
    patience_s: float = access.PATIENCE_S,
    *,
    makes: bool = False,
) -> contextlib.AbstractContextManager[Access]:
    """Whichever way is open; see :func:`appliance.words.access.opened`."""
    remote = Remote(Api(config, "/api/library"))
    found: Access = remote
    return access.opened(
        config, remote.answers, found, lambda: _local(config, gettext), waiting, patience_s, makes=makes
    )


@contextlib.contextmanager
def _local(config: Config, gettext: Callable[[str], str]) -> Iterator[Access]:
    migrate(config.database)
    db = Database(config.database, Role.HUB)
    library = Library(config, db, tuple, None)
    try:
        library.start()
        yield Local(library, gettext)
    finally:
        library.stop()
        db.close()


class Local:
    """No hub runs: its library, in this process. What comes in is indexed when the hub starts."""

    def __init__(self, library: Library, gettext: Callable[[str], str]) -> None:
        self._library = library
        self._gettext = gettext

    def list(self) -> Sequence[Mapping[str, Any]]:
        """See :class:`Access`; so below."""
        return [resource_json(resource) for resource in self._library.list(include_damaged=True)]

    def add(self, path: Path, filename: str, card: Mapping[str, object], captions: Sequence[Path], move: bool) -> str:
        """Copied on return."""
        return self._library.submit(path, filename=filename, card=card, captions=captions, move=move)

    def add_link(self, url: str, card: Mapping[str, object]) -> Mapping[str, Any]:
        """Nothing is downloaded."""
        return resource_json(self._library.add_link(url, card))

    def job(self, job_id: str) -> Mapping[str, Any]:
        """Live."""
        return job_json(self._library.job(job_id), self._gettext)

    def verify(self, progress: Progress) -> Sequence[Mapping[str, Any]]:
        """Blocks."""
        return [damage_json(damage) for damage in self._library.verify(progress)]

    def remove(self, resource_id: str) -> None:
        """At once."""
        self._library.remove(resource_id)

    def export(self, resource_id: str, folder: Path) -> str:
        """Blocks."""
        return str(self._library.export(resource_id, folder))


class Remote:
    """The running hub, over its socket."""

    def __init__(self, api: Api) -> None:
        self._ask = api.ask
        self._api = api

    def answers(self) -> bool:
        """Whether a hub is there."""
        return self._api.answers("/jobs/none")

    def list(self) -> Sequence[Mapping[str, Any]]:
        """See :class:`Access`; so below."""
        found: Sequence[Mapping[str, Any]] = self._ask("GET", "")["resources"]
        return found

    def add(self, path: Path, filename: str, card: Mapping[str, object], captions: Sequence[Path], move: bool) -> str:
        """The hub reads the files itself: it must be allowed to."""
        asked = {
            "path": str(path.absolute()),
            "filename": filename,
            "card": dict(card),
            "captions": [str(caption.absolute()) for caption in captions],
            "move": move,
        }
        return str(self._ask("POST", "", asked, timeout=COPY_LIMIT_S)["id"])

    def add_link(self, url: str, card: Mapping[str, object]) -> Mapping[str, Any]:
        """Nothing is downloaded."""
        resource: Mapping[str, Any] = self._ask("POST", "", {"url": url, "card": dict(card)})["resource"]
        return resource

    def job(self, job_id: str) -> Mapping[str, Any]:
        """Live."""
        job: Mapping[str, Any] = self._ask("GET", f"/jobs/{job_id}")
        return job

    def verify(self, progress: Progress) -> Sequence[Mapping[str, Any]]:
        """Follows the hub's own check."""
        state = self._ask("POST", "/verify", {})
        while not state["over"]:
            progress(float(state["progress"]), str(state["what"]))
            time.sleep(POLL_S)
            state = self._ask("GET", "/verify")
        if state["error"]:
            raise BadInput(str(state["error"]))
        progress(1.0, "")
        found: Sequence[Mapping[str, Any]] = state["damage"]
        return found

    def remove(self, resource_id: str) -> None:
        """At once."""
        self._ask("DELETE", f"/{_segment(resource_id)}")

    def export(self, resource_id: str, folder: Path) -> str:
        """The hub writes: it must be allowed to."""
        asked = {"folder": str(folder.absolute())}
        return str(self._ask("POST", f"/{_segment(resource_id)}/export", asked, timeout=COPY_LIMIT_S)["path"])


def _segment(resource_id: str) -> str:
    if not resource_id.isalnum() or not resource_id.isascii():
        raise BadInput("There is no such resource: it may have been removed.")
    return resource_id
