# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The words of a trace: verbs, outcomes, durations, moments. No mark, no percentage of success, no rank."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from typing import Any

from flask_babel import format_date, format_decimal, format_time, gettext, ngettext

from appliance.i18n import N_

ANSWERED_WITH = N_("%(who)s answered “%(response)s” to “%(what)s”")
UNKNOWN = N_("%(who)s: %(verb)s “%(what)s”")
PLAYED_MEDIA = N_("%(who)s started “%(what)s”")

VERBS = {
    "abandoned": N_("%(who)s gave up “%(what)s”"),
    "answered": N_("%(who)s answered “%(what)s”"),
    "asked": N_("%(who)s asked “%(what)s”"),
    "attempted": N_("%(who)s tried “%(what)s”"),
    "attended": N_("%(who)s followed “%(what)s”"),
    "closed": N_("%(who)s closed “%(what)s”"),
    "commented": N_("%(who)s commented on “%(what)s”"),
    "completed": N_("%(who)s finished “%(what)s”"),
    "created": N_("%(who)s made “%(what)s”"),
    "downloaded": N_("%(who)s saved “%(what)s”"),
    "earned": N_("%(who)s won “%(what)s”"),
    "exited": N_("%(who)s left “%(what)s”"),
    "experienced": N_("%(who)s went through “%(what)s”"),
    "failed": N_("%(who)s failed “%(what)s”"),
    "hinted": N_("%(who)s asked for a hint on “%(what)s”"),
    "initialized": N_("%(who)s began “%(what)s”"),
    "interacted": N_("%(who)s used “%(what)s”"),
    "launched": N_("%(who)s opened “%(what)s”"),
    "listened": N_("%(who)s listened to “%(what)s”"),
    "mastered": N_("%(who)s mastered “%(what)s”"),
    "passed": N_("%(who)s passed “%(what)s”"),
    "paused": N_("%(who)s paused “%(what)s”"),
    "played": N_("%(who)s played “%(what)s”"),
    "preferred": N_("%(who)s preferred “%(what)s”"),
    "progressed": N_("%(who)s went on with “%(what)s”"),
    "read": N_("%(who)s read “%(what)s”"),
    "registered": N_("%(who)s joined “%(what)s”"),
    "resumed": N_("%(who)s took “%(what)s” up again"),
    "satisfied": N_("%(who)s met the aims of “%(what)s”"),
    "scored": N_("%(who)s got a result in “%(what)s”"),
    "seeked": N_("%(who)s looked for a passage of “%(what)s”"),
    "shared": N_("%(who)s shared “%(what)s”"),
    "skipped": N_("%(who)s skipped “%(what)s”"),
    "submitted": N_("%(who)s handed in “%(what)s”"),
    "terminated": N_("%(who)s closed “%(what)s”"),
    "watched": N_("%(who)s watched “%(what)s”"),
}
"""Last part of a verb's IRI -> its sentence. The verbs of ADL, of the video profile and of cmi5, and their synonyms."""

SYNONYMS = {
    "complete": "completed", "consumed": "experienced", "listen": "listened", "open": "launched", "opened": "launched",
    "play": "played", "requested-hint": "hinted", "responded": "answered", "start": "initialized",
    "started": "initialized", "submit": "submitted", "suspended": "paused", "viewed": "watched", "visited":
    "experienced", "watch": "watched",
}  # fmt: skip

MEDIA = ("video", "audio", "media", "sound")
"""Last parts of activity types that are played by pressing a button, not as a game."""

_DURATION = re.compile(
    r"P(?:(?P<weeks>[\d.]+)W)?(?:(?P<years>[\d.]+)Y)?(?:(?P<months>[\d.]+)M)?(?:(?P<days>[\d.]+)D)?"
    r"(?:T(?:(?P<hours>[\d.]+)H)?(?:(?P<minutes>[\d.]+)M)?(?:(?P<seconds>[\d.]+)S)?)?"
)
_SECONDS = {"weeks": 604800, "years": 31557600, "months": 2629800, "days": 86400, "hours": 3600, "minutes": 60,
            "seconds": 1}  # fmt: skip
LONGEST_S = 366 * 86400
"""A duration over a year is a mistake, not a pupil's work: it is not told."""
EARLIEST, LATEST = -62_135_510_400, 253_402_214_400
"""A day within what a calendar can write, since a time zone shifts it: 0001-01-02 and 9999-12-31."""
_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"


def outcome(result: Mapping[str, Any], *, answered: bool) -> str:
    """Whether it was right, or reached; empty when that is not said."""
    success = result.get("success")
    if success is True:
        return str(gettext("right") if answered else gettext("reached"))
    return str(gettext("to be looked at again")) if success is False else ""


def score(result: Mapping[str, Any]) -> str:
    """How much was right, in words (xAPI-Data 2.4.5.1); empty without a score that can be told."""
    share = _share(result.get("score"))
    if share is None:
        return ""
    if share >= 0.995:
        return str(gettext("all of it right"))
    if share >= 0.75:
        return str(gettext("almost all of it right"))
    if share > 0.5:
        return str(gettext("more than half right"))
    if share == 0.5:
        return str(gettext("half right"))
    return str(gettext("less than half right") if share > 0 else gettext("nothing right yet"))


def _share(told: object) -> float | None:
    if not isinstance(told, Mapping):
        return None
    scaled, raw = _number(told.get("scaled")), _number(told.get("raw"))
    if scaled is not None:
        return max(0.0, scaled)
    least, most = _number(told.get("min", 0)), _number(told.get("max"))
    if raw is None or least is None or most is None or most <= least:
        return None
    return min(max((raw - least) / (most - least), 0.0), 1.0)


def _number(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except OverflowError:
        return None


def progress(result: Mapping[str, Any]) -> str:
    """How far it went (cmi5's extension, 0 to 100); "not finished" when the activity says so."""
    extensions = result.get("extensions")
    percent = _number(extensions.get(_PROGRESS)) if isinstance(extensions, Mapping) else None
    if percent is not None and 0 <= percent <= 100:
        return str(gettext("%(percent)s %% done", percent=round(percent)))
    return str(gettext("not finished")) if result.get("completion") is False else ""


def seconds(duration: object) -> float | None:
    """Seconds of an ISO 8601 duration (xAPI-Data 4.6); None when it is none."""
    found = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    if found is None or not any(found.groups()):
        return None
    try:
        return sum(float(part) * _SECONDS[name] for name, part in found.groupdict().items() if part)
    except ValueError:
        return None


def spent(duration: object) -> str:
    """``in 2 minutes``; empty when not known, or beyond belief."""
    known = seconds(duration)
    if known is None or not 0.5 <= known <= LONGEST_S:
        return ""
    if known < 59.5:
        return str(ngettext("in %(num)s second", "in %(num)s seconds", max(1, round(known))))
    minutes = round(known / 60)
    if minutes < 60:
        return str(ngettext("in %(num)s minute", "in %(num)s minutes", minutes))
    hours = round(known / 3600, 1)
    return str(ngettext("in %(hours)s hour", "in %(hours)s hours", math.ceil(hours), hours=format_decimal(hours)))


def ago(wall: float, now: float, *, certain: bool = True) -> str:
    """``5 min ago``; once that is over an hour the time of the day, or ``2 h ago`` when nobody knows it for certain."""
    minutes = int((now - wall) // 60)
    if minutes < 1:
        return str(gettext("just now"))
    if minutes < 60:
        return str(ngettext("%(num)s min ago", "%(num)s min ago", minutes))
    if not certain:
        return str(ngettext("%(num)s h ago", "%(num)s h ago", round(minutes / 60)))
    return str(gettext("at %(time)s", time=format_time(_local(wall), "short", rebase=False)))


def day(wall: float, now: float) -> str:
    """``Today``, ``Yesterday`` or the date, by this box's own time zone."""
    date, today = _local(wall).date(), _local(now).date()
    if date == today:
        return str(gettext("Today"))
    if date == today - datetime.timedelta(days=1):
        return str(gettext("Yesterday"))
    words = str(format_date(date, "full", rebase=False))
    return words[:1].upper() + words[1:]


def _local(wall: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(min(max(wall, EARLIEST), LATEST), datetime.UTC).astimezone()
