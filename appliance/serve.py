# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A WSGI application on a Unix socket, under granian: one small watching process and one worker.

The worker tells systemd how it fares (unit: ``Type=notify``, ``NotifyAccess=all``; protocol of sd_notify(3)): READY
once it answers over its own socket, WATCHDOG while it still does, STOPPING when it ends.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import functools
import gc
import importlib
import multiprocessing
import multiprocessing.util
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from appliance import config as configuration
from appliance.config import Config
from appliance.errors import CartableError
from appliance.i18n import translator
from appliance.listening import HELD_BY_PARENT, free, notify, watchdog_interval

ALIVE = "/.alive"
"""Answered 204 here, before the application: that a worker thread is free to answer at all."""

STOP_S = 3
"""How long requests and the application may take to end; after it the worker is killed."""

CONNECTIONS = 512
"""Connections in the worker at once, idle ones included; more wait in the socket's queue. Far above what nginx and the
edge keep idle, or those would shut everyone else out."""

IDLE_S = 10
"""A connection that asks for nothing is closed after this; whoever keeps some open must let go of them earlier
(:data:`appliance.http_rules.UPSTREAM_IDLE_S`), not to send a request into one that is being closed."""

_PING_S = 5.0
_SOON_S = 0.05

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def run(target: str, config: Config) -> int:
    """Serve ``target`` (``module:factory``) on ``config.hub_socket`` until SIGTERM or SIGINT; returns the exit code.

    Raises :class:`appliance.errors.Conflict` when another process answers on that socket.
    """
    os.environ.update(configuration.environment(config))
    return serve(target, config.hub_socket, threads=config.hub.threads, language=config.box.language)


def serve(target: str, path: Path, *, threads: int, language: str = "en") -> int:
    """Serve the application that ``target`` makes, on the socket ``path``, readable by our group (nginx's).

    The factory runs in the worker; an error of ours that it raises is said in ``language`` and ends the service. What
    it registers with :mod:`atexit` runs there too when the worker ends.
    """
    from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    free(path)
    alive, parent_holds = os.pipe()
    server = Server(
        target,
        uds=path,
        uds_permissions=0o660,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        blocking_threads_idle_timeout=60,
        runtime_mode=RuntimeModes.st,
        runtime_blocking_threads=1,
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=IDLE_S * 1000),
        websockets=False,
        backlog=1024,
        backpressure=CONNECTIONS,
        log_level=LogLevels.warning,
        log_access=False,
    )
    loader = functools.partial(_worker, target, path, language, alive, parent_holds)
    try:
        with _limited_stop():
            server.serve(target_loader=loader, wrap_loader=False)
    except SystemExit as stopped:
        return int(stopped.code or 0)
    finally:
        os.close(parent_holds)
    return 0


@contextlib.contextmanager
def _limited_stop() -> Iterator[None]:
    """Kill workers that outlive the first signal to stop by :data:`STOP_S`.

    granian's own ``workers_kill_timeout`` is not used: two of its threads wait for the same process, so it may take a
    worker that has just left for one that refuses to, say so, and kill its process id.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    over = threading.Event()
    before = signal.set_wakeup_fd(told)
    threading.Thread(target=_end_late, args=(heard, over), name="stop-limit", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        os.close(told)


def _end_late(heard: int, over: threading.Event) -> None:
    with os.fdopen(heard, "rb", buffering=0) as signals:
        while number := signals.read(1):
            if number[0] in (signal.SIGTERM, signal.SIGINT) and not over.wait(STOP_S):
                for worker in multiprocessing.active_children():
                    worker.kill()


def _worker(target: str, path: Path, language: str, alive: int, parent_holds: int) -> Application:
    """In the worker: make the application, watch it, and leave when the parent is gone."""
    os.close(parent_holds)
    signal.set_wakeup_fd(-1)  # inherited: what it hears is the parent's
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent tells us when to stop
    application = _make(target, language)
    _collect_seldom()
    # A worker process of multiprocessing leaves without running atexit.
    multiprocessing.util.Finalize(None, _leave, exitpriority=100)
    threading.Thread(target=_watch, args=(path, alive), name="watch", daemon=True).start()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == ALIVE:
            start_response("204 No Content", [])
            return []
        return application(environ, start_response)

    return answer


def _collect_seldom() -> None:
    """Leave out of the garbage collector's rounds what stays, and let it look after more than one request's objects:
    a delivery of fifty statements alone makes several thousand, hardly ever in circles."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def _make(target: str, language: str) -> Application:
    module, _, name = target.partition(":")
    gc.disable()  # what is loaded stays: looking through it time and again takes a tenth of the start
    try:
        application: Application = getattr(importlib.import_module(module), name)()
    except CartableError as error:
        print(f"cartable: {error.localized(translator(language))}", file=sys.stderr)
        atexit._run_exitfuncs()
        sys.exit(1)
    finally:
        gc.enable()
    return application


def _leave() -> None:
    notify("STOPPING=1")
    atexit._run_exitfuncs()


def _watch(path: Path, alive: int) -> None:
    """READY, then WATCHDOG at its interval. ``alive`` is a pipe that nobody writes: its end means the parent died."""
    import select

    held = os.environ.get(HELD_BY_PARENT, "")
    pipes = [alive, int(held)] if held else [alive]
    interval = watchdog_interval()
    ready = False
    wait: float | None = _SOON_S
    while True:
        if select.select(pipes, [], [], wait)[0]:
            _orphaned()
        if answers(path, _PING_S if interval is None else min(_PING_S, interval)):
            notify("WATCHDOG=1" if ready else "READY=1")
            ready, wait = True, interval
        else:
            if wait == interval:
                faulthandler.dump_traceback(all_threads=True)  # before the watchdog ends it: where it stands
            wait = _SOON_S  # one late answer must not cost a whole interval: two make the watchdog's patience


def answers(path: Path, patience_s: float = _PING_S) -> bool:
    """Whether the service on ``path`` still answers, within so many seconds."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(patience_s)
        probe.connect(str(path))
        probe.sendall(f"GET {ALIVE} HTTP/1.1\r\nHost: local\r\nConnection: close\r\n\r\n".encode())
        return probe.recv(12) == b"HTTP/1.1 204"
    return False


def _orphaned() -> NoReturn:
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(STOP_S)
    os._exit(1)
