# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Clients of a record store over a Unix socket: keep-alive, requests ready before the clock starts.

Plain sockets, one thread each: the client must cost less than what it measures.
"""

from __future__ import annotations

import base64
import dataclasses
import itertools
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from bench import statements

VERSION_HEADER = {"X-Experience-API-Version": "1.0.3"}


@dataclasses.dataclass(slots=True)
class Posted:
    """What a run did."""

    statements: int = 0
    acknowledged: list[float] = dataclasses.field(default_factory=list)
    """Seconds from the start to each answer, in order."""

    def per_second(self, share: float = 1.0) -> float:
        """Statements acknowledged each second, over the first ``share`` of the answers."""
        count = max(1, int(len(self.acknowledged) * share))
        return self.statements / len(self.acknowledged) * count / self.acknowledged[count - 1]


def basic(user: str, password: str) -> dict[str, str]:
    """The header of a key."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A whole HTTP/1.1 request."""
    fields = {"Host": "localhost", **VERSION_HEADER, **headers}
    if body:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def batches(size: int, count: int, run: int) -> list[bytes]:
    """``count`` bodies of ``size`` statements each, ids new in this ``run``; the one of a batch of 1 is no array."""
    found = []
    for number in range(count):
        texts = list(statements.texts(number * size, size, run))
        found.append((texts[0] if size == 1 else f"[{','.join(texts)}]").encode())
    return found


class Connection:
    """One kept-alive connection."""

    def __init__(self, address: Path | tuple[str, int]) -> None:
        family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.settimeout(120)
        self._socket.connect(str(address) if isinstance(address, Path) else address)
        if not isinstance(address, Path):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, message: bytes) -> tuple[int, bytes]:
        """Send a request; returns status and body. Raises ConnectionError when the server hangs up."""
        self._socket.sendall(message)
        got = bytearray()
        while (end := got.find(b"\r\n\r\n")) < 0:
            self._more(got)
        head = bytes(got[:end]).lower()
        body = got[end + 4 :]
        if b"transfer-encoding: chunked" in head:
            return int(head[9:12]), self._chunks(body)
        length = 0 if head[9:12] == b"204" else int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            self._more(body)
        return int(head[9:12]), bytes(body)

    def _chunks(self, got: bytearray) -> bytes:
        body = bytearray()
        while True:
            while (end := got.find(b"\r\n")) < 0:
                self._more(got)
            size = int(bytes(got[:end]).split(b";")[0], 16)
            while len(got) < end + 2 + size + 2:
                self._more(got)
            body += got[end + 2 : end + 2 + size]
            del got[: end + 2 + size + 2]
            if not size:
                return bytes(body)

    def _more(self, got: bytearray) -> None:
        block = self._socket.recv(1 << 18)
        if not block:
            raise ConnectionError("the server hung up")
        got += block

    def close(self) -> None:
        self._socket.close()


def post(
    address: Path | tuple[str, int], path: str, headers: Mapping[str, str], bodies: Iterable[bytes], size: int,
    clients: int,
) -> Posted:  # fmt: skip
    """Each client sends a body, waits for its answer, sends the next, until all are acknowledged.

    Raises RuntimeError when an answer is not 200.
    """
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for body in bodies:
        waiting.put(request("POST", path, headers, body))
    done, ready = Posted(), threading.Barrier(clients + 1)
    failed: list[str] = []
    begun = 0.0

    def client() -> None:
        connection = Connection(address)
        ready.wait()
        try:
            while not failed:
                status, told = connection.ask(waiting.get_nowait())
                if status != 200:
                    failed.append(f"{status} {told[:300]!r}")
                done.acknowledged.append(time.monotonic() - begun)
        except queue.Empty:
            pass
        except (OSError, ValueError) as error:
            failed.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    ready.wait()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"{len(failed)} requests failed, the first: {failed[0]}")
    done.acknowledged.sort()
    done.statements = size * len(done.acknowledged)
    return done


def latencies(
    address: Path | tuple[str, int], headers: Mapping[str, str], paths: Sequence[str],
    check: Callable[[str, int, bytes], None],
) -> list[float]:  # fmt: skip
    """Milliseconds of each GET, one after the other on one connection; ``check`` sees every answer."""
    connection, times = Connection(address), []
    for path in itertools.chain(paths[:5], paths):
        message = request("GET", path, headers)
        start = time.perf_counter()
        status, body = connection.ask(message)
        times.append((time.perf_counter() - start) * 1000)
        check(path, status, body)
    connection.close()
    return times[5:]
