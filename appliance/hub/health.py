# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The health page: what works, what does not, and how to mend it. Figures only, no names."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, jsonify, render_template
from flask_babel import gettext

from appliance.errors import CartableError
from appliance.hub import labels
from appliance.hub.context import hub
from appliance.model import ResourceState

pages = Blueprint("health", __name__)

HOT_C = 80.0
LOW_MEMORY = 100 * 2**20


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the page. ``ok`` None: cannot be told on this machine."""

    name: str
    ok: bool | None
    detail: str
    mend: str = ""


@pages.get("/sante")
def health() -> str:
    """The page."""
    return render_template("health.html", checks=checks())


@pages.get("/api/health")
def health_json() -> tuple[Response, int]:
    """The same for programs: 200 when nothing is wrong, else 503."""
    found = checks()
    fine = all(check.ok is not False for check in found)
    return jsonify(ok=fine, checks=[[c.name, c.ok, c.detail, c.mend] for c in found]), 200 if fine else 503


def checks() -> list[Check]:
    """Every check, in the order in which a technician would look."""
    return [_disk(), _database(), _library(), _search(), _clock(), _memory(), _temperature(), _power()]


def _disk() -> Check:
    usage = shutil.disk_usage(hub().config.box.state)
    free = usage.free // 2**20
    return Check(
        gettext("Disk"),
        free >= hub().config.library.keep_free_mb,
        gettext("%(free)s free of %(total)s", free=labels.size(usage.free), total=labels.size(usage.total)),
        gettext("Remove resources that are no longer used, or take a larger card."),
    )


def _database() -> Check:
    try:
        hub().db.reading().execute("SELECT count(*) FROM resource").fetchone()
        writable = os.access(hub().db.path, os.W_OK)
    except CartableError as error:
        return Check(gettext("Database"), False, error.localized(gettext), gettext("Restore the last backup."))
    return Check(
        gettext("Database"),
        writable,
        gettext("writable") if writable else gettext("read-only"),
        gettext("Check that the card is not locked or worn out, then restart the box."),
    )


def _library() -> Check:
    resources = hub().library.list(include_damaged=True)
    damaged = [r for r in resources if r.state is ResourceState.DAMAGED]
    mend = gettext("Add the damaged resources again: %(names)s", names=", ".join(r.card.title for r in damaged[:5]))
    if not hub().library.alive:
        mend = gettext("Imports have stopped: restart the box; what was being imported goes on.")
    return Check(
        gettext("Library"),
        not damaged and hub().library.alive,
        gettext("%(count)s resources, %(damaged)s damaged", count=len(resources), damaged=len(damaged)),
        mend,
    )


def _search() -> Check:
    try:
        hub().search.search("cartable", None, 1)
    except CartableError as error:
        return Check(
            gettext("Search"), False, error.localized(gettext), gettext("It restarts by itself: wait a minute.")
        )
    return Check(gettext("Search"), True, gettext("answers"))


def _clock() -> Check:
    now = hub().clock.now()
    return Check(
        gettext("Clock"),
        True if now.trusted else None,
        gettext("set by the network") if now.trusted else gettext("not confirmed by the network"),
        gettext("Connect the box to the internet for a minute, or fit a clock module; answers are kept all the same."),
    )


def _memory() -> Check:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            available = int(line.split()[1]) * 1024
            return Check(
                gettext("Memory"), available >= LOW_MEMORY, gettext("%(mb)s MB available", mb=available // 2**20),
                gettext("Restart the box; if it comes back, tell the technician."),
            )  # fmt: skip
    return Check(gettext("Memory"), None, gettext("not known on this machine"))


def _temperature() -> Check:
    try:
        degrees = int(Path("/sys/class/thermal/thermal_zone0/temp").read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return Check(gettext("Temperature"), None, gettext("not known on this machine"))
    return Check(
        gettext("Temperature"), degrees < HOT_C, gettext("%(degrees)s °C", degrees=round(degrees)),
        gettext("Free the air slots and move the box out of the sun."),
    )  # fmt: skip


def _power() -> Check:
    """Raspberry Pi firmware flags: bit 0 under-voltage now, bit 16 under-voltage since boot."""
    try:
        flags = int(Path("/sys/devices/platform/soc/soc:firmware/get_throttled").read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        return Check(gettext("Power supply"), None, gettext("not known on this machine"))
    weak = bool(flags & 0x10001)
    return Check(
        gettext("Power supply"), not weak, gettext("too weak") if weak else gettext("steady"),
        gettext("Use the official power supply and its own cable."),
    )  # fmt: skip
