# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.client import Client
from appliance.records_outbox import RecordsOutbox
from tests.outbox.rig import Watch
from tests.rigs import records_socket
from tests.rigs.records_socket import RecordsSocket


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cartable-") as folder:  # a Unix socket's path has at most 107 bytes
        yield Path(folder) / "hub.sock"


@pytest.fixture
def hub(socket: Path) -> Iterator[RecordsSocket]:
    with records_socket.listening(socket) as listening:
        yield listening


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def opened(tmp_path: Path, socket: Path, watch: Watch) -> Iterator[Callable[[], RecordsOutbox]]:
    """Opens the outbox; again: as after a crash, when the process is gone and its lock with it."""
    boxes: list[RecordsOutbox] = []

    def opens() -> RecordsOutbox:
        for gone in boxes:
            gone.close()
        boxes[:] = [RecordsOutbox(tmp_path / "outbox", Client(socket), watch, seed=1)]
        return boxes[0]

    yield opens
    for left in boxes:
        left.close()
