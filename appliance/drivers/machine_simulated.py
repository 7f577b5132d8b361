# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``Machine`` without a machine: a Raspberry Pi 4 in good order, or with the faults asked for by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from appliance.errors import ConfigError
from appliance.facts import Card, Devices, Link, MachineFacts, Memory, Partition, Power, Service

GB = 10**9
_FINE = MachineFacts(
    power=Power(low_now=False, low_before=False, slowed_now=False, slowed_before=False, flags=0),
    temperature=52.6,
    card=Card("mmcblk0", "SD", "SanDisk", "SC32G", "09/2025", 32 * GB, locked=False, written=120_000_000),
    partition=Partition(
        "ext4", read_only=False, errors=0, own=True, total=28 * GB, free=19 * GB, inodes=1_700_000,
        inodes_free=1_650_000, unused=0,
    ),
    own_clock=True,
    built=1_790_000_000.0,
    image="cartable-simulated",
    memory=Memory(available=700_000_000, total=1_900_000_000, killed=0),
    devices=Devices(
        cameras=("HD Webcam C270",),
        microphones=("HD Webcam C270",),
        loudspeakers=("bcm2835 Headphones",),
        serial_ports=("ttyACM0",),
        links=(Link("eth0", wifi=False, up=True), Link("wlan0", wifi=True, up=False)),
        screens=(True, False),
    ),
    versions=(
        ("model", "Raspberry Pi 4 Model B Rev 1.4 (simulated)"),
        ("image", "cartable-simulated"),
        ("system", "Debian GNU/Linux 13 (trixie)"),
        ("kernel", "6.12.48+deb13-arm64"),
    ),
)  # fmt: skip
_SERVICES = (
    Service("cartable-hub", "active", lasting=True, result="success"),
    Service("cartable-migrate", "inactive", lasting=False, result="success"),
    Service("cartable-nginx", "active", lasting=True, result="success"),
)

Change = Callable[[MachineFacts], MachineFacts]


def _card(**values: object) -> Change:
    return lambda facts: replace(facts, card=facts.card and replace(facts.card, **values))  # type: ignore[arg-type]


def _partition(**values: object) -> Change:
    return lambda facts: replace(facts, partition=replace(facts.partition, **values))  # type: ignore[arg-type]


FAULTS: dict[str, Change] = {
    "power": lambda facts: replace(facts, power=Power(True, True, True, True, 0x50005)),
    "power-before": lambda facts: replace(facts, power=Power(False, True, False, True, 0x50000)),
    "heat": lambda facts: replace(
        facts, temperature=84.2, power=replace(facts.power, slowed_now=True, slowed_before=True)
    ),
    "card-worn": _card(kind="MMC", name="BJTD4R", life_used=110, spare=3),
    "card-locked": _card(locked=True),
    "card-damaged": _partition(errors=12),
    "card-read-only": _partition(read_only=True),
    "disk-full": _partition(free=40_000_000),
    "no-more-files": _partition(inodes_free=0),
    "not-grown": _partition(total=2 * GB, free=1 * GB, unused=28 * GB),
    "no-partition": _partition(own=False),
    "clock-past": lambda facts: replace(facts, built=4_102_444_800.0, own_clock=False),
    "memory": lambda facts: replace(facts, memory=replace(facts.memory, available=60_000_000)),
    "memory-killed": lambda facts: replace(facts, memory=replace(facts.memory, killed=3)),
    "no-devices": lambda facts: replace(facts, own_clock=False, devices=Devices((), (), (), (), (), (False, False))),
    "nothing-known": lambda facts: MachineFacts(),
}
"""Name -> what it does to a machine in good order. The last two are none: absent devices, and a machine that says
nothing."""
SERVICE_FAULTS: dict[str, Service] = {
    "service-failed": Service("cartable-hub", "failed", lasting=True, result="exit-code"),
    "service-stopped": Service("cartable-nginx", "inactive", lasting=True, result="success"),
    "service-restarts": Service("cartable-hub", "active", lasting=True, result="success", restarts=9),
}


class SimulatedMachine:
    """``faults``: names in :data:`FAULTS` and :data:`SERVICE_FAULTS`; may be changed while it is used."""

    def __init__(self, faults: Iterable[str] = ()) -> None:
        """Raises :class:`ConfigError` for a fault that does not exist."""
        self.faults = list(faults)
        known = [*FAULTS, *SERVICE_FAULTS]
        if unknown := [name for name in self.faults if name not in known]:
            raise ConfigError(
                "drivers.machine_faults: unknown fault %(name)s; known: %(known)s",
                name=unknown[0],
                known=", ".join(known),
            )

    def look(self, state: Path) -> MachineFacts:
        """See :class:`appliance.ports.Machine`."""
        facts = _FINE
        for name in self.faults:
            facts = FAULTS[name](facts) if name in FAULTS else facts
        return facts

    def services(self) -> tuple[Service, ...] | None:
        """See :class:`appliance.ports.Machine`."""
        if "nothing-known" in self.faults:
            return None
        found = {service.name: service for service in _SERVICES}
        found |= {wrong.name: wrong for name in self.faults if (wrong := SERVICE_FAULTS.get(name))}
        return tuple(found.values())
