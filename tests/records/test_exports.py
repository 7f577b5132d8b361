# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Export, import, export: the same bytes."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import BadInput, StorageError
from appliance.store import identity, record_exports, record_lines, settings
from appliance.store.documents import Context, Kind
from appliance.xapi.version import Version
from tests.records.boxes import SEEN, Box, SetClock, body_of, fill, lines_of, with_attachment
from tests.records.conftest import Made
from tests.records.previous_release import PreviousRelease


def later(box: Box) -> SetClock:
    """Of a box that imports some time after ``box`` exported."""
    return SetClock(box.clock.wall + 1000)


def filled(box: Box) -> bytes:
    """Also statements held, erased, and of the previous release."""
    fill(box)
    old = PreviousRelease(box.path)
    old.record(box.id, "ali-2", "c7b1f8d2-70a3-4b92-8a43-0c8f4e1e8a11", "b")
    old.close()
    box.records.catch_up()
    box.erasure.erase([box.agent("zoe-1")], final=False)
    box.clock.trusted = False
    box.add(box.answer("zoe-1"), box.answer("ali-2", timestamp="2026-01-01T00:00:00Z"))
    return box.export()


def test_into_an_empty_box_everything_is_identical(box: Box, make: Made) -> None:
    exported = filled(box)
    other = make("other", later(box))
    report = other.take(exported)
    assert report.damaged == []
    assert (report.erased, report.set_aside, report.known) == (6, 0, 0)
    assert report.taken == {"tombstones": 1, "statements": 10, "attachments": 1, "documents": 2}
    assert body_of(other.export()) == body_of(exported)
    theirs, ours = other.derived(), box.derived()
    assert theirs.pop("answer") == []  # a projection for the box's own lessons
    assert len(ours.pop("answer")) == 4
    assert theirs == ours


@pytest.mark.parametrize(
    ("more", "version"),
    [
        ({"context": {"contextActivities": {"other": [{"id": f"https://e.fr/{n}"} for n in range(995)]}}}, Version.V1),
        ({"version": "1.0.3",
          "context": {"contextAgents": [{"objectType": "contextAgent", "agent": {"mbox": "mailto:b@e.fr"}}]}},
         Version.V2),
    ],
    ids=["as many terms as may be, and the authority", "1.0 in a request of 2.0"],
)  # fmt: skip
def test_what_a_box_took_another_takes(box: Box, make: Made, more: dict[str, Any], version: Version) -> None:
    seen = {"actor": {"mbox": "mailto:a@e.fr"}, "verb": SEEN, "object": {"id": "https://e.fr/a"}}
    box.add({**seen, **more}, version=version)
    exported = box.export()
    other = make("other", later(box))
    assert other.take(exported).damaged == []
    assert body_of(other.export()) == body_of(exported)


def test_the_same_box_on_a_new_card_has_its_answers_again(box: Box, make: Made) -> None:
    exported = filled(box)
    for name in ("box_id", "signing_key"):
        settings.put(make("other", later(box)).db, name, str(settings.get(box.db, name)))
    other = make("other", later(box))
    other.take(exported)
    assert other.derived() == box.derived()
    assert body_of(other.export()) == body_of(exported)


def test_a_rebuild_changes_nothing(box: Box, make: Made) -> None:
    exported = filled(box)
    before = box.derived()
    seen: list[tuple[int, int]] = []
    box.records.rebuild(lambda done, total: seen.append((done, total)))
    assert box.derived() == before
    assert seen[-1][0] <= seen[-1][1]
    other = make("other", later(box))
    other.take(exported)
    derived = other.derived()
    other.records.rebuild(lambda done, total: None)
    assert other.derived() == derived
    assert body_of(other.export()) == body_of(box.export()) == body_of(exported)


def test_importing_twice_changes_nothing(box: Box, make: Made) -> None:
    exported = filled(box)
    other = make("other", later(box))
    other.take(exported)
    before, whole = other.derived(), other.export()
    for size in (1, 7, 1000):
        report = other.take(exported, size)
        assert not +report.taken
        assert report.damaged == []
    assert (other.derived(), body_of(other.export())) == (before, body_of(whole))
    again = box.take(exported)
    assert not +again.taken


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_an_import_that_stopped_goes_on(box: Box, make: Made, size: int) -> None:
    exported = filled(box)
    lines = exported.splitlines(keepends=True)
    for stop in range(1, len(lines), 5):
        other = make(f"other-{stop}", later(box))
        other.take(b"".join(lines[:stop]), size)
        other = other.again()
        other.take(exported, size)
        assert body_of(other.export()) == body_of(exported)
        other.close()


def test_the_header_says_who_made_it_and_whose_tombstones_follow(box: Box, make: Made) -> None:
    exported = filled(box)
    header = record_lines.read_header(exported.splitlines()[0])
    assert (header.box, header.key, header.keys) == (box.id, identity.identity(box.db).key, {})
    other = make("other", later(box))
    other.take(exported)
    handed_on = record_lines.read_header(other.export().splitlines()[0])
    assert (handed_on.box, dict(handed_on.keys)) == (other.id, {box.id: header.key})


def test_tombstones_stand_before_data_and_the_end_counts(box: Box) -> None:
    exported = filled(box)
    kinds = [next(iter(json.loads(line))) for line in exported.splitlines()]
    order = ["format", "tombstone", "statement", "attachment", "document", "end"]
    assert kinds == sorted(kinds, key=order.index)
    assert list(lines_of(exported, "end")) == [
        {"end": {"tombstones": 1, "statements": 16, "attachments": 1, "documents": 2}}
    ]


def test_a_body_is_exported_to_the_byte(box: Box) -> None:
    [raw] = [b'{ "actor":{"mbox":"mailto:z@e.fr"},"verb":{"id":"http://e.fr/\\u00e9"} ,"object":{"id":"http://e.fr/x"},'
             b'"result":{"score":{"raw":1.50e1}},"stored":"2020-01-01T00:00:00Z"}']  # fmt: skip
    from appliance.xapi import preparing, reading
    from appliance.xapi.version import Version

    [found] = reading.statements(raw)
    box.records.append([preparing.prepare(found, Version.V1, None)])
    [line] = lines_of(box.export(), "body")
    assert line["body"].startswith('{ "actor":{"mbox":"mailto:z@e.fr"},"verb":{"id":"http://e.fr/\\u00e9"} ,"object"')
    assert "1.50e1" in line["body"]
    assert len(line["body"][: line["given"]].encode()) == line["given"]


def test_a_file_appears_whole_and_the_same_each_time(box: Box, tmp_path: Path) -> None:
    fill(box)
    made = []
    for name in ("a.jsonl.gz", "b.jsonl.gz", "c.jsonl"):
        with_header = record_exports.lines(box.db, box.records.attachments, box.clock.now())
        next(with_header)
        record_exports.write_file(tmp_path / name, with_header)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    assert gzip.decompress(made[0]) == made[2] == body_of(box.export())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jsonl.gz", "b.jsonl.gz", "box", "c.jsonl"]


def test_what_stops_an_export_leaves_the_former_file(box: Box, tmp_path: Path) -> None:
    fill(box)
    target = tmp_path / "out.jsonl"
    target.write_text("former")
    whole = box.export().splitlines(keepends=True)

    def broken() -> object:
        yield from whole[:3]
        raise StorageError("The disk is full: nothing was lost, but free some space, then try again.")

    with pytest.raises(StorageError):
        record_exports.write_file(target, broken())  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="stopped before its end"):
        record_exports.write_file(target, iter(whole[:-1]))
    assert target.read_text() == "former"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["box", "out.jsonl"]


def test_where_no_file_can_be_is_said(box: Box, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, error in (
        (tmp_path, BadInput),
        (tmp_path / "absent" / "x", StorageError),
        (tmp_path / "file" / "x", StorageError),
        (Path("/proc/x"), StorageError),
    ):
        with pytest.raises(error):
            record_exports.write_file(path, iter([b'{"end":{}}\n']))


def test_an_export_sees_one_moment(box: Box) -> None:
    fill(box)
    before = body_of(box.export())
    reading = record_exports.lines(box.db, box.records.attachments, box.clock.now())
    next(reading)
    box.add(box.answer("late"))
    box.documents.remove_all(Context(Kind.AGENT_PROFILE, agent=box.agent("zoe-1")))
    assert b"".join(reading) == before
    assert body_of(box.export()) != before


def test_memory_is_flat(box: Box, make: Made, tmp_path: Path) -> None:
    big = os.urandom(20_000_000)
    box.add(with_attachment(box.pupil("zoe-1"), big, "http://exemple.fr/voix"), big=big)
    for _ in range(10):
        box.add(*(box.answer("zoe-1") for _ in range(100)))
    path = tmp_path / "out.jsonl"
    tracemalloc.start()
    record_exports.write_file(path, record_exports.lines(box.db, box.records.attachments, box.clock.now()))
    exporting = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 25_000_000
    assert exporting < 6_000_000
