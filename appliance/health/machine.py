# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Checks of the machine itself: facts in, :class:`Check` out, nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from appliance.facts import MachineFacts, Service
from appliance.health import devices, storage
from appliance.health.check import Check, Group, Subject, said
from appliance.i18n import N_
from appliance.ports import Now

HOT_C = 80.0
"""A Raspberry Pi holds itself back from here on."""
LOW_MEMORY = 100 * 2**20
RELEASED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC).timestamp()
"""No box existed earlier, whatever its clock says."""
CLOCK_SLACK_S = 86400.0
RESTLESS = 5
"""Restarts of a service that are too many."""
_DAY_LAST = 253_402_300_799.0
"""31 December 9999: the last that can be written."""

POWER = Subject("power", Group.BOX, N_("Power supply"))
TEMPERATURE = Subject("temperature", Group.BOX, N_("Temperature"))
CLOCK = Subject("clock", Group.BOX, N_("Clock"))
MEMORY = Subject("memory", Group.BOX, N_("Memory"))
SERVICES = Subject("services", Group.BOX, N_("Services"))


def power(facts: MachineFacts) -> Check:
    """Under-voltage, now or since the machine started."""
    told = facts.power
    figure = "" if told.flags is None else f"get_throttled=0x{told.flags:x}"
    mend = said("Use the official power supply and its own cable, and unplug what the box feeds by USB.")
    if told.low_now:
        return POWER.wrong(said("too weak"), mend, figure)
    if told.low_before:
        return POWER.wrong(said("was too weak since the box was switched on"), mend, figure)
    return POWER.unknown() if told.low_now is None else POWER.fine(said("steady"), figure)


def temperature(facts: MachineFacts) -> Check:
    """Hot, or held back because of it."""
    mend = said("Free the air slots and move the box out of the sun.")
    hot = facts.temperature is not None and facts.temperature >= HOT_C
    if facts.power.slowed_now and not facts.power.low_now:
        hot = True
    if facts.temperature is None:
        return TEMPERATURE.wrong(said("slowed down by heat"), mend) if hot else TEMPERATURE.unknown()
    detail = said("%(degrees)s °C", degrees=round(facts.temperature))
    figure = "throttled since start" if facts.power.slowed_before else ""
    return TEMPERATURE.wrong(detail, mend, figure) if hot else TEMPERATURE.fine(detail, figure)


def clock(facts: MachineFacts, now: Now) -> Check:
    """Impossible, confirmed, or neither."""
    mend = said(
        "Connect the box to the internet for a minute, or fit a clock module; answers are kept all the same."
    )  # fmt: skip
    module = {True: "RTC", False: "no RTC", None: ""}[facts.own_clock]
    if now.wall < max(facts.built or 0.0, RELEASED) - CLOCK_SLACK_S:
        return CLOCK.wrong(said("in the past: it says %(day)s", day=_day(now.wall)), mend, module)
    if now.trusted:
        return CLOCK.fine(said("set by the network"), module)
    if facts.own_clock:
        return CLOCK.unknown(said("kept by its own clock module, not confirmed by the network"), None, module)
    return CLOCK.unknown(said("not confirmed by the network"), mend, module)


def _day(wall: float) -> str:
    moment = datetime.datetime.fromtimestamp(min(max(wall, 0.0), _DAY_LAST), datetime.UTC)
    return moment.date().isoformat()


def memory(facts: MachineFacts) -> Check:
    """Little left, or programs that had to go."""
    told = facts.memory
    mend = said("Restart the box; if it comes back, tell the technician.")
    figure = "" if told.killed is None else f"oom_kill={told.killed}"
    if told.killed:
        return MEMORY.wrong(said("programs ended for want of memory: %(count)s", count=told.killed), mend, figure)
    if told.available is None:
        return MEMORY.unknown()
    detail = said("%(mb)s MB available", mb=told.available // 2**20)
    return MEMORY.fine(detail, figure) if told.available >= LOW_MEMORY else MEMORY.wrong(detail, mend, figure)


def services(found: Sequence[Service] | None) -> Check:
    """Units of the box that failed, stopped, or start again and again."""
    if found is None:
        return SERVICES.unknown()
    if not found:
        return SERVICES.unknown(said("this computer does not start them by itself"))
    failed = [one for one in found if one.state == "failed" or (one.lasting and one.state in ("inactive", ""))]
    figure = ", ".join(f"{one.name}: {one.state} ({one.result}, {one.restarts})" for one in found)
    if failed:
        mend = said("Restart the box. If it comes back, a technician reads why: journalctl -u %(unit)s",
                    unit=failed[0].name)  # fmt: skip
        return SERVICES.wrong(said("stopped: %(names)s", names=_names(failed)), mend, figure)
    restless = [one for one in found if one.restarts >= RESTLESS]
    if restless:
        mend = said("A technician reads why: journalctl -u %(unit)s", unit=restless[0].name)
        return SERVICES.wrong(said("start again and again: %(names)s", names=_names(restless)), mend, figure)
    return SERVICES.fine(said("all run"), figure)


def _names(found: Sequence[Service]) -> str:
    return ", ".join(one.name.removeprefix("cartable-") for one in found)


def machine_checks(facts: MachineFacts, now: Now, keep_free: int) -> list[Check]:
    """All that concern the machine but its services; ``keep_free``: bytes below which the disk is full."""
    return [
        power(facts),
        temperature(facts),
        clock(facts, now),
        memory(facts),
        storage.card(facts),
        storage.disk(facts, keep_free),
        storage.partition(facts),
        *devices.device_checks(facts.devices),
    ]
