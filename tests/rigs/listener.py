# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A worker of the speech service whose judge does what it is asked: for what no real engine does on demand.

``python -m tests.rigs.listener MODE MEMORY_MB LIMIT_S FD``; MODE: ``fine``, ``no-model`` or ``dies``.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from appliance.drivers.sound_decoder import decode
from appliance.errors import BadInput, Unreachable
from appliance.speech import worker
from appliance.speech.verdict import Asked, Outcome, Verdict


def judge(pcm: bytes, asked: Asked) -> Verdict:
    match asked.text:
        case "crash":
            os.abort()
        case "hang":
            time.sleep(3600)
        case "grow":
            held = bytearray()
            while True:
                held += b"x" * (16 << 20)
        case "write":
            with Path(asked.items[0]).open("wb", buffering=0) as file:
                file.write(pcm)
        case "refuse":
            raise BadInput("Record it again.")
    return Verdict(Outcome.BRAVO, "Well done!", heard=asked.text, engine=str(os.getpid()), level_db=float(len(pcm)))


def make() -> worker.Judge:
    if sys.argv[1] == "no-model":
        raise Unreachable("There is no model.")
    if sys.argv[1] == "dies":
        os.abort()
    return judge


if __name__ == "__main__":
    _, mode, memory, limit, descriptor = sys.argv
    sys.exit(worker.main(int(descriptor), decode, make, int(memory) << 20, float(limit)))
