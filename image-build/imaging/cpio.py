# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Writing the archive that Linux unpacks as its first root.

Format: kernel documentation, driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import dataclasses
import stat


@dataclasses.dataclass(frozen=True)
class Member:
    """A file, folder or symbolic link (its target is the data), or a character device."""

    name: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def folder(name: str) -> Member:
    """A folder."""
    return Member(name, stat.S_IFDIR | 0o755)


def program(name: str, data: bytes) -> Member:
    """A file that may be run."""
    return Member(name, stat.S_IFREG | 0o755, data)


def archive(members: list[Member]) -> bytes:
    """A ``newc`` archive: owners and times are 0, numbers follow the order given."""
    parts = [_member(number, member) for number, member in enumerate(members, 1)]
    return b"".join([*parts, _member(0, Member("TRAILER!!!", 0))])


def _member(number: int, member: Member) -> bytes:
    name = member.name.encode() + b"\0"
    fields = (number, member.mode, 0, 0, 1, 0, len(member.data), 0, 0, *member.device, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(member.data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
