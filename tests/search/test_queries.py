# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The fifty published searches over the demonstration corpus, read by the real formats."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from appliance.store.search_query import SearchIndex
from tests.search.corpus import DEMONSTRATION, build

WANTED = 45
FIRST = 5


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    folder = tmp_path_factory.mktemp("demonstration") / "index"
    assert build(folder) >= 25
    return SearchIndex(folder)


def test_the_right_resource_is_among_the_first_five(demonstration: SearchIndex) -> None:
    queries = tomllib.loads((DEMONSTRATION / "queries.toml").read_text())["query"]
    assert len(queries) >= 50
    missed = {}
    for query in queries:
        first = resources(demonstration, query["text"])[:FIRST]
        if not set(query["expect"]) & set(first):
            missed[query["text"]] = first
    assert len(queries) - len(missed) >= WANTED, missed


def resources(index: SearchIndex, text: str) -> list[str]:
    """Resources found, best first, as ``queries.toml`` names them."""
    return list(dict.fromkeys(Path(hit.resource).stem for hit in index.search(text)))


def test_what_the_first_lesson_searches_is_found(demonstration: SearchIndex) -> None:
    lesson = Path(__file__).parents[2].joinpath("docs/tutorial/first-lesson.md").read_text(encoding="utf-8")
    words = re.findall(r"\*(\w+)\*", lesson.partition("Search for")[2].partition(";")[0])
    assert len(words) >= 2
    assert [word for word in words if not demonstration.search(word)] == []
