# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The hub's side of an import worker: start it, listen, end it, and turn its death into a sentence."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from appliance.config import Config, environment
from appliance.errors import BadInput, Busy, CartableError
from appliance.hub.import_worker import Request
from appliance.ports import Progress

COMMAND = (sys.executable, "-m", "appliance", "import-worker")
STALL_S = 900.0
"""A worker that says nothing for this long is taken for stuck."""
POLL_S = 0.5
LONGEST_LINE = 1 << 20
DYING_S = 10.0
"""From the end of its output to the end of the process."""

_OUT_OF_MEMORY = {-signal.SIGKILL}


class Stopped(Exception):
    """The hub is stopping: the job stays as it is and is taken up again at the next start."""


class Worker:
    """Runs workers one at a time. ``watch`` is called twice a second; what it raises ends the worker."""

    def __init__(self, config: Config, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._environment = environment(config)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End the running worker, if any: its caller gets :class:`Stopped`."""
        self._stopping.set()

    def run(self, request: Request, progress: Progress, watch: Callable[[], None]) -> None:
        """Returns once the work folder is sealed; raises the worker's own error, or one that explains its death."""
        process = subprocess.Popen(
            [*self._command, json.dumps(dataclasses.asdict(request))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, **self._environment},
        )
        try:
            done = self._listen(process, progress, watch)
        finally:
            process.kill()
            code = process.wait()
            if process.stdout:
                process.stdout.close()
        if not done:
            raise death(code, request.filename)

    def _listen(self, process: subprocess.Popen[bytes], progress: Progress, watch: Callable[[], None]) -> bool:
        for line in self._lines(process, watch):
            if "error" in line:
                raise CartableError(str(line["error"]["message"]), **line["error"]["params"])
            if "done" in line:
                return True
            progress(float(line["progress"]), str(line["step"]))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(DYING_S)
        return False

    def _lines(self, process: subprocess.Popen[bytes], watch: Callable[[], None]) -> Iterator[dict[str, Any]]:
        assert process.stdout is not None
        descriptor, pending, heard = process.stdout.fileno(), b"", time.monotonic()
        while True:
            if self._stopping.is_set():
                raise Stopped
            watch()
            if not select.select([descriptor], [], [], POLL_S)[0]:
                if time.monotonic() - heard > STALL_S:
                    raise Busy("Reading this file took too long: it is damaged, or too heavy for the box.")
                continue
            heard = time.monotonic()
            block = os.read(descriptor, 65536)
            if not block or len(pending) > LONGEST_LINE:
                return
            *whole, pending = (pending + block).split(b"\n")
            yield from map(json.loads, whole)


def death(code: int, filename: str) -> CartableError:
    """Why a worker ended without a word. ``code`` as :mod:`subprocess` gives it: negative for a signal."""
    if code in _OUT_OF_MEMORY:
        return BadInput("Reading %(name)s needs more memory than the box can give.", name=filename)
    reason = signal.Signals(-code).name if code < 0 else str(code)
    return BadInput(
        "%(name)s could not be read: it is probably damaged (the reader stopped: %(reason)s).",
        name=filename,
        reason=reason,
    )
