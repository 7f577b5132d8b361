# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The only wiring: configuration -> drivers and formats -> services -> applications. The only importer of plug-ins."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from appliance import passphrase, plugins
from appliance.config import ADDRESS, PRESENCE_CODE, Config, environment, from_environment
from appliance.errors import Conflict
from appliance.i18n import N_, translator

if TYPE_CHECKING:
    from appliance.hub.content import ContentApp
    from appliance.hub.context import Hub
    from appliance.ports import Advert, Clock, Machine, ResourceFormat, SpeechEngine, Voice
    from appliance.speech.ear import Ear
    from appliance.speech.phonetics import Lexicon
    from appliance.store.db import Database
    from appliance.store.records import Records

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]
Start = Callable[[], object]

LOCK_PATIENCE_S = 10.0
"""How long a starting hub waits for a command (an import, an export) that holds the state folder."""
LOCK_POLL_S = 0.1
KEYS_EXPIRE_EACH_S = 30.0
"""How often keys are looked for whose session is over."""
WORKER_BYTES = 400_000_000
"""A board has one process that listens for each so much memory, at most those asked for."""
COPIED = N_(
    "This card seems to be a copy: two boxes may now sign with the same name. If the other one is no longer used, run "
    "cartable provision moved on this one. If it is, write the image to this card again."
)
PUBLISHED_PORT = "CARTABLE_PUBLISHED_PORT"
"""Environment variable: the hub publishes the box's name with this port. Unset: somebody else does, or nobody."""


def formats() -> list[ResourceFormat]:
    """Every resource format installed, in the order of their names."""
    return [plugins.load("resource_formats", name)() for name in plugins.names("resource_formats")]


def advert(config: Config) -> Advert:
    """The driver that publishes the box on the LAN."""
    driver: Advert = plugins.load("adverts", config.drivers.advert)()
    return driver


def machine(config: Config) -> Machine:
    """The driver that looks at the machine. Raises :class:`appliance.errors.ConfigError`."""
    driver: Machine = plugins.load("machines", config.drivers.machine)(config.drivers.machine_faults.split())
    return driver


def voices(config: Config) -> list[Voice]:
    """Who says the pages' sentences, the first that knows one. Raises :class:`appliance.errors.ConfigError`."""
    return [plugins.load("voices", name)() for name in config.drivers.voices.split()]


def speech_engines(config: Config, language: str = "en") -> list[SpeechEngine]:
    """Who listens to pupils, the first that can load; none is loaded yet. Raises
    :class:`appliance.errors.ConfigError`."""
    names = config.drivers.speech_engines.split()
    return [plugins.load("speech_engines", name)(config.models, language) for name in names]


def lexicon() -> Lexicon:
    """The pronouncing dictionary. Takes a quarter of a second, and 4 MB."""
    from appliance.drivers.speech_pocketsphinx import dictionary
    from appliance.speech.phonetics import Lexicon

    return Lexicon(dictionary())


def clock() -> Clock:
    """The machine's."""
    from appliance.drivers.clock_system import SystemClock

    return SystemClock()


def networks() -> Mapping[str, Sequence[str]]:
    """Interface -> its addresses on a LAN, an IPv4 one first; empty when this computer is on none."""
    from appliance.drivers.networks import networks as known

    return known()


def import_worker(arguments: Sequence[str]) -> int:
    """The process that reads one untrusted file (see ``hub/import_worker.py``)."""
    from appliance.formats.detect import explain
    from appliance.hub import import_worker as worker

    return worker.main(arguments, formats(), explain)


def medium_worker(arguments: Sequence[str]) -> int:
    """The process that makes one picture or sound anew (see ``hub/medium_worker.py``)."""
    from appliance.formats import oral, quiz_medium
    from appliance.hub import medium_worker as worker
    from appliance.hub import photos

    makers = {"picture": quiz_medium.picture, "sound": quiz_medium.sound, "photo": photos.made, "oral": oral.taken}
    return worker.main(arguments, makers)


def speech_worker(arguments: Sequence[str]) -> int:
    """The process that listens to one recording after another (see ``speech/worker.py``)."""
    from appliance.drivers.sound_decoder import decode
    from appliance.speech import worker

    config = from_environment()
    worker.end_first()
    memory = config.speech.memory_mb << 20
    make = functools.partial(_ear, config)
    return worker.main(int(arguments[0]), decode, make, memory, config.speech.limit_s)


def _ear(config: Config) -> Ear:
    from appliance.speech.ear import Ear

    return Ear(speech_engines(config), lexicon())


def speech(config: Config) -> int:
    """The speech service, until it is told to end; returns the exit code. Raises :class:`Conflict`."""
    from appliance.client import Client
    from appliance.listening import listening
    from appliance.speech import serving
    from appliance.speech.conductor import Conductor
    from appliance.speech.context import Speech, Usage
    from appliance.speech.desk import Desk
    from appliance.speech.led import Library
    from appliance.speech.listener import Listener
    from appliance.speech.workers import Workers

    os.environ.update(environment(config))  # for the workers
    command = (sys.executable, "-m", "appliance", "speech-worker")
    fit = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // WORKER_BYTES
    workers = Workers(command, max(1, min(config.speech.workers, fit)), config.speech.limit_s)
    listener, hub, usage = Listener(workers), Client(config.hub_socket), Usage()
    library, language = Library(hub, config.box.language), config.box.language
    desk, say = Desk(Client(config.studio_socket)), translator(language)
    conductor = Conductor(desk, listener.judge, library, say, usage.busy)
    parts = Speech(listener, hub, language, usage, library, conductor)
    return serving.run(parts, listening(config.speech_socket), config.speech.idle_s)


@contextlib.contextmanager
def hub_lock(config: Config, patience_s: float = 0.0) -> Iterator[None]:
    """One hub per state folder. Raises :class:`Conflict` when another one holds it for longer than ``patience_s``."""
    config.box.state.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(config.box.state / "hub.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + patience_s
        while not _taken(descriptor):
            if time.monotonic() >= deadline:
                raise Conflict(
                    "A hub already runs on %(state)s: stop it first, or choose another folder with --state.",
                    state=config.box.state,
                )
            time.sleep(LOCK_POLL_S)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def migrated(config: Config) -> Sequence[str]:
    """Bring the database to this release's schema; returns the migrations applied. Nearly nothing when it has it."""
    from appliance.store.released import current

    if current(config.database):
        return ()
    from appliance.store.migrations import migrate  # slow to load

    return migrate(config.database)


def identified(config: Config, db: Database) -> None:
    """Take up the identity that provisioning made; say so when this card seems to be a copy. The caller holds
    :func:`hub_lock`."""
    from appliance.store.adoption import adopt

    if adopt(db, config.identity_file):
        print(translator(config.box.language)(COPIED), file=sys.stderr)


@contextlib.contextmanager
def hub(config: Config, later: Callable[[Start], object] = lambda start: start()) -> Iterator[Hub]:
    """The hub's parts, started; stopped in reverse order when the block ends. The caller holds :func:`hub_lock`.

    ``later`` is given what starts processes and threads that no page waits for; it may call them when it likes.
    """
    from appliance.drivers.clock_system import SystemClock
    from appliance.drivers.speech_pocketsphinx import dictionary_file
    from appliance.hub import live_sessions, presence
    from appliance.hub.clock_watch import ClockWatch
    from appliance.hub.context import Hub
    from appliance.hub.imports import Library
    from appliance.hub.live_sessions import LiveSessions
    from appliance.hub.oral_models import Models
    from appliance.hub.periodic import Periodic
    from appliance.hub.retention import Retention
    from appliance.hub.search import Search
    from appliance.hub.spoken import Spoken
    from appliance.hub.trail import Trail
    from appliance.hub.vaults import Vaults
    from appliance.sequences.dictionary import Dictionary
    from appliance.store import own_sequences, quiz_media, settings
    from appliance.store.db import Database, Role
    from appliance.store.erasure import Erasure
    from appliance.store.own_sequences import OwnSequences
    from appliance.store.records import Records

    migrated(config)
    with contextlib.ExitStack() as stack:
        db = Database(config.database, Role.HUB)
        stack.callback(db.close)
        identified(config, db)
        clock = SystemClock()
        records = Records(db, clock, settings.box_id(db), config.box.state, keep_free=config.records.keep_free_mb << 20)
        Erasure(records).begin()
        watch = ClockWatch(records, clock)
        watch.start()
        stack.callback(watch.stop)
        trail = Trail(records.commit, clock)
        stack.callback(trail.flush)
        retention = Retention(records, trail, config.box.time_zone)
        retention.start()
        stack.callback(retention.stop)
        vaults = Vaults(db, config.vault, clock)
        expiry = Periodic("vaults", KEYS_EXPIRE_EACH_S, vaults.expire)
        expiry.start()
        stack.callback(expiry.stop)
        search = Search(config)
        search.start(now=False)
        later(search.start)
        stack.callback(search.stop)
        library = Library(config, db, formats, search)
        if config.box.demonstration is not None:
            from appliance.hub import demonstration

            demonstration.load(config.box.demonstration, db, library)
        library.recover()
        with db.writing() as conn:
            quiz_media.sweep(conn, config.library_folder / quiz_media.FOLDER, starting=True)
        later(library.work)
        stack.callback(library.stop)
        spoken = Spoken(voices(config), config.box.state / "voices", config.hub.voices_mb << 20)
        later(spoken.start)
        stack.callback(spoken.stop)
        own = OwnSequences(config.library_folder / own_sequences.FOLDER)
        own.recover()
        dictionary = Dictionary(dictionary_file())
        models = Models(own, spoken, dictionary)
        later(models.start)
        stack.callback(models.stop)
        yield Hub(
            config,
            db,
            library,
            search,
            clock,
            presence.kept(config.box.run / PRESENCE_CODE, _passphrase(config)),
            settings.secret(db),
            records,
            machine(config),
            vaults,
            trail,
            LiveSessions(config.box.run / live_sessions.FILE),
            spoken=spoken,
            own_sequences=own,
            dictionary=dictionary,
            models=models,
        )


def _passphrase(config: Config) -> Callable[[str], bool] | None:
    """Whether a text is the teacher's passphrase, where one was set."""
    kept = config.teacher.passphrase_hash
    return functools.partial(passphrase.matches, kept) if kept else None


@contextlib.contextmanager
def records(config: Config) -> Iterator[Records]:
    """The learning records alone, the database brought up to date. The caller holds :func:`hub_lock`."""
    from appliance.drivers.clock_system import SystemClock
    from appliance.store import settings
    from appliance.store.db import Database, Role
    from appliance.store.erasure import Erasure
    from appliance.store.records import Records

    migrated(config)
    with contextlib.closing(Database(config.database, Role.HUB)) as db:
        found = Records(
            db, SystemClock(), settings.box_id(db), config.box.state, keep_free=config.records.keep_free_mb << 20
        )
        Erasure(found).begin()
        yield found


def content(config: Config) -> ContentApp:
    """Resource bodies, for the second origin."""
    from appliance.formats.zim_reader import ZimReader
    from appliance.hub.content import ContentApp

    return ContentApp(config.library_folder / "blobs", {"zim": ZimReader()}, config.hub.cache_mb * 2**20)


def application(config: Config, parts: Hub) -> Wsgi:
    """Pages and API for the hub's origin, resource bodies for the other; told apart by what nginx or the edge says.

    ``/xapi`` answers alike on both.
    """
    from appliance.hub.afterwards import at_first_use
    from appliance.hub.app import create_app

    pages: Wsgi = create_app(parts)
    xapi = at_first_use(functools.partial(_xapi, parts))
    bodies = at_first_use(functools.partial(content, config))

    def dispatch(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        origin = environ.get("HTTP_X_CARTABLE_ORIGIN")
        if origin in ("hub", "content", "local") and f"{environ['PATH_INFO']}/".startswith("/xapi/"):
            return xapi(environ, start_response)
        if origin == "content":
            return bodies(environ, start_response)
        if origin in ("hub", "local"):
            return pages(environ, start_response)
        start_response("421 Misdirected Request", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return ()

    return dispatch


def _xapi(parts: Hub) -> Wsgi:
    from appliance.hub.xapi import create_xapi

    return create_xapi(parts)


def announced(config: Config, port: int, stack: contextlib.ExitStack) -> None:
    """The box's name published with ``port``, until ``stack`` closes."""
    from appliance.hub.announcement import Announcement

    announcement = Announcement(advert(config), config.box.name, port, config.box.run / ADDRESS)
    announcement.start()
    stack.callback(announcement.stop)


def hub_application() -> Wsgi:
    """What the server process runs: everything started, stopped when the process ends."""
    import atexit

    from appliance.hub.afterwards import Afterwards, noticing

    config = from_environment()
    stack = contextlib.ExitStack()
    stack.enter_context(hub_lock(config, LOCK_PATIENCE_S))
    starts: list[Start] = []
    shown = threading.Event()
    made = application(config, stack.enter_context(hub(config, starts.append)))
    if port := os.environ.get(PUBLISHED_PORT):
        starts.insert(0, functools.partial(announced, config, int(port), stack))
    stack.callback(Afterwards(config.hub_socket, starts, shown).stop)
    atexit.register(stack.close)
    return noticing(made, shown)
