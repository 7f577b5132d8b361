# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Every fault is a ✗ with its mend, in French and in English; nothing else is one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.drivers.machine_simulated import FAULTS, SERVICE_FAULTS, SimulatedMachine
from appliance.errors import Busy, Damaged, Unreachable
from appliance.facts import Card, DatabaseFacts, MachineFacts, Memory, Partition, Power, RecordsFacts, Service
from appliance.health import content, machine, storage
from appliance.health.check import Bytes, Check, Group, Said, State, check_json, grouped
from appliance.i18n import translator
from appliance.ports import Now
from tests.rigs import machine as rig

NOW = Now(wall=1_800_000_000.0, trusted=True, monotonic=100.0, boot="b")
KEEP_FREE = 500 << 20
NO_FAULTS = ("no-devices", "nothing-known")


def examined(*faults: str, now: Now = NOW) -> dict[str, Check]:
    simulated = SimulatedMachine(faults)
    checks = machine.machine_checks(simulated.look(rig.STATE), now, KEEP_FREE)
    found = [*checks, machine.services(simulated.services())]
    assert len({check.id for check in found}) == len(found)
    return {check.id: check for check in found}


def wrong(checks: dict[str, Check]) -> set[str]:
    return {check.id for check in checks.values() if check.state is State.WRONG}


EXPECTED = {
    "power": {"power"},
    "power-before": {"power"},
    "heat": {"temperature"},
    "card-worn": {"card"},
    "card-locked": {"card"},
    "card-damaged": {"card"},
    "card-read-only": {"card"},
    "disk-full": {"disk"},
    "no-more-files": {"disk"},
    "not-grown": {"partition"},
    "no-partition": {"partition"},
    "clock-past": {"clock"},
    "memory": {"memory"},
    "memory-killed": {"memory"},
    "service-failed": {"services"},
    "service-stopped": {"services"},
    "service-restarts": {"services"},
}


def test_a_machine_in_good_order_has_nothing_to_mend() -> None:
    assert {check.state for check in examined().values()} == {State.FINE}
    assert all(check.mend is None for check in examined().values())


def test_the_table_below_has_every_fault() -> None:
    assert {*EXPECTED, *NO_FAULTS} == {*FAULTS, *SERVICE_FAULTS}


@pytest.mark.parametrize("fault", EXPECTED)
def test_each_fault_is_told_with_its_mend(fault: str) -> None:
    found = examined(fault)
    assert wrong(found) == EXPECTED[fault]
    for name in EXPECTED[fault]:
        told = {language: check_json(found[name], translator(language), figures=True) for language in ("fr", "en")}
        for field in ("name", "detail", "mend"):
            assert told["fr"][field]
            assert not re.search(r"%[(sd]", f"{told['fr'][field]}{told['en'][field]}")
        assert told["fr"]["mend"] != told["en"]["mend"]
        assert told["fr"]["detail"] != told["en"]["detail"] or "°C" in str(told["fr"]["detail"])


def test_all_faults_at_once_are_all_told() -> None:
    names = [name for name in EXPECTED if name != "service-stopped"]
    assert wrong(examined(*names)) == set().union(*EXPECTED.values())


def test_absent_devices_are_no_fault() -> None:
    found = examined("no-devices")
    devices = {check.id: check.state for check in found.values() if check.group is Group.DEVICES}
    assert set(devices) == {"camera", "microphone", "loudspeaker", "serial", "network", "screen"}
    assert set(devices.values()) == {State.ABSENT}
    assert all(found[name].mend for name in devices)
    assert wrong(found) == set()


def test_a_machine_that_says_nothing_is_neither_fine_nor_wrong() -> None:
    assert {check.state for check in examined("nothing-known").values() if check.id != "clock"} == {State.UNKNOWN}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pi3-mainline", set()),
        ("pi4-desk", {"power", "card", "memory", "partition"}),
        ("zero2w-trouble", {"power", "temperature", "card", "memory"}),
        ("pc-usb", set()),
        ("emmc-worn", {"card"}),
        ("nonsense", set()),
        ("empty", set()),
    ],
)
def test_machines_written_down(name: str, expected: set[str], tmp_path: Path) -> None:
    facts = rig.machine(name, tmp_path).look(rig.STATE)
    found = {check.id: check for check in machine.machine_checks(facts, NOW, 0)}
    assert wrong(found) == expected


FINE = MachineFacts(temperature=50.0, own_clock=False)


@pytest.mark.parametrize(
    ("power", "state", "word"),
    [
        (Power(), State.UNKNOWN, "not known"),
        (Power(low_now=False), State.FINE, "steady"),
        (Power(low_now=True), State.WRONG, "too weak"),
        (Power(False, True), State.WRONG, "since"),
        (Power(True, True, flags=0x50005), State.WRONG, "too weak"),
        (Power(False, False, True, True, 0x20002), State.FINE, "steady"),
    ],
)
def test_power(power: Power, state: State, word: str) -> None:
    check = machine.power(replace(FINE, power=power))
    assert check.state is state
    assert word in check.detail.localized(str)
    assert power.flags is None or f"0x{power.flags:x}" in check.figure


@pytest.mark.parametrize(
    ("degrees", "power", "state"),
    [
        (79.9, Power(), State.FINE),
        (80.0, Power(), State.WRONG),
        (-20.0, Power(), State.FINE),
        (None, Power(), State.UNKNOWN),
        (None, Power(False, False, True), State.WRONG),
        (70.0, Power(False, False, True), State.WRONG),
        (70.0, Power(True, True, True), State.FINE),  # held back for want of current, not by heat
    ],
)
def test_temperature(degrees: float | None, power: Power, state: State) -> None:
    assert machine.temperature(replace(FINE, temperature=degrees, power=power)).state is state


@pytest.mark.parametrize(
    ("wall", "trusted", "module", "built", "state"),
    [
        (0.0, False, False, None, State.WRONG),
        (0.0, True, True, None, State.WRONG),
        (-1e18, False, None, None, State.WRONG),
        (1e18, True, None, None, State.FINE),
        (1_795_000_000.0, True, False, None, State.FINE),
        (1_795_000_000.0, False, False, None, State.UNKNOWN),
        (1_795_000_000.0, False, True, None, State.UNKNOWN),
        (1_795_000_000.0, True, True, 1_795_000_000.0 + 90_000, State.WRONG),
        (1_795_000_000.0, True, True, 1_795_000_000.0 + 80_000, State.FINE),
    ],
)
def test_clock(wall: float, trusted: bool, module: bool | None, built: float | None, state: State) -> None:
    check = machine.clock(replace(FINE, own_clock=module, built=built), Now(wall, trusted, 1.0))
    assert check.state is state
    assert check.detail.localized(str)


def test_a_clock_at_1970_says_so() -> None:
    assert "1970-01-01" in machine.clock(FINE, Now(0.0, False, 1.0)).detail.localized(str)


@pytest.mark.parametrize(
    ("memory", "state"),
    [
        (Memory(), State.UNKNOWN),
        (Memory(machine.LOW_MEMORY, 10**9, 0), State.FINE),
        (Memory(machine.LOW_MEMORY - 1, 10**9, 0), State.WRONG),
        (Memory(10**9, 10**9, 1), State.WRONG),
        (Memory(None, None, 2), State.WRONG),
        (Memory(10**9, 10**9, None), State.FINE),
    ],
)
def test_memory(memory: Memory, state: State) -> None:
    assert machine.memory(replace(FINE, memory=memory)).state is state


@pytest.mark.parametrize(
    ("services", "state"),
    [
        (None, State.UNKNOWN),
        ([], State.UNKNOWN),
        ([Service("cartable-hub", "active", True)], State.FINE),
        ([Service("cartable-hub", "activating", True)], State.FINE),
        ([Service("cartable-hub", "inactive", True)], State.WRONG),
        ([Service("cartable-hub", "", True)], State.WRONG),
        ([Service("cartable-migrate", "inactive", False)], State.FINE),
        ([Service("cartable-migrate", "failed", False)], State.WRONG),
        ([Service("cartable-hub", "active", True, restarts=4)], State.FINE),
        ([Service("cartable-hub", "active", True, restarts=5)], State.WRONG),
    ],
)
def test_services(services: list[Service] | None, state: State) -> None:
    check = machine.services(services)
    assert check.state is state
    assert state is not State.WRONG or (check.mend and "journalctl -u cartable-" in check.mend.localized(str))


def test_services_that_may_not_be_asked_for_are_not_said_to_be_none() -> None:
    assert machine.services(None).detail.localized(str) == "not known on this machine"
    assert machine.services(()).detail.localized(str) == "this computer does not start them by itself"


GB = 10**9


@pytest.mark.parametrize(
    ("card", "partition", "state"),
    [
        (None, Partition(), State.UNKNOWN),
        (Card("sda"), Partition(), State.FINE),
        (None, Partition(read_only=True), State.WRONG),
        (None, Partition(errors=1), State.WRONG),
        (Card("mmcblk0", locked=True), Partition(read_only=False), State.WRONG),
        (Card("mmcblk0", life_used=80, spare=1), Partition(), State.FINE),
        (Card("mmcblk0", life_used=90, spare=1), Partition(), State.WRONG),
        (Card("mmcblk0", life_used=110), Partition(), State.WRONG),
        (Card("mmcblk0", life_used=10, spare=2), Partition(), State.WRONG),
        (Card("mmcblk0", spare=3), Partition(), State.WRONG),
        (Card("sda", io_errors=3), Partition(), State.FINE),  # many sticks refuse some command or other
    ],
)
def test_card(card: Card | None, partition: Partition, state: State) -> None:
    assert storage.card(replace(FINE, card=card, partition=partition)).state is state


@pytest.mark.parametrize(
    ("partition", "state"),
    [
        (Partition(), State.UNKNOWN),
        (Partition(total=10 * GB), State.UNKNOWN),
        (Partition(total=10 * GB, free=KEEP_FREE), State.FINE),
        (Partition(total=10 * GB, free=KEEP_FREE - 1), State.WRONG),
        (Partition(total=10 * GB, free=0), State.WRONG),
        (Partition(total=10 * GB, free=5 * GB, inodes=1000, inodes_free=20), State.FINE),
        (Partition(total=10 * GB, free=5 * GB, inodes=1000, inodes_free=19), State.WRONG),
        (Partition(total=10 * GB, free=5 * GB, inodes=1000, inodes_free=None), State.WRONG),
    ],
)
def test_disk(partition: Partition, state: State) -> None:
    assert storage.disk(replace(FINE, partition=partition), KEEP_FREE).state is state


@pytest.mark.parametrize(
    ("image", "partition", "state"),
    [
        ("", Partition(), State.UNKNOWN),
        ("", Partition(own=False), State.FINE),
        ("", Partition(own=True, unused=9 * GB), State.FINE),
        ("cartable", Partition(own=False), State.WRONG),
        ("cartable", Partition(own=True, unused=0), State.FINE),
        ("cartable", Partition(own=True, unused=None), State.FINE),
        ("cartable", Partition(own=True, unused=GB // 2), State.FINE),
        ("cartable", Partition(own=True, unused=GB), State.WRONG),
    ],
)
def test_partition(image: str, partition: Partition, state: State) -> None:
    facts = replace(FINE, image=image, partition=partition, card=Card("mmcblk0", size=16 * GB))
    assert storage.partition(facts).state is state


ERROR = Damaged("The database %(path)s is damaged: restore the last backup.", path="/x")
RECORDS = RecordsFacts(statements=5, held=0, set_aside=0, key=True, attachments=0)


@pytest.mark.parametrize(
    ("check", "state"),
    [
        (content.config(None), State.FINE),
        (content.config(ERROR), State.WRONG),
        (content.state(rig.STATE, there=True, readable=True, writable=True), State.FINE),
        (content.state(rig.STATE, there=False, readable=False, writable=False), State.WRONG),
        (content.state(rig.STATE, there=True, readable=False, writable=False), State.UNKNOWN),
        (content.state(rig.STATE, there=True, readable=True, writable=False), State.WRONG),
        (content.hub(None), State.FINE),
        (content.hub(Unreachable("no")), State.WRONG),
        (content.hub_closed(), State.UNKNOWN),
        (content.database(DatabaseFacts()), State.FINE),
        (content.database(DatabaseFacts(later=("tomorrow",))), State.FINE),
        (content.database(DatabaseFacts(pending=("records",))), State.WRONG),
        (content.database(DatabaseFacts(writable=False)), State.WRONG),
        (content.database(ERROR), State.WRONG),
        (content.integrity(True, ""), State.FINE),
        (content.integrity(False, "page 7"), State.WRONG),
        (content.integrity(None, "interrupted"), State.UNKNOWN),
        (content.library(3, [], alive=True), State.FINE),
        (content.library(3, ["Alice"], alive=True), State.WRONG),
        (content.library(3, [], alive=False), State.WRONG),
        (content.search(None), State.FINE),
        (content.search(Busy("The search is starting: try again in a few seconds.")), State.WRONG),
        (content.records(RECORDS), State.FINE),
        (content.records(replace(RECORDS, key=None, held=12)), State.FINE),
        (content.records(replace(RECORDS, key=False)), State.WRONG),
        (content.records(replace(RECORDS, attachments=None)), State.WRONG),
        (content.records(ERROR), State.WRONG),
    ],
)
def test_content(check: Check, state: State) -> None:
    assert check.state is state
    for language in ("fr", "en"):
        told = check_json(check, translator(language), figures=False)
        assert told["detail"]
        assert bool(told["mend"]) == (state is State.WRONG or check.mend is not None)
        assert "figure" not in told


def test_every_wrong_outcome_says_how_to_mend_it() -> None:
    """By construction: ``wrong`` cannot be made without."""
    with pytest.raises(TypeError):
        machine.POWER.wrong(Said("too weak"))  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("size", "english", "french"),
    [
        (0, "0 KB", "0\u00a0ko"),
        (40_000_000, "40 MB", "40\u00a0Mo"),
        (9_999_000_000, "9999 MB", "9999\u00a0Mo"),
        (32 * GB, "32 GB", "32\u00a0Go"),
    ],
)
def test_sizes(size: int, english: str, french: str) -> None:
    assert Bytes(size).localized(translator("en")) == english
    assert Bytes(size).localized(translator("fr")) == french


def test_groups_keep_their_order() -> None:
    found = grouped(list(examined().values())[::-1])
    assert [group for group, _ in found] == [Group.BOX, Group.CARD, Group.DEVICES]


def test_what_provisioning_could_not_do() -> None:
    assert content.provisioned("", copied=False).state is State.FINE
    wrong = content.provisioned("La boîte…\r\n\r\nbox.nom", copied=False)
    assert (wrong.state, wrong.figure) == (State.WRONG, "La boîte… box.nom")
    assert content.provisioned("La boîte…", copied=True).state is State.WRONG
