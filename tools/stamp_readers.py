# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Write content hashes into the addresses that the readers' files use among themselves.

Browsers keep /static/ for ever, so each reference carries ``?v=<hash>`` of the file it names. Run after any change
below static/ (``make vendor`` does); ``--check`` only tells whether that was forgotten.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

STATIC = Path(__file__).parent.parent / "appliance/hub/static"
ORDER = ("polyfills.js", "worker.js", "bridge.js", "reader.css", "epub.js", "pdf.js", "epub.html", "pdf.html")
"""A file before those that name it."""
REFERENCE = re.compile(
    r"""(?P<open>(?:href|src)=|from |import |URL\(|importScripts\()"""
    r"""(?P<quote>["'])(?P<path>[\w./-]+\.(?:js|css|svg))(?:\?v=\w+)?"""
)


def stamped(folder: Path, text: str, fresh: dict[Path, str]) -> str:
    """``text`` with the hash of every file that it names."""

    def replace(match: re.Match[str]) -> str:
        target = (folder / match["path"]).resolve()
        content = fresh[target].encode() if target in fresh else target.read_bytes()
        return f"{match['open']}{match['quote']}{match['path']}?v={hashlib.sha256(content).hexdigest()[:10]}"

    return REFERENCE.sub(replace, text)


def main() -> int:
    """0: everything is up to date (after writing, unless ``--check``)."""
    fresh: dict[Path, str] = {}
    stale = []
    for name in ORDER:
        path = (STATIC / "readers" / name).resolve()
        text = path.read_text(encoding="utf-8")
        fresh[path] = stamped(path.parent, text, fresh)
        if fresh[path] != text:
            stale.append(path)
    if "--check" in sys.argv:
        sys.stdout.writelines(f"{path.name} names an old file: run python tools/stamp_readers.py\n" for path in stale)
        return 1 if stale else 0
    for path in stale:
        path.write_text(fresh[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
