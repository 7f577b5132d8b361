# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One host name on one network: probing for it, giving way, noticing that somebody else has it (RFC 6762, 8 and 9).

python-zeroconf answers for names but never asks whether a host name is free; this does, on sockets of its own, with
zeroconf's reading of messages.
"""

from __future__ import annotations

import contextlib
import ipaddress
import random
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence

from zeroconf import DNSAddress, DNSIncoming  # type: ignore[attr-defined]  # there, but not in its __all__

GROUP, PORT = "224.0.0.251", 5353
PROBES = 3
PROBE_GAP_S = 0.25
GIVE_WAY_S = 1.0
"""RFC 6762 section 8.2: the loser of a tie waits one second, then probes again."""
HOST_TTL_S = 120

_CLASS_IN, _TYPE_A, _TYPE_AAAA, _TYPE_ANY = 1, 1, 28, 255
_AUTHORITATIVE, _CACHE_FLUSH = 0x8400, 0x8000
_IP_MULTICAST_ALL = 49
"""<linux/in.h>; 0: only groups that this socket joined."""


def open_socket(address: str) -> socket.socket:
    """A socket that hears and speaks mDNS on the network of the IPv4 ``address`` only. Raises OSError."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind(("", PORT))
        opened.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        here = socket.inet_aton(address)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + here)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


Data = tuple[int, int, bytes]
"""What section 8.2.1 compares, in this order: class, type, data."""


def claimed(addresses: Sequence[str]) -> list[Data]:
    """What we claim: an A or AAAA record for each address, sorted."""
    packed = [ipaddress.ip_address(text).packed for text in addresses]
    return sorted((_CLASS_IN, _TYPE_A if len(data) == 4 else _TYPE_AAAA, data) for data in packed)


def probe_packet(host: str, ours: Sequence[Data]) -> bytes:
    """A probe (section 8.1): a question for anything called ``host``, with what we would say in the authority part."""
    question = _name(host) + struct.pack("!HH", _TYPE_ANY, _CLASS_IN)
    return struct.pack("!6H", 0, 0, 1, 0, len(ours), 0) + question + _records(host, ours, _CLASS_IN)


def answer_packet(host: str, ours: Sequence[Data]) -> bytes:
    """What we say of ``host``: an authoritative answer that replaces what others remember (section 10.2)."""
    return struct.pack("!6H", 0, _AUTHORITATIVE, 0, len(ours), 0, 0) + _records(host, ours, _CLASS_IN | _CACHE_FLUSH)


def _name(host: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in host.rstrip(".").split(".")) + b"\0"


def _records(host: str, ours: Sequence[Data], class_: int) -> bytes:
    heads = (struct.pack("!HHIH", kind, class_, HOST_TTL_S, len(data)) + data for _, kind, data in ours)
    return b"".join(_name(host) + record for record in heads)


class Claim:
    """Claims ``host`` on one network. ``own`` tells every address of this box, on any network, so that hearing
    ourselves through two cables into one switch is no conflict."""

    def __init__(self, host: str, addresses: Sequence[str], own: Callable[[], set[str]]) -> None:
        self.host = host
        self._ours = claimed(addresses)
        self._own = own
        self._socket = open_socket(addresses[0])

    def fileno(self) -> int:
        """For select: readable when there may be something to :meth:`contested`."""
        return self._socket.fileno()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def probe(self, stopped: Callable[[float], bool]) -> bool:
        """Whether the name is ours now (True) or somebody else's (False). Takes about a second.

        ``stopped(0)`` true ends it early, as if the name were ours. Two boxes that probe at the same moment do not
        both get True.
        """
        if stopped(random.uniform(0, PROBE_GAP_S)):  # noqa: S311 - spreads load, keeps no secret
            return True
        sent = 0
        while sent < PROBES and not stopped(0):
            self._send(probe_packet(self.host, self._ours))
            sent += 1
            verdict = self._wait(PROBE_GAP_S, ties=True)
            if verdict == "taken":
                return False
            if verdict == "give way":
                if self._wait(GIVE_WAY_S) == "taken":
                    return False
                sent = 0
        return True

    def contested(self) -> bool:
        """Read what has come. Answers whoever asks for our name to have it (section 8.1: at once); true when somebody
        else has answered for it (section 9)."""
        while True:
            heard = self._listen(0, ties=True)
            if heard in ("give way", "probe"):
                self._send(answer_packet(self.host, self._ours))
            else:
                return heard == "taken"

    def _send(self, packet: bytes) -> None:
        with contextlib.suppress(OSError):  # the network just went: the next look at addresses says so
            self._socket.sendto(packet, (GROUP, PORT))

    def _wait(self, seconds: float, *, ties: bool = False) -> str:
        """Listen for ``seconds``, less when the name turns out to be taken, or (``ties``) a tie to be lost."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            verdict = self._listen(left, ties=ties)
            if verdict == "taken" or (verdict == "give way" and ties):
                return verdict
        return "quiet"

    def _listen(self, seconds: float, *, ties: bool) -> str:
        """The first thing heard that concerns us, within ``seconds``."""
        end = time.monotonic() + seconds
        while select.select([self._socket], [], [], max(0.0, end - time.monotonic()))[0]:
            with contextlib.suppress(BlockingIOError):
                data, sender = self._socket.recvfrom(9000)
                verdict = self._judge(data, sender[0])
                if verdict != "quiet" and (ties or verdict == "taken"):
                    return verdict
        return "quiet"

    def _judge(self, data: bytes, sender: str) -> str:
        message = DNSIncoming(data)
        if not message.valid:
            return "quiet"
        theirs = [record for record in message.answers() if record.name.lower() == self.host.lower()]
        addresses = [record for record in theirs if isinstance(record, DNSAddress) and record.ttl > 0]
        if sender in self._own() or not addresses:
            return "quiet"
        if message.is_query():
            claims = sorted((record.class_, record.type, record.address) for record in addresses)
            if not message.num_authorities:
                return "quiet"
            return "give way" if claims > self._ours else "probe"
        own = self._own()
        return "taken" if any(_text(record) not in own for record in addresses) else "quiet"


def _text(record: DNSAddress) -> str:
    return str(ipaddress.ip_address(record.address))
