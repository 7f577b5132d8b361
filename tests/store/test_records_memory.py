# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Large statements and definitions are in memory a few at a time, however many there are, or a small request names."""

from __future__ import annotations

import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import Conflict
from appliance.store import record_definitions, record_entries
from tests.records.boxes import Box

MB = 1 << 20
ACTIVITY = "https://exemple.fr/a"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    opened = Box(tmp_path)
    yield opened
    opened.close()


def told(box: Box, **more: Any) -> dict[str, Any]:
    return {"actor": box.pupil("ali-1"), "verb": {"id": "https://exemple.fr/v"}, "object": {"id": ACTIVITY}, **more}


def extended(value: Any) -> dict[str, Any]:
    return {"extensions": {"https://exemple.fr/x": value}}


def peak(work: Callable[[], object]) -> int:
    """Bytes that Python's objects took at most meanwhile."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_large_statements_are_rebuilt_and_erased_some_at_a_time(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_entries, "READ_BYTES", MB // 4)
    for _ in range(20):
        box.add(told(box, result=extended([{}] * 40_000)))  # 3 MB each, once parsed
    assert peak(lambda: box.records.rebuild(lambda done, total: None)) < 20 * MB
    assert peak(lambda: box.erasure.erase([box.agent("ali-1")])) < 20 * MB
    assert box.db.reading().execute("SELECT count(*) FROM statement WHERE NOT erased").fetchone()[0] == 0


def test_pieces_hold_every_row_once(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_entries, "READ_BYTES", 2500)
    for size in (0, 3000, 3000, 0, 0, 900, 900, 5000):
        box.add(told(box, result=extended("x" * size)))
    found = list(record_entries.portions(box.db.reading(), range(1, 9)))
    assert [row for some in found for row in some] == list(range(1, 9))
    assert all(len(some) < 8 for some in found)
    assert [some for some in found if some in ([2], [3], [8])] == [[2], [3], [8]]


def test_those_of_a_batch_that_are_there_are_read_one_at_a_time(box: Box) -> None:
    ids = [str(uuid.uuid4()) for _ in range(20)]
    for name in ids:
        box.add(told(box, id=name, result=extended("x" * MB)))

    def again() -> None:
        with pytest.raises(Conflict):
            box.add(*(told(box, id=name) for name in ids))

    assert peak(again) < 8 * MB


def test_definitions_are_merged_some_at_a_time(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_definitions, "AT_ONCE", 10)
    iris = [f"{ACTIVITY}/{number}" for number in range(200)]
    for iri in iris:
        box.add(told(box, object={"id": iri, "definition": {"description": {"fr": "x" * 60_000}}}))
    named = {"other": [{"id": iri, "definition": {"name": {"fr": "y"}}} for iri in iris]}
    assert peak(lambda: box.add(told(box, context={"contextActivities": named}))) < 6 * MB
    assert all((box.records.definition(iri) or {})["name"] == {"fr": "y"} for iri in iris)
