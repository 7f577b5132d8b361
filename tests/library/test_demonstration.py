# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a demonstration brings to a box, once, and what a later release of it adds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from appliance.hub import demonstration
from appliance.store import settings
from tests.library.shelf import Shelf

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A demonstration of two texts; the release that follows has a third."""
    made = tmp_path / "demonstration"
    (made / "resources").mkdir(parents=True)
    shutil.copy(ROOT / "demonstration" / "class.toml", made)
    for name in ("one", "two", "three"):
        (made / "resources" / f"{name}.text").write_text(f"TEXT\n{name}", encoding="utf-8")
    catalogue(made, "one", "two")
    return made


def catalogue(folder: Path, *names: str, late: str = "") -> None:
    since = {late: 'since = "later"\n'}
    entries = (f'[[resource]]\nfile = "{name}.text"\ntitle = "{name}"\n{since.get(name, "")}' for name in names)
    (folder / "catalogue.toml").write_text("".join(entries), encoding="utf-8")


def loaded(shelf: Shelf, folder: Path) -> list[str]:
    demonstration.load(folder, shelf.db, shelf.library)
    for job in shelf.library.jobs():
        shelf.wait(job.id)
    return sorted(resource.card.title for resource in shelf.library.list())


def removed(shelf: Shelf, title: str) -> None:
    [found] = [resource for resource in shelf.library.list() if resource.card.title == title]
    shelf.library.remove(found.id)


def test_an_empty_box_gets_everything_once(shelf: Shelf, folder: Path) -> None:
    assert loaded(shelf, folder) == ["one", "two"]
    removed(shelf, "one")
    assert loaded(shelf, folder) == ["two"]
    shelf.restart()
    assert loaded(shelf, folder) == ["two"]
    removed(shelf, "two")
    assert loaded(shelf, folder) == []


def test_what_a_release_adds_comes_and_what_was_removed_stays_away(shelf: Shelf, folder: Path) -> None:
    loaded(shelf, folder)
    removed(shelf, "one")
    catalogue(folder, "one", "two", "three", late="three")
    assert loaded(shelf, folder) == ["three", "two"]
    removed(shelf, "three")
    assert loaded(shelf, folder) == ["two"]


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_box_of_the_first_release_gets_what_is_new(shelf: Shelf, folder: Path, forgotten: bool) -> None:
    """It kept no list, and forgets the oldest of many imports."""
    loaded(shelf, folder)
    removed(shelf, "one")
    with shelf.db.writing() as conn:
        conn.execute("DELETE FROM setting WHERE key = ?", (demonstration.OFFERED,))
        if forgotten:
            conn.execute("DELETE FROM import_job WHERE filename = 'one.text'")
    catalogue(folder, "one", "two", "three", late="three")
    assert loaded(shelf, folder) == ["three", "two"]


def test_a_library_of_ones_own_is_left_as_it_is(shelf: Shelf, folder: Path) -> None:
    shelf.added("mine", "mine.text")
    catalogue(folder, "one", "two", "three", late="three")
    assert loaded(shelf, folder) == ["mine"]
    assert settings.get(shelf.db, demonstration.OFFERED) is None


def test_a_missing_file_comes_when_it_is_there(shelf: Shelf, folder: Path) -> None:
    late = folder / "resources" / "two.text"
    late.rename(folder / "away")
    assert loaded(shelf, folder) == ["one"]
    (folder / "away").rename(late)
    assert loaded(shelf, folder) == ["one", "two"]
