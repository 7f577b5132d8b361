# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""References cost what they should: bounded, in turns, and the same whatever the order and after a rebuild."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.store import record_links, record_terms
from appliance.store.records import Query
from tests.records.boxes import Box

ACTOR = {"mbox": "mailto:a@exemple.fr"}
ACTIVITY = "https://exemple.fr/a"
BOTH = "(SELECT term, row, via FROM posting UNION ALL SELECT term, row, via FROM posting_fresh)"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    opened = Box(tmp_path)
    yield opened
    opened.close()


def told(number: int, about: int | None = None, activities: int = 0, **more: Any) -> dict[str, Any]:
    target = {"id": ACTIVITY} if about is None else {"objectType": "StatementRef", "id": name(about)}
    related = [{"id": f"{ACTIVITY}/{number}/{n}"} for n in range(activities)]
    return {"id": name(number), "actor": ACTOR, "verb": {"id": f"https://exemple.fr/v{number % 7}"}, "object": target,
            "context": {"contextActivities": {"other": related}}, **more}  # fmt: skip


def name(number: int) -> str:
    return str(uuid.UUID(int=number, version=4))


def chain(length: int) -> list[dict[str, Any]]:
    """The first is about an activity, each other one about the one before it."""
    return [told(number, number - 1 if number > 1 else None) for number in range(1, length + 1)]


def borrowed(box: Box) -> int:
    return int(box.db.reading().execute(f"SELECT count(*) FROM {BOTH} WHERE via").fetchone()[0])


def waiting(box: Box) -> int:
    return int(box.db.reading().execute("SELECT count(*) FROM reference_waiting").fetchone()[0])


def rebuilt(box: Box) -> bool:
    """Whether a rebuild changes nothing."""
    before = box.derived()
    box.records.rebuild(lambda done, total: None)
    return before == box.derived() and waiting(box) == 0


def matching(box: Box, **asked: Any) -> int:
    return len(box.records.query(Query(**asked)).found)


def written(box: Box, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of postings of each writing from now on."""
    counts: list[int] = []
    write = record_terms.write

    def counted(conn: Any, postings: Any, first_new: int | None = None) -> int:
        counts.append(len(postings))
        return write(conn, postings, first_new)

    monkeypatch.setattr(record_terms, "write", counted)
    return counts


def test_a_target_that_many_wait_for_is_lent_in_turns(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_links, "TURN", 2_000)
    box.add(*(told(number, 1) for number in range(2, 302)))
    counts = written(box, monkeypatch)
    box.add(told(1, activities=100))
    terms = 100 + 6
    assert borrowed(box) == 300 * terms
    assert sum(counts) == 301 * terms
    assert max(counts) < 2_000 + record_links.LENT
    assert waiting(box) == 0
    assert matching(box, activity=f"{ACTIVITY}/1/7", related_activities=True) == 301
    assert rebuilt(box)


def test_a_statement_of_very_many_terms_lends_none_and_is_found_itself(box: Box) -> None:
    box.add(told(2, 1), told(3, 2), told(1, activities=record_links.LENT))
    assert matching(box, activity=f"{ACTIVITY}/1/7", related_activities=True) == 1
    assert matching(box, verb="https://exemple.fr/v2") == 2
    assert rebuilt(box)


def test_a_very_large_statement_lends_nothing(box: Box) -> None:
    box.add(told(1, result={"response": "x" * record_links.LARGEST}), told(2, 1), told(3, 2))
    assert matching(box, activity=ACTIVITY) == 1
    assert matching(box, verb="https://exemple.fr/v2") == 2
    assert rebuilt(box)


@pytest.mark.parametrize("turned", [False, True])
def test_an_append_to_a_chain_costs_its_depth_not_its_length(
    box: Box, monkeypatch: pytest.MonkeyPatch, turned: bool
) -> None:
    costs = []
    for item in chain(120)[:: -1 if turned else 1]:
        counts = written(box, monkeypatch)
        box.add(item)
        costs.append(sum(counts))
        monkeypatch.undo()
    most = 6 * (1 + record_links.FARTHEST)
    assert max(costs) <= most
    assert costs[40:-1] == [costs[40]] * 79
    assert borrowed(box) <= 120 * 6 * record_links.FARTHEST
    assert rebuilt(box)


def test_any_order_and_any_cutting_into_turns_lends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [*chain(40), *(told(number, number % 9 + 30) for number in range(100, 160)), told(200, 200),
             told(201, 202), told(202, 201)]  # fmt: skip
    results = []
    for turn, size, seed in ((10_000, 103, 0), (1, 7, 1), (50, 1, 2), (300, 40, 3)):
        monkeypatch.setattr(record_links, "TURN", turn)
        box = Box(tmp_path / str(seed))
        shuffled = random.Random(seed).sample(items, len(items))
        for first in range(0, len(shuffled), size):
            box.add(*shuffled[first : first + size])
        assert waiting(box) == 0
        results.append({key: rows for key, rows in box.derived().items() if key in ("posting", "reference")})
        assert rebuilt(box)
        box.close()
    own = [[row for row in found["posting"] if "any_agent account" not in row[0]] for found in results]
    assert own[0] == own[1] == own[2] == own[3]


def test_what_a_death_left_waiting_is_done_at_the_next_start(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_links, "TURN", 5)
    with box.records._linking:
        box.add(*chain(30))
        assert waiting(box) > 20
    again = box.again()
    assert waiting(again) == 0
    assert rebuilt(again)
    again.close()


def test_what_waits_while_it_is_erased_is_lent_by_nobody(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_links, "TURN", 5)
    fold = box.records.fold
    with box.records._linking:
        box.add(*chain(30))
        box.records.commit.run(lambda conn: fold.define(conn, fold.forget(conn, [1, 12, 29, 30])))
    box.add(told(99))
    assert waiting(box) == 0
    assert not box.db.reading().execute(f"SELECT 1 FROM {BOTH} WHERE row IN (1, 12, 29, 30)").fetchall()
    assert not box.db.reading().execute(f"SELECT 1 FROM {BOTH} WHERE via IN (1, 12, 29, 30)").fetchall()
    assert rebuilt(box)


def test_erasing_a_chain_takes_each_posting_away_once(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.add(*chain(300))
    taken = []
    remove = record_terms.remove

    def counted(conn: Any, postings: Any) -> set[int]:
        found = list(postings)
        taken.append(len(found))
        return remove(conn, found)

    monkeypatch.setattr(record_terms, "remove", counted)
    assert box.erasure.erase(["mbox mailto:a@exemple.fr"]).statements == 300
    assert sum(taken) <= 300 * 6 * (1 + record_links.FARTHEST) + 6 * record_links.FARTHEST**2
    assert not box.db.reading().execute(f"SELECT 1 FROM {BOTH}").fetchall()


def test_a_chain_is_cut_where_one_of_it_is_erased(box: Box) -> None:
    box.add(*chain(10))
    fold = box.records.fold
    box.records.commit.run(lambda conn: fold.define(conn, fold.forget(conn, [5])))
    assert matching(box, activity=ACTIVITY) == 4
    assert matching(box, verb="https://exemple.fr/v6") == 5
    assert rebuilt(box)


def test_a_rebuild_of_many_statements_with_a_reference_forward(box: Box) -> None:
    """The target stands in another page of the rebuild than what is about it."""
    box.add(told(1, 400), *(told(number) for number in range(2, 260)))
    box.add(told(400))
    assert rebuilt(box)
    assert matching(box, verb="https://exemple.fr/v1", limit=500) >= 2


def test_postings_are_sorted_before_they_are_too_many(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_terms, "MOST_FRESH", 1_000)
    for number in range(1, 31):
        box.add(told(number, activities=200))
        assert box.db.reading().execute("SELECT count(*) FROM posting_fresh").fetchone()[0] < 1_000
    assert matching(box, activity=ACTIVITY) == 30
    assert rebuilt(box)
