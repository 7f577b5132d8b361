# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``kill -9`` between any two steps of an erasure, an import, an export."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.store import record_exports
from tests.records.boxes import Box, SetClock, body_of, fill
from tests.records.deaths import dying
from tests.records.erased import ZOE, class_of, found_in


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """The folder of a stopped box."""
    box = Box(tmp_path / "template")
    class_of(box, ZOE, "ali-2")
    fill(box)
    box.close()
    return box.folder


def test_an_erasure_that_died_is_finished_at_the_next_start_or_never_began(template: Path, tmp_path: Path) -> None:
    intact = Box(template)
    everything, derived = intact.bodies(), intact.derived()
    intact.close()

    def erase(folder: Path) -> None:
        box = Box(folder, SetClock(1.8e9))
        box.erasure.erase([box.agent(ZOE)])

    outcomes = {}
    for step, folder in dying(template, tmp_path, erase):
        again = Box(folder, SetClock(1.9e9))
        if again.bodies() == everything:
            outcomes[step] = "intact"
            assert again.derived() == derived
            again.erasure.erase([again.agent(ZOE)])
        else:
            outcomes[step] = "finished"
        assert found_in(folder, ZOE) == [], step
        assert len(again.bodies()) == len(everything) - 6
        rebuilt = again.derived()
        again.records.rebuild(lambda done, total: None)
        assert again.derived() == rebuilt
        again.close()
    assert {"intact", "finished"} <= set(outcomes.values())
    assert {"tombstones", "empty bodies", "truncate log", "remove attachment"} <= set(outcomes)


def test_an_import_that_died_goes_on(template: Path, tmp_path: Path) -> None:
    source = Box(template, SetClock(1.8e9))
    source.erasure.erase([source.agent("lea-3")])
    exported, derived = source.export(), source.derived()
    source.close()
    empty = Box(tmp_path / "empty", SetClock(1.9e9))
    empty.close()

    def take(folder: Path) -> None:
        Box(folder, SetClock(1.9e9)).take(exported, 15)

    steps = set()
    for step, folder in dying(empty.folder, tmp_path, take):
        steps.add(step)
        again = Box(folder, SetClock(1.95e9))
        again.take(exported)
        assert body_of(again.export()) == body_of(exported), step
        assert again.derived() == {**derived, "answer": []}
        assert [p.suffix for p in (folder / "records" / "attachments").iterdir()] == ["", ""]
        again.close()
    assert {"tombstones", "write statements", "write piece", "publish attachment", "commit"} <= steps


def test_an_export_that_died_left_the_former_file(template: Path, tmp_path: Path) -> None:
    (template / "out").mkdir()
    target = Path("out") / "traces.jsonl.gz"
    (template / target).write_text("former")

    def export(folder: Path) -> None:
        box = Box(folder, SetClock(1.8e9))
        lines = record_exports.lines(box.db, box.records.attachments, box.clock.now())
        record_exports.write_file(folder / target, lines)

    seen = []
    for step, folder in dying(template, tmp_path, export):
        seen.append(step)
        assert (folder / target).read_text() == "former"
    assert {"create export", "sync export", "publish export"} <= set(seen)
