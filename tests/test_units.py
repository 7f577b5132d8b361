# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The units say what systemd understands, name what exists, and let nobody see more than he must."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from appliance import cli, nginx
from appliance.config import Config
from provisioning import place
from tests import units

BOUND = 2.0
"""Of `systemd-analyze security`: 0 sees nothing, 10 everything."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units installed."""
    found = tmp_path_factory.mktemp("root")
    units.install(found)
    return found


def test_systemd_has_nothing_to_say(root: Path) -> None:
    """It exits 0 on a misspelt key: what counts is what it says."""
    done = units.analyze(root, "verify", "--man=no", *units.UNITS)
    assert units.complaints(done.stderr) == []
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("WatchdogSec=", "WatchDogSec="),
        ("Type=notify", "Type=notifies"),
        ("bin/cartable hub", "bin/cartabel hub"),
        ("RestartSteps=5", "RestartStepps=5"),
        ("StartLimitIntervalSec=0", "After=cartable.target"),
    ],
)
def test_a_slip_would_be_seen(tmp_path: Path, old: str, new: str) -> None:
    folder = units.install(tmp_path)
    file = folder / "cartable-hub.service"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    done = units.analyze(tmp_path, "verify", "--man=no", *units.UNITS)
    assert units.complaints(done.stderr) or done.returncode


def test_every_unit_named_exists() -> None:
    """Ours, or one that systemd or Debian's packages bring."""
    theirs = {path.name for path in units.SYSTEMS_OWN.iterdir()} | {
        "NetworkManager.service",
        "boot-firmware.mount",
        "umount.target",
    }
    keys = ("Wants", "Requires", "After", "Before", "PartOf", "Conflicts", "BindsTo", "WantedBy", "RequiredBy")
    named = {
        word
        for name in units.UNITS
        for section in ("Unit", "Install")
        for key in keys
        for value in units.read(name).all(section, key)
        for word in value.split()
    }
    assert len(named) > 8
    assert all(units.UNIT_NAME.match(word) for word in named)
    templates = {re.sub(r"@[^.]*\.", "@.", word): word for word in named}
    assert [word for template, word in templates.items() if template not in theirs | set(units.UNITS)] == []


@pytest.mark.parametrize("name", units.SERVICES)
def test_exposure(root: Path, name: str) -> None:
    done = units.analyze(root, "security", "--offline=yes", f"--threshold={int(BOUND * 10)}", name)
    said = re.search(rf"Overall exposure level for {re.escape(name)}: ([\d.]+)", done.stdout)
    assert said, done.stderr
    assert float(said.group(1)) <= BOUND, done.stdout


@pytest.mark.parametrize("name", units.SERVICES)
def test_nobody_reaches_beyond_the_classroom(name: str) -> None:
    unit = units.read(name)
    assert unit.all("Service", "IPAddressDeny") == ["any"]
    allowed = " ".join(unit.all("Service", "IPAddressAllow")).split()
    lan = {"localhost", "link-local", "multicast", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"}
    assert set(allowed) <= lan
    if allowed:
        assert name in ("cartable-hub.service", "cartable-nginx.service")


@pytest.mark.parametrize("name", units.SERVICES)
def test_services_are_bounded_and_start_again(name: str) -> None:
    unit = units.read(name)
    for key in ("MemoryHigh", "MemoryMax", "TasksMax", "UMask", "CapabilityBoundingSet", "SystemCallFilter"):
        assert unit.last("Service", key) is not None, key
    if unit.last("Service", "Type") == "oneshot":
        assert unit.last("Service", "TimeoutStartSec")
        return
    woken = name.replace(".service", ".socket") in units.UNITS
    assert unit.last("Service", "Restart") == ("on-failure" if woken else "always")
    assert unit.last("Service", "RestartSteps")
    assert unit.last("Unit", "StartLimitIntervalSec") == "0", "a class waits for it: never given up"
    assert unit.last("Unit", "PartOf") == "cartable.target"


VOICES = ["cartable-speech.service", "cartable-studio.service"]


@pytest.mark.parametrize("name", VOICES)
def test_a_voice_stays_in_memory(name: str) -> None:
    """systemd.exec(5), systemd.resource-control(5): nothing of the card can be written, no file can grow, no page of
    memory is swapped, nothing leaves by a network."""
    unit = units.read(name)
    wanted = {
        "MemorySwapMax": "0", "LimitFSIZE": "0", "LimitCORE": "0", "PrivateTmp": "yes", "PrivateNetwork": "yes",
        "RestrictAddressFamilies": "AF_UNIX", "IPAddressDeny": "any", "ProtectSystem": "strict", "UMask": "0077",
    }  # fmt: skip
    assert {key: unit.last("Service", key) for key in wanted} == wanted
    assert unit.all("Service", "BindPaths") == unit.all("Service", "ReadWritePaths") == []
    assert unit.all("Service", "StateDirectory") == unit.all("Service", "CacheDirectory") == []


@pytest.mark.parametrize("name", VOICES)
def test_a_socket_wakes_them(name: str) -> None:
    socket = units.read(name.replace(".service", ".socket"))
    path = Config().speech_socket if "speech" in name else Config().studio_socket
    assert socket.last("Socket", "ListenStream") == str(path)
    assert (socket.last("Socket", "SocketMode"), socket.last("Socket", "SocketGroup")) == ("0660", "cartable")
    assert socket.name in " ".join(units.read("cartable.target").all("Unit", "Wants")).split()


def test_only_oneshots_are_root() -> None:
    roots = [name for name in units.SERVICES if units.read(name).last("Service", "User") is None]
    assert roots == ["cartable-disk.service", "cartable-no-data.service", "cartable-provision.service"]


@pytest.mark.parametrize("name", units.SERVICES)
def test_the_words_that_units_run_can_be_typed(name: str) -> None:
    command = shlex.split(units.read(name).all("Service", "ExecStart")[0])
    if not command[0].endswith("/cartable"):
        return
    cli._parser().parse_args(command[1:])


def test_nginx_has_its_folders() -> None:
    """Where the configuration writes, the unit lets it; what it serves, the unit shows it."""
    unit = units.read("cartable-nginx.service")
    shown = " ".join(unit.all("Service", "TemporaryFileSystem")).split()
    assert any(
        entry.startswith(f"{nginx.Site().work}:") and "ro" not in entry.split(":")[1].split(",") for entry in shown
    )
    assert nginx.Site().pid.parent == nginx.Site().work
    bound = " ".join(unit.all("Service", "BindReadOnlyPaths")).split()
    assert {"/run/cartable", "/var/lib/cartable/library"} <= set(bound)
    ports = {f"tcp:{nginx.Site().hub_port}", f"tcp:{nginx.Site().content_port}"}
    assert set(unit.all("Service", "SocketBindAllow")) == ports


def test_the_boot_partition_is_there_when_it_is_read() -> None:
    """The image mounts it with nofail, and then nothing waits for it by itself (systemd.mount(5))."""
    name = subprocess.run(["systemd-escape", "--path", "--suffix=mount", str(place.BOOT)],
                          capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    assert name in " ".join(units.read("cartable-provision.service").all("Unit", "After")).split()


def test_folders_of_our_own_are_declared() -> None:
    made = (units.SOURCE / "tmpfiles.d/cartable.conf").read_text() + (units.SOURCE / "data.conf").read_text()
    for name in units.SERVICES:
        unit = units.read(name)
        for key in ("BindPaths", "BindReadOnlyPaths", "ReadWritePaths"):
            for path in " ".join(unit.all("Service", key)).split():
                if "cartable" in path and not path.startswith("-"):
                    assert re.search(rf"^d {re.escape(path)} ", made, re.M), f"{name}: {path}"


@pytest.mark.parametrize("kind", ["sysusers", "tmpfiles"])
def test_users_and_folders_are_understood(root: Path, tmp_path: Path, kind: str) -> None:
    file = root / f"usr/lib/{kind}.d/cartable.conf"
    options = ["--dry-run"] if kind == "sysusers" else ["--create"]
    (tmp_path / "etc").mkdir()
    if kind == "tmpfiles":
        (tmp_path / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\ncartable:x:999:999::/:/bin/sh\n")
        (tmp_path / "etc/group").write_text("root:x:0:\ncartable:x:999:\n")
    command = [f"systemd-{kind}", f"--root={tmp_path}", *options, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if kind == "tmpfiles":
        assert (tmp_path / "run/cartable").stat().st_mode & 0o777 == 0o750


def test_the_folder_is_no_module() -> None:
    """`import systemd` succeeds, empty, where the checkout is on the path: nobody may ask it anything."""
    code = "import importlib.util, sys; sys.path.insert(0, ''); print(importlib.util.find_spec('systemd').origin)"
    done = subprocess.run(["python3", "-c", code], cwd=units.ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() in ("None", "")
    importers = [
        p
        for p in units.ROOT.glob("appliance/**/*.py")
        if re.search(r"^\s*(import|from) systemd\b", p.read_text(), re.M)
    ]
    assert importers == []


@pytest.mark.parametrize("name", units.SERVICES)
def test_each_has_a_tmp_of_its_own(name: str) -> None:
    """What comes before the rest of the system must not wait for /tmp, as PrivateTmp= does."""
    unit = units.read(name)
    shown = " ".join(unit.all("Service", "TemporaryFileSystem")).split()
    early = unit.last("Unit", "DefaultDependencies") == "no"
    if early and "systemd-tmpfiles-setup.service" not in " ".join(unit.all("Unit", "After")).split():
        assert {"/tmp", "/var/tmp"} <= set(shown)
    else:
        assert unit.last("Service", "PrivateTmp") == "yes"


def test_the_mounts_are_those_that_the_look_names() -> None:
    """Links that systemd/disk makes to partitions of the disk that we run from, and of no other."""
    look = (units.SOURCE / "disk").read_text()
    card = re.search(r"run=\$\{CARTABLE_CARD:-(\S+)\}", look)
    assert card
    runtime = units.read("cartable-disk.service").last("Service", "RuntimeDirectory")
    assert card[1] == f"/run/{runtime}"
    assert units.read("var-lib-cartable.mount").last("Mount", "What") == f"{card[1]}/data"
    fstab = (units.ROOT / "image-build/overlay/etc/fstab").read_text()
    assert re.search(rf"^{card[1]}/boot {place.BOOT} vfat \S*\bx-systemd.requires=cartable-disk.service\b", fstab, re.M)
