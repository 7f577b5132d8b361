# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable dev`` as a newcomer runs it: real processes, real signals."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rigs.netns import available, world
from tests.rigs.nginx import free_port

pytestmark = pytest.mark.system


class Dev:
    """One ``cartable dev``, and what it has said."""

    def __init__(self, state: Path, *options: str, wrap: Callable[[list[str]], list[str]] = list) -> None:
        self.port, self.content_port = free_port(), free_port()
        command = [sys.executable, "-m", "appliance", "dev", "--state", str(state)]
        if "--advert" in options:
            options = tuple(option for option in options if option != "--advert")
        else:
            command.append("--no-advert")
        ports = ["--port", str(self.port), "--content-port", str(self.content_port)]
        self.state = state
        self.process = subprocess.Popen(
            wrap([*command, *([] if "--port" in options else ports), *options]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            self._lines.put(line)

    def wait_for(self, pattern: str, deadline_s: float = 30) -> str:
        end = time.monotonic() + deadline_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                pytest.fail(f"{pattern!r} was not said: {''.join(self.said)}")
            if re.search(pattern, line):
                return line

    def page(self, path: str = "/") -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def hubs(self) -> list[int]:
        """Every process of this box but the first."""
        mark = "CARTABLE_OVERRIDES={"
        found = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if folder.name.isdecimal() and mark in (text := (folder / "environ").read_text(errors="replace")):
                    alive = (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
                    if f'"{self.state}"' in text and alive:
                        found.append(int(folder.name))
        return found

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextlib.contextmanager
def dev(state: Path, *options: str, wrap: Callable[[list[str]], list[str]] = list) -> Iterator[Dev]:
    started = Dev(state, *options, wrap=wrap)
    try:
        yield started
    finally:
        started.end()
        until(lambda: not started.hubs(), "a process was left behind")


def until(condition: Callable[[], object], what: str, deadline_s: float = 20) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_a_key_comes_with_the_address_that_is_shown(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "appliance", "--state", str(tmp_path / "s"), "records", "key", "add"]
    with dev(tmp_path / "s") as started:
        shown = started.wait_for("http://").split()[-1]
        made = subprocess.run([*command, "x"], capture_output=True, text=True, timeout=60, check=True).stdout
        assert f":{started.port}/" in shown
        assert made.splitlines()[0].split()[-1] == f"{shown}xapi"
        started.process.terminate()
        assert started.process.wait(10) == 0
    assert not (tmp_path / "s" / "run" / "address").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_start_and_clean_stop(tmp_path: Path, number: signal.Signals) -> None:
    with dev(tmp_path / "state") as box:
        line = box.wait_for(r"http://")
        assert re.search(rf"http://[0-9.]+:{box.port}/", line)
        if "127.0.0.1" not in line:  # a machine that is on no network shows none
            assert any("█" in said for said in box.said), "a QR code"
        assert box.page() == 200
        assert box.hubs()
        begun = time.monotonic()
        box.process.send_signal(number)
        assert box.process.wait(6) == 0, "".join(box.said)
        assert time.monotonic() - begun < 5
        assert not box.hubs()
        assert not (tmp_path / "state" / "run" / "hub.sock").exists()
        assert "Traceback" not in "".join(box.said)


def test_a_code_that_has_served_is_told_anew(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with dev(state) as box:
        told = box.wait_for(r"/enseignant .*\d{6}")
        (state / "run" / "presence-code").write_text(
            "480213", encoding="ascii"
        )  # as the hub does once an account is made
        assert "480213" not in told
        box.wait_for("480213")


def test_a_reader_who_never_ends_does_not_hold_the_stop(tmp_path: Path) -> None:
    with dev(tmp_path / "state") as box, socket.socket() as idle:
        box.wait_for(r"http://")
        idle.connect(("127.0.0.1", box.port))
        idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle.recv(9) == b"HTTP/1.1 "
        box.process.send_signal(signal.SIGINT)
        assert box.process.wait(5) == 0


def test_a_crashed_hub_comes_back(tmp_path: Path) -> None:
    with dev(tmp_path / "state") as box:
        box.wait_for(r"http://")
        for pid in box.hubs():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: box.page() in (0, 502), "the hub was not away")
        until(lambda: box.page() == 200, "the hub did not come back")
        assert box.process.poll() is None


def test_nothing_survives_a_kill(tmp_path: Path) -> None:
    with dev(tmp_path / "state") as box:
        box.wait_for(r"http://")
        box.process.kill()
        until(lambda: not box.hubs(), "the hub is an orphan")
    with dev(tmp_path / "state") as again:
        again.wait_for(r"http://")
        assert again.page() == 200


@pytest.mark.parametrize("option", ["--port", "--content-port"])
def test_a_port_that_is_taken(tmp_path: Path, option: str) -> None:
    with socket.socket() as holder:
        holder.bind(("0.0.0.0", 0))
        holder.listen()
        taken = str(holder.getsockname()[1])
        others = ["--content-port" if option == "--port" else "--port", str(free_port())]
        with dev(tmp_path / "state", option, taken, *others) as box:
            assert box.process.wait(15) == 1
            box._reader.join()
            said = "".join(box.said)
    assert taken in said
    assert "--port" in said
    assert "Traceback" not in said


def test_a_second_one_on_the_same_state(tmp_path: Path) -> None:
    with dev(tmp_path / "state") as first:
        first.wait_for(r"http://")
        second = Dev(tmp_path / "state")
        try:
            assert second.process.wait(15) == 1
            second._reader.join()
            said = "".join(second.said)
        finally:
            second.end()
        assert "--state" in said
        assert "Traceback" not in said
        assert first.page() == 200


def test_a_state_folder_too_deep_for_a_socket(tmp_path: Path) -> None:
    with dev(tmp_path / ("d" * 100)) as box:
        assert box.process.wait(15) == 1
        box._reader.join()
        assert "--state" in "".join(box.said)


def test_a_hub_that_cannot_start(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with dev(state, "--demonstration", str(tmp_path / "none")) as box:
        assert box.process.wait(60) == 1
        box._reader.join()
        said = "".join(box.said)
    assert str(tmp_path / "none") in said
    assert "Traceback" not in said


def test_a_service_that_cannot_start_stops_no_class(tmp_path: Path) -> None:
    run = tmp_path / "state" / "run"
    run.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as other, dev(tmp_path / "state") as box:
        other.bind(str(run / "speech.sock"))
        other.listen()
        box.wait_for(r"speech\.sock")
        for seconds in ("0.5", "1.0", "2.0"):
            box.wait_for(rf"speech .*{re.escape(seconds)} s")
        assert box.page() == 200
        until(lambda: box.page("/api/studio/now") == 403, "the studio is not there")
        other.close()
        until(lambda: box.page("/api/speech/now") == 200, "speech did not come back")
        assert "Traceback" not in "".join(box.said)


@pytest.mark.parametrize("number", ["-1", "70000"])
def test_a_port_that_is_none(tmp_path: Path, number: str) -> None:
    with dev(tmp_path / "state", "--port", number) as box:
        assert box.process.wait(15) == 1
        box._reader.join()
        assert number in "".join(box.said)


@pytest.mark.network
@pytest.mark.skipif(not available(), reason="needs root and iproute2")
@pytest.mark.parametrize("options", [(), ("--advert",)], ids=["simulated", "zeroconf"])
def test_with_no_network_but_loopback_then_one(tmp_path: Path, options: tuple[str, ...]) -> None:
    with world() as net:
        lonely, lan = net.computer(), net.lan()
        with dev(tmp_path / "state", *options, wrap=lambda command: lonely.command(command)) as box:
            assert "http://127.0.0.1:" in box.wait_for(r"http://")
            box.wait_for("Ctrl-C")
            told = "".join(box.said)
            assert "Il n’y a pas de réseau" in told
            assert "tablette, ou" not in told
            assert "█" not in told
            lan.plug(lonely, "10.1.0.2/24")  # and no way out of it
            assert f"http://10.1.0.2:{box.port}/" in box.wait_for("tablette, ou")
            assert "█" in "".join(box.said)
            box.wait_for("Ctrl-C")
            box.process.send_signal(signal.SIGINT)
            assert box.process.wait(6) == 0


def test_listening_on_this_computer_only(tmp_path: Path) -> None:
    with dev(tmp_path / "state", "--address", "127.0.0.1") as box:
        box.wait_for("Ctrl-C")
        told = "".join(box.said)
    assert f"http://127.0.0.1:{box.port}/" in told
    assert "réseau" not in told
    assert "█" not in told


def test_a_second_start_serves_a_page_again(tmp_path: Path) -> None:
    """How fast is the benchmark's affair (``make bench NAME=hub``)."""
    for _ in range(2):
        with dev(tmp_path / "state") as box:
            box.wait_for(r"http://")
            box.process.terminate()
            box.process.wait(6)
