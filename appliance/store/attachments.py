# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The bytes of statements' attachments: files below ``records/attachments``, each named by its ``sha2``.

A file is on the disk before the statement that names it, so a death leaves at most a file that no statement names;
those go at the next start.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from appliance.errors import BadInput, Damaged, reason
from appliance.store import durable
from appliance.store.db import Database
from appliance.store.durable import disk_errors, step

_NAME = re.compile(r"[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}")
_KINDS = {56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
"""Hexadecimal digits -> the hash of Data 2.4.11."""
_PART = ".part"


class Attachments:
    """The folder. Thread-safe."""

    def __init__(self, folder: Path, db: Database) -> None:
        """Open ``folder``, made when it is not there, and remove what no statement names."""
        self._folder = folder
        self._db = db
        self._lock = threading.Lock()
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._sweep()

    def path(self, sha2: str) -> Path:
        """Where the bytes stand, if the box has them. Raises :class:`BadInput` for what is no hash."""
        if not _NAME.fullmatch(sha2):
            raise BadInput("%(sha2)s is not the SHA-2 of an attachment.", sha2=sha2)
        return self._folder / sha2

    def size(self, sha2: str) -> int:
        """Bytes; 0 when the box does not have them."""
        try:
            return self.path(sha2).stat().st_size
        except FileNotFoundError:
            return 0

    def read(self, sha2: str) -> bytes | None:
        """The bytes, or None when the box does not have them.

        Raises :class:`Damaged` when they cannot be read, or are not those that came.
        """
        path = self.path(sha2)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Damaged("%(path)s cannot be read: %(why)s", path=path, why=reason(error)) from error
        if _hash(sha2, data) != sha2:
            raise Damaged("An attachment on this box is damaged: restore the last backup.")
        return data

    @contextlib.contextmanager
    def kept(self, data: Mapping[str, bytes]) -> Iterator[None]:
        """Write files durably, for the statements that the block commits. No file is removed meanwhile.

        What it wrote goes again when no statement names it after the block: the statements were refused, or are of an
        erased agent, whose bytes may not come back.
        Raises :class:`StorageError`, and :class:`BadInput` for bytes that have another hash.
        """
        if not data:
            yield
            return
        for sha2, body in data.items():
            if _hash(sha2, body) != self.path(sha2).name:
                raise BadInput("The bytes of an attachment are not those of its sha2.")
        with self._lock:
            written: list[str] = []
            try:
                with disk_errors(self._folder):
                    for sha2, body in data.items():
                        if self._write(self.path(sha2), body):
                            written.append(sha2)
                    durable.sync_folder(self._folder)
                yield
            finally:
                self._leave_unnamed_out(written)

    def _leave_unnamed_out(self, written: Iterable[str]) -> None:
        conn = self._db.reading()
        for sha2 in written:
            named = "SELECT 1 FROM statement_attachment WHERE sha256 = ? LIMIT 1"
            if conn.execute(named, (sha2,)).fetchone() is None:
                step("remove attachment")
                with contextlib.suppress(OSError):  # the next start sweeps it
                    self.path(sha2).unlink()

    def _write(self, path: Path, body: bytes) -> bool:
        """Whether it was not there, or was damaged."""
        if path.is_file() and path.stat().st_size == len(body) and self.sound(path.name):
            return False
        work = path.with_name(f"{path.name}-{secrets.token_hex(4)}{_PART}")
        try:
            step("create attachment")
            with work.open("xb") as out:
                out.write(body)
                out.flush()
                step("sync attachment")
                os.fsync(out.fileno())
            step("publish attachment")
            work.replace(path)
        finally:
            work.unlink(missing_ok=True)
        return True

    def sound(self, sha2: str) -> bool:
        """Whether the box has the bytes, all of them as they came."""
        try:
            with self.path(sha2).open("rb") as source:
                return hashlib.file_digest(source, _KINDS[len(sha2)]).hexdigest() == sha2
        except OSError:  # it is not there, or the card does not give it back: either way it can come again
            return False

    def unfinished(self, sha2: str) -> Path:
        """Where an import puts the pieces of an attachment until they are all there."""
        return self.path(sha2).with_name(f"{sha2}-import{_PART}")

    def adopt(self, sha2: str, work: Path) -> bool:
        """Take the file ``work``, which is on the disk already, for the bytes of ``sha2``; False if it is not."""
        with self._lock, disk_errors(work):
            with work.open("rb") as source:
                found = hashlib.file_digest(source, _KINDS[len(self.path(sha2).name)]).hexdigest()
            if found != sha2:
                work.unlink()
                return False
            step("publish attachment")
            work.replace(self.path(sha2))
            durable.sync_folder(self._folder)
        return True

    def discard(self, names: Iterable[str]) -> None:
        """Remove those that no statement names any more (committed); call it after the statements are erased."""
        with self._lock, disk_errors(self._folder):
            named = self._named()
            for sha2 in set(names) - named:
                step("remove attachment")
                self.path(sha2).unlink(missing_ok=True)
                self.unfinished(sha2).unlink(missing_ok=True)
            durable.sync_folder(self._folder)

    def _sweep(self) -> None:
        named: set[str] | None = None
        with disk_errors(self._folder):
            for path in self._folder.iterdir():
                named = self._named() if named is None else named
                if path.name not in named and (_NAME.fullmatch(path.name) or path.name.endswith(_PART)):
                    step("sweep attachment")
                    path.unlink(missing_ok=True)

    def _named(self) -> set[str]:
        rows = self._db.reading().execute("SELECT DISTINCT sha256 FROM statement_attachment")
        return {row["sha256"] for row in rows}


def _hash(sha2: str, data: bytes) -> str:
    return hashlib.new(_KINDS.get(len(sha2), "sha256"), data).hexdigest()
