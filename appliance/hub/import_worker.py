# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The process that reads one untrusted file: nice, bounded, and gone when the hub is.

Argument: one JSON :class:`Request`. Standard output: JSON lines, ``{"progress": 0.4, "step": …}`` while it works, then
``{"done": true}`` or ``{"error": {"message": …, "params": {…}}}``. Anything else (a crash in a C library, the kernel
short of memory) is for the hub to explain.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import gzip
import json
import os
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import BadInput, CartableError, TooLarge, Unsupported
from appliance.i18n import N_
from appliance.model import Imported, Section
from appliance.ports import Limits, Progress, ResourceFormat
from appliance.store import blobs, durable
from appliance.store.durable import step
from appliance.store.names import suffix_of

HEAD_BYTES = 4096
MEMORY = 768 << 20
"""Bytes of heap and private mappings, buffers of C libraries included; a ZIM mapped for reading does not count."""
NICENESS = 10
ENDS_FIRST = 800
"""Of 1000 (proc(5), oom_score_adj)."""
PROGRESS_S = 0.2
"""At most five progress lines a second, however many files there are."""

PLAIN = (".txt", ".md", ".csv")
UNPACKS = N_("This file unpacks to more than the box takes (%(limit)s MB).")

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Request:
    """What the hub asks of one worker."""

    parent: int
    """Process id of the hub: when it is gone, so is the worker."""
    spool: str
    """The file as it came, complete and durable."""
    sha256: str
    filename: str
    captions: Mapping[str, str]
    """Name -> path of each spooled caption file."""
    work: str
    """An empty folder: it becomes the blob."""
    max_bytes: int
    max_files: int
    max_ratio: int


class Lines:
    """JSON lines to the hub. Formats' own prints go to standard error instead."""

    def __init__(self, descriptor: int) -> None:
        self._out = os.fdopen(descriptor, "wb", buffering=0)
        self._last = 0.0

    def send(self, **what: object) -> None:
        """One line."""
        self._out.write(json.dumps(what).encode() + b"\n")

    def progress(self, done: float, what: str) -> None:
        """A :data:`appliance.ports.Progress`."""
        now = time.monotonic()
        if now - self._last >= PROGRESS_S:
            self._last = now
            self.send(progress=min(1.0, max(0.0, done)), step=what)


class Sections:
    """Searchable text, written as it comes: one JSON line per section, gzip."""

    def __init__(self, path: Path, limit: int) -> None:
        self._file = gzip.GzipFile(path, "wb", compresslevel=6, mtime=0)
        self._room = limit

    def add(self, section: Section) -> None:
        """Raises :class:`TooLarge` once the text alone is past what a resource may hold."""
        line = json.dumps(dataclasses.asdict(section), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        self._room -= len(line)
        if self._room < 0:
            raise TooLarge("This file holds more text than the box can index.")
        self._file.write(line)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


Explain = Callable[[bytes, Path], BadInput | None]
"""``explain(head, path)``: what a file that no format recognises is; None when nothing is known of it."""


def main(arguments: Sequence[str], formats: Sequence[ResourceFormat], explain: Explain | None = None) -> int:
    """Import one file; returns the exit code (0 also for a refused file: the refusal is on standard output)."""
    request = Request(**json.loads(arguments[0]))
    lines = Lines(os.dup(1))
    os.dup2(2, 1)
    largest = max(request.max_bytes, Path(request.spool).stat().st_size)
    if not confine(request.parent, largest):
        return 1
    try:
        with durable.disk_errors(Path(request.work)), _one_file_too_large(request):
            _import(request, formats, lines.progress, explain)
        lines.send(done=True)
    except CartableError as error:
        params = {k: v if isinstance(v, int | float) else str(v) for k, v in error.params.items()}
        lines.send(error={"message": error.message, "params": params})
    except MemoryError:
        lines.send(error={"message": N_("Reading this file needs more memory than the box can give."), "params": {}})
    return 0


def confine(parent: int, largest: int, memory: int = MEMORY) -> bool:
    """Bound this process (``largest``: bytes of a file that it writes, ``memory``: bytes of heap); False when the hub,
    process ``parent``, died before the bond was tied."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    os.nice(NICENESS)
    with contextlib.suppress(OSError):  # where memory runs short, this process ends, and not the one that answers pages
        Path("/proc/self/oom_score_adj").write_text(str(ENDS_FIRST), encoding="ascii")
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in `cartable dev` is for the hub, which ends the worker
    return os.getppid() == parent


@contextlib.contextmanager
def _one_file_too_large(request: Request) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise TooLarge(UNPACKS, limit=request.max_bytes >> 20) from error


def _import(request: Request, formats: Sequence[ResourceFormat], progress: Progress, explain: Explain | None) -> None:
    work, spool = Path(request.work), Path(request.spool)
    progress(0.0, N_("Reading"))
    chosen = recognised(spool, request.filename, formats, explain)
    with spool.open("rb") as source:
        original = work / f"original{chosen.suffix(source.read(HEAD_BYTES), spool)}"
    step("link original")
    durable.link_or_copy(spool, original)
    if request.captions:
        (work / blobs.CAPTIONS).mkdir()
    for name, path in request.captions.items():
        shutil.copyfile(path, work / blobs.CAPTIONS / name)  # never a link: formats rewrite captions in place
    limits = Limits(request.max_bytes, request.max_files, request.max_ratio)
    sections = Sections(work / blobs.SECTIONS, request.max_bytes)
    step("import")
    try:
        imported = chosen.import_into(original, work, sections, limits, lambda done, what: progress(done * 0.9, what))
    finally:
        sections.close()
    _check(work, original, imported, limits)
    progress(0.9, N_("Checking"))
    blobs.seal(work, imported, request.filename, {original.name: request.sha256})


def recognised(
    path: Path, filename: str, formats: Sequence[ResourceFormat], explain: Explain | None = None
) -> ResourceFormat:
    """The format that the content shows; those that claim the name are asked first.

    Raises :class:`Unsupported` with what the box takes, or :class:`BadInput` when the name promises another content.
    """
    with path.open("rb") as source:
        head = source.read(HEAD_BYTES)
    if not head:
        raise BadInput("%(name)s is empty.", name=filename)
    suffix = suffix_of(filename)
    promised = any(suffix in each.suffixes for each in formats)
    for candidate in sorted(formats, key=lambda each: suffix not in each.suffixes):
        # Half of everything passes for text: a film that does is a broken film.
        if candidate.recognises(head, path) and not (
            promised and suffix not in candidate.suffixes and candidate.suffix(head, path) in PLAIN
        ):
            return candidate
    if explain is not None and (mistake := explain(head, path)):
        raise mistake
    if promised:
        raise BadInput("%(name)s is damaged, or is not a real %(suffix)s file.", name=filename, suffix=suffix)
    known = ", ".join(sorted({each.suffixes[0].lstrip(".") for each in formats}))
    raise Unsupported("%(name)s is not a kind of file that the box takes: %(known)s.", name=filename, known=known)


def _check(work: Path, original: Path, imported: Imported, limits: Limits) -> None:
    """A format that forgot its limits, or names a cover it did not write, does not get past here."""
    count = size = 0
    for path in blobs.files_below(work):
        if path != original:
            count += 1
            size += path.stat().st_size
    if count > limits.max_files + 2 or size > limits.max_bytes:
        raise TooLarge(UNPACKS, limit=limits.max_bytes >> 20)
    if imported.cover and not (work / imported.cover).resolve().is_relative_to(work.resolve()):
        raise BadInput("%(name)s points outside of its own folder.", name=imported.cover)
