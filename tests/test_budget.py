# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The budget of memory and card (``systemd/budget.toml``) is what the units and the packages keep to."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests import units
from tests.rigs.nginx import PROGRAM

BUDGET = units.budget()
BOARD = BUDGET["board"]
ON_DEMAND = BUDGET["on_demand"]
ALL = {**BUDGET["service"], **ON_DEMAND, **BUDGET["before"]}


def test_every_service_has_a_line() -> None:
    assert {f"{name}.service" for name in ALL} == set(units.SERVICES)
    for name in BUDGET["before"]:
        assert units.read(f"{name}.service").last("Service", "Type") == "oneshot"


@pytest.mark.parametrize("name", ALL)
def test_the_units_say_the_same(name: str) -> None:
    unit = units.read(f"{name}.service")
    for key, field in (("MemoryHigh", "high_mb"), ("MemoryMax", "max_mb")):
        limit = unit.last("Service", key)
        assert limit
        assert units.megabytes(limit, BOARD["memory_mb"]) == ALL[name][field], key


def test_all_at_their_limits_fit_the_smallest_board() -> None:
    together = sum(line["max_mb"] for line in BUDGET["service"].values())
    assert together + BOARD["system_mb"] <= BOARD["memory_mb"]
    for line in BUDGET["before"].values():
        screen = BUDGET["service"]["cartable-console"]["max_mb"]
        assert line["max_mb"] + screen + BOARD["system_mb"] <= BOARD["memory_mb"]


def test_those_on_demand_fit_beside_the_others_at_rest_and_end_first() -> None:
    at_rest = sum(line["idle_mb"] for line in BUDGET["service"].values())
    together = at_rest + sum(line["max_mb"] for line in ON_DEMAND.values())
    assert together + BOARD["system_mb"] <= BOARD["memory_mb"]
    for name in ON_DEMAND:
        assert f"{name}.socket" in units.UNITS
        assert int(units.read(f"{name}.service").last("Service", "OOMScoreAdjust") or 0) >= 500
    for name in BUDGET["service"]:
        assert units.read(f"{name}.service").last("Service", "OOMScoreAdjust") is None


def test_at_rest_they_leave_room() -> None:
    assert sum(line["idle_mb"] for line in BUDGET["service"].values()) <= BOARD["idle_mb"]
    for name, line in {**BUDGET["service"], **ON_DEMAND}.items():
        assert 1.4 * line["idle_mb"] <= line["high_mb"], f"{name} is slowed down as soon as somebody comes"


def _installed(names: set[str]) -> int:
    """Bytes of the files of Python packages."""
    files = {str(file.locate()) for name in names for file in distribution(name).files or ()}
    return sum(Path(file).stat().st_size for file in files if Path(file).exists())


def test_packages_are_as_small_as_promised() -> None:
    lock = (units.ROOT / "requirements.lock").read_text(encoding="utf-8")
    names = set(re.findall(r"^([\w.-]+)==(?!.*sys_platform == 'win32')", lock, re.M))
    ours = sum(file.stat().st_size for file in (units.ROOT / "appliance").rglob("*") if file.is_file())
    megabytes = (_installed(names) + ours) / 1e6
    assert 100 < megabytes <= ALL["cartable-hub"]["installed_mb"], f"{megabytes:.0f} MB"


def test_nginx_is_as_small_as_promised() -> None:
    assert PROGRAM
    assert Path(PROGRAM).stat().st_size / 1e6 <= ALL["cartable-nginx"]["installed_mb"]
