# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Run in a namespace: ``publish NAME PORT`` (a line in: state), ``ask NAME FROM [a|aaaa|ptr]``, ``shout``."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import sys
import time
from collections.abc import Callable

from zeroconf import DNSAddress, DNSIncoming, DNSOutgoing, DNSPointer, DNSQuestion  # type: ignore[attr-defined]

from appliance.drivers.advert_zeroconf import ZeroconfAdvert


def publish(name: str, port: str) -> None:
    advert = ZeroconfAdvert()
    try:
        print(advert.start(name, int(port)), flush=True)
        for _ in sys.stdin:
            print(advert.name, *advert.addresses(), flush=True)
    finally:
        advert.stop()
    print("stopped", flush=True)


def ask(name: str, source: str, kind: str = "a") -> None:
    """Print every answer heard in half a second: to us alone, as for any resolver that is not on port 5353."""
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
    asking.bind((source, 0))
    out = DNSOutgoing(0, multicast=True)
    out.add_question(DNSQuestion(name, {"a": 1, "aaaa": 28, "ptr": 12}[kind], 1))
    number = os.urandom(2)  # zeroconf takes the same bytes twice within a second for an echo
    asking.sendto(number + out.packets()[0][2:], ("224.0.0.251", 5353))
    end = time.monotonic() + 0.5
    while (left := end - time.monotonic()) > 0:
        asking.settimeout(left)
        try:
            message = DNSIncoming(asking.recv(9000))
        except TimeoutError:
            return
        for record in message.answers():
            if isinstance(record, DNSAddress) and record.name.lower() == name.lower():
                print(ipaddress.ip_address(record.address))
            elif isinstance(record, DNSPointer):
                print(record.alias)


def shout(name: str, source: str, address: str) -> None:
    """Answer for ``name`` without ever asking whose it is, as a badly made device does."""
    out = DNSOutgoing(0x8400, multicast=True)
    out.add_answer_at_time(DNSAddress(name, 1, 0x8001, 120, ipaddress.ip_address(address).packed), 0)
    shouting = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    shouting.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    shouting.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("B", 255))
    shouting.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
    shouting.sendto(out.packets()[0], ("224.0.0.251", 5353))


if __name__ == "__main__":
    word, *rest = sys.argv[1:]
    words: dict[str, Callable[..., None]] = {"publish": publish, "ask": ask, "shout": shout}
    words[word](*rest)
