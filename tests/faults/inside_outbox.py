# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A service's outbox as a process of its own, to be killed or starved.

``python -m tests.faults.inside_outbox <folder> <socket> [word…]``: adds a statement for each word and prints its id
once it is durable (``full``: the disk refused it), then delivers; prints ``waiting N refused N`` at the end.
A word ``x*9`` stands for nine x.
"""

from __future__ import annotations

import sys
from pathlib import Path

from appliance.client import Client
from appliance.drivers.clock_system import SystemClock
from appliance.errors import StorageError
from appliance.records_outbox import RecordsOutbox


def main(folder: Path, socket: Path, *words: str) -> int:
    outbox = RecordsOutbox(folder, Client(socket), SystemClock())
    for word in words:
        name, _, times = word.partition("*")
        try:
            print(outbox.add({"object": {"id": f"https://example.org/{name * int(times or 1)}"}}), flush=True)
        except StorageError:
            print("full", flush=True)
    outbox.flush()
    print("waiting", outbox.waiting, "refused", outbox.refused, flush=True)
    outbox.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]))
