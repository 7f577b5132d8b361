# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The block map that bmaptool reads, so that only what is not zero is written to a card (bmap-tools, format 2.0)."""

from __future__ import annotations

import hashlib
from pathlib import Path

from imaging import card

BLOCK = 4096


def ranges(image: Path) -> list[tuple[int, int, str]]:
    """First and last block of each stretch that holds data, and its SHA-256."""
    found: list[tuple[int, int, str]] = []
    first, digest, following = -1, hashlib.sha256(), -1
    for offset, data in card.chunks(image):
        if offset != following:
            if first >= 0:
                found.append((first, following // BLOCK - 1, digest.hexdigest()))
            first, digest = offset // BLOCK, hashlib.sha256()
        digest.update(data)
        following = offset + len(data)
    if first >= 0:
        found.append((first, -(-following // BLOCK) - 1, digest.hexdigest()))
    return found


def render(image: Path) -> str:
    """The map of an image."""
    found = ranges(image)
    size = image.stat().st_size
    rows = "".join(
        f'    <Range chksum="{checksum}">{first if first == last else f"{first}-{last}"}</Range>\n'
        for first, last, checksum in found
    )
    text = (
        '<?xml version="1.0" ?>\n<bmap version="2.0">\n'
        f"  <ImageSize>{size}</ImageSize>\n  <BlockSize>{BLOCK}</BlockSize>\n"
        f"  <BlocksCount>{-(-size // BLOCK)}</BlocksCount>\n"
        f"  <MappedBlocksCount>{sum(last - first + 1 for first, last, _ in found)}</MappedBlocksCount>\n"
        f"  <ChecksumType>sha256</ChecksumType>\n  <BmapFileChecksum>{'0' * 64}</BmapFileChecksum>\n"
        f"  <BlockMap>\n{rows}  </BlockMap>\n</bmap>\n"
    )
    # Its own checksum is taken with zeros in its place.
    return text.replace("0" * 64, hashlib.sha256(text.encode()).hexdigest(), 1)
