# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""kill -9 before every side effect of the outbox, and a disk that fills: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import disks
from tests.rigs import records_socket
from tests.rigs.records_socket import RecordsSocket

WORDS = ("first", "refused", "third")


@pytest.fixture
def socket() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cartable-") as folder:
        yield Path(folder) / "hub.sock"


def inside(folder: Path, socket: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "tests.faults.inside_outbox", str(folder), str(socket), *words]


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def ids(run: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in run.stdout.splitlines() if re.fullmatch(r"[0-9a-f-]{36}", line)]


def refuse_one(hub: RecordsSocket) -> None:
    hub.refuses = lambda statement: 400 * statement["object"]["id"].endswith("/refused")


@pytest.mark.system
@pytest.mark.timeout(300)
def test_killed_before_each_side_effect(tmp_path: Path, socket: Path) -> None:
    log = tmp_path / "steps"
    with records_socket.listening(socket) as hub:
        refuse_one(hub)
        whole = run(inside(tmp_path / "whole", socket, *WORDS), CARTABLE_FAIL_AT=f"0:{log}")
        assert whole.stdout.endswith("waiting 0 refused 1\n"), whole.stderr
    steps = log.read_text().splitlines()
    assert {"queue write", "queue sync", "outbox post", "outbox answered", "outbox set aside"} <= set(steps)
    for number, name in enumerate(steps, 1):
        with records_socket.listening(socket) as hub:
            refuse_one(hub)
            _kill_at(tmp_path / str(number), socket, hub, number, name)


def _kill_at(folder: Path, socket: Path, hub: RecordsSocket, number: int, name: str) -> None:
    folder.mkdir()
    killed = run(inside(folder / "outbox", socket, *WORDS), CARTABLE_FAIL_AT=f"{number}:{folder / 'steps'}")
    assert killed.returncode == 137, (name, killed.stderr)
    after = run(inside(folder / "outbox", socket))
    assert after.stdout.startswith("waiting 0 refused "), (name, after.stderr)
    aside = {path.stem for path in (folder / "outbox" / "refused").glob("*.json")}
    assert set(ids(killed)) <= set(hub.stored) | aside, name
    assert not set(hub.stored) & aside, name
    added = [statement["object"]["id"] for statement in hub.stored.values()]
    assert len(added) == len(set(added)) <= 2, name
    assert len(aside) <= 1, name


@pytest.mark.system
def test_a_full_disk_keeps_what_it_took(tmp_path: Path, socket: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    words = ["x*60000"] * 40  # 2.4 MB on a disk of 1 MB
    with records_socket.listening(socket) as hub:
        full = run(disks.full(small, 1, inside(small / "outbox", socket, *words)))
        assert full.returncode == 0, full.stderr
        kept = ids(full)
        assert 5 < len(kept) < 20
        assert full.stdout.count("full") == 40 - len(kept)
        assert list(hub.stored) == kept
        assert full.stdout.endswith("waiting 0 refused 0\n")
