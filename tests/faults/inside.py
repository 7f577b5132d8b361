# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A hub's library as a process of its own, for tests that kill it, starve it or watch its memory.

``python -m tests.faults.inside <state> <order> <file>…``; prints one line for each job that ended. Orders: ``add``,
``move``, ``remove`` (add, then remove), ``export`` (add, then export beside the file).
"""

from __future__ import annotations

import sys
from pathlib import Path

from appliance.errors import CartableError
from tests.library.shelf import Shelf


def main(state: Path, order: str, *names: str) -> int:
    shelf = Shelf(state)
    try:
        shelf.start()
        for name in names:
            _do(shelf, order, Path(name))
    except CartableError as error:
        print(type(error).__name__, error, flush=True)
        return 1
    shelf.stop()
    return 0


def _do(shelf: Shelf, order: str, path: Path) -> None:
    job = shelf.wait(shelf.library.submit(path, filename=path.name, move=order == "move"))
    print(job.state, job.error or job.resource, flush=True)
    if order == "remove" and job.resource:
        shelf.library.remove(job.resource)
    if order == "export" and job.resource:
        shelf.library.export(job.resource, path.parent)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
