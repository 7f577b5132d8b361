# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The look of cartable-provision.service (``systemd/provision``): Python starts unless all is as it left it."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import units
from tests.provisioning.boxes import WHOLE, Folders, new

LOOK = units.SOURCE / "provision"
NAME = "cartable-2"


@dataclasses.dataclass(frozen=True)
class Box:
    """A box, and the programs that the look may start; each leaves a line."""

    folders: Folders

    @property
    def folder(self) -> Path:
        return self.folders.folder

    @property
    def state(self) -> Path:
        return self.folders.state

    @property
    def note(self) -> Path:
        return self.state / "network/.provisioned"

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def look(self, **environ: str) -> tuple[int, list[str]]:
        """One start of the unit: its exit code, and what it started."""
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        paths = {
            "CARTABLE": self.folder / "program",
            "CARTABLE_OURS": self.folder / "ours",
            "CARTABLE_SETTINGS": self.folder / "etc.toml",
            "CARTABLE_BOOT": self.folders.boot,
            "CARTABLE_STATE": self.state,
            "CARTABLE_RUN": self.folder / "run",
            "CARTABLE_CARD": self.folder,
            "CARTABLE_ROOT": self.folder / "root",
            "CARTABLE_KERNEL": self.folder / "kernel",
            "CARTABLE_HOSTNAME": self.folder / "hostname",
        }
        asked = {**os.environ, **{key: str(value) for key, value in paths.items()}, **environ}
        done = subprocess.run(["sh", LOOK], cwd=units.ROOT, env=asked, capture_output=True, text=True, check=False)
        assert done.stdout == "", done.stdout
        return done.returncode, log.read_text().splitlines() if log.exists() else []


def made(folder: Path, text: str | None = WHOLE) -> Box:
    box = Box(new(folder, text))
    state = box.state
    box.file("ours/release", "1.0 abc\n")
    folders = {"": "1770", "/library": "0750", "/network": "0700"}
    box.file("ours/data.conf", "".join(f"d {state}{name} {mode} - - -\n" for name, mode in folders.items()) + "# .\n")
    box.file("kernel", "cartable\n")
    log, kernel = folder / "log", folder / "kernel"
    run = f"{sys.executable} -m tests.provisioning.boxes {folder} && echo {NAME} >{kernel}"
    box.file("program", f'#!/bin/sh\necho "$@" >>{log}\n{run}\n').chmod(0o755)
    box.file("hostname", f'#!/bin/sh\necho hostname "$@" >>{log}\n').chmod(0o755)
    return box


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Box:
    """After its first boot."""
    box = made(tmp_path_factory.mktemp("settled") / "box")
    assert box.look() == (0, ["provision box"])
    return box


@pytest.fixture
def box(settled: Box) -> Box:
    """At a later boot: whoever changes it mends it."""
    assert settled.look() == (0, []), "the one before left a change"
    return settled


def test_the_second_boot_starts_nothing_but_the_name(box: Box) -> None:
    (box.folder / "kernel").write_text("cartable\n")
    assert box.look() == (0, [f"hostname {NAME}"])
    (box.folder / "kernel").write_text(f"{NAME}\n")


def _edited(path: Path) -> Callable[[], None]:
    """In one byte, the last but one; neither its length nor its time tell."""
    before, times = path.read_bytes(), path.stat()
    path.write_bytes(before[:-2] + bytes([before[-2] ^ 1]) + before[-1:])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def mend() -> None:
        path.write_bytes(before)

    return mend


def _away(path: Path) -> Callable[[], None]:
    aside = path.with_name("aside-for-a-moment")
    path.rename(aside)
    return lambda: _back(aside, path)


def _back(aside: Path, path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    path.unlink(missing_ok=True)
    aside.rename(path)


def _instead(path: Path, put: Callable[[Path], object]) -> Callable[[], None]:
    mend = _away(path)
    put(path)
    return mend


def _endless(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


def _new(path: Path) -> Callable[[], None]:
    path.write_text("#\n")
    return path.unlink


def _mode(path: Path) -> Callable[[], None]:
    before = path.stat().st_mode & 0o7777
    path.chmod(before ^ 0o010)
    return lambda: path.chmod(before)


def _given(path: Path) -> Callable[[], None]:
    os.chown(path, 12345, -1)
    return lambda: os.chown(path, os.geteuid(), -1)


CHANGES: dict[str, Callable[[Box], Callable[[], None]]] = {
    "boot-file-of-the-same-length-and-time": lambda box: _edited(box.folders.file),
    "boot-file-gone": lambda box: _away(box.folders.file),
    "boot-file-unreadable": lambda box: _instead(box.folders.file, Path.mkdir),
    "boot-partition-gone": lambda box: _away(box.folders.boot),
    "boot-file-misnamed": lambda box: _new(box.folders.boot / "cartable.toml.txt"),
    "message-on-the-boot-partition": lambda box: _new(box.folders.errors),
    "message-in-the-state": lambda box: _new(box.state / "cartable-erreur.txt"),
    "identity-changed": lambda box: _edited(box.state / "identity.json"),
    "identity-gone": lambda box: _away(box.state / "identity.json"),
    "identity-readable": lambda box: _mode(box.state / "identity.json"),
    "identity-somebody-else-s": lambda box: _given(box.state / "identity.json"),
    "own-settings-changed": lambda box: _edited(box.state / "cartable.toml"),
    "own-settings-gone": lambda box: _away(box.state / "cartable.toml"),
    "own-settings-a-pipe": lambda box: _instead(box.state / "cartable.toml", os.mkfifo),
    "own-settings-a-link": lambda box: _instead(
        box.state / "cartable.toml", lambda path: path.symlink_to(path.with_name("aside-for-a-moment"))
    ),
    "own-settings-endless": lambda box: _instead(box.state / "cartable.toml", _endless),
    "time-zone": lambda box: _instead(box.state / "localtime", lambda path: path.symlink_to("/etc/passwd")),
    "no-time-zone": lambda box: _away(box.state / "localtime"),
    "what-a-death-left": lambda box: _new(box.state / ".cartable.toml.0a1b2c3d.part"),
    "top-folder": lambda box: _mode(box.state),
    "library-folder": lambda box: _mode(box.state / "library"),
    "network-folder": lambda box: _mode(box.state / "network"),
    "another-card": lambda box: _edited(box.folder / "root/sys/dev/block/device/cid"),
    "another-board": lambda box: _edited(box.folder / "root/proc/device-tree/serial-number"),
    "another-release": lambda box: _edited(box.folder / "ours/release"),
    "no-release": lambda box: _away(box.folder / "ours/release"),
    "other-folders": lambda box: _edited(box.folder / "ours/data.conf"),
    "system-settings": lambda box: _new(box.folder / "etc.toml"),
    "note-edited": lambda box: _edited(box.note),
    "note-gone": lambda box: _away(box.note),
    "note-torn": lambda box: _instead(
        box.note, lambda path: path.write_bytes(path.with_name("aside-for-a-moment").read_bytes()[:-40])
    ),
    "note-empty": lambda box: _instead(box.note, Path.touch),
    "note-a-link": lambda box: _instead(box.note, lambda path: path.symlink_to("aside-for-a-moment")),
    "note-somebody-else-s": lambda box: _given(box.note),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_differs_is_for_the_command(box: Box, change: str) -> None:
    mend = CHANGES[change](box)
    try:
        assert box.look(CARTABLE="/bin/false") == (1, [])
    finally:
        mend()


def test_a_change_is_applied_and_noted(tmp_path: Path) -> None:
    box = made(tmp_path / "box")
    box.look()
    box.folders.file.write_text('[school]\nname = "École du Port"\n')
    assert box.look() == (0, ["provision box"])
    assert "École du Port" in (box.state / "cartable.toml").read_text()
    assert box.look() == (0, [])


def test_a_file_that_cannot_be_used_is_complained_of_each_time(tmp_path: Path) -> None:
    box = made(tmp_path / "box", "[box\n")
    for _ in range(2):
        assert box.look() == (0, ["provision box"])
    box.folders.file.unlink()
    assert box.look() == (0, ["provision box"])
    assert box.look() == (0, [])


def test_nothing_is_noted_while_services_run(tmp_path: Path) -> None:
    box = made(tmp_path / "box")
    box.file("run/hub.sock", "")
    for _ in range(2):
        assert box.look() == (0, ["provision box"])


def test_a_plug_pulled_at_any_step_leaves_no_note(tmp_path: Path) -> None:
    whole = made(tmp_path / "whole")
    whole.look(CARTABLE_FAIL_AT=f"0:{tmp_path}/count")
    names = (tmp_path / "count").read_text().splitlines()
    assert len(names) > 20
    for number, name in enumerate(names, 1):
        box = made(tmp_path / f"box-{number}")
        assert box.look(CARTABLE_FAIL_AT=f"{number}:{tmp_path}/log-{number}") == (137, ["provision box"]), name
        assert not box.note.exists(), name
        assert box.look(CARTABLE="/bin/false") == (1, []), name
