# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A million statements: loaded once and kept in the cache, then weighed and searched."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import random
import sqlite3
import statistics
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from appliance.config import Config
from appliance.ports import Now
from appliance.store import settings
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate
from appliance.store.records import Records
from appliance.xapi import identifiers, preparing, reading
from appliance.xapi.version import Version
from bench import statements
from bench.measure import Table
from bench.peers import cache
from bench.posting import Connection, request

COUNT = int(os.environ.get("CARTABLE_BENCH_STATEMENTS", "1000000"))
BATCH = 500
PACE_S = 11.0
"""Between two statements of the school's year."""
QUERIES = 40
"""Of each kind of filter."""
ASKED = 100
APPLIANCE = Path(__file__).parents[1] / "appliance"


class SchoolClock:
    """Port ``Clock``: as if the statements had arrived through a school year."""

    def __init__(self) -> None:
        self.arrived = 0

    def now(self) -> Now:
        moment = self.arrived * PACE_S
        return Now(statements.START.timestamp() + moment, True, moment, "bench")


def state() -> Path:
    """A state folder that holds the million; loaded again when what writes statements has changed."""
    sources = sorted([*APPLIANCE.glob("store/record*.py"), *APPLIANCE.glob("xapi/*.py"), Path(statements.__file__)])
    sources.append(APPLIANCE / "store" / "migrations.py")
    version = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    found = cache.once(f"records-{COUNT}-{version}", _load)
    for old in set(found.parent.glob(f"records-{COUNT}-*")) - {found}:
        cache.remove(old)
    return found


def _load(folder: Path) -> None:
    database = folder / "cartable.sqlite"
    migrate(database)
    db, clock, begun = Database(database, Role.HUB), SchoolClock(), time.monotonic()
    box = settings.box_id(db)
    records = Records(db, clock, box, folder)
    authority = identifiers.own_authority(box)
    texts = statements.texts(0, COUNT)
    while clock.arrived < COUNT:
        raws = [reading.statement(text.encode()) for text in itertools.islice(texts, BATCH)]
        records.append([preparing.prepare(raw, Version.V1, authority) for raw in raws])
        clock.arrived += len(raws)
        if clock.arrived % (COUNT // 10 or 1) < BATCH:
            print(f"loaded {clock.arrived:,}, {clock.arrived / (time.monotonic() - begun):,.0f}/s", flush=True)
    db.close()


def count(database: Path) -> int:
    """Statements kept."""
    with _opened(database) as conn:
        return int(conn.execute("SELECT count(*) FROM statement").fetchone()[0])


@contextlib.contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as conn:
        yield conn


def sizes(table: Table, folder: Path) -> None:
    """File size beside the JSON that clients read back (``stored`` and all) and that they sent."""
    files = sum(path.stat().st_size for path in folder.glob("cartable.sqlite*"))
    with _opened(folder / "cartable.sqlite") as conn:
        bodies, given = conn.execute("SELECT sum(length(body)), sum(given) FROM statement").fetchone()
    table.add(f"{COUNT:,} statements: file size / bytes of their JSON", files / bodies, unit="x", target="<= 2.5",
              met=lambda ours, _: ours <= 2.5)  # fmt: skip
    table.add(f"{COUNT:,} statements: file size / bytes as sent", files / given, unit="x")


def searches(table: Table, config: Config, headers: Mapping[str, str]) -> None:
    """Milliseconds until 100 statements of a filter are there, following ``more`` where pages are shorter."""
    kinds = _kinds(config.database)
    connection = Connection(config.hub_socket)
    behind = Connection(("127.0.0.1", config.edge.port))
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    through: list[float] = []
    turns = [(kind, query) for kind, queries in kinds.items() for query in queries]
    random.Random(1).shuffle(turns)
    for kind, query in turns:
        times[kind].append(_hundred(connection, headers, query))
    for _, query in turns:
        through.append(_hundred(behind, headers, query))
    label = f"{COUNT:,} statements: GET of {ASKED}"
    everything = [value for several in times.values() for value in several]
    table.add(f"{label}, {len(kinds)} kinds of filter, p95", _p95(everything), unit="ms",
              target="<= 20 ms", met=lambda ours, _: ours <= 20)  # fmt: skip
    table.add(f"{label}, median", statistics.median(everything), unit="ms")
    table.add(f"{label}, slowest", max(everything), unit="ms")
    table.add(f"{label}, through nginx, p95", _p95(through), unit="ms")
    for kind, several in times.items():
        table.add(f"{label}: {kind}, p95", _p95(several), unit="ms")


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def _hundred(connection: Connection, headers: Mapping[str, str], query: Mapping[str, str]) -> float:
    path, got, spent = f"/xapi/statements?{urllib.parse.urlencode({**query, 'limit': ASKED})}", 0, 0.0
    while path and got < ASKED:
        start = time.perf_counter()
        status, body = connection.ask(request("GET", path, headers))
        spent += time.perf_counter() - start
        if status != 200:
            raise RuntimeError(f"{status} for {path}: {body[:300]!r}")
        page = json.loads(body)
        got, path = got + len(page["statements"]), page["more"]
    if not got:
        raise RuntimeError(f"nothing for {query}")
    return spent * 1000


def _kinds(database: Path) -> dict[str, list[dict[str, str]]]:
    """Filters drawn from statements that are there."""
    chance = random.Random(3)
    made: dict[str, list[dict[str, str]]] = {}
    with _opened(database) as conn:
        for _ in range(QUERIES):
            row = chance.randrange(1, COUNT + 1)
            body, stored = conn.execute("SELECT body, stored FROM statement WHERE row = ?", (row,)).fetchone()
            later = conn.execute(
                "SELECT stored FROM statement WHERE row = ?", (min(COUNT, row + COUNT // 30),)
            ).fetchone()[0]
            for kind, query in _filters(json.loads(body), stored, later).items():
                made.setdefault(kind, []).append(query)
    return made


def _filters(value: dict[str, Any], stored: str, later: str) -> dict[str, dict[str, str]]:
    """One of each kind, each matching ``value`` at least; ``later``: a month after ``stored``."""
    agent, verb, activity = {"agent": json.dumps(value["actor"])}, {"verb": value["verb"]["id"]}, value["object"]["id"]
    registration = {"registration": value["context"]["registration"]}
    parent = {"activity": value["context"]["contextActivities"]["parent"][0]["id"], "related_activities": "true"}
    lesson = {"activity": value["context"]["contextActivities"]["grouping"][0]["id"], "related_activities": "true"}
    month = {"since": _before(stored), "until": later}
    return {
        "agent": agent,
        "verb": verb,
        "activity": {"activity": activity},
        "registration": registration,
        "related activities (of an activity)": parent,
        "related activities (of a lesson)": lesson,
        "related agents": {**agent, "related_agents": "true"},
        "agent + verb": {**agent, **verb},
        "agent + activity": {**agent, "activity": activity},
        "agent + related activities": {**agent, **parent},
        "agent + registration": {**agent, **registration},
        "verb + registration": {**verb, **registration},
        "verb + related activities": {**verb, **parent},
        "since": {"since": _before(stored)},
        "since, ascending": {"since": _before(stored), "ascending": "true"},
        "until": {"until": later},
        "a month": month,
        "agent + a month": {**agent, **month},
        "verb + a month, ascending": {**verb, **month, "ascending": "true"},
        "agent + verb + activity + a month": {**agent, **verb, **parent, **month},
    }


def _before(stored: str) -> str:
    """A microsecond or so earlier: ``since`` excludes its own moment."""
    return stored[:-2] + "0Z" if stored[-2] != "0" else f"{stored[:20]}{max(0, int(stored[20:26]) - 1):06d}Z"


if __name__ == "__main__":
    print(state())
