# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What root's doctor leaves for the page: read back as it was, or not at all."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from appliance.drivers.machine_simulated import FAULTS, SimulatedMachine
from appliance.errors import StorageError
from appliance.health import content, machine, notes
from appliance.health.check import Check, State, check_json
from appliance.i18n import translator
from appliance.ports import Now

NOW = Now(wall=1_795_000_000.0, trusted=True, monotonic=1000.0, boot="this one")


def later(seconds: float, boot: str = "this one") -> Now:
    return dataclasses.replace(NOW, monotonic=NOW.monotonic + seconds, boot=boot)


def some() -> list[Check]:
    wrong = [name for name in FAULTS if name != "nothing-known"]
    error = StorageError("%(path)s cannot be read.", path=Path("/x"))
    found = [*machine.machine_checks(SimulatedMachine(wrong).look(Path("/")), NOW, 10**9), content.database(error)]
    return [*found, *machine.machine_checks(SimulatedMachine(["nothing-known"]).look(Path("/")), NOW, 0)]


def told(checks: list[Check], language: str) -> list[dict[str, object]]:
    return [check_json(check, translator(language), figures=True) for check in checks]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_comes_back_in_either_language(tmp_path: Path, language: str) -> None:
    assert notes.keep(tmp_path, some(), NOW)
    assert told(notes.read(tmp_path, later(60)), language) == told(some(), language)
    assert [path.name for path in tmp_path.iterdir()] == [notes.NAME]


@pytest.mark.parametrize(
    ("moment", "there"),
    [(later(0), True), (later(7199), True), (later(7200), False), (later(-1), False), (later(1, "another"), False)],
)
def test_lasts_two_hours_and_one_start(tmp_path: Path, moment: Now, there: bool) -> None:
    notes.keep(tmp_path, some(), NOW)
    assert bool(notes.read(tmp_path, moment)) is there


def test_whether_the_hub_answered_is_not_kept(tmp_path: Path) -> None:
    notes.keep(tmp_path, [content.hub(None), content.search(None)], NOW)
    assert [check.id for check in notes.read(tmp_path, NOW)] == ["search"]


def test_nobody_is_led_through_a_link(tmp_path: Path) -> None:
    """The folder is the hub's; root writes in it."""
    victim = tmp_path / "shadow"
    victim.write_text("secret")
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / notes.NAME).symlink_to(victim)
    assert notes.keep(folder, some(), NOW)
    assert victim.read_text() == "secret"
    assert not (folder / notes.NAME).is_symlink()


def test_a_folder_that_takes_nothing(tmp_path: Path) -> None:
    assert not notes.keep(tmp_path / "absent", some(), NOW)
    (tmp_path / notes.NAME).mkdir()
    assert not notes.keep(tmp_path, some(), NOW)
    assert [path.name for path in tmp_path.iterdir()] == [notes.NAME]


def spoilt(**changes: Any) -> str:
    check = {"id": "x", "group": "box", "name": "Disk", "state": "fine", "detail": ["read-only", {}], "mend": None,
             "figure": ""} | changes  # fmt: skip
    return json.dumps({"boot": "this one", "monotonic": 999, "checks": [check]})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        '{"boot": "this one", "monotonic": "soon", "checks": []}',
        '{"boot": "this one", "monotonic": NaN, "checks": [1]}',
        spoilt(state="excellent"),
        spoilt(group="elsewhere"),
        spoilt(detail="text"),
        spoilt(detail=["%(a)d", {"a": "x"}]),
        spoilt(detail=["%(a)s", {"a": [1]}]),
        spoilt(detail=["%(a)s", {"a": {"bytes": "many"}}]),
        spoilt(mend=[1]),
        "\x00\xff",
    ],
)
def test_nonsense_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / notes.NAME).write_text(text, encoding="latin-1")
    assert notes.read(tmp_path, NOW) == []


def test_the_format_above_is_the_one_read(tmp_path: Path) -> None:
    (tmp_path / notes.NAME).write_text(spoilt())
    assert [check.id for check in notes.read(tmp_path, NOW)] == ["x"]


def test_own_eyes_come_first() -> None:
    """The note fills in what could not be seen; what was seen is not overruled."""
    own = [content.database(StorageError("x")), content.SEARCH.unknown(), content.LIBRARY.absent(content.AS_ROOT)]
    noted = [content.DATABASE.fine(content.AS_ROOT), content.search(None), content.library(1, [], alive=True),
             content.integrity(False, "page 1")]  # fmt: skip
    found = {check.id: check.state for check in notes.completed(own, noted)}
    assert found == {"database": State.WRONG, "search": State.FINE, "library": State.FINE, "integrity": State.WRONG}
    assert notes.completed(own, []) == own
