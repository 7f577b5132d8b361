# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Computers on a LAN, each a network namespace, joined by a bridge in a namespace of its own. Needs root."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
from collections.abc import Iterator, Sequence

_numbers = itertools.count()


def available() -> bool:
    """Whether namespaces can be made here."""
    name = f"ct{os.getpid()}try"
    try:
        done = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return done.returncode == 0


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Computer:
    """One namespace."""

    def __init__(self, name: str) -> None:
        self.name = name

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The command line that runs ``arguments`` here."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def address(self, verb: str, text: str, interface: str = "eth0") -> None:
        """``add`` or ``del`` an address such as ``10.1.0.2/24``."""
        _ip("-n", self.name, "address", verb, text, "dev", interface)


class Lan:
    """A switch; :meth:`plug` a computer into it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._ports = itertools.count()
        _ip("-n", name, "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0")
        _ip("-n", name, "link", "set", "bridge", "up")

    def plug(self, computer: Computer, address: str | None = None, interface: str = "eth0") -> None:
        """A cable from ``interface`` to this switch."""
        port = f"port{next(self._ports)}"
        _ip("link", "add", interface, "netns", computer.name, "type", "veth", "peer", "name", port, "netns", self.name)
        _ip("-n", self.name, "link", "set", port, "master", "bridge", "up")
        _ip("-n", computer.name, "link", "set", interface, "up")
        if address:
            computer.address("add", address, interface)


class World:
    """Makes computers and switches; everything goes when the block of :func:`world` ends."""

    def __init__(self) -> None:
        self._made: list[str] = []

    def _namespace(self) -> str:
        name = f"ct{os.getpid()}n{next(_numbers)}"
        _ip("netns", "add", name)
        self._made.append(name)
        _ip("-n", name, "link", "set", "lo", "up")
        return name

    def computer(self) -> Computer:
        """One more, plugged into nothing."""
        return Computer(self._namespace())

    def lan(self) -> Lan:
        """One more switch."""
        return Lan(self._namespace())

    def close(self) -> None:
        """Remove everything."""
        for name in self._made:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@contextlib.contextmanager
def world() -> Iterator[World]:
    """An empty world."""
    made = World()
    try:
        yield made
    finally:
        made.close()
