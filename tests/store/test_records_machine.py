# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Any order of adding, voiding, referring, repeating, erasing, merging, restarting and clock jumps.

After each step the store answers what a few lines that read every statement answer, and a rebuild changes no byte.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
import uuid
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from appliance.errors import Conflict
from appliance.store import record_links, record_terms, times
from appliance.store.record_lines import Statement
from appliance.store.records import Query
from appliance.xapi import terms
from appliance.xapi.definitions import Defines
from tests.records.boxes import START, Box, SetClock

TABLES = ("statement", "term", "statement_reference", "reference_waiting", "statement_void", "statement_attachment",
          "activity_definition", "progress", "actor_seen", "verb_count", "answer", "held")  # fmt: skip
OTHER = "11111111-1111-4111-8111-111111111111"
IDS = [str(uuid.UUID(int=n, version=4)) for n in range(14)]
FOREIGN_IDS = [str(uuid.UUID(int=n, version=4)) for n in range(100, 106)]
ACTORS = [{"mbox": f"mailto:{name}@exemple.fr"} for name in "ab"]
VERBS = ["http://adlnet.gov/expapi/verbs/completed", "http://adlnet.gov/expapi/verbs/answered"]
ACTIVITIES = ["https://exemple.fr/a", "https://exemple.fr/b"]
REGISTRATIONS = [str(uuid.UUID(int=n, version=4)) for n in (900, 901)]

activities = st.builds(
    lambda iri, name: {"id": iri, **({"definition": {"name": {"fr": name}}} if name else {})},
    st.sampled_from(ACTIVITIES), st.sampled_from(["", "un", "deux"]),
)  # fmt: skip
references = st.builds(lambda name: {"objectType": "StatementRef", "id": name}, st.sampled_from(IDS + FOREIGN_IDS))
results = st.fixed_dictionaries({}, optional={
    "success": st.booleans(), "completion": st.booleans(), "duration": st.sampled_from(["PT0.1S", "PT1M", "P1Y"]),
    "score": st.sampled_from([{"scaled": 0.1}, {"scaled": 0.7}])})  # fmt: skip
contents = st.fixed_dictionaries(
    {"actor": st.sampled_from(ACTORS), "verb": st.sampled_from(VERBS).map(lambda iri: {"id": iri}),
     "object": st.one_of(activities, activities, references)},
    optional={"result": results,
              "timestamp": st.sampled_from(["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "1999-01-01T00:00:00Z"]),
              "context": st.fixed_dictionaries({}, optional={
                  "registration": st.sampled_from(REGISTRATIONS),
                  "contextActivities": activities.map(lambda activity: {"parent": [activity]})})},
)  # fmt: skip
voiding = references.map(lambda target: {"actor": ACTORS[1], "verb": {"id": terms.VOIDED}, "object": target})
statements = st.one_of(contents, contents, contents, voiding)
queries = st.builds(
    Query,
    agent=st.sampled_from([None, None, *(terms.agent_value(actor) for actor in ACTORS)]),
    verb=st.sampled_from([None, None, *VERBS]),
    activity=st.sampled_from([None, None, *ACTIVITIES]),
    registration=st.sampled_from([None, None, None, *REGISTRATIONS]),
    related_agents=st.booleans(),
    related_activities=st.booleans(),
    limit=st.integers(1, 4),
    ascending=st.booleans(),
)


class Store(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.fresh, record_terms.FRESH = record_terms.FRESH, 7  # so that both tables hold postings
        self.turn, record_links.TURN = record_links.TURN, 30  # so that references are left for later turns
        self.box = Box(Path(self.folder.name), SetClock(trusted=False))
        self.foreign = 0
        self.reached = 0.0
        """The latest time that a trusted clock has shown."""

    def teardown(self) -> None:
        if hasattr(self, "box"):
            self._rebuilt()
            self.box.close()
            self.folder.cleanup()
            record_terms.FRESH = self.fresh
            record_links.TURN = self.turn

    @rule(names=st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True), data=st.data())
    def add(self, names: list[str], data: st.DataObject) -> None:
        """New ones, and perhaps some that are there already and are sent again just the same."""
        self.box.add(*({"id": name, **(self._sent(name) or data.draw(statements))} for name in names))

    @rule(name=st.sampled_from(IDS))
    def contradict(self, name: str) -> None:
        if self._sent(name) is not None:
            before = self._dump()
            with pytest.raises(Conflict):
                self.box.add({"id": name, "actor": ACTORS[0], "verb": {"id": "https://exemple.fr/autre"},
                              "object": {"id": ACTIVITIES[0]}})  # fmt: skip
            assert self._dump() == before

    @rule(names=st.lists(st.sampled_from(FOREIGN_IDS), min_size=1, max_size=3, unique=True), data=st.data(),
          years=st.sampled_from([None, "1970", "2044", "2060", "9999"]))  # fmt: skip
    def merge(self, names: list[str], data: st.DataObject, years: str | None) -> None:
        """``years``: that of their ``stored``; None: near those of this box."""
        lines = []
        for name in names:
            if self._body(name) is None:
                self.foreign += 1
                line = _line(name, self.foreign, data.draw(statements), data.draw(st.sampled_from(Defines)))
                stored = line.stored if years is None else f"{years}-12-31T23:59:59.999999Z"
                lines.append(dataclasses.replace(line, stored=stored))
        assert self.box.records.merge(lines).quarantined == 0

    @rule(seconds=st.floats(-4e9, 4e9) | st.floats(0, 10), trusted=st.booleans())
    def jump(self, seconds: float, trusted: bool) -> None:
        self.box.clock.wall = min(max(0.0, self.box.clock.wall + seconds), 4e10)
        self.box.clock.monotonic += 5.0
        self.box.clock.trusted = trusted
        self._note_clock()

    @rule()
    def learn_the_time(self) -> None:
        self.box.clock.wall, self.box.clock.trusted = START, True
        self._note_clock()

    def _note_clock(self) -> None:
        """``reached``; a test lasts less than a minute."""
        if self.box.clock.trusted:
            self.reached = max(self.reached, self.box.clock.wall + 60)

    @rule(boot=st.sampled_from(["boot-1", "boot-2", "boot-3"]))
    def restart(self, boot: str) -> None:
        self.box.clock.boot = boot
        self.box = self.box.again()

    @rule()
    def settle(self) -> None:
        self.box.records.settle_clock(self.box.clock.now())

    @rule(name=st.sampled_from(IDS + FOREIGN_IDS))
    @precondition(lambda self: self._count() > 3)
    def erase(self, name: str) -> None:
        rows = [row["row"] for row in self._rows("SELECT row FROM statement WHERE id = ?", name)]
        fold = self.box.records.fold
        self.box.records.commit.run(lambda conn: fold.define(conn, fold.forget(conn, rows)))
        assert self.box.records.get(name) is None

    @rule()
    def rebuild(self) -> None:
        self._rebuilt()

    @rule(query=queries)
    def ask(self, query: Query) -> None:
        found: list[str] = []
        page = self.box.records.query(query)
        while True:
            assert len(page.found) <= query.limit
            found += [item.id for item in page.found]
            if page.next is None:
                break
            page = self.box.records.query(_further(query, page.next))
        expected = self._matching(query)
        assert found == (expected if query.ascending else expected[::-1])

    @invariant()
    def sound(self) -> None:
        if not hasattr(self, "box"):
            return
        rows = self._rows("SELECT * FROM statement ORDER BY row")
        stored = [row["stored"] for row in rows]
        assert stored == sorted(set(stored))
        assert [row["row"] for row in rows] == list(range(1, len(rows) + 1))
        own = [row["sequence"] for row in rows if row["origin"] == self.box.id]
        assert own == list(range(1, len(own) + 1))
        for row in rows:
            assert row["erased"] or hashlib.sha256(row["body"]).digest() == row["sha256"]
        if not self.box.records.arrivals.held and stored:
            assert self.box.records.consistent_through() >= stored[-1]
            assert not self.box.clock.trusted or stored[-1] <= times.rfc3339(self.reached)

    def _rebuilt(self) -> None:
        before = self._dump()
        self.box.records.rebuild(lambda done, total: None)
        after = self._dump()
        for table, rows in before.items():
            assert after[table] == rows, table

    def _dump(self) -> dict[str, list[tuple[Any, ...]]]:
        found = {table: sorted(map(tuple, self._rows(f"SELECT * FROM {table}")), key=repr) for table in TABLES}
        both = "SELECT term, row, via FROM posting UNION ALL SELECT term, row, via FROM posting_fresh"
        return {**found, "postings": sorted(map(tuple, self._rows(both)))}

    def _rows(self, sql: str, *given: Any) -> list[Any]:
        return self.box.db.reading().execute(sql, given).fetchall()

    def _count(self) -> int:
        return len(self._rows("SELECT 1 FROM statement")) if hasattr(self, "box") else 0

    def _body(self, name: str) -> Any:
        rows = self._rows("SELECT body FROM statement WHERE id = ?", name)
        return rows[0]["body"] if rows else None

    def _sent(self, name: str) -> dict[str, Any] | None:
        """What the sender had given, or None when it is not there (any more)."""
        rows = self._rows("SELECT body, given FROM statement WHERE id = ? AND NOT erased", name)
        return json.loads(rows[0]["body"][: rows[0]["given"]] + b"}") if rows else None

    def _matching(self, query: Query) -> list[str]:
        rows = self._rows("SELECT id, body, voided, erased FROM statement ORDER BY row")
        values = {row["id"]: json.loads(row["body"]) for row in rows if not row["erased"]}
        return [row["id"] for row in rows if row["id"] in values and not row["voided"]
                and any(_meets(query, value) for value in _path(row["id"], values))]  # fmt: skip


def _path(name: str | None, values: dict[str, Any]) -> list[Any]:
    seen: dict[str, Any] = {}
    while name in values and name not in seen:
        seen[name] = values[name]
        name = terms.reference(values[name])
    return list(seen.values())


def _meets(query: Query, value: dict[str, Any]) -> bool:
    own = terms.terms(value)
    agent = "any_agent" if query.related_agents else "agent"
    activity = "any_activity" if query.related_activities else "activity"
    asked = (
        (agent, query.agent),
        ("verb", query.verb),
        (activity, query.activity),
        ("registration", query.registration),
    )
    return all(wanted is None or (kind, wanted) in own for kind, wanted in asked)


def _further(query: Query, cursor: str) -> Query:
    fields = {name: getattr(query, name) for name in Query.__slots__}
    return Query(**{**fields, "cursor": cursor})


def _line(name: str, sequence: int, value: dict[str, Any], defines: Defines) -> Statement:
    given = json.dumps({"id": name, **value})[:-1]
    body = f'{given},"version":"1.0.0"}}' if "timestamp" in value else (
        f'{given},"timestamp":"2026-05-05T05:05:05.000000Z","version":"1.0.0"}}')  # fmt: skip
    stored = times.rfc3339(START + sequence * 1000)
    return Statement(name, OTHER, sequence, stored, True, len(given), body.encode(),
                     hashlib.sha256(body.encode()).hexdigest(), defines=defines)  # fmt: skip


TestStore = Store.TestCase
TestStore.settings = settings(max_examples=40, stateful_step_count=30)
