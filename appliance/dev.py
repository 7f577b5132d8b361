# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable dev``: the whole box in one command. Services are processes; the edge runs in this one."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import aiohttp
import segno

from appliance import box
from appliance.config import ADDRESS, PRESENCE_CODE, Config
from appliance.edge import Edge
from appliance.errors import ConfigError, Conflict
from appliance.i18n import translator
from appliance.ports import Advert
from appliance.routes import Origin
from appliance.store.migrations import migrate
from appliance.supervisor import Supervisor

LOOPBACK = "127.0.0.1"
NETWORK_POLL_S = 2.0
"""How often a network is looked for while there is none, and a new code."""
SPARED = (("speech", "serve"), ("studio",))
"""Services that a class can do without, by their words: they start after the first page, and whatever becomes of them,
it goes on."""
SOCKET_PATH_MAX = 100
"""Linux takes 107 bytes in the path of a Unix socket."""

Ready = Callable[[str], None]
"""Called once, when the first page answers, with the address for the LAN, or this computer's own without one."""


def run(settings: Config, ready: Ready | None = None) -> int:
    """Run the box until SIGINT or SIGTERM; returns the exit code, 0 after a clean stop of at most five seconds.

    Raises :class:`appliance.errors.Conflict` when a port is taken or another ``cartable dev`` has the same state,
    :class:`appliance.errors.Unreachable` when the hub cannot start.
    """
    longest = max(settings.hub_socket, settings.speech_socket, settings.studio_socket, key=lambda path: len(str(path)))
    if len(os.fsencode(longest)) > SOCKET_PATH_MAX:
        raise ConfigError("The path %(path)s is too long for a socket: choose another --state.", path=longest)
    with only_one(settings):
        migrate(settings.database)
        asyncio.run(_Box(settings, ready).run())
    return 0


@contextlib.contextmanager
def only_one(settings: Config) -> Iterator[None]:
    """Hold the state folder. Raises :class:`Conflict` when another ``cartable dev`` holds it."""
    settings.box.state.mkdir(parents=True, exist_ok=True)
    with (settings.box.state / "dev.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                "cartable dev already runs on %(state)s: stop it (Ctrl-C), or choose another folder with --state.",
                state=settings.box.state,
            ) from error
        yield


class _Box:
    def __init__(self, settings: Config, ready: Ready | None) -> None:
        self._settings = settings
        self._ready = ready
        self._say = translator(settings.box.language)
        self._edge = Edge(settings)
        self._hub = Supervisor(settings, "hub", vital=True)
        self._others = [Supervisor(settings, *words) for words in SPARED]
        self._shown = asyncio.Event()
        self._advert: Advert = box.advert(settings)

    async def run(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await self._edge.start()  # first: a port that is taken is the likeliest trouble, and says so at once
        tasks = [asyncio.create_task(work) for work in (self._hub.run(), self._announce(), self._accompany())]
        stopping = asyncio.create_task(stop.wait())
        try:
            await _first_end_or_failure([*tasks, stopping], stopping)
        finally:
            await self._stop([*tasks, stopping])

    async def _stop(self, tasks: list[asyncio.Task[object]]) -> None:
        """Everything at once, in reverse where order matters: the advert's goodbye, the edge, the services."""
        for task in tasks:
            task.cancel()
        ends: list[Awaitable[object]] = [asyncio.to_thread(self._advert.stop), self._edge.stop(), *tasks]
        await asyncio.gather(*ends, return_exceptions=True)
        with contextlib.suppress(OSError):
            (self._settings.box.run / ADDRESS).unlink()

    async def _accompany(self) -> None:
        """The services beside the hub, once it has answered: its first page waits for nobody."""
        await self._shown.wait()
        async with asyncio.TaskGroup() as group:
            for service in self._others:
                group.create_task(service.run())

    async def _announce(self) -> None:
        """When the first page answers: publish the name, print the addresses; again once there is a network."""
        port = self._edge.ports[Origin.HUB]
        await self._first_page(port)
        self._hub.answered = True
        self._shown.set()
        name = await asyncio.to_thread(self._advert.start, self._settings.box.name, port)
        host = lan_address(self._settings, self._advert)
        self._tell(host or LOOPBACK, name, port)
        if self._ready is not None:
            self._ready(f"http://{host or LOOPBACK}:{port}/")
        await self._go_on_telling(host, name, port)

    async def _go_on_telling(self, host: str | None, name: str, port: int) -> None:
        """A network that comes, and a presence code that takes the place of one that has served."""
        code = self._code()
        while True:
            await asyncio.sleep(NETWORK_POLL_S)
            if host is None and (host := lan_address(self._settings, self._advert)) is not None:
                self._tell(host, name, port)
            elif self._code() not in ("", code):
                _ = self._say
                print(_("The code has served. The next account: %(code)s") % {"code": self._code()}, flush=True)
            code = self._code() or code

    def _code(self) -> str:
        """The presence code of this moment; empty before the hub has written one."""
        with contextlib.suppress(OSError):
            return (self._settings.box.run / PRESENCE_CODE).read_text(encoding="ascii").strip()
        return ""

    async def _first_page(self, port: int) -> None:
        listening = self._settings.edge.address
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening, listening)  # noqa: S104 - compared, not bound
        url = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(url, allow_redirects=False) as answer:
                        if answer.status < 500:
                            return
                await asyncio.sleep(0.05)

    def _tell(self, host: str, name: str, port: int) -> None:
        """On the terminal, and in a file for the words that are typed beside this one."""
        known = name if self._settings.drivers.advert != "simulated" and not _is_loopback(host) else host
        with contextlib.suppress(OSError):  # a full disk is no reason to stop; the words then say what is configured
            (self._settings.box.run / ADDRESS).write_text(f"http://{known}:{port}/\n", encoding="utf-8")
        self._print(host, name, port)

    def _print(self, host: str, name: str, port: int) -> None:
        _ = self._say
        address = f"http://{host}:{port}/"
        if _is_loopback(host):
            if not _is_loopback(self._settings.edge.address):
                print(_("There is no network: join one, and the address for tablets is shown here."))
            print(_("Open this address on this computer: %(address)s") % {"address": address})
        else:
            segno.make(address, micro=False).terminal(out=sys.stdout, compact=True)
            print(_("Open this address on a tablet, or scan the picture: %(address)s") % {"address": address})
            if self._settings.drivers.advert != "simulated":
                print(_("On the same network also: %(address)s") % {"address": f"http://{name}:{port}/"})
        if code := self._code():
            told = _("Teacher: open %(address)s and type %(code)s")
            print(told % {"address": f"{address}enseignant", "code": code})
        print(_("Stop with Ctrl-C."), flush=True)


async def _first_end_or_failure(tasks: list[asyncio.Task[object]], stopping: asyncio.Task[object]) -> None:
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done - {stopping}:
        task.result()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def lan_address(settings: Config, advert: Advert) -> str | None:
    """The address to show: the one listened on, else one that the LAN knows; None while there is no network."""
    if settings.edge.address not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return f"[{settings.edge.address}]" if ":" in settings.edge.address else settings.edge.address
    if settings.drivers.advert != "simulated":
        for address in advert.addresses():
            if ":" not in address:
                return address
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: asks the kernel which of our addresses it would use
        return str(probe.getsockname()[0])
    # A LAN without a way out of it: the kernel knows no route to the probe.
    return next((addresses[0] for addresses in box.networks().values()), None)


def with_options(
    settings: Config,
    *,
    port: int | None = None,
    content_port: int | None = None,
    address: str | None = None,
    advert: bool = True,
) -> Config:
    """``settings`` with what the command line says. Raises :class:`ConfigError` for a port that is none."""
    for number in (port, content_port):
        if number is not None and not 0 <= number < 65536:
            raise ConfigError("%(port)s is no port: choose one from 1024 to 65535.", port=number)
    edge = replace(
        settings.edge,
        port=settings.edge.port if port is None else port,
        content_port=settings.edge.content_port if content_port is None else content_port,
        address=settings.edge.address if address is None else address,
    )
    drivers = settings.drivers if advert else replace(settings.drivers, advert="simulated")
    return replace(settings, edge=edge, drivers=drivers)
