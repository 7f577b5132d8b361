# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The first look of cartable-disk.service (``systemd/disk``): Python starts unless the card is as it leaves it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import units
from tests.provisioning.cards import card, provision

LOOK = units.SOURCE / "disk"


def looked(path: Path, program: str, check: str = "/bin/true") -> subprocess.CompletedProcess[str]:
    """The unit's first look at the card; ``program`` stands for the command that it may start, ``check`` for e2fsck."""
    run = path.parent / "run"
    run.mkdir(exist_ok=True)
    environ = {**os.environ, "CARTABLE": program, "CARTABLE_CARD": str(run), "CARTABLE_CHECK": check}
    return subprocess.run(["sh", LOOK, path], capture_output=True, text=True, env=environ, check=False)


def started(path: Path) -> str:
    """What the look starts: the command's words."""
    said = path.parent / "said"
    said.unlink(missing_ok=True)
    program = path.parent / "program"
    program.write_text(f'#!/bin/sh\necho "$@" >{said}\n')
    program.chmod(0o755)
    done = looked(path, str(program))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return said.read_text() if said.exists() else ""


def test_a_card_that_is_done_starts_no_python(tmp_path: Path) -> None:
    path = card(tmp_path / "card", 4_000)
    assert started(path) == f"provision disk --disk {path}\n"
    assert provision(path).returncode == 0
    assert started(path) == ""
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
    assert started(path) == f"provision disk --disk {path}\n"
    assert looked(path, "false").returncode == 1


def test_a_card_that_cannot_be_read_is_for_the_command(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"\x83" * 500)
    for path in (tmp_path / "missing", tmp_path / "short", tmp_path):
        assert started(path) == f"provision disk --disk {path}\n"


@pytest.mark.parametrize(("name", "parts"), [("sda", "sda"), ("mmcblk0", "mmcblk0p")])
def test_the_partitions_are_those_of_this_very_disk(tmp_path: Path, name: str, parts: str) -> None:
    """Named for the mounts, again at each start, and the data checked."""
    path = card(tmp_path / name, 4_000)
    assert provision(path).returncode == 0
    (tmp_path / "run").mkdir()
    (tmp_path / "run/data").symlink_to("/dev/elsewhere")
    done = looked(path, "false", "echo")
    assert done.stdout == f"-p {tmp_path}/run/data\n"
    assert (tmp_path / "run/boot").readlink() == tmp_path / f"{parts}1"
    assert (tmp_path / "run/data").readlink() == tmp_path / f"{parts}4"


def test_what_a_check_could_not_mend_is_for_the_mount(tmp_path: Path) -> None:
    path = card(tmp_path / "card", 4_000)
    assert provision(path).returncode == 0
    assert looked(path, "false", "false").returncode == 0


def test_the_screen_is_told_why_in_french(tmp_path: Path) -> None:
    """A card that is too small, by the command itself; what nobody foresaw is for the journal alone."""
    path = card(tmp_path / "card", 2_000)
    command = tmp_path / "program"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m appliance --config /nowhere "$@"\n')
    command.chmod(0o755)
    done = looked(path, str(command))
    assert done.returncode == 1
    told = (tmp_path / "run/trouble").read_text()
    assert told.startswith("La carte est trop petite")
    assert f"cartable: {told}" == done.stderr
    (tmp_path / "run/trouble").unlink()
    command.write_text("#!/bin/sh\necho Traceback >&2\nexit 1\n")
    done = looked(path, str(command))
    assert (done.returncode, done.stderr) == (1, "Traceback\n")
    assert not (tmp_path / "run/trouble").exists()
