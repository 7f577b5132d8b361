# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``python -m appliance.drivers.speech_check FOLDER WORD``: whether the Vosk model in FOLDER loads and hears.

A process of its own, with bounded memory, since a damaged model may take its process down. Exit code 0: it does.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from appliance.drivers.speech_vosk import VoskEngine
from appliance.errors import CartableError

MAX_BYTES = 3 << 30
"""Of address space: models are mapped and copied."""


def main(folder: str) -> int:
    """Returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    engine = VoskEngine.at(Path(folder))
    try:
        engine.load()
    except CartableError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if engine.hears_grammars() else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
