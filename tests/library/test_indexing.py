# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The library beside the real search: what is in one is found in the other, whatever died in between."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.errors import CartableError
from appliance.hub.search import Search
from tests.library.shelf import Shelf, config_for

pytestmark = pytest.mark.system


class Both(Shelf):
    """A shelf with its search."""

    def __init__(self, state: Path) -> None:
        self.search = Search(config_for(state))
        self.search.start()
        super().__init__(state, self.search)

    def stop(self) -> None:
        super().stop()
        self.search.stop()

    def again(self) -> None:
        self.search = Search(self.config)
        self.search.start()
        self.indexer = self.search
        self.start()

    def found(self, query: str) -> list[str]:
        try:
            return [hit.resource for hit in self.search.search(query, None)]
        except CartableError:
            return ["busy"]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    made = Both(tmp_path / "state")
    made.start()
    yield made
    made.stop()


def test_what_comes_in_is_found_and_what_goes_is_not(both: Both) -> None:
    lava = both.added("Les volcans\n\nLa lave coule lentement.", "a.text")
    whale = both.added("Les baleines\n\nElles chantent.", "b.text")
    until(lambda: both.found("lave") == [lava] and both.found("chantent") == [whale])
    both.library.edit(whale, {"title": "Le cachalot"})
    until(lambda: both.found("cachalot") == [whale])
    assert both.found("chantent") == [whale]
    both.library.remove(lava)
    assert both.found("lave") == []


def test_a_lost_index_is_made_again(both: Both) -> None:
    lava = both.added("Les volcans\n\nLa lave coule.", "a.text")
    until(lambda: both.found("lave") == [lava])
    both.stop()
    shutil.rmtree(both.config.library_folder / "index")
    both.again()
    until(lambda: both.found("lave") == [lava])


def test_a_damaged_index_is_made_again(both: Both) -> None:
    lava = both.added("Les volcans\n\nLa lave coule.", "a.text")
    until(lambda: both.found("lave") == [lava])
    both.stop()
    for path in (both.config.library_folder / "index").rglob("*"):
        if path.is_file():
            path.write_bytes(b"\x00garbage" * 10)
    both.again()
    until(lambda: both.found("lave") == [lava])


def test_what_came_without_a_search_is_indexed_by_the_next_start(both: Both) -> None:
    both.stop()
    both.indexer = None
    both.start()
    lava = both.added("Les volcans\n\nLa lave coule.", "a.text")
    Shelf.stop(both)
    both.again()
    until(lambda: both.found("lave") == [lava])
