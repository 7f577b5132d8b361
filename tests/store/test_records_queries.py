# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pages of statements: since and until, cursors, StatementRefs, short pages."""

from __future__ import annotations

import dataclasses
import datetime
import tracemalloc
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import BadInput
from appliance.store import record_links, record_names, record_queries, record_terms
from appliance.store.records import Query
from tests.records.boxes import Box

ALI, BO = {"mbox": "mailto:ali@exemple.fr"}, {"mbox": "mailto:bo@exemple.fr"}
FRACTIONS, VERBS = "https://exemple.fr/fractions", "https://exemple.fr/verbs/"


@pytest.fixture(params=[0, 6, 2000])
def box(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """With postings in one table, in both, in the other."""
    monkeypatch.setattr(record_terms, "FRESH", request.param)
    opened = Box(tmp_path)
    yield opened
    opened.close()


def told(verb: str = "did", actor: dict[str, Any] = ALI, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "actor": actor, "verb": {"id": VERBS + verb}, "object": {"id": FRACTIONS}, **more}


def about(target: dict[str, Any], verb: str = "commented", actor: dict[str, Any] = BO) -> dict[str, Any]:
    return told(verb, actor, object={"objectType": "StatementRef", "id": target["id"]})


def ids(box: Box, **asked: Any) -> list[str]:
    query = Query(**{"ascending": True, **asked})
    found, page = [], box.records.query(query)
    while True:
        found += [item.id for item in page.found]
        if page.next is None:
            return found
        page = box.records.query(dataclasses.replace(query, cursor=page.next))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_a_chain_of_references_matches_what_its_end_matches(box: Box, order: tuple[int, ...]) -> None:
    """Communication 2.1.3: "Statement a" is a match when a targets b which targets c and c matches."""
    last = told()
    middle = about(last)
    first = about(middle, actor={"mbox": "mailto:c@exemple.fr"})
    chain = (last, middle, first)
    for place in order:
        box.add(chain[place])
    everybody = {item["id"] for item in chain}
    assert set(ids(box, activity=FRACTIONS)) == everybody
    assert set(ids(box, agent="mbox mailto:ali@exemple.fr")) == everybody
    assert set(ids(box, agent="mbox mailto:bo@exemple.fr")) == everybody - {last["id"]}
    assert set(ids(box, agent="mbox mailto:c@exemple.fr")) == {first["id"]}


def test_all_parameters_must_match_through_the_same_statement(box: Box) -> None:
    done = told("did", ALI)
    comment = about(done, "commented", BO)
    box.add(done, comment)
    assert ids(box, agent="mbox mailto:ali@exemple.fr", verb=VERBS + "commented") == []
    assert ids(box, agent="mbox mailto:bo@exemple.fr", verb=VERBS + "commented") == [comment["id"]]
    assert ids(box, agent="mbox mailto:ali@exemple.fr", verb=VERBS + "did") == [done["id"], comment["id"]]


def test_references_in_a_circle_end_and_come_once(box: Box) -> None:
    one, two, three = told(), told(), told()
    circle = [about(two), about(three), about(one)]
    for item, same in zip(circle, (one, two, three), strict=True):
        item["id"] = same["id"]
    own = {**about(told()), "id": "99999999-9999-4999-8999-999999999999"}
    own["object"]["id"] = own["id"]
    box.add(*circle)
    box.add(own)
    assert ids(box, verb=VERBS + "commented", limit=1) == [one["id"], two["id"], three["id"], own["id"]]


def test_a_long_chain_ends_at_its_limit_and_takes_no_square_of_its_length(box: Box) -> None:
    chain = [told("start")]
    for _ in range(150):
        chain.append(about(chain[-1]))
    box.add(*chain[::-1])
    assert len(ids(box, verb=VERBS + "start")) == 1 + record_links.FARTHEST
    assert len(ids(box, activity=FRACTIONS)) == 1 + record_links.FARTHEST


def test_many_statements_about_one(box: Box) -> None:
    target = told("start")
    box.add(*(about(target) for _ in range(120)))
    box.add(target)
    assert len(ids(box, verb=VERBS + "start")) == 121


@pytest.mark.parametrize("ascending", [True, False])
def test_since_is_exclusive_until_inclusive_and_pages_go_on(box: Box, ascending: bool) -> None:
    names = [box.add(told())[0] for _ in range(23)]
    stored = [found.stored for found in box.records.query(Query(ascending=True)).found]
    moments = [datetime.datetime.fromisoformat(text) for text in stored]
    for low, high in ((0, 22), (4, 4), (7, 12), (12, 7)):
        found = ids(box, since=moments[low], until=moments[high], limit=3, ascending=ascending)
        expected = names[low + 1 : high + 1]
        assert found == (expected if ascending else expected[::-1])
    just_before = moments[9] - datetime.timedelta(microseconds=1)
    assert ids(box, since=just_before) == names[9:]
    assert ids(box, until=just_before) == names[:9]
    past, future = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) for year in (1, 9999))
    assert ids(box, since=past, until=future) == names
    assert ids(box, since=future) == ids(box, until=past) == []


@pytest.mark.parametrize("cursor", ["", "0", "-1", "1.5", "x", "1" * 30, "9' OR 1", "²", "1\n"])
def test_a_cursor_that_the_box_did_not_give_is_refused(box: Box, cursor: str) -> None:
    box.add(told())
    with pytest.raises(BadInput):
        box.records.query(Query(cursor=cursor))


def test_a_cursor_beyond_the_end_is_an_empty_page(box: Box) -> None:
    box.add(told())
    assert box.records.query(Query(cursor="999999999999999999", ascending=True)).found == []
    assert len(box.records.query(Query(cursor="999999999999999999")).found) == 1


@pytest.mark.parametrize("asked", [{}, {"verb": VERBS + "did"}, {"activity": FRACTIONS, "verb": VERBS + "rare"}])
@pytest.mark.parametrize("ascending", [True, False])
def test_a_page_looks_at_a_bounded_number_and_the_next_goes_on(
    box: Box, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], ascending: bool
) -> None:
    monkeypatch.setattr(record_queries, "LOOKED_AT", 5)
    rare = {3, 17, 18}
    names = [box.add(told("rare" if number in rare else "did"))[0] for number in range(40)]
    wanted = {"did": set(range(40)) - rare, "rare": rare}.get(asked.get("verb", "").removeprefix(VERBS), set(range(40)))
    expected = [names[number] for number in sorted(wanted)]
    assert ids(box, **asked, limit=4, ascending=ascending) == (expected if ascending else expected[::-1])


def test_new_statements_do_not_disturb_a_reading_under_way(box: Box) -> None:
    names = [box.add(told())[0] for _ in range(6)]
    page = box.records.query(Query(limit=3))
    box.add(told(), told())
    rest = box.records.query(Query(limit=10, cursor=page.next))
    assert [found.id for found in [*page.found, *rest.found]] == names[::-1]


def test_unknown_terms_match_nothing(box: Box) -> None:
    box.add(told())
    assert ids(box, agent="mbox mailto:nobody@exemple.fr") == []
    assert ids(box, verb=VERBS + "did", activity="https://exemple.fr/other") == []
    assert ids(box, verb=VERBS + "did", within="mbox mailto:nobody@exemple.fr") == []
    assert len(ids(box, verb=VERBS + "did", within="mbox mailto:ali@exemple.fr")) == 1


@pytest.mark.parametrize("asked", [{}, {"verb": VERBS + "did"}, {"verb": VERBS + "did", "activity": FRACTIONS}])
@pytest.mark.parametrize("ascending", [True, False])
def test_a_page_holds_so_many_bytes_or_one_statement(box: Box, asked: dict[str, str], ascending: bool) -> None:
    sizes = [0, 0, 9000, 0, 3000, 3000, 0, 12_000, 9000, 0, 0, 0]
    names = [box.add(told(result={"response": "x" * size}))[0] for size in sizes]
    query = Query(**asked, ascending=ascending, most_bytes=8000)  # type: ignore[arg-type]
    pages = [box.records.query(query)]
    while pages[-1].next is not None:
        pages.append(box.records.query(dataclasses.replace(query, cursor=pages[-1].next)))
    assert [item.id for page in pages for item in page.found] == (names if ascending else names[::-1])
    for page in pages:
        assert len(page.found) == 1 or sum(len(item.body) for item in page.found) <= 8000
    assert len(pages) < 9


@pytest.mark.parametrize("asked", [{}, {"verb": VERBS + "did"}])
def test_what_does_not_fit_in_a_page_is_not_read(tmp_path: Path, asked: dict[str, str]) -> None:
    """Forty of two megabytes: a page takes as much memory as it has room, not as much as its statements."""
    box = Box(tmp_path)
    for _ in range(40):
        box.add(told(result={"response": "x" * (2 << 20)}))
    tracemalloc.start()
    try:
        page = box.records.query(Query(**asked))  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        box.close()
    assert len(page.found) == 1
    assert page.next is not None
    assert peak < 12 << 20


def test_names_in_large_statements_are_passed_over(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_names, "MOST_BYTES", 4000)
    box.add(told(actor={**ALI, "name": "Ali B."}))
    box.add(told(actor={**ALI, "name": "Large"}, result={"response": "x" * 5000}))
    box.add(told(actor={**ALI, "name": "Ali"}))
    assert box.records.names_of("mbox mailto:ali@exemple.fr") == ["Ali", "Ali B."]
    for _ in range(20):
        box.add(told(actor={**ALI, "name": "Newer"}))
    assert box.records.names_of("mbox mailto:ali@exemple.fr") == ["Newer"]
