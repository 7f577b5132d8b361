# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A statement dropped from the quarantine leaves no byte, as an erased one: it may name a pupil like any other."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance.errors import Busy, NotFound
from appliance.hub.records_office import Office
from appliance.store import erasure, quarantine, record_exports
from appliance.store.record_lines import Statement
from tests.records.boxes import Box, SetClock, lines_of
from tests.records.conftest import Made
from tests.records.deaths import dying
from tests.records.erased import found_in

NAMED = "Zoé Martin de la rue du Puits"


def mark(number: int) -> str:
    return f"<aside-{number:03}>"


def set_aside(box: Box, lengths: Sequence[int]) -> None:
    """Statements of these lengths, each with a mark of its own, whose ids the box knows with other content."""
    box.add(*(box.answer(f"ali-{number}") for number in range(len(lengths))))
    theirs = []
    for number, line in enumerate(list(lines_of(box.export(), "given"))):
        response = f"{NAMED} {mark(number)}".ljust(lengths[number], ".")
        body = json.dumps({**json.loads(line["body"]), "result": {"response": response}}, ensure_ascii=False).encode()
        theirs.append(Statement(line["statement"], line["origin"], line["sequence"], line["stored"], True, None, body,
                                hashlib.sha256(body).hexdigest()))  # fmt: skip
    assert box.records.merge(theirs).quarantined == len(lengths)


@pytest.mark.parametrize("seed", range(12))
def test_no_file_holds_what_was_dropped(make: Made, seed: int) -> None:
    chance = random.Random(seed)
    box = make()
    set_aside(box, [chance.choice([50, 300, 2000, 9000]) for _ in range(chance.choice([1, 3, 40, 120]))])
    before = box.bodies()
    told = [row["id"] for row in quarantine.every(box.db)]
    dropped = chance.randrange(len(told))
    assert found_in(box.folder, mark(dropped))
    box.erasure.drop(told[dropped])
    assert found_in(box.folder, mark(dropped)) == []
    assert erasure.unfinished(box.db) is None
    kept = [number for number in range(len(told)) if number != dropped]
    assert [row["id"] for row in quarantine.every(box.db)] == [told[number] for number in kept]
    assert all(mark(number) in quarantine.get(box.db, told[number])["body"] for number in kept)
    assert box.bodies() == before
    for number in kept[:3]:
        box.erasure.drop(told[number])
        assert found_in(box.folder, mark(number)) == []
    assert bool(found_in(box.folder, NAMED)) is (len(kept) > 3)
    assert box.db.reading().execute("PRAGMA integrity_check").fetchone()[0] == "ok"


@pytest.mark.timeout(300)
def test_a_death_at_any_step_is_made_good_at_the_next_start(tmp_path: Path) -> None:
    box = Box(tmp_path / "template")
    set_aside(box, [300] * 5)
    box.close()

    def drop(folder: Path) -> None:
        Box(folder, SetClock(1.8e9)).erasure.drop(3)

    seen = []
    for step, folder in dying(box.folder, tmp_path, drop):
        seen.append(step)
        again = Box(folder, SetClock(1.9e9))
        left = [row["id"] for row in quarantine.every(again.db)]
        assert left in ([1, 2, 4, 5], [1, 2, 3, 4, 5])
        assert bool(found_in(folder, mark(2))) is (3 in left), step
        assert erasure.unfinished(again.db) is None
        again.close()
    assert {"commit", "committed", "truncate log", "rewrite", "rewritten", "erased"} <= set(seen)


def test_a_number_that_is_not_there_changes_nothing(box: Box) -> None:
    set_aside(box, [300])
    for number in (0, 2, 10**30):
        with pytest.raises(NotFound, match="was set aside"):
            box.erasure.drop(number)
    assert erasure.unfinished(box.db) is None
    assert len(quarantine.every(box.db)) == 1


def test_a_reader_delays_the_bytes_only_and_any_other_drop_ends_it(box: Box) -> None:
    set_aside(box, [300, 300])
    box.erasure = type(box.erasure)(box.records, patience_s=0.3)
    reading = record_exports.lines(box.db, box.records.attachments, box.clock.now())
    next(reading)
    next(reading)
    with pytest.raises(Busy, match="at the next start or erasure after its end"):
        box.erasure.drop(1)
    assert [row["id"] for row in quarantine.every(box.db)] == [2]
    assert erasure.unfinished(box.db) is not None
    reading.close()
    box.erasure.drop(2)
    assert found_in(box.folder, mark(0), NAMED) == []
    assert erasure.unfinished(box.db) is None


def test_nothing_is_dropped_during_a_rebuild(box: Box) -> None:
    set_aside(box, [300])
    told: list[str] = []

    def progress(done: int, total: int) -> None:
        with pytest.raises(Busy, match="being rebuilt"):
            Office(box.records).drop(1)
        told.append(quarantine.get(box.db, 1)["body"])

    box.records.rebuild(progress)
    assert told
    Office(box.records).drop(1)
    assert quarantine.every(box.db) == []
