# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What is too old goes by itself: answers and texts after 31 August, with who left before; the audit after a year.

Once a day, and only by a clock that can be believed, and that has run on without a jump for two weeks
(:mod:`appliance.store.steady`). People are told two weeks before at least: a box that slept all summer waits so long
after it wakes.
"""

from __future__ import annotations

import datetime
import zoneinfo

from appliance.hub.periodic import Periodic
from appliance.hub.trail import Trail
from appliance.ports import Now
from appliance.store import audit, retention, settings, steady, times, vault
from appliance.store.db import Database
from appliance.store.erasure import Erasure
from appliance.store.records import Records

EVERY_S = 900.0
NOTICE_FROM_MONTH = 7
"""July: from then on the home page tells of it."""
NOTICE = datetime.timedelta(days=14)
AUDIT_KEPT = datetime.timedelta(days=366)
_LAST = "retention_day"


def ends(now: datetime.datetime) -> datetime.datetime:
    """When the last school year that is over ended: midnight after 31 August."""
    return datetime.datetime(now.year if now.month >= 9 else now.year - 1, 9, 1, tzinfo=now.tzinfo)


def erases_at(db: Database, now: datetime.datetime) -> datetime.datetime | None:
    """The moment at which something will be erased, for who still wants to export it; None: not soon."""
    over, conn = ends(now), db.reading()
    if retention.anything(conn, times.rfc3339(over.timestamp())):
        told = retention.announcement(conn, over.year)
        first = datetime.datetime.fromisoformat(told).astimezone(now.tzinfo) if told else now
        since = datetime.datetime.combine(steady.since(conn, now.timestamp()), datetime.time(), now.tzinfo)
        return max(over, first + NOTICE, since + steady.WEEKS_TWO)
    coming = over.replace(year=over.year + 1)
    return coming if NOTICE_FROM_MONTH <= now.month < 9 else None


class Retention(Periodic):
    """Looks at the calendar every ``every_s`` seconds."""

    def __init__(self, records: Records, trail: Trail, zone: str, every_s: float = EVERY_S) -> None:
        """``zone``: by its name in the tz database."""
        super().__init__("retention", every_s, self._look)
        self._records = records
        self._trail = trail
        self._zone = zoneinfo.ZoneInfo(zone)

    def _look(self) -> None:
        self.run(self._records.clock.now())

    def run(self, now: Now) -> bool:
        """The day's work; returns whether there was any to do: not twice a day, nor by a clock that may be wrong."""
        here = datetime.datetime.fromtimestamp(now.wall, self._zone)
        db = self._records.db
        if not now.trusted or settings.get(db, _LAST) == here.date().isoformat():
            return False
        with db.writing() as conn:
            vault.date(conn, times.rfc3339(now.wall))
            steady.looked(conn, now.wall)
            if steady.is_sure(conn, now):
                audit.drop_before(conn, times.rfc3339((here - AUDIT_KEPT).timestamp()))
        self._answers(here, sure=steady.is_sure(db.reading(), now))
        settings.put(db, _LAST, here.date().isoformat())
        return True

    def _answers(self, here: datetime.datetime, *, sure: bool) -> None:
        db, over = self._records.db, ends(here)
        if NOTICE_FROM_MONTH <= here.month < 9:
            retention.announced(db, over.year + 1, here.isoformat())
        before = times.rfc3339(over.timestamp())
        if not retention.anything(db.reading(), before):
            return
        told = datetime.datetime.fromisoformat(retention.announced(db, over.year, here.isoformat()))
        if here < told + NOTICE or not sure:
            return
        agents = retention.agents(db.reading(), self._records.box_id)
        erasure = Erasure(self._records)
        if gone := retention.left(db.reading(), self._records.box_id, before):
            erasure.erase(gone)
        erasure.erase(agents, final=False, before=before)
        self._trail.note("retention", role="box", subject=f"{over.year}: {len(agents)} pupils")
