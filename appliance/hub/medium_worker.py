# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The process that decodes one picture or sound: bounded like an import, and without a file.

Arguments: the hub's process id, then ``picture``, ``sound``, ``photo`` (a pupil's) or ``oral`` (a sequence of spoken
English). Standard input: the file as it came. Standard output: a line of JSON, ``{"about": {…}}`` followed by what was
made, or ``{"error": {"message": …, "params": {…}}}``.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence

from appliance.config import Config, environment
from appliance.errors import BadInput, Busy, CartableError
from appliance.hub.import_process import death
from appliance.hub.import_worker import confine
from appliance.i18n import N_

COMMAND = (sys.executable, "-m", "appliance", "medium-worker")
MEMORY = 512 << 20
"""Bytes: forty megapixels of RGB are 120 MB, twice for a moment."""
CPU_S, PATIENCE_S = 60, 90.0
LARGEST = 16 << 20

Maker = Callable[[bytes], tuple[bytes, dict[str, float]]]


def main(arguments: Sequence[str], makers: Mapping[str, Maker]) -> int:
    """Make one anew; 0 also when it is refused."""
    parent, kind = int(arguments[0]), arguments[1]
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a C library prints is no part of the answer
    if not confine(parent, LARGEST, MEMORY):
        return 1
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    with out:
        try:
            body, about = makers[kind](sys.stdin.buffer.read(LARGEST + 1))
            out.write(json.dumps({"about": about}).encode() + b"\n" + body)
        except CartableError as error:
            out.write(json.dumps({"error": {"message": error.message, "params": error.params}}).encode() + b"\n")
        except MemoryError:
            message = N_("Reading this file needs more memory than the box can give.")
            out.write(json.dumps({"error": {"message": message, "params": {}}}).encode() + b"\n")
    return 0


class Makers:
    """The hub's side: one at a time, since each may take half the memory of a small board."""

    def __init__(self, config: Config, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._environment = environment(config)
        self._turn = threading.Lock()

    def make(self, kind: str, data: bytes, name: str) -> tuple[bytes, dict[str, float]]:
        """The file made of ``data``, and what is known of it. ``name``: as the person knows it, for sentences.

        Raises the worker's own error, :class:`BadInput` when it died of the file, :class:`Busy`.
        """
        if not self._turn.acquire(timeout=PATIENCE_S / 3):
            raise Busy("The box is reading another picture or sound: try again in a moment.")
        try:
            return self._run(kind, data, name)
        finally:
            self._turn.release()

    def _run(self, kind: str, data: bytes, name: str) -> tuple[bytes, dict[str, float]]:
        try:
            run = subprocess.run(
                [*self._command, str(os.getpid()), kind], input=data, stdout=subprocess.PIPE, check=False,
                timeout=PATIENCE_S, env={**os.environ, **self._environment},
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise BadInput("Reading this file took too long: it is damaged, or too heavy for the box.") from error
        line, _, body = run.stdout.partition(b"\n")
        if not line:
            raise death(run.returncode, name)
        told = json.loads(line)
        if "error" in told:
            raise BadInput(str(told["error"]["message"]), **told["error"]["params"])
        return body, told["about"]
