# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What every driver of the port ``Machine`` must do, wherever it runs and whatever it finds."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import box, plugins
from appliance.config import load
from appliance.drivers.machine_linux import LinuxMachine
from appliance.drivers.machine_simulated import FAULTS, SERVICE_FAULTS, SimulatedMachine
from appliance.errors import ConfigError
from appliance.facts import MachineFacts, Service
from appliance.ports import Machine
from tests.rigs import machine as rig

Make = Callable[[Path], Machine]


def _written(name: str) -> Make:
    return lambda folder: rig.machine(name, folder / "root")


def _simulated(*faults: str) -> Make:
    return lambda folder: SimulatedMachine(faults)


MACHINES: dict[str, Make] = {
    "this computer": lambda folder: LinuxMachine(),
    **{f"linux on {name}": _written(name) for name in rig.NAMES},
    "simulated": _simulated(),
    **{f"simulated {name}": _simulated(name) for name in [*FAULTS, *SERVICE_FAULTS]},
    "simulated with everything wrong": _simulated(*FAULTS, *SERVICE_FAULTS),
}


@pytest.fixture(params=list(MACHINES))
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    return MACHINES[request.param](tmp_path)


def test_looks_and_never_raises(machine: Machine, tmp_path: Path) -> None:
    facts = machine.look(tmp_path)
    assert isinstance(facts, MachineFacts)
    assert isinstance(machine.look(tmp_path / "absent"), MachineFacts)
    assert isinstance(machine.look(Path("relative")), MachineFacts)


def test_figures_are_possible(machine: Machine, tmp_path: Path) -> None:
    facts = machine.look(tmp_path)
    assert facts.temperature is None or -40 <= facts.temperature <= 150
    assert facts.card is None or facts.card.life_used in (None, *range(10, 111, 10))
    assert facts.card is None or facts.card.spare in (None, 1, 2, 3)
    for part in (facts.card, facts.partition, facts.memory):
        values = dataclasses.asdict(part).values() if part else ()
        assert not [value for value in values if isinstance(value, int) and value < 0]
    partition = facts.partition
    assert partition.free is None or (partition.total is not None and partition.free <= partition.total)
    assert partition.inodes is None or partition.inodes > 0


def test_names_can_be_printed_and_are_short(machine: Machine, tmp_path: Path) -> None:
    facts = machine.look(tmp_path)
    devices = facts.devices
    names = [*(devices.cameras or ()), *(devices.microphones or ()), *(devices.loudspeakers or ()),
             *(devices.serial_ports or ()), *(version for _, version in facts.versions)]  # fmt: skip
    names += [facts.card.name, facts.card.maker] if facts.card else []
    assert not [name for name in names if not name.isprintable() or len(name) > 80]


def test_tells_no_serial_number_and_no_address(machine: Machine, tmp_path: Path) -> None:
    told = repr(machine.look(tmp_path)).lower().replace(":", "")
    assert rig.SECRET not in told


def test_services_have_names_and_states(machine: Machine) -> None:
    for service in machine.services() or ():
        assert isinstance(service, Service)
        assert service.name
        assert not service.name.endswith(".service")
        assert service.restarts >= 0


def test_a_look_is_quick(machine: Machine, tmp_path: Path) -> None:
    machine.look(tmp_path)
    begun = time.process_time()
    machine.look(tmp_path)
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("name", ["linux", "simulated"])
def test_each_is_chosen_by_name(name: str) -> None:
    chosen = box.machine(load([], {"drivers": {"machine": name}}))
    assert type(chosen) is {"linux": LinuxMachine, "simulated": SimulatedMachine}[name]
    assert plugins.names("machines") == ["linux", "simulated"]


def test_faults_are_chosen_in_the_configuration(tmp_path: Path) -> None:
    chosen = box.machine(load([], {"drivers": {"machine": "simulated", "machine_faults": " power  heat\n"}}))
    assert chosen.look(tmp_path).temperature == 84.2


@pytest.mark.parametrize(
    ("drivers", "sentence"),
    [
        ({"machine": "abacus"}, "abacus"),
        ({"machine": "simulated", "machine_faults": "power rust"}, "rust"),
        ({"machine": "linux", "machine_faults": "power"}, "drivers.machine_faults"),
    ],
)
def test_what_cannot_be_is_said(drivers: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        box.machine(load([], {"drivers": drivers}))
