# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The server process: its start, its end, its socket, what it tells systemd, and the client at the other end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.client import Client
from appliance.errors import Unreachable

pytestmark = pytest.mark.system

ECHO = """
import atexit, json, os, pathlib, time
from appliance.errors import Conflict

def make():
    import decimal  # stands for what an application loads
    mark = pathlib.Path(os.environ["MARK"])
    atexit.register(lambda: mark.write_text("closed"))
    return application

def refuse():
    raise Conflict("No room for %(who)s.", who="us")

def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(60)
    body = json.dumps({
        "origin": environ.get("HTTP_X_CARTABLE_ORIGIN"), "method": environ["REQUEST_METHOD"],
        "body": environ["wsgi.input"].read().decode(), "type": environ.get("CONTENT_TYPE"),
        "path": environ["PATH_INFO"], "query": environ["QUERY_STRING"],
    }).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [body]
"""
RUN = """
import sys
from pathlib import Path
from appliance.serve import serve
sys.exit(serve(sys.argv[1], Path(sys.argv[2]), threads=2))
"""


def _until(condition: object, what: str, deadline_s: float = 10) -> None:
    end = time.monotonic() + deadline_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, what
        time.sleep(0.02)


def _start(folder: Path, target: str = "echo:make", **environ: str) -> subprocess.Popen[str]:
    (folder / "echo.py").write_text(ECHO, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(folder), "MARK": str(folder / "mark"), **environ}
    command = [sys.executable, "-c", RUN, target, str(folder / "run" / "echo.sock")]
    return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)


def _answers(client: Client) -> bool:
    try:
        return client.request("GET", "/.alive", timeout=2).status == 204
    except Unreachable:
        return False


@contextlib.contextmanager
def _service(folder: Path, **environ: str) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    process, client = _start(folder, **environ), Client(folder / "run" / "echo.sock")
    try:
        _until(lambda: _answers(client), "the service never answered")
        yield process, client
    finally:
        process.kill()
        process.communicate()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_requests_reach_the_application_with_full_trust(tmp_path: Path) -> None:
    with _service(tmp_path) as (_, client):
        answer = client.request("POST", "/a%20b?q=1", {"é": 1}, headers={"X-Cartable-Origin": "hub"})
        told = answer.json()
    assert answer.status == 200
    assert answer.headers["set-cookie"] == "a=1, b=2"
    assert told["origin"] == "local"
    assert (told["method"], told["path"], told["query"]) == ("POST", "/a b", "q=1")
    assert told["type"] == "application/json"
    assert told["body"] == '{"\\u00e9": 1}'


def test_only_owner_and_group_may_connect(tmp_path: Path) -> None:
    with _service(tmp_path):
        assert (tmp_path / "run" / "echo.sock").stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with _service(tmp_path) as (process, _), socket.socket(socket.AF_UNIX) as idle:
        idle.connect(str(tmp_path / "run" / "echo.sock"))
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(12) == b"HTTP/1.1 200"
        worker = _children(process.pid)[0]
        begun = time.monotonic()
        process.send_signal(number)
        assert process.wait(6) == 0
        assert time.monotonic() - begun < 3
        assert _gone(worker)
        assert (tmp_path / "mark").read_text() == "closed"
        assert not (tmp_path / "run" / "echo.sock").exists()
        assert process.stderr is not None
        assert process.stderr.read() == ""


def _idle(folder: Path, stack: contextlib.ExitStack) -> None:
    """A connection kept open after an answer, as nginx keeps some."""
    held = stack.enter_context(socket.socket(socket.AF_UNIX))
    held.settimeout(5)
    held.connect(str(folder / "run" / "echo.sock"))
    held.sendall(b"GET /.alive HTTP/1.1\r\nHost: x\r\n\r\n")
    assert held.recv(12) == b"HTTP/1.1 204"


def test_connections_kept_idle_shut_nobody_out_and_delay_no_stop(tmp_path: Path) -> None:
    with _service(tmp_path) as (process, client), contextlib.ExitStack() as stack:
        for _ in range(200):
            _idle(tmp_path, stack)
        assert client.request("GET", "/", timeout=5).status == 200
        begun = time.monotonic()
        process.terminate()
        assert process.wait(6) == 0
        assert time.monotonic() - begun < 3
        assert (tmp_path / "mark").read_text() == "closed"


def test_a_request_that_never_ends_delays_the_stop_by_five_seconds_at_most(tmp_path: Path) -> None:
    with _service(tmp_path) as (process, _), socket.socket(socket.AF_UNIX) as stuck:
        stuck.connect(str(tmp_path / "run" / "echo.sock"))
        stuck.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        process.terminate()
        assert process.wait(5.5) == 0


def test_no_worker_survives_the_parent(tmp_path: Path) -> None:
    with _service(tmp_path) as (process, _):
        worker = _children(process.pid)[0]
        process.kill()
        _until(lambda: _gone(worker), "the worker is an orphan")


def test_a_dead_worker_ends_the_service(tmp_path: Path) -> None:
    with _service(tmp_path) as (process, _):
        os.kill(_children(process.pid)[0], signal.SIGKILL)
        assert process.wait(5) != 0


def test_a_dead_socket_is_replaced_and_a_live_one_respected(tmp_path: Path) -> None:
    with _service(tmp_path) as (first, client):
        second = _start(tmp_path)
        assert "already answers" in second.communicate(timeout=10)[1]
        assert second.returncode != 0
        assert _answers(client)
        first.kill()
        first.wait()
        _until(lambda: not _answers(client), "still there")
        assert (tmp_path / "run" / "echo.sock").exists()
    with _service(tmp_path) as (_, client):
        assert _answers(client)


def test_an_application_that_refuses_to_start_says_why(tmp_path: Path) -> None:
    process = _start(tmp_path, "echo:refuse")
    errors = process.communicate(timeout=10)[1]
    assert process.returncode != 0
    assert "cartable: No room for us." in errors
    assert "Traceback" not in errors


def test_systemd_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        with _service(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="200000") as (process, _):
            assert systemd.recv(100) == b"READY=1"
            assert systemd.recv(100) == b"WATCHDOG=1"
            process.terminate()
            process.wait(6)
            heard = [systemd.recv(100)]
            while heard[-1] == b"WATCHDOG=1":
                heard.append(systemd.recv(100))
        assert heard[-1] == b"STOPPING=1"


def _silent(systemd: socket.socket, seconds: float, deadline_s: float = 10) -> bool:
    """Whether nothing was heard for so long, some time before the deadline."""
    end = time.monotonic() + deadline_s
    systemd.settimeout(seconds)
    with contextlib.suppress(TimeoutError):
        while time.monotonic() < end:
            systemd.recv(100)
        return False
    return True


def test_a_service_that_stands_still_tells_where_and_is_given_up(tmp_path: Path) -> None:
    """Every thread busy: no sign of life, but a line in the journal for each function it stands in."""
    with contextlib.ExitStack() as stack, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        process, _ = stack.enter_context(_service(tmp_path, **environ))
        assert systemd.recv(100) == b"READY=1"
        assert systemd.recv(100) == b"WATCHDOG=1"
        for _ in range(2):
            stuck = stack.enter_context(socket.socket(socket.AF_UNIX))
            stuck.connect(str(tmp_path / "run" / "echo.sock"))
            stuck.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        assert _silent(systemd, 1)
        process.terminate()
        errors = process.communicate(timeout=6)[1]
    assert "in application" in errors


def test_the_watching_process_stays_small(tmp_path: Path) -> None:
    with _service(tmp_path) as (process, _):
        pids = [process.pid, *_children(process.pid)]
        private = [_pss_anon(pid) for pid in pids]
        maps = Path(f"/proc/{process.pid}/maps").read_text()
    assert private[0] < 16_000, f"{private} kB"
    assert sum(private) < 32_000, f"{private} kB"
    assert "_decimal" not in maps


def _pss_anon(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss_Anon:"))


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="is it running"):
        Client(tmp_path / "none.sock").request("GET", "/")


@pytest.mark.parametrize("bytes_sent", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"])
def test_a_broken_answer_is_unreachable(tmp_path: Path, bytes_sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as broken:
        broken.bind(str(tmp_path / "s"))
        broken.listen()
        pid = os.fork()
        if pid == 0:
            held, _ = broken.accept()
            held.recv(1000)
            held.sendall(bytes_sent)
            held.close()
            os._exit(0)
        with pytest.raises(Unreachable):
            Client(tmp_path / "s").request("GET", "/", timeout=5)
        os.waitpid(pid, 0)


def test_a_silent_service_is_given_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        with pytest.raises(Unreachable):
            Client(tmp_path / "s").request("GET", "/", timeout=0.2)
