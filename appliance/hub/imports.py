# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The library: what is on the box, what comes in and what goes out."""

from __future__ import annotations

import builtins
import contextlib
import functools
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from appliance.config import Config
from appliance.errors import BadInput, CartableError, StorageError
from appliance.hub import exports
from appliance.hub.cards import checked
from appliance.hub.import_process import COMMAND, Worker
from appliance.hub.import_queue import CAPTIONS, SPOOL, Queue, new_resource
from appliance.hub.indexing import Indexer, Indexing
from appliance.i18n import translator
from appliance.model import Card, Resource, ResourceState
from appliance.ports import Progress, ResourceFormat
from appliance.store import blobs, durable, import_jobs, resources
from appliance.store.blobs import Blobs, Damage, Harm
from appliance.store.db import Database
from appliance.store.durable import step
from appliance.store.import_jobs import ImportJob, JobState
from appliance.store.names import safe_name, suffix_of

log = logging.getLogger(__name__)

MAX_CAPTIONS = 20
CAPTION_SUFFIXES = (".vtt", ".srt")
MAX_CAPTION_BYTES = 10 << 20
LONGEST_URL = 2000


class Library:
    """One per hub. ``indexer`` None: what comes in is indexed by the next hub that starts.

    ``formats`` is called when the page that offers them is first opened: their libraries cost 9 MB and 0.2 s.
    """

    def __init__(
        self,
        config: Config,
        db: Database,
        formats: Callable[[], Sequence[ResourceFormat]],
        indexer: Indexer | None = None,
        *,
        worker_command: Sequence[str] = COMMAND,
    ) -> None:
        self._formats = formats
        self._config = config.library
        self._say = translator(config.box.language)
        self._db = db
        self._blobs = Blobs(config.library_folder)
        self._indexing = Indexing(db, self._blobs, indexer)
        self._queue = Queue(config, db, self._blobs, Worker(config, worker_command), self._indexing)

    @functools.cached_property
    def suffixes(self) -> tuple[str, ...]:
        """What an upload page may offer; the content decides."""
        return tuple(sorted({suffix for each in self._formats() for suffix in each.suffixes}))

    @property
    def alive(self) -> bool:
        """Whether imports and indexing go on; False asks for a restart of the hub."""
        return self._queue.alive and self._indexing.alive

    def start(self) -> None:
        """:meth:`recover`, then :meth:`work`."""
        self.recover()
        self.work()

    def recover(self) -> None:
        """Finish what a death interrupted. A read-only disk is logged, not fatal."""
        try:
            self._blobs.prepare()
            self._recover()
        except StorageError as error:
            log.error("%s", error.localized(self._say))

    def work(self) -> None:
        """Take imports and indexing up again."""
        self._queue.start()
        self._indexing.start()

    def _recover(self) -> None:
        for half in resources.removing(self._db):
            self._finish_removal(half)
        pending = import_jobs.waiting(self._db)
        self._blobs.collect({job.id for job in pending})
        expected = {blobs.key_of(job.sha256, job.captions) for job in pending if job.sha256}
        for blob in self._blobs.names() - expected:
            self._adopt(blob)
        import_jobs.prune(self._db)

    def _adopt(self, blob: str) -> None:
        """A whole blob that no row knows: the database was lost or is an older copy, the resource need not be."""
        if resources.with_blob(self._db, blob) is not None:
            return
        if not self._blobs.has(blob):
            self._blobs.remove(blob)
            return
        with contextlib.suppress(CartableError), self._db.writing(patience_s=None) as conn:
            resources.insert(conn, new_resource(blob, blobs.read_manifest(self._blobs.path(blob))), {})
            log.info("taken back into the library: %s", blob)

    def stop(self) -> None:
        """End threads and worker. The job that was running is taken up again at the next start."""
        self._queue.stop()
        self._indexing.stop()

    def list(self, *, include_damaged: bool = False) -> list[Resource]:
        """What pupils may open; with the damaged ones, what the teacher sees."""
        return resources.every(self._db, include_damaged=include_damaged)

    def get(self, resource_id: str) -> Resource:
        """Raises :class:`appliance.errors.NotFound`."""
        return resources.get(self._db, resource_id)

    def job(self, job_id: str) -> ImportJob:
        """Raises :class:`appliance.errors.NotFound`."""
        return self._queue.live(import_jobs.get(self._db, job_id))

    def jobs(self) -> builtins.list[ImportJob]:
        """Newest first."""
        return [self._queue.live(job) for job in import_jobs.every(self._db)]

    def submit(
        self,
        path: Path,
        *,
        filename: str,
        card: Mapping[str, object] | None = None,
        captions: Sequence[Path] = (),
        move: bool = False,
    ) -> str:
        """Take a copy of ``path`` and queue its import; returns the job's id once both are durable.

        ``move``: the source is given up (no copy where it is on the same disk). Raises :class:`BadInput`,
        :class:`TooLarge`, :class:`NotFound` or :class:`StorageError`; then nothing is left behind and the source
        stands.
        """
        job_id = import_jobs.new_id()
        edits = {name: value for name, value in checked(card or {}).items() if value is not None}
        self._blobs.prepare()
        try:
            with durable.disk_errors(self._blobs.staging / job_id):
                job = self._spooled(job_id, path, safe_name(filename), edits, captions, move)
            step("note job")
            import_jobs.insert(self._db, job)
        except CartableError:
            with contextlib.suppress(StorageError):
                self._blobs.drop_staging(job_id)
            raise
        if move:
            step("unlink source")
            with contextlib.suppress(OSError):
                path.unlink()
        self._queue.wake()
        return job_id

    def _spooled(
        self, job_id: str, path: Path, name: str, card: Mapping[str, object], captions: Sequence[Path], move: bool
    ) -> ImportJob:
        limit = self._config.max_upload_mb << 20
        with durable.open_regular(path) as source:
            size = os.fstat(source.fileno()).st_size
            if size > limit:
                raise durable.too_large(limit)  # now, not after minutes of copying
            self._check_room(size)
            staging = self._blobs.new_staging(job_id)
            if move and _same_file(path, staging / SPOOL):
                digest = ""  # computed by the queue, not while a browser waits
            else:
                digest = durable.copy(source, staging / SPOOL, limit=limit, check_room=self._check_room).sha256
        taken = []
        for caption_name, caption in sorted(caption_names(name, captions).items()):
            (staging / CAPTIONS).mkdir(exist_ok=True)
            target = staging / CAPTIONS / caption_name
            with durable.open_regular(caption) as source:
                spooled = durable.copy(source, target, limit=MAX_CAPTION_BYTES, check_room=self._check_room)
            taken.append((caption_name, spooled.sha256))
        step("sync staging")
        for folder in (staging, staging / CAPTIONS):
            if folder.exists():
                durable.sync_folder(folder)
        return ImportJob(job_id, name, JobState.QUEUED, resources.now(), digest, dict(card), tuple(taken))

    def _check_room(self, needed: int) -> None:
        durable.check_free(self._blobs.staging, needed, self._config.keep_free_mb << 20)

    def add_link(self, url: str, card: Mapping[str, object]) -> Resource:
        """A resource that is only an address; the one that has it already, if any. Raises :class:`BadInput`."""
        address = url.strip()
        host = _web_host(address)
        if not host:
            raise BadInput("%(url)s is not a web address: it must start with http:// or https://.", url=url[:200])
        known = resources.with_url(self._db, address)
        if known is not None:
            return known
        edits = {name: value for name, value in checked(card).items() if value is not None}
        own = Card(title=host)
        link = Resource(
            resources.new_id(), "link", own, None, "", 0, address, None, {}, ResourceState.READY, resources.now(),
            address,
        )  # fmt: skip
        with self._db.writing() as conn:
            resources.insert(conn, link, edits)
        self._indexing.wake()
        return self.get(link.id)

    def edit(self, resource_id: str, edits: Mapping[str, object]) -> Resource:
        """Lay a teacher's edits over the card. Raises :class:`BadInput`, :class:`NotFound`."""
        ready = checked(edits)
        with self._db.writing() as conn:
            resources.edit(conn, resource_id, ready)
        self._indexing.wake()
        return self.get(resource_id)

    def remove(self, resource_id: str) -> None:
        """Take a resource off the box, its files too unless another resource shares them."""
        resource = self.get(resource_id)
        step("note removal")
        with self._db.writing() as conn:
            resources.set_state(conn, resource.id, resources.REMOVING)
        self._finish_removal(resource)

    def _finish_removal(self, resource: Resource) -> None:
        with contextlib.suppress(CartableError):  # a hit without a resource is dropped by whoever shows hits
            self._indexing.forget(resource.id)
        with self._queue.changing:
            if resource.blob and resources.with_blob(self._db, resource.blob) is None:
                self._blobs.remove(resource.blob)
        step("forget row")
        with self._db.writing(patience_s=None) as conn:
            resources.delete(conn, resource.id)

    def verify(self, progress: Progress) -> builtins.list[Damage]:
        """Read every byte again; marks as damaged what is, and as ready what was mended."""
        found: builtins.list[Damage] = []
        stored = [r for r in self.list(include_damaged=True) if r.blob]
        for number, resource in enumerate(stored):
            start, share = number / len(stored), 1 / len(stored)
            damages = self._blobs.scrub(
                str(resource.blob),
                lambda done, _: progress(start + done * share, resource.card.title),  # noqa: B023
            )
            found += [Damage(d.blob, d.path, d.harm, resource.id) for d in damages]
            self._mark(resource, harmed=any(d.harm is not Harm.EXTRA for d in damages))
        progress(1.0, "")
        return found

    def _mark(self, resource: Resource, *, harmed: bool) -> None:
        state = ResourceState.DAMAGED if harmed else ResourceState.READY
        with self._queue.changing, self._db.writing(patience_s=None) as conn:
            resources.change_state(conn, resource.id, resource.state, state)
        if state is ResourceState.READY:
            self._indexing.wake()

    def export(self, resource_id: str, folder: Path) -> Path:
        """Write the original file, and its captions beside it, into ``folder`` under the name it came with.

        Never overwrites: ``film.mp4`` becomes ``film (2).mp4``. Raises :class:`BadInput` for a link or a folder
        that is not there, :class:`StorageError` when the disk refuses, :class:`Damaged` when the bytes changed.
        """
        return exports.export(self._blobs, self.get(resource_id), folder)


def caption_names(filename: str, captions: Sequence[Path]) -> dict[str, Path]:
    """Name in the blob's ``captions/`` -> file. ``film.fr.vtt`` given with ``film.mp4`` becomes ``fr.vtt``."""
    if len(captions) > MAX_CAPTIONS:
        raise BadInput("A resource takes at most %(limit)s caption files.", limit=MAX_CAPTIONS)
    stem = filename.removesuffix(Path(filename).suffix)
    names: dict[str, Path] = {}
    for path in captions:
        name = safe_name(path.name)
        if suffix_of(name) not in CAPTION_SUFFIXES:
            raise BadInput("%(name)s is not a captions file: give WebVTT (.vtt) or SubRip (.srt).", name=name)
        rest = name.removeprefix(stem + ".")
        names[rest if "." in rest else name] = path
    return names


def _web_host(address: str) -> str:
    """Empty unless ``address`` can be a link."""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "") if parts.scheme in ("http", "https") and len(address) <= LONGEST_URL else ""
    except ValueError:
        return ""


def _same_file(path: Path, target: Path) -> bool:
    """Give the file a second name in staging; False where it is on another disk."""
    if path.is_symlink():
        return False
    step("link source")
    try:
        os.link(path, target)
    except OSError:
        return False
    with target.open("rb") as spool:
        os.fsync(spool.fileno())
    return True
