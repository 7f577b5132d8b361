# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The words of a trace: outcomes, durations, moments. No mark, no percentage of success, no rank."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from appliance.hub.language import format_date, format_time, gettext, ngettext
from appliance.ports import Now
from appliance.store.traces import Moment
from appliance.xapi import identifiers

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
KNOWN_S = 12 * 3600.0
"""What happened so long ago, since the box was started, was today; beyond, nobody can say."""
_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"


def answers(several: int, judged: int, right: int) -> str:
    """``20 answers, 12 right``: each try counts, in quizzes and games alike. Empty without any."""
    if not several:
        return ""
    told = ngettext("%(num)s answer", "%(num)s answers", several)
    return f"{told}, {ngettext('%(num)s right', '%(num)s right', right)}" if judged else str(told)


def several(statements: int) -> str:
    """``3 records``, of what is neither answer nor end."""
    return str(ngettext("%(num)s record", "%(num)s records", statements))


def finished(several: int) -> str:
    """Empty for none."""
    return str(ngettext("%(num)s activity finished", "%(num)s activities finished", several)) if several else ""


def outcome(result: Mapping[str, Any], *, answered: bool) -> str:
    """Whether it was right, or reached; empty when that is not said."""
    if told := spoken(result):
        return told
    success = result.get("success")
    if success is True:
        return str(gettext("right") if answered else gettext("reached"))
    return str(gettext("to be looked at again")) if success is False else ""


def spoken(result: Mapping[str, Any]) -> str:
    """How something said in English went; empty for anything else."""
    own = result.get("extensions")
    told = own.get(identifiers.OUTCOME) if isinstance(own, Mapping) else None
    words = {"bravo": gettext("said well"), "presque": gettext("nearly"), "encore": gettext("to be said again")}
    return str(words.get(told, "")) if isinstance(told, str) else ""


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
    """``in 1 min 30 s``, ``in 2 minutes``; empty when not known, or beyond belief."""
    known = seconds(duration)
    if known is None or not 0.5 <= known <= LONGEST_S:
        return ""
    if known < 59.5:
        return str(ngettext("in %(num)s second", "in %(num)s seconds", max(1, round(known))))
    if known < 599.5:
        minutes, rest = divmod(round(known), 60)
        if rest:
            return str(gettext("in %(minutes)s min %(seconds)s s", minutes=minutes, seconds=f"{rest:02}"))
        return str(ngettext("in %(num)s minute", "in %(num)s minutes", minutes))
    hours, minutes = divmod(round(known / 60), 60)
    if not hours:
        return str(ngettext("in %(num)s minute", "in %(num)s minutes", minutes))
    if not minutes:
        return str(ngettext("in %(num)s hour", "in %(num)s hours", hours))
    return str(gettext("in %(hours)s h %(minutes)s min", hours=hours, minutes=f"{minutes:02}"))


def ago(wall: float, now: float, *, certain: bool = True) -> str:
    """``5 min ago``; once that is over an hour the time of the day, or ``2 h ago`` when nobody knows it for certain."""
    minutes = int((now - wall) // 60)
    if minutes < 1:
        return str(gettext("just now"))
    if minutes < 60:
        return str(ngettext("%(num)s min ago", "%(num)s min ago", minutes))
    if not certain:
        return str(ngettext("%(num)s h ago", "%(num)s h ago", round(minutes / 60)))
    return clock(wall, now)


def clock(wall: float, now: float | None) -> str:
    """``at 9:30``; on another day than ``now``, or when nobody knows what day it is (None), with its date."""
    time = format_time(_local(wall))
    if now is not None and _local(wall).date() == _local(now).date():
        return str(gettext("at %(time)s", time=time))
    return str(gettext("at %(time)s on %(day)s", time=time, day=day(wall, now)))


def when(told: Moment, now: Now, store_now: float) -> str:
    """How long ago something happened, or at what time: the same words wherever it is told."""
    if told.certain:
        return ago(told.at, store_now) if now.trusted else clock(told.at, None)
    if not told.elapsed or store_now - told.at > KNOWN_S:
        return str(gettext("time not certain"))
    return ago(told.at, store_now, certain=False)


def day(wall: float, now: float | None) -> str:
    """``Today``, ``Yesterday`` or the date, by this box's own time zone; None: nobody knows what day it is."""
    date, today = _local(wall).date(), None if now is None else _local(now).date()
    if today is not None and date == today:
        return str(gettext("Today"))
    if today is not None and date == today - datetime.timedelta(days=1):
        return str(gettext("Yesterday"))
    words = format_date(date, "full")
    return words[:1].upper() + words[1:]


def _local(wall: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(min(max(wall, EARLIEST), LATEST), datetime.UTC).astimezone()
