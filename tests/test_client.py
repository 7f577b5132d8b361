# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Services that answer, close and fall silent when they like."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.client import Client
from appliance.errors import Unreachable

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
MORE_THAN_THE_SOCKET_HOLDS = bytes(8 << 20)


@contextlib.contextmanager
def service(path: Path, answer: bytes) -> Iterator[Client]:
    """Gives ``answer`` after the head of a request and closes, whatever else was to come."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1 << 10)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Client(path)
        thread.join()


def test_an_answer_that_does_not_wait_for_the_body_is_heard(tmp_path: Path) -> None:
    with service(tmp_path / "s", ANSWER) as client:
        answer = client.request("POST", "/verify", body=MORE_THAN_THE_SOCKET_HOLDS)
    assert (answer.status, answer.body) == (202, b"{}")


def test_a_service_that_closes_without_an_answer_is_not_there(tmp_path: Path) -> None:
    with service(tmp_path / "s", b"") as client, pytest.raises(Unreachable):
        client.request("POST", "/verify", body=MORE_THAN_THE_SOCKET_HOLDS)
