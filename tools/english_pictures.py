# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The pictures of the ready English sequences. Run it, then ``make vendor``, then again, when a new picture is used.

First it lists in ``tools/vendor/english.json`` the OpenMoji files that the box is to carry (``make vendor`` puts them
into one sheet, the stock), then it writes the sheet of each sequence that the stock has all pictures for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from appliance.errors import BadInput
from appliance.sequences import pictures, ready
from appliance.sequences.package import SHEET

HERE = Path(__file__).parent
SOURCE = HERE.parent / "build/vendor/node_modules/openmoji/color/svg"
LIST = HERE / "vendor/english.json"
A_LINE = 8


def listed(codes: list[str]) -> str:
    """The JSON that tools/vendor reads: names of OpenMoji's files, with the variation selector that some carry."""
    files = {path.stem.replace("-FE0F", ""): path.stem for path in SOURCE.glob("*.svg")}
    names = [json.dumps(files.get(code, code)) for code in codes]
    return "[\n" + ",\n".join(",".join(names[at : at + A_LINE]) for at in range(0, len(names), A_LINE)) + "\n]\n"


def main() -> int:
    """Write what is out of date; returns 1 when the stock lacks a picture."""
    used = {code for sequence in ready.sequences() for item in sequence.items for code in item.pictures}
    if SOURCE.is_dir():
        LIST.write_text(listed(sorted(used)), encoding="utf-8")
    stock, missing = ready.stock(), 0
    for sequence in ready.sequences():
        try:
            text = pictures.sheet((code for item in sequence.items for code in item.pictures), stock)
        except BadInput as error:
            sys.stderr.write(f"{sequence.id}: {error}\n")
            missing = 1
            continue
        (ready.FOLDER / sequence.id / SHEET).write_text(text, encoding="utf-8")
    return missing


if __name__ == "__main__":
    sys.exit(main())
