# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``Machine`` on Linux: what the kernel, the firmware and systemd say.

Formats: kernel documentation ``hwmon/raspberrypi-hwmon.rst``, ``driver-api/thermal/sysfs-api.rst``,
``filesystems/proc.rst``; Raspberry Pi documentation, ``vcgencmd get_throttled``; os-release(5); systemctl(1).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from appliance.drivers.machine_card import Usage, storage
from appliance.drivers.machine_devices import devices
from appliance.drivers.machine_tree import Tree, number
from appliance.errors import ConfigError
from appliance.facts import MachineFacts, Memory, Power, Service

_LOW, _SLOWED = 0x1, 0xE
"""Firmware flags: bit 0 too little voltage; bits 1 to 3 frequency capped, throttled, soft temperature limit. The same
16 bits higher: since the machine started."""
_SYSTEMD_S = 5.0
_SHOWN = "Id,LoadState,ActiveState,Type,Result,NRestarts,TriggeredBy"
_NEVER = ("cartable-doctor",)
"""Fails whenever it finds something: that says nothing more."""


class LinuxMachine:
    """``root`` and ``usage`` are others than the machine's own only in tests."""

    def __init__(self, faults: Sequence[str] = (), root: Path = Path("/"), usage: Usage = os.statvfs) -> None:
        """Raises :class:`ConfigError` when faults are asked for: a real machine has its own."""
        if faults:
            raise ConfigError('drivers.machine_faults is only for drivers.machine = "simulated"')
        self._tree = Tree(root)
        self._usage = usage

    def look(self, state: Path) -> MachineFacts:
        """See :class:`appliance.ports.Machine`."""
        tree = self._tree
        card, partition = storage(tree, state, self._usage)
        image = _image(tree)
        return MachineFacts(
            power=_power(tree),
            temperature=_temperature(tree),
            card=card,
            partition=partition,
            own_clock=_own_clock(tree),
            built=_built(tree, image),
            image=image.get("id", ""),
            memory=_memory(tree),
            devices=devices(tree),
            versions=tuple(_versions(tree, image)),
        )

    def services(self) -> tuple[Service, ...] | None:
        """See :class:`appliance.ports.Machine`."""
        if not self._tree.there("run/systemd/system"):  # sd_booted(3)
            return ()
        command = ("systemctl", "show", f"--property={_SHOWN}", "cartable*.service")
        try:
            told = subprocess.run(command, capture_output=True, timeout=_SYSTEMD_S, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        return parse_units(told.stdout.decode("utf-8", "replace"))


def parse_units(text: str) -> tuple[Service, ...]:
    """The answer of ``systemctl show``: blocks of ``Key=value`` lines, an empty line between two units."""
    found = []
    for block in text.split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        name = unit.get("Id", "").removesuffix(".service")
        if name and name not in _NEVER and unit.get("LoadState") != "not-found":
            restarts = number(unit.get("NRestarts")) or 0
            found.append(Service(name, unit.get("ActiveState", ""), _lasting(unit), unit.get("Result", ""), restarts))
    return tuple(sorted(found, key=lambda service: service.name))


def _lasting(unit: dict[str, str]) -> bool:
    """Not what comes when it is asked for."""
    return unit.get("Type") != "oneshot" and ".socket" not in unit.get("TriggeredBy", "")


def _power(tree: Tree) -> Power:
    """The firmware's word where the kernel shows it (Raspberry Pi's own kernels), else the alarm of mainline's driver,
    which knows the last two seconds only."""
    for place in (
        "sys/devices/platform/soc/soc:firmware",
        *_below(tree, "sys/bus/platform/drivers/raspberrypi-firmware"),
    ):
        flags = tree.number(f"{place}/get_throttled", 16)
        if flags is not None:
            before = flags >> 16
            return Power(bool(flags & _LOW), bool(before & _LOW), bool(flags & _SLOWED), bool(before & _SLOWED), flags)
    for place in _below(tree, "sys/class/hwmon"):
        if tree.text(f"{place}/name") == "rpi_volt":
            return Power(low_now=tree.flag(f"{place}/in0_lcrit_alarm"))
    return Power()


def _below(tree: Tree, folder: str) -> list[str]:
    return [f"{folder}/{name}" for name in tree.names(folder) or []]


def _temperature(tree: Tree) -> float | None:
    """The processor's zone, the hottest of several; without one, the hottest of all. Millidegrees."""
    zones = [zone for zone in _below(tree, "sys/class/thermal") if "/thermal_zone" in zone]
    kinds = {zone: (tree.text(f"{zone}/type") or "").lower() for zone in zones}
    chosen = [zone for zone in zones if "cpu" in kinds[zone] or "pkg" in kinds[zone]] or zones
    known = [value / 1000 for zone in chosen if (value := tree.number(f"{zone}/temp")) is not None]
    return max((degrees for degrees in known if -40 <= degrees <= 150), default=None)


def _own_clock(tree: Tree) -> bool | None:
    if tree.names("sys/class") is None:
        return None
    return any(name.startswith("rtc") for name in tree.names("sys/class/rtc") or [])


def _memory(tree: Tree) -> Memory:
    sizes = _figures(tree.text("proc/meminfo"))  # KiB
    available, total = sizes.get("MemAvailable:"), sizes.get("MemTotal:")
    return Memory(
        None if available is None else available * 1024,
        None if total is None else total * 1024,
        _figures(tree.text("proc/vmstat")).get("oom_kill"),
    )


def _figures(text: str | None) -> dict[str, int]:
    """Lines of a name and a number."""
    lines = (line.split() for line in (text or "").splitlines())
    found = {words[0]: number(words[1]) for words in lines if len(words) > 1}
    return {name: value for name, value in found.items() if value is not None and value >= 0}


def _image(tree: Tree) -> dict[str, str]:
    """``id`` and perhaps ``built`` (RFC 3339) of the card's image: our own file, else what os-release(5) says."""
    with contextlib.suppress(tomllib.TOMLDecodeError):
        table = tomllib.loads(tree.text("usr/lib/cartable/image.toml") or "")
        found = {key: _moment(value) for key, value in table.items() if isinstance(value, str | date)}
        if name := found.get("id") or found.get("version"):
            return {**found, "id": name}
    release = _os_release(tree)
    if name := release.get("IMAGE_ID"):
        return {"id": f"{name} {release.get('IMAGE_VERSION', '')}".strip()}
    return {}


def _moment(value: str | date) -> str:
    return value if isinstance(value, str) else value.isoformat()


def _built(tree: Tree, image: dict[str, str]) -> float | None:
    """When the image was made; else ``/usr/lib/clock-epoch``, to which systemd sets a clock that is earlier."""
    with contextlib.suppress(ValueError, OverflowError, KeyError):
        moment = datetime.fromisoformat(image["built"])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return tree.changed("usr/lib/clock-epoch")


def _os_release(tree: Tree) -> dict[str, str]:
    text = tree.text("etc/os-release") or tree.text("usr/lib/os-release") or ""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key: value.strip("\"'") for key, value in pairs}


def _versions(tree: Tree, image: dict[str, str]) -> list[tuple[str, str]]:
    """The device tree calls the machine by name (Devicetree specification, 2.3.2), a PC's firmware by DMI."""
    model = tree.text("proc/device-tree/model") or tree.text("sys/class/dmi/id/product_name")
    told = [
        ("model", model),
        ("image", image.get("id")),
        ("system", _os_release(tree).get("PRETTY_NAME")),
        ("kernel", tree.text("proc/sys/kernel/osrelease")),
    ]
    return [(what, version[:80]) for what, version in told if version]
