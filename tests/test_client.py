# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Services that answer, close and fall silent when they like."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.client import Client
from appliance.errors import Unreachable
from tests.rigs.one_answer import service

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
MORE_THAN_THE_SOCKET_HOLDS = bytes(8 << 20)


def test_an_answer_that_does_not_wait_for_the_body_is_heard(tmp_path: Path) -> None:
    with service(tmp_path / "s", ANSWER, 1 << 10):
        answer = Client(tmp_path / "s").request("POST", "/verify", body=MORE_THAN_THE_SOCKET_HOLDS)
    assert (answer.status, answer.body) == (202, b"{}")


def test_a_service_that_closes_without_an_answer_is_not_there(tmp_path: Path) -> None:
    with service(tmp_path / "s", b"", 1 << 10), pytest.raises(Unreachable):
        Client(tmp_path / "s").request("POST", "/verify", body=MORE_THAN_THE_SOCKET_HOLDS)
