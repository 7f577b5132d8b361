# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Files of the kernel's: small, of any content, there or not. Whatever is wrong with one reads as None."""

from __future__ import annotations

import os
from pathlib import Path

MOST = 1 << 20
"""Bytes read of one file; a mount table of a thousand mounts is a tenth of it."""

LONGEST = 20
"""Characters of a number."""


class Tree:
    """The folders ``/proc``, ``/sys``, ``/etc``… below ``root``, which is another one only in tests."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def text(self, path: str) -> str | None:
        """The file at ``path`` (relative to the root) without the white space and NULs around it."""
        try:
            # O_NONBLOCK: whatever stands there, nobody waits for it.
            descriptor = os.open(self._root / path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return _read(descriptor).decode("utf-8", "replace").strip("\0 \t\r\n")
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def number(self, path: str, base: int = 10) -> int | None:
        """The number that is all of the file; ``base`` 16 takes ``0x`` or none."""
        return number(self.text(path), base)

    def flag(self, path: str) -> bool | None:
        """``1`` or ``0``."""
        return {"1": True, "0": False}.get(self.text(path) or "")

    def names(self, path: str) -> list[str] | None:
        """What the folder holds, sorted."""
        try:
            return sorted(entry.name for entry in (self._root / path).iterdir())
        except OSError:
            return None

    def there(self, path: str) -> bool:
        """Whether something is at ``path``."""
        return os.path.lexists(self._root / path)

    def changed(self, path: str) -> float | None:
        """When the file was last written, in seconds since 1970."""
        try:
            return (self._root / path).stat().st_mtime
        except OSError:
            return None


def number(text: str | None, base: int = 10) -> int | None:
    """The number of at most 64 bits that is all of ``text``."""
    try:
        return int(text, base) if text and len(text) <= LONGEST else None
    except ValueError:
        return None


def _read(descriptor: int) -> bytes:
    parts: list[bytes] = []
    while sum(map(len, parts)) < MOST and (part := os.read(descriptor, MOST)):
        parts.append(part)
    return b"".join(parts)
