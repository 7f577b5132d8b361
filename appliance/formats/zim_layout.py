# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The layout of a ZIM file (https://openzim.org/wiki/ZIM_file_format), as far as libzim's binding hides it.

It gives what an import in bounded memory needs: entries in the order of their clusters, so that each is decompressed
once; where uncompressed media lies, so that it is copied without being mapped; the checksum, with progress.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import BadInput
from appliance.i18n import N_
from appliance.ports import Progress

MAGIC = b"ZIM\x04"
CHUNK = 1 << 20
_HEADER = struct.Struct("<4sHH16sIIQQQQIIQ")
_REDIRECT = 0xFFFF
_SPECIAL = (0xFFFE, 0xFFFD)
_DIRENT = 2048
"""Bytes read for one dirent at first: paths are nearly always shorter."""


@dataclass(frozen=True, slots=True)
class Dirent:
    """One item (redirects have no place of their own). ``index`` is the one libzim's ``_get_entry_by_id`` takes."""

    index: int
    cluster: int
    blob: int
    namespace: str
    path: str
    media_type: str


class ZimLayout:
    """A ZIM file, open. Raises :class:`BadInput` when its header or a table points outside the file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.size = os.fstat(self._file.fileno()).st_size
        head = self._file.read(_HEADER.size)
        if len(head) < _HEADER.size or not head.startswith(MAGIC):
            self.close()
            raise BadInput("The ZIM file is not complete: copy or download it again.")
        (_, self.major, self.minor, _, self.entries, self.clusters, self._paths, _, self._pointers, self._types, _, _,
         self.checksum_at) = _HEADER.unpack(head)  # fmt: skip
        ends = (self._paths + 8 * self.entries, self._pointers + 8 * self.clusters, self._types, self.checksum_at + 16)
        if max(ends) > self.size:
            self.close()
            raise BadInput(
                "The ZIM file is not complete (%(have)d of %(need)d bytes): copy or download it again.",
                have=self.size,
                need=max(ends),
            )

    def __enter__(self) -> ZimLayout:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; :meth:`read` then raises ValueError."""
        self._file.close()

    def read(self, offset: int, length: int) -> bytes:
        """Exactly those bytes (thread-safe). Raises :class:`BadInput` past the end."""
        data = os.pread(self._file.fileno(), length, offset) if offset < self.size else b""
        if len(data) != length:
            raise BadInput("The ZIM file is damaged: a table points outside it. Copy or download it again.")
        return data

    def verify(self, progress: Progress) -> None:
        """Compare the MD5 at the end of the file; a file that carries none passes."""
        if not 80 <= self.checksum_at <= self.size - 16:
            return
        digest = hashlib.md5(usedforsecurity=False)
        for offset in range(0, self.checksum_at, CHUNK):
            digest.update(self.read(offset, min(CHUNK, self.checksum_at - offset)))
            progress(min((offset + CHUNK) / self.checksum_at, 1.0), N_("Checking the file"))
        if digest.digest() != self.read(self.checksum_at, 16):
            raise BadInput("The ZIM file is damaged (wrong checksum): copy or download it again.")

    def items(self) -> Iterator[Dirent]:
        """Every item, redirects left out, in path order."""
        types = self._media_types()
        for first in range(0, self.entries, 8192):
            count = min(8192, self.entries - first)
            for number, offset in enumerate(struct.unpack(f"<{count}Q", self.read(self._paths + 8 * first, 8 * count))):
                dirent = self._dirent(first + number, offset, types)
                if dirent is not None:
                    yield dirent

    def place_of(self, index: int) -> tuple[int, int] | None:
        """:meth:`place` of entry ``index``; None also for a redirect."""
        if not 0 <= index < self.entries:
            return None
        offset = struct.unpack("<Q", self.read(self._paths + 8 * index, 8))[0]
        dirent = self._dirent(index, offset, [])
        return self.place(dirent.cluster, dirent.blob) if dirent else None

    def place(self, cluster: int, blob: int) -> tuple[int, int] | None:
        """Offset and length of a blob in the file; None when its cluster is compressed.

        Raises :class:`BadInput` when the cluster's own table is wrong.
        """
        if cluster >= self.clusters:
            raise BadInput("The ZIM file is damaged: a table points outside it. Copy or download it again.")
        start = struct.unpack("<Q", self.read(self._pointers + 8 * cluster, 8))[0]
        information = self.read(start, 1)[0]
        if information & 0x0F not in (0, 1):
            return None
        width, code = (8, "<QQ") if information & 0x10 else (4, "<II")
        begin, end = struct.unpack(code, self.read(start + 1 + width * blob, 2 * width))
        if end < begin or start + 1 + end > self.size:
            raise BadInput("The ZIM file is damaged: a table points outside it. Copy or download it again.")
        return start + 1 + begin, end - begin

    def front_articles(self, listing: Dirent) -> frozenset[int] | None:
        """Entry indexes in ``X/listing/titleOrdered/v1``; None when it stands in a compressed cluster."""
        place = self.place(listing.cluster, listing.blob)
        if place is None:
            return None
        data = self.read(*place)
        return frozenset(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))

    def _dirent(self, index: int, offset: int, types: list[str]) -> Dirent | None:
        raw = self.read(offset, min(_DIRENT, max(self.size - offset, 0)))
        if len(raw) < 17:
            raise BadInput("The ZIM file is damaged: a table points outside it. Copy or download it again.")
        kind, _, namespace, _, cluster, blob = struct.unpack_from("<HBcIII", raw)
        if kind == _REDIRECT or kind in _SPECIAL:
            return None
        end = raw.find(b"\0", 16)
        if end < 0:
            return None  # longer than any path that a browser could ask for
        media_type = types[kind] if kind < len(types) else "application/octet-stream"
        path = raw[16:end].decode("utf-8", "replace")
        return Dirent(index, cluster, blob, namespace.decode("latin-1"), path, media_type)

    def _media_types(self) -> list[str]:
        raw = self.read(self._types, min(65_536, self.size - self._types))
        return [part.decode("ascii", "replace") for part in raw.split(b"\0\0", 1)[0].split(b"\0")]
