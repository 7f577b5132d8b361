# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A ZIP in memory, of which a few members are read (PKWARE APPNOTE 6.3.10)."""

from __future__ import annotations

import io
import zipfile

from appliance import zip_damage
from appliance.errors import BadInput, TooLarge, Unsupported

MAX_MEMBERS = 200
MAX_UNPACKED = 32 << 20
"""Bytes of one member; the XML of a school of two thousand pupils is a tenth of it."""
_ENTRY = b"PK\x01\x02"


def is_zip(content: bytes) -> bool:
    """Whether it begins as one."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


class Members:
    """Raises :class:`BadInput`, :class:`TooLarge` or :class:`Unsupported` (password), now or at :meth:`read`."""

    def __init__(self, content: bytes) -> None:
        if content.count(_ENTRY) > MAX_MEMBERS:  # before any is made an object
            raise TooLarge("This ZIP holds more files than a class list does: give the one that holds the list.")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except zip_damage.ERRORS:
            raise _damaged() from None
        self.names = tuple(info.filename for info in self._zip.infolist() if not info.is_dir())

    def find(self, name: str) -> str:
        """The member called so in whatever folder, or empty."""
        return next((each for each in self.names if _last(each) == name and not _litter(each)), "")

    def only(self, *suffixes: str) -> str:
        """The one member that ends so. Raises :class:`BadInput` when there is none, or are several."""
        found = [name for name in self.names if name.lower().endswith(suffixes) and not _litter(name)]
        if not found:
            raise BadInput("This ZIP holds no class list: give the one that ONDE, SIECLE or OneRoster made, unchanged.")
        if len(found) > 1:
            raise BadInput("This ZIP holds several lists: unpack it, then give one of them.")
        return found[0]

    def read(self, name: str) -> bytes:
        """The whole member, bounded by :data:`MAX_UNPACKED` whatever the directory says."""
        try:
            with self._zip.open(name) as member:
                content = member.read(MAX_UNPACKED + 1)
        except (*zip_damage.ERRORS, OSError):
            raise _damaged() from None
        except RuntimeError:
            raise Unsupported("This ZIP is protected by a password: unpack it, then give the file inside.") from None
        if len(content) > MAX_UNPACKED:
            raise TooLarge("A file of this ZIP is far larger than a class list: export the list again.")
        return content


def _last(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1].lower()


def _litter(name: str) -> bool:
    return name.startswith("__MACOSX/") or _last(name).startswith(".")


def _damaged() -> BadInput:
    return BadInput("This ZIP is damaged or not complete: download it again.")
