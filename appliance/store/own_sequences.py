# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A teacher's own sequences of spoken English: ``<library>/sequences/<id>/``, files as ``docs/reference/sequences.md``
names them, so that nginx answers sounds and pictures.

A sequence is written whole beside the old one, then takes its name; what a death leaves is put right at the next
start: the old one or the new one, never a part.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from appliance import power_cut
from appliance.errors import BadInput, NotFound, StorageError
from appliance.power_cut import step
from appliance.sequences import reader
from appliance.sequences.package import DOCUMENT
from appliance.sequences.sequence import Sequence
from appliance.store import durable

log = logging.getLogger(__name__)

FOLDER = "sequences"
"""Of the library."""
MOST = 200
MOST_BYTES = 15_000_000
"""Of one sequence: it is to be shared as a file that the box takes back."""
IDENTIFIER = re.compile(r"(?=.{1,60}\Z)[a-z0-9]+(?:-[a-z0-9]+)*")
NEW, OLD, TAKEN = ".new", ".old", ".taken"
"""Ends of names that no sequence has: being written; to be replaced; taken in, waiting for a word of the teacher."""
Files = Mapping[str, bytes | Path]
"""Name below the folder -> what it holds, or a file that holds it already and that nothing will ever change."""


class OwnSequences:
    """Those below ``folder``; none, and none can be kept, without a folder. Thread-safe; the hub alone writes."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._read: dict[str, tuple[int, Sequence]] = {}

    def recover(self) -> None:
        """What a death left: called once, before anything else. A card that cannot be written is left as it is."""
        if self._folder is None or not self._folder.is_dir():
            return
        try:
            for path in sorted(self._folder.iterdir()):
                name, end = path.stem[1:], path.suffix
                if path.name.startswith(".") and end == OLD and not (self._folder / name).exists():
                    step(f"restore {name}")
                    path.rename(self._folder / name)
                elif path.name.startswith("."):
                    step(f"remove {path.name}")
                    shutil.rmtree(path, ignore_errors=True)
                elif (path / "sounds").is_dir():
                    power_cut.sweep(path)
                    power_cut.sweep(path / "sounds")
        except OSError as error:
            log.warning("What a power cut left of a sequence stays: %s", error)

    def ids(self) -> tuple[str, ...]:
        """Of all of them, sorted."""
        if self._folder is None:
            return ()
        with self._lock:
            found = (path.parent.name for path in self._folder.glob(f"*/{DOCUMENT}"))
            return tuple(sorted(name for name in found if IDENTIFIER.fullmatch(name)))

    def has(self, name: str) -> bool:
        """Whether there is one of that name."""
        return (
            self._folder is not None and bool(IDENTIFIER.fullmatch(name)) and (self._folder / name / DOCUMENT).is_file()
        )

    def folder(self, name: str) -> Path:
        """Where its files stand. Raises :class:`NotFound`."""
        if self._folder is None or not self.has(name):
            raise NotFound("There is no sequence “%(id)s” on this box.", id=name[:60])
        return self._folder / name

    def get(self, name: str) -> Sequence:
        """One of them. Raises :class:`NotFound`, also when somebody spoilt its file, StorageError."""
        with self._lock:
            path = self.folder(name) / DOCUMENT
            try:
                stamp = path.stat().st_mtime_ns
                if self._read.get(name, (0,))[0] != stamp:
                    self._read[name] = stamp, reader.read(path.read_bytes())
            except OSError as error:
                raise StorageError("The sequence “%(id)s” cannot be read: check the card.", id=name) from error
            except BadInput as error:
                raise NotFound("The sequence “%(id)s” cannot be read: somebody changed its file. Take in a good copy.",
                               id=name) from error  # fmt: skip
            return self._read[name][1]

    def readable(self) -> tuple[str, ...]:
        """Of those that :meth:`get` gives."""
        found = []
        for name in self.ids():
            with contextlib.suppress(NotFound, StorageError):
                self.get(name)
                found.append(name)
        return tuple(found)

    def save(self, name: str, files: Files) -> None:
        """Put a whole sequence in the place of what was there, durably.

        Raises :class:`BadInput` when there are too many or it is too large, :class:`appliance.errors.StorageError`;
        what was there is then still there.
        """
        with self._writing() as folder:
            if name not in self.ids() and len(self.ids()) >= MOST:
                raise BadInput("There are %(most)s sequences already: remove one first.", most=MOST)
            new = folder / f".{name}{NEW}"
            _written(new, files)
            self._swap(new, folder / name)

    def take(self, name: str, files: Files) -> None:
        """Keep one aside, until :meth:`accept` or the next start."""
        with self._writing() as folder:
            new, taken = folder / f".{name}{NEW}", folder / f".{name}{TAKEN}"
            _written(new, files)
            shutil.rmtree(taken, ignore_errors=True)
            new.rename(taken)

    def taken(self, name: str) -> Path:
        """Where one stands that :meth:`take` kept. Raises :class:`NotFound`."""
        path = self._folder / f".{name}{TAKEN}" if self._folder is not None and IDENTIFIER.fullmatch(name) else None
        if path is None or not path.is_dir():
            raise NotFound("This file is no longer here: give it again.")
        return path

    def accept(self, name: str) -> None:
        """What was taken replaces the sequence of that name. Raises :class:`NotFound`, StorageError."""
        with self._writing() as folder:
            self._swap(self.taken(name), folder / name)

    def forget(self, name: str) -> None:
        """Drop what was taken, if it is still there."""
        with self._writing() as folder:
            shutil.rmtree(folder / f".{name}{TAKEN}", ignore_errors=True)

    def add(self, name: str, files: Mapping[str, bytes], document: bytes) -> bool:
        """Add files one by one, in order, while its document is still ``document``; whether it was.

        Raises :class:`appliance.errors.StorageError`.
        """
        with self._writing():
            try:
                folder = self.folder(name)
                if (folder / DOCUMENT).read_bytes() != document:
                    return False
            except (NotFound, FileNotFoundError):
                return False
            for each, content in files.items():
                (folder / each).parent.mkdir(mode=0o755, exist_ok=True)
                power_cut.replace(folder / each, content, mode=0o644)
            return True

    def remove(self, name: str) -> None:
        """Raises :class:`NotFound`, :class:`appliance.errors.StorageError`."""
        with self._writing() as folder:
            gone = folder / f".{name}{NEW}"
            shutil.rmtree(gone, ignore_errors=True)
            step(f"hide {name}")
            self.folder(name).rename(gone)
            self._read.pop(name, None)
            step(f"flush the end of {name}")
            power_cut.sync_folder(folder)
            shutil.rmtree(gone, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[Path]:
        if self._folder is None:
            raise NotFound("This box keeps no sequence of its own.")
        with self._lock, durable.disk_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            yield self._folder

    def _swap(self, new: Path, target: Path) -> None:
        old = target.with_name(f".{target.name}{OLD}")
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            step(f"set aside {target.name}")
            target.rename(old)
        try:
            step(f"name {target.name}")
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
        step(f"flush the name {target.name}")
        power_cut.sync_folder(target.parent)
        self._read.pop(target.name, None)
        step(f"remove {old.name}")
        shutil.rmtree(old, ignore_errors=True)


def _written(folder: Path, files: Files) -> None:
    """A new folder with ``files``, all of it durable; nothing is left of it when that fails."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        step(f"create {folder.name}")
        folder.mkdir(mode=0o755)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(mode=0o755, exist_ok=True)
            step(f"write {name}")
            _put(path, content)
        if sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) > MOST_BYTES:
            raise BadInput("This sequence is larger than %(limit)s MB: take pictures or words away.",
                           limit=MOST_BYTES // 1_000_000)  # fmt: skip
        step(f"flush {folder.name}")
        durable.sync_tree(folder)
    except (OSError, BadInput):
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _put(path: Path, content: bytes | Path) -> None:
    """A file of this sequence before is linked, not copied: forty sounds stay as they are when one word changes."""
    if isinstance(content, Path):
        try:
            os.link(content, path)
            return
        except OSError:  # a disk without links (FAT)
            shutil.copyfile(content, path)
    else:
        path.write_bytes(content)
    path.chmod(0o644)  # nginx is another user
