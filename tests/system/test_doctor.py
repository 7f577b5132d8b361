# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable doctor`` itself, typed as a technician does: beside a real hub, without one, and on what is broken."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from appliance import identity_file
from appliance.client import Client
from appliance.errors import Unreachable
from appliance.health import notes
from appliance.identity_file import Machine
from appliance.store.migrations import migrate
from tests.faults import disks
from tests.rigs.box import until

pytestmark = pytest.mark.system

FINE = '[drivers]\nmachine = "simulated"\n'
START_S = 40.0


class Place:
    """A state folder, a configuration, the commands on them."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.config = folder / "cartable.toml"
        self.config.write_text(FINE)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "appliance", "--config", str(self.config), "--state", str(self.state), *words]

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environ)
        assert "Traceback" not in found.stderr, found.stderr
        return found

    def doctor(self, *options: str) -> subprocess.CompletedProcess[str]:
        return self.run(self.command("doctor", *options))

    def told(self) -> tuple[int, dict[str, dict[str, Any]]]:
        """Exit code, and the checks of ``--json`` by id."""
        run = self.doctor("--json")
        found = json.loads(run.stdout)
        assert found["ok"] is (run.returncode == 0)
        return run.returncode, {check["id"]: check for check in found["checks"]}

    def wrong(self) -> set[str]:
        code, found = self.told()
        wrong = {name for name, check in found.items() if check["state"] == "wrong"}
        assert bool(wrong) == (code == 1)
        assert all(found[name]["mend"] for name in wrong)
        return wrong

    def hub(self) -> subprocess.Popen[bytes]:
        """Started, answering, in a process group of its own."""
        process = subprocess.Popen(self.command("hub"), start_new_session=True, stderr=subprocess.DEVNULL)
        until(self.well, "the hub does not start", START_S)
        return process

    def well(self) -> bool:
        with contextlib.suppress(Unreachable):
            return Client(self.state / "run" / "hub.sock").request("GET", "/api/health", timeout=5).status == 200
        return False


def kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def stopped(place: Place) -> Place:
    """A box that was started once and is off."""
    migrate(place.state / "cartable.sqlite")
    return place


@pytest.fixture
def running(stopped: Place) -> Iterator[Place]:
    process = stopped.hub()
    yield stopped
    kill(process)


def test_beside_a_real_hub_that_is_killed_and_comes_back(stopped: Place) -> None:
    hub = stopped.hub()
    try:
        assert stopped.wrong() == set()
        assert "Rien à réparer." in stopped.doctor().stdout
        asking = subprocess.Popen(stopped.command("doctor", "--json"), stdout=subprocess.PIPE, text=True)
        kill(hub)
        told = json.loads(asking.communicate(timeout=60)[0])
        assert {check["id"] for check in told["checks"] if check["state"] == "wrong"} <= {"hub"}
        assert asking.returncode == (0 if told["ok"] else 1)
        assert stopped.wrong() == {"hub"}
        text = stopped.doctor().stdout
        assert "✗ Pages : ne répondent pas" in text.replace("\u00a0", " ")
        assert "systemctl restart cartable-hub" in text
    finally:
        kill(hub)
    hub = stopped.hub()
    try:
        code, found = stopped.told()
        assert (code, found["search"]["state"], found["library"]["state"]) == (0, "fine", "fine")
    finally:
        kill(hub)


def test_a_hub_that_dies_under_the_question(stopped: Place) -> None:
    """Killed while doctors ask: each ends with an answer of its own."""
    hub = stopped.hub()
    asking = [subprocess.Popen(stopped.command("doctor", "--json"), stdout=subprocess.PIPE, text=True) for _ in "123"]
    try:
        assert asking[0].stdout is not None
        first = asking[0].stdout.read()
    finally:
        kill(hub)
    told = [first, *(process.communicate(timeout=60)[0] for process in asking[1:])]
    for process, text in zip(asking, told, strict=True):
        found = json.loads(text)
        assert process.wait(timeout=60) == (0 if found["ok"] else 1)
        assert {check["id"] for check in found["checks"] if check["state"] == "wrong"} <= {"hub"}
    asking[0].stdout.close()


def test_no_box_at_all(place: Place) -> None:
    assert place.wrong() == {"hub", "state"}
    assert not place.state.exists()


def test_an_empty_folder(place: Place) -> None:
    place.state.mkdir()
    assert place.wrong() == {"hub", "database"}
    assert list(place.state.iterdir()) == []


def test_a_database_that_is_none(place: Place) -> None:
    place.state.mkdir()
    (place.state / "cartable.sqlite").write_bytes(b"scribble" * 1000)
    assert place.wrong() == {"hub", "database"}
    assert (place.state / "cartable.sqlite").read_bytes() == b"scribble" * 1000


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[hub]\nthraeds = 4\n", "hub.thraeds"),
        ('[library]\nmax_files = "many"\n', "library.max_files"),
        ("[hob]\n", "hob"),
        ("[hub\n", "cartable.toml"),
        ("\udcff", "cartable.toml"),
        ('[drivers]\nmachine = "abacus"\n', "abacus"),
        ('[drivers]\nmachine = "simulated"\nmachine_faults = "rust"\n', "rust"),
        ('[drivers]\nmachine_faults = "power"\n', "drivers.machine_faults"),
    ],
)
def test_a_configuration_that_cannot_be_used(stopped: Place, text: str, named: str) -> None:
    stopped.config.write_bytes(text.encode(errors="surrogateescape"))
    code, found = stopped.told()
    assert code == 1
    assert found["config"]["state"] == "wrong"
    assert named in found["config"]["detail"]
    assert found["database"]["state"] == "fine"


def test_the_other_words_still_refuse_it(stopped: Place) -> None:
    stopped.config.write_text("[hub]\nthraeds = 4\n")
    run = stopped.run(stopped.command("library", "list"))
    assert (run.returncode, run.stdout) == (1, "")
    assert "hub.thraeds" in run.stderr


def test_a_read_only_card(stopped: Place) -> None:
    for _ in stopped.state.glob("cartable.sqlite-*"):
        _.unlink()
    run = stopped.run(disks.read_only(stopped.state, stopped.command("doctor", "--json")))
    checks = {check["id"]: check["state"] for check in json.loads(run.stdout)["checks"]}
    assert run.returncode == 1
    assert {checks["state"], checks["database"]} <= {"wrong", "fine"}
    assert checks["database"] == "wrong"
    assert checks["integrity"] == "fine"


@pytest.mark.skipif(not disks.namespace(), reason="needs a mount namespace")
def test_a_sandbox_is_no_fault_of_the_card(stopped: Place) -> None:
    """The timer's unit sees the state folder read-only; the hub may well write it."""
    stopped.config.write_text("")
    run = stopped.run(disks.read_only(stopped.state, stopped.command("doctor", "--json")))
    checks = {check["id"]: check["state"] for check in json.loads(run.stdout)["checks"]}
    assert {checks[name] for name in ("state", "card", "database", "integrity", "records")} <= {"fine", "unknown"}


def test_a_full_card(stopped: Place, tmp_path: Path) -> None:
    """The real machine's own figures: not a byte is left, and the database stands on it."""
    stopped.config.write_text("")
    fill = 'cp -r "$1"/. "$2" && { cat /dev/zero > "$2/fill" || true; } 2>/dev/null; shift 2; exec "$@"'
    disk = tmp_path / "disk"
    disk.mkdir()
    place = Place(tmp_path)
    place.state = disk
    place.config.write_text("")
    copied = ["sh", "-c", fill, "sh", str(stopped.state), str(disk), *place.command("doctor", "--json")]
    if not disks.namespace():
        pytest.skip("needs a mount namespace")
    run = place.run(disks.full(disk, 4, copied))
    checks = {check["id"]: check for check in json.loads(run.stdout)["checks"]}
    assert run.returncode == 1
    assert checks["disk"]["state"] == "wrong"
    assert checks["database"]["state"] in ("fine", "wrong")


def test_journal_lines_carry_their_priority_and_reach_the_page(running: Place) -> None:
    run = running.doctor("--journal")
    assert (run.returncode, run.stdout) == (0, "")
    running.config.write_text(FINE + 'machine_faults = "service-failed power"\n')
    run = running.doctor("--journal")
    lines = run.stdout.splitlines()
    assert run.returncode == 1
    assert len(lines) == 2
    assert all(line.startswith("<3>") for line in lines)
    assert "Alimentation" in lines[0]
    assert "cartable-hub: failed" in lines[1]
    assert (running.state / "run" / notes.NAME).stat().st_mode & 0o777 == 0o644
    answer = Client(running.state / "run" / "hub.sock").request("GET", "/api/health").json()
    states = {check["id"]: check["state"] for check in answer["checks"]}
    assert (states["services"], states["integrity"]) == ("wrong", "fine")
    assert states["power"] == "fine"  # the hub sees that for itself


@pytest.mark.parametrize(("language", "word"), [("fr", "à réparer"), ("en", "to mend")])
def test_speaks_the_language_of_the_box(stopped: Place, language: str, word: str) -> None:
    stopped.config.write_text(f'[box]\nlanguage = "{language}"\n{FINE}machine_faults = "power heat"\n')
    run = stopped.doctor()
    assert run.returncode == 1
    assert word in run.stdout.splitlines()[-7]
    assert run.stdout.count("→") == 3


def test_a_console_that_knows_no_accents(stopped: Place) -> None:
    environ = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    run = subprocess.run(stopped.command("doctor"), capture_output=True, timeout=60, check=False, env=environ)
    assert run.returncode == 1
    assert b"Traceback" not in run.stderr
    assert run.stdout.isascii()


OPEN = """
mount --bind "$1" "$2" && mount -t tmpfs -o mode=755 none "$1" || exit
for found in "$2"/* "$2"/.[!.]*; do
    if [ -d "$found" ]; then mkdir "$1/${found##*/}" && mount --bind "$found" "$1/${found##*/}" || exit; fi
done
shift 2
exec "$@"
"""


def opened(folder: Path) -> list[str]:
    """What to put before a command, for others to be let into the home where this Python stands."""
    closed = [place for place in Path(sys.base_prefix).parents if not place.stat().st_mode & stat.S_IXOTH]
    at = folder / "closed"
    at.mkdir()
    return ["unshare", "--mount", "sh", "-c", OPEN, "sh", str(closed[-1]), str(at)] if closed else []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_somebody_else_is_told_what_they_may_not_see(running: Place, tmp_path: Path) -> None:
    """Neither root nor the box's user: nothing is called a fault that only they cannot see."""
    running.state.chmod(0o700)
    for folder in (running.state.parent, *list(running.state.parents)[1:4]):
        with contextlib.suppress(OSError):
            folder.chmod(0o755)
    running.config.chmod(0o644)
    other = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    run = running.run([*opened(tmp_path), *other, *running.command("doctor", "--json")])
    checks = {check["id"]: check["state"] for check in json.loads(run.stdout)["checks"]}
    assert (checks["state"], checks["hub"]) == ("unknown", "unknown")


def test_two_ways_of_telling_are_one_too_many(place: Place) -> None:
    assert place.doctor("--json", "--journal").returncode == 2


def test_what_a_service_wrote_gives_the_terminal_no_orders(stopped: Place) -> None:
    identity_file.write(stopped.state / "identity.json", identity_file.Identities(identity_file.fresh(Machine())))
    (stopped.state / "cartable-erreur.txt").write_text("a\x1b]0;b\x07\x9b2Jc")
    for options in ((), ("--journal",)):
        run = stopped.doctor(*options)
        assert "a?]0;b??2Jc" in run.stdout
        assert not {"\x1b", "\x07", "\x9b"} & set(run.stdout)
