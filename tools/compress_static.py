# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Write ``<file>.gz`` beside each front-end file that shrinks, for nginx's gzip_static and the development edge.

Each takes the time of its source: an older one is out of date, is made again here and passed over by the edge.
"""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

STATIC = Path(__file__).parent.parent / "appliance/hub/static"
KINDS = {".css", ".js", ".svg", ".html", ".json", ".mjs", ".toml"}
LEAST = 500
"""Bytes; below, a header costs more than it saves."""


def compress(folder: Path) -> int:
    """Bring every ``.gz`` below ``folder`` up to date; returns how many were written."""
    written = 0
    for path in sorted(folder.rglob("*")):
        if path.suffix in KINDS and path.is_file() and path.stat().st_size >= LEAST:
            written += _one(path)
    for packed in folder.rglob("*.gz"):
        if not packed.with_suffix("").exists():
            packed.unlink()
    return written


def _one(path: Path) -> bool:
    packed, before = path.with_name(path.name + ".gz"), path.stat()
    if packed.exists() and packed.stat().st_mtime_ns == before.st_mtime_ns:
        return False
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    os.utime(part, ns=(before.st_mtime_ns, before.st_mtime_ns))
    part.replace(packed)
    return True


if __name__ == "__main__":
    compress(Path(sys.argv[1]) if len(sys.argv) > 1 else STATIC)
