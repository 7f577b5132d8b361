# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the demonstration files come from and where they go.

Every script of this folder takes two options: ``--packages``, a folder where the Debian packages named
in the README are unpacked (``/`` when they are installed; the Python and npm packages are looked for in
its ``pypi`` and ``npm`` folders), and ``--output``, the folder of the resources.
"""

from __future__ import annotations

import argparse
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
RESOURCES = HERE.parent / "resources"
EPOCH = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Places:
    """The two folders a build script reads and writes."""

    packages: Path
    output: Path

    @property
    def share(self) -> Path:
        """Return the ``/usr/share`` of the packages."""
        return self.packages / "usr" / "share"


def places(description: str) -> Places:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--packages", type=Path, default=Path("/"))
    parser.add_argument("--output", type=Path, default=RESOURCES)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    return Places(options.packages, options.output)


def read_xml(source: Path) -> ElementTree.Element:
    """Return the root of an XML file of a package, which is trusted: it comes from a signed archive."""
    return ElementTree.fromstring(source.read_bytes())  # noqa: S314


def write_zip(target: Path, members: dict[str, bytes]) -> None:
    """Write a zip whose bytes depend only on its members: fixed dates, sorted names."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(members, key=lambda item: (item != "mimetype", item)):
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(info, members[name])
