# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A recording that is known again anywhere, and where it is looked for."""

from __future__ import annotations

import base64
import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.rigs.speech_sounds import forward, wav

PIECE = 24
DISTINCT = 14
"""So many bytes of which so many differ are in nothing else by chance, as silence is."""


def voice() -> tuple[bytes, list[bytes]]:
    """A WAV file at the engines' own rate, which decoding leaves as it is; and its :func:`traces`."""
    return wav(forward()), traces(forward())


def traces(pcm: bytes) -> list[bytes]:
    """Pieces of it, as they are and as they might be written down: base64 (at each of its three places), hexadecimal,
    or inside JSON."""
    every = (pcm[start : start + PIECE] for start in range(0, len(pcm) - PIECE, len(pcm) // 24 & ~1))
    pieces = [piece for piece in every if len(set(piece)) >= DISTINCT]
    assert len(pieces) >= 6
    return [*pieces, *(form for piece in pieces for form in _written(piece))]


def _written(piece: bytes) -> Iterator[bytes]:
    yield piece.hex().encode()
    for shift in range(3):
        yield base64.b64encode(piece[shift : shift + PIECE - 6])


def found(needles: Iterable[bytes], folders: Iterable[Path]) -> list[Path]:
    """Files below ``folders`` that hold one of them, whatever their permissions."""
    wanted = list(needles)
    return [path for folder in folders for path in _files(folder) if _holds(path, wanted)]


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _holds(path: Path, needles: list[bytes]) -> bool:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return False
    return any(needle in data for needle in needles)


def in_rows(needles: Iterable[bytes], database: Path) -> list[str]:
    """Tables whose rows hold one of them, the log of what is not yet in the file included."""
    wanted, told = list(needles), []
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as conn:
        conn.text_factory = bytes
        tables = [name.decode() for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in conn.execute(f'SELECT * FROM "{table}"'):
                cells = [cell for cell in row if isinstance(cell, bytes)]
                if any(needle in cell for cell in cells for needle in wanted):
                    told.append(table)
    return told


def open_files(pid: int) -> list[Path]:
    """What a process holds open of files that have a name no more."""
    links = []
    with contextlib.suppress(FileNotFoundError, PermissionError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if stat.S_ISREG(link.stat().st_mode) and os.readlink(link).endswith("(deleted)"):  # noqa: PTH115
                    links.append(link)
    return links
