# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The doctor's round: the machine, the files and the hub, looked at from outside and without changing anything.

It works whatever is broken."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance import box, identity_file
from appliance.client import Client
from appliance.config import Config
from appliance.errors import CartableError, ConfigError, Unreachable
from appliance.facts import MachineFacts
from appliance.health import content, machine, notes, versions
from appliance.health.check import Check, Group, Said, State, Subject
from appliance.ports import Machine, Now
from appliance.power_cut import small
from appliance.store import soundness

HUB_S = 15.0
"""A hub on a small computer, busy with a class, may take this long."""
SOUNDNESS_S = 20.0
"""A database of 100 MB takes two seconds on a Raspberry Pi 4, more on a worn card."""


@dataclass(frozen=True, slots=True)
class Round:
    """What was found."""

    checks: Sequence[Check]
    """In the order of their groups."""
    versions: Sequence[tuple[str, str, str]]
    """See :func:`appliance.health.versions.told`."""
    now: Now

    @property
    def wrong(self) -> list[Check]:
        """What there is to mend."""
        return [check for check in self.checks if check.state is State.WRONG]


def examine(config: Config, broken: CartableError | None) -> Round:
    """``broken``: what is wrong with the configuration, of which ``config`` then is only what could be saved."""
    driver, broken = _driver(config, broken)
    facts, now = driver.look(config.box.state), box.clock().now()
    seen = [
        *machine.machine_checks(facts, now, config.library.keep_free_mb << 20),
        machine.services(driver.services()),
        content.config(broken),
        *_kept(config, sheltered=bool(facts.partition.sheltered)),
    ]
    hub, told = _hub(config)
    known = {check.id: check for check in told}  # the hub writes these files, so it knows them better; but for damage
    seen = [check if check.state is State.WRONG else known.get(check.id, check) for check in seen]
    checks = [*notes.completed(seen, told), hub]
    order = list(Group)
    return Round(sorted(checks, key=lambda check: order.index(check.group)), _versions(facts), now)


def _versions(facts: MachineFacts) -> list[tuple[str, str, str]]:
    return versions.told(facts, soundness.VERSION)


def _driver(config: Config, broken: CartableError | None) -> tuple[Machine, CartableError | None]:
    try:
        return box.machine(config), broken
    except ConfigError as error:
        return box.machine(Config()), broken or error


def _kept(config: Config, *, sheltered: bool) -> list[Check]:
    """The state folder, the database and the records; ``sheltered``: we may not write, whoever else may."""
    folder, path = config.box.state, config.database
    there = os.path.lexists(folder)
    readable = os.access(folder, os.R_OK | os.X_OK)
    state = content.state(folder, there=there, readable=readable, writable=sheltered or _writable(folder))
    if not (there and readable):
        return [state]
    return [state, *_provisioned(config), *_database(path, sheltered=sheltered)]


def _provisioned(config: Config) -> list[Check]:
    """Nothing where nobody provisions: ``cartable dev``."""
    try:
        known = identity_file.read(config.identity_file)
        told = small(config.boot_errors).decode("utf-8-sig", "replace") if config.boot_errors.exists() else ""
    except (CartableError, OSError):
        return []
    return [] if known is None else [content.provisioned(told, copied=known.offered is not None)]


def _database(path: Path, *, sheltered: bool) -> list[Check]:
    try:
        with soundness.looking(path) as conn:
            found = soundness.with_schema(conn, path)
            found = replace(found, writable=sheltered or found.writable)
            checks = [content.integrity(*soundness.soundness(conn, SOUNDNESS_S)), content.database(found)]
            return [*checks, *([] if found.pending else [content.records(soundness.records(conn, path))])]
    except CartableError as error:
        return [content.database(error)]


def _writable(folder: Path) -> bool:
    """Somebody who is neither root nor the box's own user need not be able to."""
    try:
        ours = os.geteuid() in (0, folder.stat().st_uid)
    except OSError:
        return False
    return os.access(folder, os.W_OK) or not ours


def _hub(config: Config) -> tuple[Check, list[Check]]:
    """Whether it answers, and what it says of what only it can know."""
    try:
        answer = Client(config.hub_socket).request("GET", "/api/health", timeout=HUB_S)
        found = [_told(check) for check in answer.json()["checks"]]
    except Unreachable as error:
        why = content.hub_closed() if isinstance(error.__cause__, PermissionError) else content.hub(error)
        return why, [content.LIBRARY.unknown(), content.SEARCH.unknown()]
    except (ValueError, KeyError, TypeError):
        return content.hub(
            Unreachable("The hub answers, but not as it should: HTTP %(status)s.", status=answer.status)
        ), []
    return content.hub(None), [check for check in found if check.group is Group.CONTENT]


def _told(check: dict[str, Any]) -> Check:
    """A check of the hub's, in its language already."""
    subject = Subject(str(check["id"]), Group(check["group"]), str(check["name"]))
    mend = Said(str(check["mend"])) if check["mend"] else None
    return Check(subject.id, subject.group, subject.name, State(check["state"]), Said(str(check["detail"])), mend,
                 str(check.get("figure", "")))  # fmt: skip
