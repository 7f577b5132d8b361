# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How speech, bridge, studio and sync hand what pupils did to the hub, which alone writes statements.

:meth:`RecordsOutbox.add` puts a statement on the disk under an identifier of its own; a thread delivers it to
``/xapi/statements`` on the hub's socket as soon as the hub answers. Until the hub has said that it holds the
statement, the outbox does. A delivery whose answer was lost is made again: same identifier, so stored once.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.client import Client, Response
from appliance.errors import BadInput, StorageError, TooLarge, Unreachable
from appliance.ports import Clock, Now
from appliance.store import durable, times
from appliance.store.segments import DAMAGED, Segments
from appliance.xapi.version import Version

log = logging.getLogger(__name__)

MOST = 50
"""Statements of one delivery."""
MOST_BYTES = 512 * 1024
"""Of one delivery, about, and of one statement."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
TIMEOUT_S = 20.0
AGES = "X-Cartable-Ages"
"""Seconds between event and delivery of each statement of the body, in its order; the hub takes it from local only."""
REFUSED = "refused"
KEPT_S = 30 * 86400.0
"""How long what was refused, or changed on the disk, is kept for a person to look at."""
TIDY_S = 86400.0
_NO_CLOCK_S = 1e9
"""Times of files below this (2001) come from a clock that was not set."""
REFUSALS = frozenset({400, 409, 413, 422})
"""It is the statement's fault: sending it again is of no use."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of the queue: ``<boot> <monotonic> <offset or -> <timed> <statement>``."""

    line: bytes
    boot: str
    monotonic: float
    offset: float | None
    """Wall clock minus monotonic clock, when the wall clock was right."""
    timed: bool
    """It says itself when it happened."""
    text: bytes

    @classmethod
    def read(cls, line: bytes) -> _Entry:
        boot, monotonic, offset, timed, text = line.split(b" ", 4)
        known = None if offset == b"-" else float(offset)
        return cls(line, boot.decode(), float(monotonic), known, timed == b"1", text)

    @property
    def id(self) -> str:
        return str(json.loads(self.text)["id"])


@dataclass(slots=True)
class _Boot:
    """What the queue knows of the clock between one start of the machine and the next."""

    offset: float | None = None
    last: float = 0.0
    """Latest monotonic reading noted."""


class RecordsOutbox:
    """One per service. Thread-safe; :meth:`add` waits for the disk (milliseconds), never for the hub."""

    def __init__(self, folder: Path, client: Client, clock: Clock, *, seed: int | None = None) -> None:
        """``folder``: the service's own, made when it is not there. ``seed``: of the pauses' jitter.

        Raises :class:`appliance.errors.Conflict` when another process uses the folder, :class:`StorageError`.
        """
        self._client, self._clock = client, clock
        self._chance = random.Random(seed)  # noqa: S311 - jitter
        self._folder, self._aside = folder, folder / REFUSED
        self._queue = Segments(folder)
        self._tidy()
        self._boots: dict[str, _Boot] = {}
        for line in self._queue.every():
            self._learn(_Entry.read(line))
        self._sending = threading.Lock()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._asked_pause = 0.0

    @property
    def waiting(self) -> int:
        """Statements that the hub does not have yet, as far as is known."""
        return len(self._queue)

    @property
    def refused(self) -> int:
        """Statements that the hub will never take, each kept in ``refused/<id>.json`` with the reason for 30 days."""
        return sum(1 for _ in self._aside.glob("*.json"))

    def add(self, statement: Mapping[str, Any]) -> str:
        """Keep a statement for the hub; returns its ``id``, made here unless it has one.

        It survives a pulled plug once this returns. Without ``timestamp`` it is one of this moment, and gets its time
        from a clock that is right (see ``docs/reference/records.md``). Raises :class:`BadInput` when it is no JSON
        object or its id no UUID, :class:`TooLarge`, :class:`StorageError` (not kept: try again with the same id).
        """
        return self.add_all([statement])[0]

    def add_all(self, statements: Sequence[Mapping[str, Any]]) -> list[str]:
        """:meth:`add` of many with one flush of the disk: all or none."""
        now = self._clock.now()
        values = [_complete(statement, now) for statement in statements]
        entries = [_entry(value, now) for value in values]
        if entries:
            self._queue.append([entry.line for entry in entries])
            self._learn(entries[-1])
            self._wake.set()
        return [value["id"] for value in values]

    def flush(self) -> bool:
        """Deliver what waits, oldest first, until it is done (True) or the hub cannot take more now (False).

        No file of the folder holds what was delivered afterwards: it may be erased in the hub, and must not stay here.
        Raises :class:`StorageError` when a refused statement cannot be set aside: it waits on; and when the disk has no
        room for what still waits once more, without what was delivered.
        """
        with self._sending:
            while lines := self._queue.head(MOST, MOST_BYTES):
                if not self._deliver([_Entry.read(line) for line in lines]):
                    self._queue.compact()
                    return False
            return True

    def start(self) -> None:
        """Deliver in the background from now on."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="records-outbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns once the thread has ended, after the delivery under way; what waits stays on the disk."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """:meth:`stop`, and let another process have the folder."""
        self.stop()
        self._queue.close()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._wake.clear()
            if not self.waiting:
                if not self._wake.wait(TIDY_S):
                    self._tidy()
            elif self._tried():
                failures = 0
            else:
                failures += 1
                self._stopping.wait(self._pause(failures))

    def _tried(self) -> bool:
        try:
            return self.flush()
        except StorageError as error:
            log.warning("records: %s", error)
            return False

    def _pause(self, failures: int) -> float:
        """Seconds before the next try: doubled each time, never the same for all services at once."""
        usual = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16))
        return max(usual * self._chance.uniform(0.5, 1.0), min(self._asked_pause, LONGEST_PAUSE_S))

    def _deliver(self, batch: list[_Entry]) -> bool:
        """Send a batch; halve it when it is refused, until the culprit stands alone."""
        answer = self._post(batch)
        if answer is None or not (_taken(answer, batch) or answer.status in REFUSALS):
            return False
        if answer.status in REFUSALS and len(batch) > 1:
            half = len(batch) // 2
            return self._deliver(batch[:half]) and self._deliver(batch[half:])
        if answer.status in REFUSALS:
            self._set_aside(batch[0], answer)
        durable.step("outbox forget")
        self._queue.forget([entry.line for entry in batch])
        return True

    def _post(self, batch: Sequence[_Entry]) -> Response | None:
        now = self._clock.now()
        texts, ages = zip(*(self._timed(entry, now) for entry in batch), strict=True)
        headers = {
            "Content-Type": "application/json",
            "X-Experience-API-Version": Version.V1.value,
            AGES: ",".join(f"{age:.3f}" for age in ages),
        }
        durable.step("outbox post")
        self._asked_pause = 0.0
        try:
            answer = self._client.request(
                "POST", "/xapi/statements", body=b"[" + b",".join(texts) + b"]", headers=headers, timeout=TIMEOUT_S
            )
        except Unreachable as error:
            log.info("records: %s", error)
            return None
        asked = answer.headers.get("retry-after", "")
        self._asked_pause = float(asked) if asked.isdecimal() else 0.0
        durable.step("outbox answered")
        return answer

    def _timed(self, entry: _Entry, now: Now) -> tuple[bytes, float]:
        """The statement as it is sent, and its age.

        Same boot: the difference of the monotonic clock. An earlier boot during which the clock was right at some
        time: its own timestamp. Else at least the time since the machine started, and what is known before that.
        """
        if entry.timed:
            return entry.text, 0.0
        if entry.boot == now.boot:
            return entry.text, max(0.0, now.monotonic - entry.monotonic)
        boot = self._boots[entry.boot]
        if boot.offset is not None:
            stamp = times.rfc3339(boot.offset + entry.monotonic)
            return entry.text[:-1] + b',"timestamp":"' + stamp.encode() + b'"}', 0.0
        return entry.text, now.monotonic + boot.last - entry.monotonic

    def _learn(self, entry: _Entry) -> None:
        boot = self._boots.setdefault(entry.boot, _Boot())
        boot.last = max(boot.last, entry.monotonic)
        if boot.offset is None:
            boot.offset = entry.offset

    def _set_aside(self, entry: _Entry, answer: Response) -> None:
        name = entry.id
        reason = answer.body[:2000].decode(errors="replace")
        log.warning("records: the hub refused %s (%s): %s", name, answer.status, reason)
        kept = json.dumps({"status": answer.status, "reason": reason, "statement": json.loads(entry.text)})
        with durable.disk_errors(self._aside):
            if not self._aside.is_dir():
                self._aside.mkdir()
                durable.sync_folder(self._aside.parent)
            fresh = self._aside / f"{name}.new"
            durable.step("outbox set aside")
            durable.write(fresh, kept.encode())
            durable.step("outbox name refused")
            now = self._clock.now()
            os.utime(fresh, (now.wall, now.wall) if now.trusted else (0, 0))
            fresh.rename(self._aside / f"{name}.json")
            durable.sync_folder(self._aside)
        self._tidy()

    def _tidy(self) -> None:
        """Remove what was set aside long ago; with a clock that is right only, by which the rest is dated."""
        now = self._clock.now()
        if not now.trusted:
            return
        for path in _aside(self._folder):
            with contextlib.suppress(OSError):  # tomorrow, or at the next start
                changed = path.stat().st_mtime
                if not _NO_CLOCK_S < changed <= now.wall:
                    os.utime(path, (now.wall, now.wall))
                elif now.wall - changed > KEPT_S:
                    path.unlink()


def holding(state: Path) -> list[Path]:
    """The folders of outboxes in ``state``, one or two levels below, where statements still wait or are set aside."""
    found = {lock.parent for pattern in ("*/lock", "*/*/lock") for lock in state.glob(pattern)}
    return sorted(folder for folder in found if any(folder.glob("[0-9]" * 8 + ".log")) or any(_aside(folder)))


def _aside(folder: Path) -> Iterator[Path]:
    for name in (REFUSED, DAMAGED):
        yield from (folder / name).glob("*")


def _complete(statement: Mapping[str, Any], now: Now) -> dict[str, Any]:
    value = dict(statement)
    value.setdefault("id", str(uuid.uuid4()))
    try:
        value["id"] = str(uuid.UUID(value["id"]))
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput("The identifier of this statement is not a UUID.") from error
    if "timestamp" not in value and now.trusted:
        value["timestamp"] = times.rfc3339(now.wall)
    return value


def _entry(value: Mapping[str, Any], now: Now) -> _Entry:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise BadInput("This statement is not JSON: %(why)s", why=error) from error
    if len(text) > MOST_BYTES:
        raise TooLarge("This statement is larger than %(limit)s KB.", limit=MOST_BYTES >> 10)
    offset = now.wall - now.monotonic if now.trusted else None
    told = "-" if offset is None else repr(offset)
    head = f"{now.boot or '?'} {now.monotonic!r} {told} {int('timestamp' in value)} "
    return _Entry.read(head.encode() + text)


def _taken(answer: Response, batch: Sequence[_Entry]) -> bool:
    """Whether the hub says that it holds each of them."""
    if answer.status == 204:
        return True
    try:
        return answer.status == 200 and {entry.id for entry in batch} <= set(answer.json())
    except (ValueError, TypeError):
        return False
