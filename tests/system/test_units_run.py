# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The units run by a real systemd: the class served, nobody reaching out, whoever falls getting up again."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.measure import private_bytes
from tests import units
from tests.rigs.booted import Booted, booted
from tests.rigs.box import until
from tests.rigs.netns import Computer, available, world

pytestmark = [
    pytest.mark.system,
    pytest.mark.network,
    pytest.mark.skipif(not available(), reason="needs root and iproute2"),
]

HUB, NGINX, CONSOLE = "cartable-hub.service", "cartable-nginx.service", "cartable-console.service"
DOCTOR = "cartable-doctor.service"
SPEECH, STUDIO = "cartable-speech.service", "cartable-studio.service"
BOX, TABLET = "10.77.0.2", "10.77.0.3"
HERE, OUTSIDE = "203.0.113.2", "203.0.113.9"
"""Another address of the box, and somebody beyond the classroom who would be reached, but for the units."""
WATCHDOG_S = 3
DEMONSTRATION = Path(__file__).parents[2] / "demonstration"


def smallest() -> dict[str, str]:
    """Of the demonstration's resources the smallest of each kind: suffix -> the catalogue's entry, as TOML."""
    text = (DEMONSTRATION / "catalogue.toml").read_text(encoding="utf-8")
    entries = {entry.split('"')[1]: entry for entry in text.split("[[resource]]\n")[1:]}
    sizes = {name: (DEMONSTRATION / "resources" / name).stat().st_size for name in entries}
    largest_first = sorted(entries, key=lambda name: -sizes[name])
    return {Path(name).suffix: f"[[resource]]\n{entries[name]}" for name in largest_first}


@dataclass
class Class:
    """The box, and who is on its network."""

    box: Booted
    tablet: Computer
    outside: Computer

    def ask(self, path: str) -> bytes:
        """What a tablet gets for ``path``."""
        curl = self.tablet.command(["curl", "-s", "-m", "5", f"http://{BOX}{path}"])
        return subprocess.run(curl, capture_output=True, check=False).stdout

    def status(self, path: str = "/", port: int = 80, host: str = BOX, by: Computer | None = None) -> str:
        """What an HTTP client gets: the status, "000" for no connection."""
        url = f"http://{host}:{port}{path}"
        curl = ["curl", "-s", "-m", "3", "-o", "/dev/null", "-w", "%{http_code}", "-L", url]
        command = (by or self.tablet).command(curl)
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    extra = {
        "etc/cartable/cartable.toml": '[box]\ndemonstration = "/usr/share/cartable/demonstration"\n',
        "boot/firmware/cartable.toml": '[box]\nname = "ecole-essai"\n',
        "usr/share/cartable/demonstration/catalogue.toml": "".join(smallest().values()),
        f"etc/systemd/system/{HUB}.d/soon.conf": f"[Service]\nWatchdogSec={WATCHDOG_S}\n",
    }
    with world() as made:
        lan, box, tablet, outside = made.lan(), made.computer(), made.computer(), made.computer()
        for computer, address in ((box, BOX), (tablet, TABLET), (outside, OUTSIDE)):
            lan.plug(computer, f"{address}/24")
        box.address("add", f"{HERE}/24")
        with booted(tmp_path_factory.mktemp("boot"), box, extra) as machine:
            room = Class(machine, tablet, outside)
            until(lambda: room.status("/") != "000", "nginx does not answer", 30)
            until(lambda: machine.show(HUB, "ActiveState") == "active", "the hub is not ready", 60)
            yield room


def _served(room: Class) -> bool:
    return room.status("/") == "200"


def _again(room: Class, act: Callable[[], object]) -> None:
    """After ``act``, the hub is another process, and answers."""
    before = room.box.show(HUB, "MainPID")
    act()
    until(lambda: room.box.show(HUB, "MainPID") not in (before, "0"), "not started again", 40)
    until(lambda: _served(room), "does not answer", 40)


def test_the_systemd_that_runs_them_has_nothing_to_say(room: Class) -> None:
    command = ["systemd-analyze", "verify", "--man=no", *units.UNITS]
    told = room.box.run("sh", "-c", f"cd /usr/lib/systemd/system && {shlex.join(command)} 2>&1")
    version = int(room.box.run("systemctl", "--version").split()[1])
    assert units.complaints(told, version) == []


@pytest.mark.parametrize("name", units.SERVICES)
def test_exposure_where_they_run(room: Class, name: str) -> None:
    said = room.box.run("systemd-analyze", "--no-pager", "security", "--offline=yes", name)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert level
    assert float(level.group(1)) <= 2.0, said


def test_first_boot_is_provisioned_under_its_unit(room: Class) -> None:
    """What cartable.toml on the boot partition says, and an identity, with what only root may do."""
    unit = "cartable-provision.service"
    assert room.box.show(unit, "Result") == "success", room.box.journal(unit)
    assert room.box.run("hostname") == "ecole-essai\n"
    owners = room.box.run("stat", "-c", "%U %a", "/var/lib/cartable", "/var/lib/cartable/identity.json").split("\n")
    assert owners[:2] == ["root 1770", "cartable 600"]


def test_pages_and_resources_are_served_to_the_class(room: Class) -> None:
    until(lambda: _served(room), "no page", 20)
    assert room.status("/static/app/app.css") == "200"
    assert room.status("/nothing-here", port=8081) == "404"


def test_every_kind_of_resource_gets_in(room: Class) -> None:
    """Each import ran under the hub's filters of system calls and memory: readers of every format. A hub that is
    stopped among them loses none."""
    room.box.run("systemctl", "restart", HUB)
    count = len(smallest())
    assert count > 10
    ask = ["curl", "-s", "-H", "X-Cartable-Origin: local", "--unix-socket", "/run/cartable/hub.sock"]

    def resources() -> int:
        answer = json.loads(room.box.run(*ask, "http://local/api/library"))
        return len(answer["resources"])

    until(lambda: resources() == count, f"not {count} resources", 90)
    assert "n’a pas été ajouté" not in room.box.journal(HUB)


@pytest.mark.parametrize("unit", [HUB, NGINX, CONSOLE])
def test_at_rest_each_keeps_to_its_budget(room: Class, unit: str) -> None:
    """Private memory once imports are over and pages were shown, with the workers that stay."""
    assert _served(room)
    promised = units.budget()["service"][unit.removesuffix(".service")]["idle_mb"]
    until(lambda: 0 < room.box.private(unit) <= promised << 20, f"{room.box.private(unit) >> 20} MB", 30)


def test_the_name_is_found_by_a_tablet(room: Class) -> None:
    program = Path(__file__).parents[1] / "drivers" / "mdns.py"
    command = room.tablet.command([sys.executable, str(program), "ask", "ecole-essai.local.", TABLET])
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    def answer() -> str:
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout

    assert BOX in until(answer, "nobody answers for the name", 20)
    assert room.box.run("cat", "/run/cartable/address") == "http://ecole-essai.local/\n"


SEND = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
    try:
        print(out.sendto(b"?", ({address!r}, 9)))
    except OSError as error:
        print(type(error).__name__)
"""


@pytest.mark.parametrize("unit", [HUB, NGINX])
def test_nobody_reaches_beyond_the_classroom(room: Class, unit: str) -> None:
    """Somebody is there, for a process of no unit of ours; a unit reaches the tablets alone."""
    assert room.box.inside("../init.scope", SEND.format(address=OUTSIDE)).strip() == "1"
    assert room.box.inside(unit, SEND.format(address=OUTSIDE)).strip() == "PermissionError"
    assert room.box.inside(unit, SEND.format(address=TABLET)).strip() == "1"


def test_who_is_not_of_the_classroom_gets_no_answer(room: Class) -> None:
    assert room.status(host=HERE, by=room.outside) == "000"
    room.outside.address("add", "10.77.0.9/24")
    assert room.status(host=BOX, by=room.outside) == "200"


@pytest.mark.parametrize(
    ("unit", "hidden"),
    [
        (HUB, ["/var/lib/cartable/network", "/boot/firmware", "/run/dbus", "/var/lib/dpkg", "/root/x", "/dev/mem"]),
        (NGINX, ["/var/lib/cartable/cartable.sqlite", "/boot/firmware", "/run/dbus", "/var/lib/dpkg", "/dev/mem"]),
    ],
)
def test_each_sees_its_own_files(room: Class, unit: str, hidden: list[str]) -> None:
    """Looked at from inside the service's own view of files, as its user."""
    pid = room.box.pids(unit)[0]
    user = Path(f"/proc/{pid}").stat()
    for path in hidden:
        enter = ["nsenter", "-t", str(pid), "-m", "--setuid", str(user.st_uid), "--setgid", str(user.st_gid)]
        done = subprocess.run([*enter, "--", "ls", path], capture_output=True, check=False)
        assert done.returncode != 0, f"{unit} sees {path}"
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status
    assert user.st_uid != 0


def test_the_screen_shows_how_to_reach_the_box(room: Class) -> None:
    """Its own service, which reads the code and sees the networks, and no more."""
    code = room.box.run("cat", "/run/cartable/presence-code")
    until(lambda: code in room.box.shown(), "no code on the screen", 20)
    text = room.box.shown()
    for expected in ("La boîte est prête.", f"http://{BOX}/", "http://ecole-essai.local/", "▄"):
        assert expected in text
    assert room.box.inside(CONSOLE, SEND.format(address=TABLET)).strip() == "PermissionError"


def test_whoever_asks_wakes_who_listens(room: Class) -> None:
    """No process until then; an engine that can load under the unit's filters; no network, no file."""
    assert room.box.show(SPEECH, "ActiveState") == room.box.show(STUDIO, "ActiveState") == "inactive"
    until(lambda: b'"yes"' in room.ask("/api/speech/now"), room.box.journal(SPEECH), 60)
    assert room.status("/api/studio/now") == "403"
    for unit in (SPEECH, STUDIO):
        assert room.box.show(unit, "ActiveState") == "active"
        assert room.box.inside(unit, SEND.format(address=TABLET)).strip() == "PermissionError"
    budget = units.budget()["on_demand"]
    (service, *workers) = room.box.pids(SPEECH)
    assert workers
    assert private_bytes([service]) <= budget["cartable-speech"]["idle_mb"] << 20
    assert room.box.private(STUDIO) <= budget["cartable-studio"]["idle_mb"] << 20


@pytest.mark.parametrize("unit", [SPEECH, STUDIO])
def test_who_listens_can_write_nowhere(room: Class, unit: str) -> None:
    pid = room.box.pids(unit)[0]
    user = Path(f"/proc/{pid}").stat()
    enter = ["nsenter", "-t", str(pid), "-m", "-n", "--setuid", str(user.st_uid), "--setgid", str(user.st_gid), "--"]
    for path in ("/run/cartable/x", "/var/lib/cartable/x", "/var/lib/x", "/run/x", "/x", "/usr/x"):
        assert subprocess.run([*enter, "touch", path], capture_output=True, check=False).returncode, path
    limits = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
    assert re.search(r"Max file size +0 +0 ", limits), "nor in the temporary folder, which is its own"
    links = subprocess.run([*enter, "ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in links.splitlines()] == ["lo:"]


def test_the_doctor_makes_its_round(room: Class) -> None:
    room.box.run("systemctl", "start", DOCTOR)
    assert room.box.show(DOCTOR, "Result") == "success"
    found = json.loads(room.box.run("cat", "/run/cartable/doctor.json"))
    assert found
    assert "Traceback" not in room.box.journal(DOCTOR)


def test_a_frozen_hub_is_started_again(room: Class) -> None:
    """A worker that stands still: the watchdog ends it."""
    worker = room.box.pids(HUB)[1]
    _again(room, lambda: os.kill(worker, signal.SIGSTOP))
    assert "Watchdog timeout" in room.box.journal(HUB)


def test_a_dead_worker_is_replaced(room: Class) -> None:
    _again(room, lambda: os.kill(room.box.pids(HUB)[1], signal.SIGKILL))


def test_the_presence_code_outlives_the_hub(room: Class) -> None:
    code = room.box.run("cat", "/run/cartable/presence-code")
    _again(room, lambda: room.box.run("systemctl", "restart", HUB))
    assert room.box.run("cat", "/run/cartable/presence-code") == code


def test_a_dead_nginx_is_replaced(room: Class) -> None:
    os.kill(int(room.box.pids(NGINX)[0]), signal.SIGKILL)
    until(lambda: _served(room), "does not answer", 20)


def test_the_journal_is_in_memory(room: Class) -> None:
    assert room.box.run("sh", "-c", "ls /run/log/journal") != ""
    assert room.box.run("sh", "-c", "ls /var/log/journal 2>/dev/null", check=False) == ""


def test_stopping_is_clean(room: Class) -> None:
    """Last: nothing is left afterwards."""
    room.box.run("systemctl", "stop", "cartable.target", HUB, NGINX)
    for unit in (HUB, NGINX):
        assert room.box.show(unit, "Result") == "success"
        assert room.box.pids(unit) == []
    assert not room.box.run("sh", "-c", "ls /run/cartable/address 2>/dev/null", check=False)


def test_the_card_is_looked_at_inside_its_sandbox(room: Class) -> None:
    """This machine runs from no card, hence from no partition: what is started is what the rig has for Python."""
    room.box.run("systemctl", "start", "cartable-disk.service")
    assert room.box.show("cartable-disk.service", "ActiveState") == "active"
    assert room.box.show("cartable-disk.service", "ExecMainStatus") == "0"
