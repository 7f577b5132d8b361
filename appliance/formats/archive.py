# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Zip archives from anyone, read and extracted safely (format: PKWARE APPNOTE 6.3.10)."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import stat
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from appliance import zip_damage
from appliance.errors import BadInput, TooLarge, Unsupported
from appliance.i18n import N_
from appliance.ports import Limits, Progress

CHUNK = 1 << 18
BOMB_FROM = 10_000_000
"""Extracted bytes below which no ratio is held suspicious."""
MAX_NAME = 255
"""Bytes of one path component: what ext4 and FAT take."""
MAX_PATH = 1024

_LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_CONTROL = re.compile("[\x00-\x1f\x7f]")


def names(path: Path) -> frozenset[str]:
    """The raw member names, to tell zip-based formats apart; empty when ``path`` is not a readable zip."""
    try:
        with zipfile.ZipFile(path) as zipped:
            return frozenset(zipped.namelist())
    except (*zip_damage.ERRORS, OSError):
        return frozenset()


def safe_name(name: str) -> str:
    """``name`` as a relative path that cannot leave its folder, however it is joined.

    Raises :class:`BadInput` naming what is wrong.
    """
    shown = ascii(name)[1:-1][:80]
    if _CONTROL.search(name):
        raise BadInput("The file name “%(name)s” contains control characters: the archive is refused.", name=shown)
    if "\\" in name or name.startswith("/") or re.match(r"[A-Za-z]:", name):
        raise BadInput("The file name “%(name)s” is an absolute or Windows path: make the archive again.", name=shown)
    parts = [part for part in name.split("/") if part != "."]
    if not parts or any(part in ("", "..") for part in parts):
        raise BadInput("The file name “%(name)s” leads outside its folder: the archive is refused.", name=shown)
    with contextlib.suppress(UnicodeEncodeError):
        encoded = [len(part.encode()) for part in parts]
        if max(encoded) <= MAX_NAME and sum(encoded) + len(parts) <= MAX_PATH:
            if any(part.split(".")[0].lower() in _WINDOWS_DEVICES for part in parts):
                raise BadInput("The file name “%(name)s” is reserved by Windows: rename it.", name=shown)
            return "/".join(parts)
    raise BadInput("The file name “%(name)s” is too long or not text: shorten it.", name=shown)


def create(directory: Path, name: str) -> Path:
    """The path of a new file ``name`` (already safe) below ``directory``, its folders made.

    Raises :class:`BadInput` when a folder of that path is a file already.
    """
    target = directory / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise BadInput("“%(name)s” is both a file and a folder: the archive is damaged.", name=name[:80]) from error
    return target


class Archive:
    """A zip whose whole list of members was checked before the first byte is extracted.

    Raises at once :class:`TooLarge` (too many files, a bomb), :class:`Unsupported` (password) or :class:`BadInput`
    (damaged, unsafe names, links, overlapping members).
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        self._size = path.stat().st_size
        _count(path, limits.max_files)
        with contextlib.ExitStack() as refused:
            self._file = refused.enter_context(path.open("rb"))  # ours to close, even while a member is half read
            with _readable(path.name):
                self._zip = zipfile.ZipFile(self._file)
            self._members = self._checked()
            refused.pop_all()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    @property
    def members(self) -> dict[str, int]:
        """Safe path -> extracted size in bytes; folders and desktop litter left out."""
        return {name: info.file_size for name, info in self._members.items()}

    def read(self, name: str, limit: int = 16_000_000) -> bytes:
        """One member, whole. Raises :class:`BadInput` when missing or damaged, :class:`TooLarge` over ``limit``."""
        if name not in self._members:
            raise BadInput("“%(name)s” is missing from the archive.", name=name[:80])
        if self._members[name].file_size > limit:
            raise TooLarge("“%(name)s” is too large to be read.", name=name[:80])
        return b"".join(self.stream(name))

    def stream(self, name: str) -> Iterator[bytes]:
        """One member in pieces, its checksum verified at the end."""
        with _readable(name), self._zip.open(self._members[name]) as member:
            while piece := member.read(CHUNK):
                yield piece

    def extract(self, directory: Path, progress: Progress) -> None:
        """Write every member below ``directory`` (made if needed), never over an existing file."""
        total = sum(self.members.values()) or 1
        done = 0
        for name in self._members:
            target = create(directory, name)
            try:
                descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
            except (FileExistsError, IsADirectoryError) as error:
                raise BadInput("“%(name)s” is twice in the archive: make it again.", name=name[:80]) from error
            with os.fdopen(descriptor, "wb") as out:
                for piece in self.stream(name):
                    out.write(piece)
                    done += len(piece)
                    progress(min(done / total, 1.0), N_("Extracting"))

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            _check_kind(info)
            name = _name(info)
            if info.is_dir() or name.startswith(_LITTER[0]) or name.rsplit("/", 1)[-1] in _LITTER:
                continue
            if name in members:
                raise BadInput("“%(name)s” is twice in the archive: make it again.", name=name[:80])
            members[name] = info
        self._check_sizes()
        return members

    def _check_sizes(self) -> None:
        infos = sorted(self._zip.infolist(), key=lambda info: info.header_offset)
        total = sum(info.file_size for info in infos)
        if total > self._limits.max_bytes:
            raise TooLarge(
                "The archive would take %(size)d MB once extracted; the limit is %(limit)d MB.",
                size=total // 1_000_000,
                limit=self._limits.max_bytes // 1_000_000,
            )
        if total > BOMB_FROM and total > self._limits.max_ratio * self._size:
            raise TooLarge("The archive grows more than %(ratio)d times: refused.", ratio=self._limits.max_ratio)
        for info, following in itertools.pairwise(infos):
            if info.header_offset + 30 + info.compress_size > following.header_offset:
                raise BadInput("Files overlap inside the archive: it is damaged or hostile.")


def _name(info: zipfile.ZipInfo) -> str:
    name = info.orig_filename  # `filename` hides what follows a NUL
    if not info.flag_bits & 0x800:  # macOS and Linux tools often write UTF-8 without saying so
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return safe_name(name.removesuffix("/") if info.is_dir() else name)


def _check_kind(info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadInput("“%(name)s” is a link or a device: the archive is refused.", name=ascii(info.filename)[1:81])
    if info.flag_bits & 0x41:
        raise Unsupported("The archive is protected by a password: make it again without one.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unsupported("The archive uses a rare compression: make it again as an ordinary Zip file.")


def _count(path: Path, limit: int) -> None:
    """Refuse a directory of too many members before :mod:`zipfile` holds it all (APPNOTE 4.3.16, 4.3.14)."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 65_557, 0))
        tail = file.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) - found < 22:
        raise BadInput("The archive is not complete: copy or download it again.")
    count, length = struct.unpack_from("<HL", tail, found + 10)
    if count == 0xFFFF or length == 0xFFFFFFFF:
        record = tail.rfind(b"PK\x06\x06", 0, found)
        if record >= 0 and len(tail) - record >= 56:
            count, length = struct.unpack_from("<QQ", tail, record + 32)
    if count > limit or length > (limit + 1000) * 160:
        raise TooLarge("The archive holds more than %(limit)d files.", limit=limit)


@contextlib.contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except BadInput:
        raise
    except RuntimeError as error:
        raise Unsupported("“%(name)s” is stored in a way that the box does not read.", name=name[:80]) from error
    except (*zip_damage.ERRORS, OverflowError) as error:
        raise BadInput("“%(name)s” is damaged: copy or download the file again.", name=name[:80]) from error
