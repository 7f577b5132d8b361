# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Imports damaged copies of one file, in a process of its own because a C library may fall over.

``python -m tests.formats.fuzz_worker FILE FIRST_SEED COUNT`` prints one line per copy before it is imported, and at
the end ``fine``; a stray exception ends it with its traceback.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from appliance.errors import BadInput
from tests.formats import hostile
from tests.formats.rig import import_file


def spoilt(data: bytes, seed: int) -> bytes:
    """One in three copies is cut, the others have wrong bytes; half of the ZIM ones keep a right checksum."""
    wrong = hostile.truncated(data, seed) if seed % 3 == 0 else hostile.flipped(data, seed // 3)
    return hostile.rehashed_zim(wrong) if wrong.startswith(b"ZIM\x04") and seed % 2 else wrong


def main(arguments: list[str]) -> None:
    data = Path(arguments[0]).read_bytes()
    outcomes: Counter[str] = Counter()
    for seed in range(int(arguments[1]), int(arguments[1]) + int(arguments[2])):
        folder = Path(tempfile.mkdtemp(prefix="fuzz"))
        print("seed", seed, flush=True)
        file = folder / f"spoilt{Path(arguments[0]).suffix}"
        file.write_bytes(spoilt(data, seed))
        try:
            import_file(file, folder / "in" / "blob")
            outcomes["imported"] += 1
        except BadInput as error:
            outcomes[type(error).__name__] += 1
        strays = {path.name for path in folder.iterdir()} - {file.name, "in"}
        strays |= {path.name for path in (folder / "in").glob("*")} - {"blob"}
        strays |= {str(path) for path in folder.rglob("*") if path.is_symlink()}
        if strays:
            raise AssertionError(f"seed {seed} wrote outside its folder: {strays}")
        shutil.rmtree(folder)
    print("fine", dict(outcomes))


if __name__ == "__main__":
    main(sys.argv[1:])
