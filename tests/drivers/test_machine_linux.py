# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The Linux driver reads what the kernel's documentation says, and survives what it does not."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

from appliance.drivers.machine_linux import LinuxMachine, parse_units
from appliance.drivers.machine_tree import MOST, Tree
from appliance.facts import Service
from tests.rigs import machine as rig


def plain(value: Any) -> Any:
    """As the files of machines write it."""
    return "unknown" if value is None else list(value) if isinstance(value, tuple) else value


def check(facts: object, expected: dict[str, Any], where: str = "") -> None:
    for name, wanted in expected.items():
        found = getattr(facts, name)
        if isinstance(wanted, dict):
            check(found, wanted, f"{where}{name}.")
        else:
            assert plain(found) == wanted, f"{where}{name}"


@pytest.mark.parametrize("name", rig.NAMES)
def test_reads_a_machine(tmp_path: Path, name: str) -> None:
    facts = rig.machine(name, tmp_path).look(rig.STATE)
    expected = rig.described(name)["expected"]
    versions, links = expected.pop("versions", None), expected.pop("links", None)
    check(facts, expected)
    assert versions is None or dict(facts.versions) == versions
    assert links is None or [list(dataclasses.astuple(link)) for link in facts.devices.links or ()] == links


@pytest.mark.parametrize("name", ["pi3-mainline", "pi4-desk", "zero2w-trouble", "pc-usb", "emmc-worn"])
@pytest.mark.parametrize("harm", ["gone", "empty", "binary", "huge", "unreadable", "endless link", "pipe"])
def test_any_file_may_be_spoilt(tmp_path: Path, name: str, harm: str) -> None:
    """One at a time, then all: what the others say is still told, and nobody waits."""
    machine = rig.machine(name, tmp_path)
    paths = [tmp_path / path for path in rig.described(name)["files"]]
    for path in paths:
        path.unlink()
        spoil(path, harm)
        facts = machine.look(rig.STATE)
        assert rig.SECRET not in repr(facts)
    assert machine.look(rig.STATE).power.low_now is None


def spoil(path: Path, harm: str) -> None:
    if harm == "empty":
        path.write_bytes(b"")
    elif harm == "binary":
        path.write_bytes(bytes(range(256)))
    elif harm == "huge":
        path.write_bytes(b"9" * (1 << 16))
    elif harm == "unreadable":
        path.mkdir()
    elif harm == "endless link":
        path.symlink_to(path)
    elif harm == "pipe":
        os.mkfifo(path)


def test_firmware_flags_bit_by_bit(tmp_path: Path) -> None:
    place = "sys/devices/platform/soc/soc:firmware/get_throttled"
    now = {0: "low_now", 1: "slowed_now", 2: "slowed_now", 3: "slowed_now"}
    for bit, name in {**now, **{bit + 16: name.replace("now", "before") for bit, name in now.items()}}.items():
        rig.put(tmp_path, place, f"{1 << bit:x}\n")
        power = LinuxMachine(root=tmp_path).look(rig.STATE).power
        told = {flag for flag in ("low_now", "low_before", "slowed_now", "slowed_before") if getattr(power, flag)}
        assert told == {name}, bit


def test_the_alarm_of_mainline_knows_only_now(tmp_path: Path) -> None:
    rig.lay_out("pi3-mainline", tmp_path)
    rig.put(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    power = LinuxMachine(root=tmp_path).look(rig.STATE).power
    assert (power.low_now, power.low_before, power.flags) == (True, None, None)


def test_a_state_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    facts = LinuxMachine().look(tmp_path / "absent")
    assert facts.partition.total is None
    assert facts.partition.free is None


def test_a_disk_without_a_limit_of_files(tmp_path: Path) -> None:
    """btrfs and vfat count no inodes: statvfs(3) gives zeros."""
    sizes = os.statvfs_result((4096, 4096, 1000, 500, 400, 0, 0, 0, 0, 255))
    partition = LinuxMachine(root=tmp_path, usage=lambda state: sizes).look(rig.STATE).partition
    assert (partition.total, partition.free, partition.inodes) == (4096000, 1638400, None)


def test_a_file_without_an_end_is_read_in_part() -> None:
    text = Tree(Path("/")).text("dev/zero")
    assert text is not None
    assert len(text) <= MOST


def test_a_stacked_file_system_is_found_by_its_source(tmp_path: Path) -> None:
    """btrfs gives every subvolume a number of its own, 0:…"""
    rig.put(tmp_path, "proc/self/mountinfo", "31 1 0:33 /@ / rw - btrfs /dev/sda1 rw\n")
    rig.put(tmp_path, "sys/block/sda/dev", "8:0\n")
    rig.put(tmp_path, "sys/block/sda/sda1/dev", "8:1\n")
    rig.put(tmp_path, "sys/block/sda/sda1/partition", "1\n")
    card = LinuxMachine(root=tmp_path).look(rig.STATE).card
    assert card is not None
    assert card.device == "sda"


@pytest.mark.parametrize(
    ("mount", "whole", "read_only", "sheltered"),
    [("rw", "rw", False, False), ("ro", "ro", True, False), ("rw", "ro", True, False), ("ro", "rw", False, True)],
)
def test_a_sandbox_is_no_worn_card(tmp_path: Path, mount: str, whole: str, read_only: bool, sheltered: bool) -> None:
    """mountinfo tells the options of the mount and those of the file system apart."""
    line = f"31 1 179:4 / /var/lib/cartable {mount},noatime - ext4 /dev/mmcblk0p4 {whole},errors=remount-ro"
    rig.put(tmp_path, "proc/self/mountinfo", line + "\n")
    partition = LinuxMachine(root=tmp_path).look(rig.STATE).partition
    assert (partition.read_only, partition.sheltered) == (read_only, sheltered)


def test_services_where_systemd_runs_and_where_it_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = LinuxMachine(root=tmp_path)
    assert machine.services() == ()
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    assert machine.services() is None  # no systemctl
    for told, services in (("exit 1", None), ("printf 'Id=cartable-hub.service\\nActiveState=active\\n'", 1)):
        (programs / "systemctl").write_text(f"#!/bin/sh\n{told}\n")
        (programs / "systemctl").chmod(0o755)
        found = machine.services()
        assert (None if found is None else len(found)) == services


UNITS = """Type=notify
Restart=on-failure
NRestarts=2
Result=watchdog
Id=cartable-hub.service
LoadState=loaded
ActiveState=active

Type=oneshot
Result=exit-code
Id=cartable-doctor.service
LoadState=loaded
ActiveState=failed

Type=oneshot
NRestarts=0
Result=success
Id=cartable-migrate.service
LoadState=loaded
ActiveState=inactive

Type=notify
NRestarts=0
Result=success
Id=cartable-speech.service
LoadState=loaded
ActiveState=inactive
TriggeredBy=cartable-speech.socket

Id=cartable-gone.service
LoadState=not-found
ActiveState=inactive
"""
"""As systemctl(1) prints ``show``: properties in its own order, an empty line between units."""


def test_reads_what_systemd_says() -> None:
    assert parse_units(UNITS) == (
        Service("cartable-hub", "active", lasting=True, result="watchdog", restarts=2),
        Service("cartable-migrate", "inactive", lasting=False, result="success"),
        Service("cartable-speech", "inactive", lasting=False, result="success"),
    )


@pytest.mark.parametrize(
    "text", ["", "\n\n\n", "=\n=", "Id=\n", "no equal sign", "Id=x.service\nNRestarts=[not set]\n"]
)
def test_what_systemd_never_said(text: str) -> None:
    assert all(service.restarts == 0 for service in parse_units(text))
