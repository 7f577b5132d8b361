# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The first look of cartable-disk.service (``systemd/disk``): Python starts unless the card is as it leaves it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import units
from tests.provisioning.cards import card, provision

LOOK = units.SOURCE / "disk"


def looked(path: Path, program: str) -> subprocess.CompletedProcess[str]:
    """The unit's first look at the card; ``program`` stands for the command that it may start."""
    return subprocess.run(
        ["sh", LOOK, path], capture_output=True, text=True, env={**os.environ, "CARTABLE": program}, check=False
    )


def test_a_card_that_is_done_starts_no_python(tmp_path: Path) -> None:
    path = card(tmp_path / "card", 4_000)
    assert looked(path, "echo").stdout == f"provision disk --disk {path}\n"
    assert provision(path).returncode == 0
    done = looked(path, "false")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("position", "byte"),
    [(450, 0x07), (466, 0x00), (482, 0x00), (498, 0xDA), (498, 0x82), (450, 0xEE), (510, 0x00), (511, 0xAB)],
)
def test_whatever_else_stands_there_is_for_the_command(tmp_path: Path, position: int, byte: int) -> None:
    path = card(tmp_path / "card", 4_000)
    assert provision(path).returncode == 0
    with path.open("r+b") as file:
        file.seek(position)
        file.write(bytes([byte]))
    assert looked(path, "echo").stdout == f"provision disk --disk {path}\n"
    assert looked(path, "false").returncode == 1


def test_a_card_that_cannot_be_read_is_for_the_command(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"\x83" * 500)
    for path in (tmp_path / "missing", tmp_path / "short", tmp_path):
        done = looked(path, "echo")
        assert (done.stdout, done.stderr) == (f"provision disk --disk {path}\n", "")
