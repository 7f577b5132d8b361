# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Work that dies, as by ``kill -9``, at each of its steps in turn."""

from __future__ import annotations

import os
import shutil
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path


def dying(template: Path, place: Path, work: Callable[[Path], None]) -> Iterator[tuple[str, Path]]:
    """For each step of ``work`` (given the folder): its name, and a copy of ``template`` where it died just before.

    Ends when the work came to its end.
    """
    number = 1
    while True:
        folder = place / f"died-{number}"
        shutil.copytree(template, folder)
        counter = place / f"steps-{number}"
        if _in_a_child(lambda: work(folder), f"{number}:{counter}"):  # noqa: B023 - used at once
            return
        yield counter.read_text().splitlines()[-1], folder
        shutil.rmtree(folder)
        number += 1


def _in_a_child(work: Callable[[], None], fail_at: str) -> bool:
    """Whether the work came to its end."""
    child = os.fork()
    if child == 0:
        os.environ["CARTABLE_FAIL_AT"] = fail_at
        ended = False
        try:
            work()
            ended = True
        finally:
            if not ended:
                traceback.print_exc()
            os._exit(0 if ended else 1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 137)
    return code == 0
