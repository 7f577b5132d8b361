# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The box's name on real networks: computers in namespaces, joined by switches."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rigs.netns import Computer, World, available, world

pytestmark = [pytest.mark.network, pytest.mark.skipif(not available(), reason="needs root and iproute2")]

SEEN_S = 15.0
AVAHI = Path("/run/avahi-daemon/socket")


class Box:
    """The advert, running on a computer."""

    def __init__(self, computer: Computer, name: str = "cartable") -> None:
        command = [sys.executable, "-m", "tests.drivers.mdns", "publish", name, "80"]
        self.computer = computer
        self.process = subprocess.Popen(
            computer.command(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def state(self) -> list[str]:
        """Name and addresses published now."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        return self.line().split()

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.line() == "stopped"
        assert self.process.wait(10) == 0


@pytest.fixture
def net() -> Iterator[World]:
    with world() as made:
        yield made


@contextlib.contextmanager
def boxes(*computers: Computer) -> Iterator[list[Box]]:
    started = [Box(computer) for computer in computers]
    try:
        yield started
    finally:
        for box in started:
            box.process.kill()
            box.process.wait()
            for pipe in (box.process.stdin, box.process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()  # type: ignore[union-attr]


def ask(computer: Computer, source: str, name: str = "cartable.local.", kind: str = "a") -> set[str]:
    command = [sys.executable, "-m", "tests.drivers.mdns", "ask", name, source, kind]
    done = subprocess.run(computer.command(command), capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")) - {""}


def until(expected: object, tell: Callable[[], object], deadline_s: float = SEEN_S) -> None:
    end = time.monotonic() + deadline_s
    while (last := tell()) != expected:
        assert time.monotonic() < end, f"{last!r} instead of {expected!r}"
        time.sleep(0.1)


def test_a_tablet_finds_the_box(net: World) -> None:
    lan, computer, tablet = net.lan(), net.computer(), net.computer()
    lan.plug(computer, "10.1.0.2/24")
    lan.plug(tablet, "10.1.0.3/24")
    with boxes(computer) as [box]:
        assert box.line() == "cartable.local"
        assert ask(tablet, "10.1.0.3") == {"10.1.0.2"}
        assert ask(tablet, "10.1.0.3", "CarTable.LOCAL.") == {"10.1.0.2"}
        assert ask(tablet, "10.1.0.3", "_http._tcp.local.", "ptr") == {"cartable._http._tcp.local."}
        assert ask(tablet, "10.1.0.3", "cartable-2.local.") == set()
        box.stop()
        assert ask(tablet, "10.1.0.3") == set()


def test_a_new_address_is_told(net: World) -> None:
    lan, computer, tablet = net.lan(), net.computer(), net.computer()
    lan.plug(computer, "10.1.0.2/24")
    lan.plug(tablet, "10.1.0.3/24")
    with boxes(computer) as [box]:
        box.line()
        computer.address("del", "10.1.0.2/24")
        computer.address("add", "10.1.0.77/24")
        until({"10.1.0.77"}, lambda: ask(tablet, "10.1.0.3"))
        assert box.state() == ["cartable.local", "10.1.0.77"]


def test_an_ipv6_address_is_told(net: World) -> None:
    lan, computer, tablet = net.lan(), net.computer(), net.computer()
    lan.plug(computer, "10.1.0.2/24")
    lan.plug(tablet, "10.1.0.3/24")
    computer.address("add", "fd00::2/64")
    with boxes(computer) as [box]:
        box.line()
        until({"10.1.0.2", "fd00::2"}, lambda: ask(tablet, "10.1.0.3", kind="aaaa"))


def test_with_no_network_it_waits_for_one(net: World) -> None:
    lan, computer, tablet = net.lan(), net.computer(), net.computer()
    lan.plug(tablet, "10.1.0.3/24")
    with boxes(computer) as [box]:
        assert box.line() == "cartable.local"
        assert box.state() == ["cartable.local"]
        lan.plug(computer, "10.1.0.2/24")
        until({"10.1.0.2"}, lambda: ask(tablet, "10.1.0.3"))
        computer.address("del", "10.1.0.2/24")
        until(["cartable.local"], box.state)
        computer.address("add", "10.1.0.4/24")
        until({"10.1.0.4"}, lambda: ask(tablet, "10.1.0.3"))
        box.stop()


def test_the_second_box_takes_the_second_name(net: World) -> None:
    lan, tablet = net.lan(), net.computer()
    lan.plug(tablet, "10.1.0.9/24")
    computers = [net.computer() for _ in range(3)]
    for number, computer in enumerate(computers):
        lan.plug(computer, f"10.1.0.{number + 1}/24")
    with contextlib.ExitStack() as stack:
        for number, computer in enumerate(computers):
            box = stack.enter_context(boxes(computer))[0]
            expected = "cartable.local" if number == 0 else f"cartable-{number + 1}.local"
            assert box.line() == expected
            assert ask(tablet, "10.1.0.9", f"{expected}.") == {f"10.1.0.{number + 1}"}


@pytest.mark.parametrize("attempt", range(3))
def test_boxes_started_at_the_same_moment_take_different_names(net: World, attempt: int) -> None:
    lan, tablet = net.lan(), net.computer()
    lan.plug(tablet, "10.1.0.9/24")
    computers = [net.computer() for _ in range(3)]
    for number, computer in enumerate(computers):
        lan.plug(computer, f"10.1.0.{number + 1}/24")
    with boxes(*computers) as started:
        names = {box.line(): f"10.1.0.{number + 1}" for number, box in enumerate(started)}
        assert set(names) == {"cartable.local", "cartable-2.local", "cartable-3.local"}
        for name, address in names.items():
            assert ask(tablet, "10.1.0.9", f"{name}.") == {address}


def test_two_networks_joined_later(net: World) -> None:
    """Each box had its name alone; when their networks meet, one gives way."""
    first, second, tablet = net.computer(), net.computer(), net.computer()
    here, there = net.lan(), net.lan()
    here.plug(first, "10.1.0.1/24")
    there.plug(second, "10.1.0.2/24")
    here.plug(tablet, "10.1.0.9/24")
    with boxes(first, second) as started:
        assert [box.line() for box in started] == ["cartable.local", "cartable.local"]
        there.plug(first, "10.2.0.1/24", "eth1")
        until({"cartable.local", "cartable-2.local"}, lambda: {box.state()[0] for box in started})


def test_a_device_that_answers_for_our_name(net: World) -> None:
    lan, computer, other = net.lan(), net.computer(), net.computer()
    lan.plug(computer, "10.1.0.2/24")
    lan.plug(other, "10.1.0.3/24")
    with boxes(computer) as [box]:
        assert box.line() == "cartable.local"
        shout = [sys.executable, "-m", "tests.drivers.mdns", "shout", "cartable.local.", "10.1.0.3", "10.1.0.3"]
        subprocess.run(other.command(shout), check=True)
        until([], lambda: box.state()[1:])
        until({"10.1.0.2"}, lambda: ask(other, "10.1.0.3", f"{box.state()[0]}."))


def test_each_network_is_told_its_own_address(net: World) -> None:
    cable, radio, computer = net.lan(), net.lan(), net.computer()
    left, right = net.computer(), net.computer()
    cable.plug(computer, "10.1.0.2/24")
    radio.plug(computer, "10.2.0.2/24", "wlan0")
    cable.plug(left, "10.1.0.3/24")
    radio.plug(right, "10.2.0.3/24")
    with boxes(computer) as [box]:
        box.line()
        assert ask(left, "10.1.0.3") == {"10.1.0.2"}
        assert ask(right, "10.2.0.3") == {"10.2.0.2"}


def test_two_cables_into_one_switch_are_no_conflict(net: World) -> None:
    lan, computer, tablet = net.lan(), net.computer(), net.computer()
    lan.plug(computer, "10.1.0.2/24")
    lan.plug(computer, "10.1.0.4/24", "eth1")
    lan.plug(tablet, "10.1.0.3/24")
    with boxes(computer) as [box]:
        assert box.line() == "cartable.local"
        assert ask(tablet, "10.1.0.3") == {"10.1.0.2", "10.1.0.4"}
        end = time.monotonic() + 5
        while time.monotonic() < end:
            assert box.state()[0] == "cartable.local"
            time.sleep(0.2)


if shutil.which("avahi-daemon") and not AVAHI.exists():  # one more resolver where there is one; ours is always asked

    def test_another_make_of_resolver_finds_the_box(net: World, tmp_path: Path) -> None:
        """avahi, as on a Linux laptop."""
        lan, computer, laptop = net.lan(), net.computer(), net.computer()
        lan.plug(computer, "10.1.0.2/24")
        lan.plug(laptop, "10.1.0.3/24")
        (tmp_path / "avahi.conf").write_text("[server]\nhost-name=laptop\nuse-ipv6=no\nenable-dbus=no\n")
        AVAHI.parent.mkdir(exist_ok=True)
        avahi = ["avahi-daemon", "-f", str(tmp_path / "avahi.conf"), "--no-drop-root", "--no-rlimits", "--no-chroot"]
        with boxes(computer) as [box]:
            box.line()
            resolver = subprocess.Popen(laptop.command(avahi), stderr=subprocess.DEVNULL)
            try:
                until(True, AVAHI.exists)
                until("+ 2 0 cartable.local 10.1.0.2", lambda: resolve("cartable.local"))
            finally:
                resolver.terminate()
                resolver.wait(10)


def resolve(name: str) -> str:
    """What avahi says, by its simple protocol."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(8)
        asking.connect(str(AVAHI))
        asking.sendall(f"RESOLVE-HOSTNAME-IPV4 {name}\n".encode())
        return asking.recv(300).decode().strip()
