# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A multipart form (RFC 7578) written to the disk as it arrives: memory stays small whatever the file's size."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.wrappers import Request

from appliance.config import Config
from appliance.errors import BadInput, Busy, TooLarge
from appliance.store import durable
from appliance.store.names import safe_name

CAPTION_SUFFIXES = (".vtt", ".srt")
FIELD_BYTES = 256 * 1024
"""Text fields of one form, in all."""
MAX_PARTS = 500


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file of the form, in the upload's own folder under a harmless name."""

    path: Path
    filename: str

    @property
    def is_caption(self) -> bool:
        """By its name."""
        return self.path.suffix.lower() in CAPTION_SUFFIXES


@dataclass(frozen=True, slots=True)
class Upload:
    """What the browser sent."""

    fields: MultiDict[str, str]
    files: list[Uploaded] = field(default_factory=list)

    def mains(self) -> list[Uploaded]:
        """Everything but captions."""
        return [file for file in self.files if not file.is_caption]

    def captions_of(self, main: Uploaded) -> list[Path]:
        """Captions named after ``main``; every caption when it is the only file."""
        captions = [file.path for file in self.files if file.is_caption]
        if len(self.mains()) == 1:
            return captions
        stem = main.path.stem + "."
        return [path for path in captions if path.name.startswith(stem)]


class _Spool:
    """Makes the file behind each part. werkzeug calls it with what the part's headers say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: list[tuple[IO[bytes], Path]] = []

    def __call__(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        part = self.folder / str(len(self.taken))
        part.mkdir()
        path = part / safe_name(filename or "")
        stream = path.open("w+b")
        self.taken.append((stream, path))
        return stream


class Turns:
    """Lets few uploads arrive at once: each holds a thread for as long as the sender's Wi-Fi takes."""

    def __init__(self, threads: int) -> None:
        """``threads``: those of the hub; two stay free for pages."""
        self._free = threading.BoundedSemaphore(max(1, threads - 2))

    @contextlib.contextmanager
    def one(self, patience_s: float = 0.0) -> Iterator[None]:
        """Raises :class:`Busy` when there is no room within ``patience_s``."""
        if not self._free.acquire(timeout=patience_s):
            raise Busy("Other files are on their way: wait until they have arrived, then try again.")
        try:
            yield
        finally:
            self._free.release()


@contextlib.contextmanager
def received(request: Request, config: Config, turns: Turns) -> Iterator[Upload]:
    """Read the body of ``request``; the files are removed when the block ends (the library takes copies or links).

    Raises :class:`TooLarge`, :class:`BadInput`, :class:`Busy`, :class:`appliance.errors.StorageError`.
    """
    with turns.one(), _received(request, config) as upload:
        yield upload


@contextlib.contextmanager
def _received(request: Request, config: Config) -> Iterator[Upload]:
    limit = config.library.max_upload_mb << 20
    staging = config.library_folder / "staging"
    folder = staging / f"upload-{secrets.token_hex(8)}"
    durable.check_free(staging, min(request.content_length or 0, limit), config.library.keep_free_mb << 20)
    with durable.disk_errors(folder):
        folder.mkdir(parents=True)
    spool = _Spool(folder)
    try:
        yield _parsed(request, spool, limit)
    finally:
        for stream, _ in spool.taken:
            stream.close()
        durable.discard(folder, config.library_folder / "trash")


def _parsed(request: Request, spool: _Spool, limit: int) -> Upload:
    if request.mimetype != "multipart/form-data":
        raise BadInput("Choose a file first, then press the button.")
    parser = FormDataParser(
        stream_factory=spool, max_form_memory_size=FIELD_BYTES, max_content_length=limit, max_form_parts=MAX_PARTS,
        silent=False,
    )  # fmt: skip
    environ: dict[str, Any] = request.environ
    try:
        with durable.disk_errors(spool.folder):
            _, fields, files = parser.parse_from_environ(environ)
    except RequestEntityTooLarge as error:
        raise TooLarge("This file is too large: at most %(limit)s MB.", limit=limit >> 20) from error
    except ValueError as error:
        raise BadInput("The file did not arrive whole: try again.") from error
    sent = {id(storage.stream): storage for _, storage in files.items(multi=True)}
    uploaded = []
    for stream, path in spool.taken:
        stream.flush()
        if id(stream) in sent and sent[id(stream)].filename:
            uploaded.append(Uploaded(path, str(sent[id(stream)].filename)))
    return Upload(fields, uploaded)
