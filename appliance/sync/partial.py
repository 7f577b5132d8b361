# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The part of a download that is already here, and of which file it is a part."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

from appliance.errors import Busy, Damaged, TooLarge
from appliance.store import durable
from appliance.sync.answers import CHANGING, Answer, Interrupted


class Partial:
    """``<destination>.part`` and its sidecar ``.part.json`` (address, validator, total)."""

    def __init__(self, destination: Path, address: str) -> None:
        self.path = destination.with_name(destination.name + ".part")
        self._sidecar = destination.with_name(destination.name + ".part.json")
        self._destination = destination
        self._address = address
        self._validator = ""
        self.total: int | None = None
        """Bytes of the whole file, if the server said."""
        with durable.disk_errors(destination):
            destination.parent.mkdir(parents=True, exist_ok=True)
            self._lock = destination.with_name(destination.name + ".part.lock").open("wb")
            self._take_turn()
            if not self._restore():
                self.reset()
            self.size = self.path.stat().st_size if self.path.exists() else 0

    def __enter__(self) -> Partial:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()

    def _take_turn(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise Busy("%(url)s is being downloaded already: wait for its end.", url=self._address) from error

    def _restore(self) -> bool:
        try:
            kept = json.loads(self._sidecar.read_text(encoding="utf-8"))
            self._validator, self.total = str(kept["validator"]), kept["total"]
            return bool(kept["url"] == self._address and self._validator and isinstance(self.total, int | None))
        except (OSError, ValueError, KeyError, TypeError):
            return False

    @property
    def done(self) -> float:
        """In [0, 1]; 0 while the whole size is not known."""
        return min(1.0, self.size / self.total) if self.total else 0.0

    @property
    def missing(self) -> int:
        """Bytes still to come, as far as known."""
        return max(0, self.total - self.size) if self.total is not None else 0

    def headers(self) -> dict[str, str]:
        """Ask for the rest only if the server still has the same file, else for all of it."""
        if not self.size or not self._validator:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._validator}

    def reset(self) -> None:
        """Forget what is here."""
        with durable.disk_errors(self.path):
            self._sidecar.unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)
        self.size, self.total, self._validator = 0, None, ""

    def begin(self, answer: Answer, max_bytes: int) -> None:
        """Make ready for the bytes of ``answer``: after ours when it is the rest of the same file, else from zero.

        Raises :class:`TooLarge` when the server announces more than ``max_bytes``.
        """
        rest = answer.status == 206 and answer.start == self.size and self.size > 0
        same = self.total in (None, answer.total) and answer.validator in ("", self._validator)
        if not (rest and same):
            self.reset()
            if answer.status == 206:
                raise Interrupted(CHANGING)
        if answer.total is not None and answer.total > max_bytes:
            self.reset()
            raise TooLarge("The file is larger than %(limit)s MB.", limit=max_bytes >> 20)
        if not rest:
            self._validator, self.total = answer.validator, answer.total
            note = {"url": self._address, "validator": self._validator, "total": self.total}
            durable.write(self._sidecar, json.dumps(note).encode())

    def finish(self, expected_sha256: str | None) -> str:
        """The part becomes the file; returns its SHA-256. Raises :class:`Damaged` when it is not the one expected."""
        with durable.disk_errors(self._destination):
            digest = durable.sha256_of(self.path)
            if expected_sha256 is not None and digest != expected_sha256.lower():
                self.reset()
                raise Damaged("The file downloaded is not the one expected (its SHA-256 differs): it was thrown away.")
            self.path.replace(self._destination)
            self._sidecar.unlink(missing_ok=True)
            Path(self._lock.name).unlink(missing_ok=True)
            durable.sync_folder(self._destination.parent)
        return digest
