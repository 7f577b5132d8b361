# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The box's name on the LAN, by multicast DNS: port ``Advert`` with python-zeroconf.

One responder per network, each giving only the addresses that make sense there (a tablet on the box's own Wi-Fi must
not be sent to the address of its cable). A thread follows networks as they come, change and go.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from zeroconf import ServiceInfo, Zeroconf

from appliance.drivers.mdns_claim import _IP_MULTICAST_ALL, Claim
from appliance.drivers.networks import Networks, networks

POLL_S = 2.0
"""How often networks and conflicts are looked at."""
SERVICE = "_http._tcp.local."
TRIES = 99

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Published:
    addresses: tuple[str, ...]
    claim: Claim
    responder: Zeroconf


class ZeroconfAdvert:
    """Publishes ``<name>.local`` and ``_http._tcp`` on every LAN, and follows changes until stopped."""

    def __init__(self, look: Callable[[], Networks] = networks) -> None:
        self._look = look
        self._stop = threading.Event()
        self._settled = threading.Event()
        self._published: dict[str, _Published] = {}
        self._wanted = ""
        self._number = 1
        self._port = 0
        self._own: set[str] = set()
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """The name published or wished now, with ``.local``."""
        return f"{self._label()}.local"

    def start(self, name: str, port: int) -> str:
        """Publish; returns the name taken, within about a second for each name that others have.

        With no network: returns the wished name at once, and publishes when one appears.
        """
        self._wanted, self._port, self._number = name.lower(), port, 1
        self._stop.clear()
        self._settled.clear()
        self._thread = threading.Thread(target=self._follow, name="advert", daemon=True)
        self._thread.start()
        self._settled.wait(30)
        return self.name

    def addresses(self) -> Iterable[str]:
        """The addresses published now."""
        return [address for entry in list(self._published.values()) for address in entry.addresses]

    def stop(self) -> None:
        """Say goodbye and forget; harmless when not started."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _label(self) -> str:
        return self._wanted if self._number == 1 else f"{self._wanted}-{self._number}"

    def _follow(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    self._round()
                except OSError as error:  # a network that goes while we publish on it: seen again at the next look
                    _log.info("advert: %s", error)
                self._settled.set()
                self._attend(time.monotonic() + POLL_S)
        finally:
            self._settled.set()
            self._withdraw(list(self._published))

    def _attend(self, until: float) -> None:
        """Defend our name, until the next look at the networks or until it is contested."""
        while not self._stop.is_set() and (left := until - time.monotonic()) > 0:
            claims = [entry.claim for entry in self._published.values()]
            ready = select.select(claims, [], [], min(left, 0.5))[0]
            if any(claim.contested() for claim in ready):
                _log.warning("advert: another box answers for %s", self.name)
                self._withdraw(list(self._published))
                return

    def _round(self) -> None:
        """Bring what is published in step with the networks there are."""
        now = self._look()
        self._own = {address for addresses in now.values() for address in addresses}
        self._withdraw([name for name, entry in self._published.items() if now.get(name) != entry.addresses])
        for name, addresses in now.items():
            if name not in self._published and not self._stop.is_set():
                self._publish(name, addresses)

    def _publish(self, network: str, addresses: tuple[str, ...]) -> None:
        """Claim the name on one network; when it is taken there, take the next one everywhere."""
        while self._number <= TRIES:
            with contextlib.ExitStack() as given_up:
                claim = Claim(f"{self._label()}.local.", addresses, lambda: self._own)
                given_up.callback(claim.close)
                if claim.probe(self._stop.wait):
                    self._published[network] = _Published(addresses, claim, self._respond(addresses))
                    given_up.pop_all()
                    return
            self._withdraw(list(self._published))
            self._number += 1

    def _respond(self, addresses: tuple[str, ...]) -> Zeroconf:
        label = self._label()
        responder = Zeroconf(interfaces=[addresses[0]], use_asyncio=False)
        _hear_only_joined(responder)
        info = ServiceInfo(
            SERVICE,
            f"{label if self._port == 80 else f'{label} {self._port}'}.{SERVICE}",
            port=self._port,
            properties={"path": "/"},
            server=f"{label}.local.",
            parsed_addresses=list(addresses),
        )
        # The host name is claimed already and makes the service's: answer for both from now on, without a second probe.
        responder.register_service(info, cooperating_responders=True)
        return responder

    def _withdraw(self, names: list[str]) -> None:
        for name in names:
            entry = self._published.pop(name)
            entry.claim.close()
            with contextlib.suppress(OSError):
                entry.responder.unregister_all_services()
            entry.responder.close()


def _hear_only_joined(responder: Zeroconf) -> None:
    """Linux gives a multicast to every socket of the port, whichever network it came by; one responder per network
    must hear only its own, or it would tell the cable's address to a tablet on the Wi-Fi."""
    for reader in responder.engine.readers:
        held = reader.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            held.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
