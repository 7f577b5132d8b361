# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The one downloader: resumable, bounded, suspicious.

A download is ``<name>.part`` with ``<name>.part.json`` beside it; a cut line, a reboot or a kill goes on where it
stopped, by Range and If-Range (RFC 9110 sections 13.1.5 and 14), provided that the server still has the same file.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import urllib3
from urllib3.exceptions import HTTPError, SSLError

from appliance.errors import BadInput, NotFound, TooLarge, Unreachable
from appliance.ports import Progress
from appliance.store import durable
from appliance.sync.addresses import checked_redirect, checked_url, shown
from appliance.sync.answers import (
    BUSY,
    CHANGING,
    CUT,
    RETRIED,
    SILENT,
    UNBOUNDED,
    Answer,
    Interrupted,
    filename_of,
    retry_after_s,
)
from appliance.sync.partial import Partial

MAX_TRIES = 8
"""Failures in a row, without a byte gained, before giving up."""
MAX_REDIRECTS = 5
BASE_S, CAP_S = 0.5, 60.0
MAX_RETRY_AFTER_S = 600.0
TIMEOUT = urllib3.Timeout(connect=20, read=60)
BLOCK = 1 << 16
_ROOM_BLOCK = 64 << 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole file."""

    path: Path
    sha256: str
    media_type: str
    """Without parameters, lower case; empty when the server gave none."""
    filename: str
    """As the server or else the address names it, made safe."""


def backoff_s(failures: int, draw: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds before the next try: full jitter (M. Brooker, "Exponential Backoff and Jitter", AWS, 2015)."""
    return draw(0.0, min(CAP_S, BASE_S * 2 ** (failures - 1)))


def fetch(
    url: str,
    destination: Path,
    *,
    expected_sha256: str | None = None,
    max_bytes: int,
    keep_free: int = 0,
    progress: Progress = lambda done, what: None,
    pool: urllib3.PoolManager | None = None,
    wait: Callable[[float], object] | None = None,
) -> Fetched:
    """Download ``url`` to the file ``destination``; goes on with an earlier part of the same ``url``.

    Bytes are durable on return. ``wait(seconds)`` sleeps between tries (default: really). Raises :class:`BadInput`
    (an address that is not for the box), :class:`NotFound`, :class:`TooLarge`, :class:`Damaged` (not
    ``expected_sha256``), :class:`StorageError`, and :class:`Unreachable` once trying again does not help: then the
    part stays, for the next call.
    """
    address = checked_url(url)
    with contextlib.ExitStack() as stack:
        part = stack.enter_context(Partial(destination, address))
        if pool is None:
            pool = stack.enter_context(urllib3.PoolManager(timeout=TIMEOUT))
        job = _Download(part, max_bytes, keep_free, progress, pool)
        answer = _persist(job, part, address, wait or threading.Event().wait)
        digest = part.finish(expected_sha256)
    progress(1.0, "")
    return Fetched(destination, digest, answer.media_type, filename_of(answer, address))


def _persist(job: _Download, part: Partial, address: str, sleep: Callable[[float], object]) -> Answer:
    failures = 0
    while True:
        before = part.size
        try:
            return job.attempt(address)
        except Interrupted as interruption:
            failures = 1 if part.size > before else failures + 1
            if failures >= MAX_TRIES:
                raise Unreachable(
                    interruption.message, url=shown(address), status=interruption.status
                ) from interruption
            sleep(backoff_s(failures) if interruption.wait_s is None else min(interruption.wait_s, MAX_RETRY_AFTER_S))


class _Download:
    """One file being fetched, over as many tries as it takes."""

    def __init__(
        self, part: Partial, max_bytes: int, keep_free: int, progress: Progress, pool: urllib3.PoolManager
    ) -> None:
        self._part = part
        self._max_bytes = max_bytes
        self._keep_free = keep_free
        self._progress = progress
        self._pool = pool

    def attempt(self, address: str) -> Answer:
        """One try: returns when the part holds the whole file, raises :class:`Interrupted` when another may help."""
        answer = self._ask(address)
        try:
            if answer.status == 416:
                self._unsatisfied(answer)
                return answer
            self._check_status(answer, address)
            self._part.begin(answer, self._max_bytes)
            self._receive(answer)
        finally:
            answer.close()
        return answer

    def _ask(self, address: str) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            answer = Answer(self._open(address))
            if not answer.redirect:
                return answer
            answer.close()
            address = checked_redirect(address, answer.redirect)
        raise BadInput("%(url)s sends from address to address without end.", url=shown(address))

    def _open(self, address: str) -> urllib3.BaseHTTPResponse:
        headers = {"Accept-Encoding": "identity", "User-Agent": "Cartable", **self._part.headers()}
        try:
            return self._pool.request(
                "GET", address, headers=headers, preload_content=False, redirect=False, retries=False
            )
        except SSLError as error:
            raise Unreachable(
                "The certificate of %(url)s is not accepted: check the clock of the box.", url=shown(address)
            ) from error
        except HTTPError as error:
            raise Interrupted(SILENT) from error

    def _check_status(self, answer: Answer, address: str) -> None:
        if answer.status in (200, 206):
            if not answer.bounded:
                raise Interrupted(UNBOUNDED)
            return
        if answer.status in RETRIED:
            raise Interrupted(BUSY, status=answer.status, wait_s=retry_after_s(answer))
        if answer.status in (404, 410):
            raise NotFound("There is nothing at %(url)s (HTTP %(status)s).", url=shown(address), status=answer.status)
        raise BadInput("%(url)s refuses the download (HTTP %(status)s).", url=shown(address), status=answer.status)

    def _unsatisfied(self, answer: Answer) -> None:
        """416: the part is whole already (a kill before its renaming), or it is of another file."""
        if answer.complete_length == self._part.size > 0 and self._part.total in (None, self._part.size):
            return
        self._part.reset()
        raise Interrupted(CHANGING)

    def _receive(self, answer: Answer) -> None:
        with durable.disk_errors(self._part.path), self._part.path.open("ab") as out:
            checked = 0
            for block in answer.blocks(BLOCK):
                if checked <= 0:
                    out.flush()
                    durable.check_free(self._part.path.parent, min(_ROOM_BLOCK, self._part.missing), self._keep_free)
                    checked = _ROOM_BLOCK
                checked -= len(block)
                if self._part.size + len(block) > self._max_bytes:
                    raise TooLarge("The file is larger than %(limit)s MB.", limit=self._max_bytes >> 20)
                out.write(block)
                self._part.size += len(block)
                self._progress(self._part.done, "")
            out.flush()
            os.fsync(out.fileno())
        if self._part.total is not None and self._part.size != self._part.total:
            if self._part.size > self._part.total:
                self._part.reset()
            raise Interrupted(CUT)
