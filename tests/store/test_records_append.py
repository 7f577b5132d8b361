# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What comes in: once, in order, all or nothing, found again (xAPI-Data 2.3, Communication 2.1.1-2.1.4)."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import BadInput, Busy, Conflict, Damaged
from appliance.store import times
from appliance.store.records import Query
from appliance.xapi.definitions import Defines
from appliance.xapi.terms import VOIDED
from tests.records.boxes import START, Box, SetClock

ACTOR = {"mbox": "mailto:a@exemple.fr", "name": "Ali"}
ACTIVITY: dict[str, Any] = {"id": "https://exemple.fr/a", "definition": {"name": {"fr": "Fractions"}}}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    opened = Box(tmp_path)
    yield opened
    opened.close()


def told(**more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "actor": ACTOR, "verb": {"id": "https://exemple.fr/v"}, "object": ACTIVITY, **more}


def about(target: str, verb: str = "https://exemple.fr/commented", **more: Any) -> dict[str, Any]:
    return told(verb={"id": verb}, object={"objectType": "StatementRef", "id": target}, **more)


def count(box: Box) -> int:
    return int(box.db.reading().execute("SELECT count(*) FROM statement").fetchone()[0])


def test_what_was_sent_comes_back_byte_for_byte_with_what_the_box_added(box: Box) -> None:
    text = '{"verb":{"id":"https://exemple.fr/v"}, "actor":{"mbox":"mailto:a@exemple.fr"},"object":{"id":"https://exemple.fr/\\u0061"},"result":{"score":{"raw":1.50e1}}'
    from appliance.xapi import identifiers, reading
    from appliance.xapi.preparing import prepare
    from appliance.xapi.version import Version

    prepared = prepare(reading.statement(text.encode() + b"}"), Version.V1, identifiers.own_authority(box.id))
    [name] = box.records.append([prepared])
    found = box.records.get(name)
    assert found is not None
    assert found.body.startswith(text.encode() + b",")
    value = json.loads(found.body)
    assert value["stored"] == found.stored == value["timestamp"]
    assert value["id"] == name
    assert len(found.stored) == 27


def test_the_same_again_is_listed_and_stored_once(box: Box) -> None:
    sent = told()
    assert box.add(sent) == box.add(sent) == box.add({**sent, "id": sent["id"].upper()}) == [sent["id"]]
    assert box.add(told(), sent)[1] == sent["id"]
    assert count(box) == 2


def test_another_statement_under_the_same_id_refuses_the_whole_batch(box: Box) -> None:
    sent = told()
    box.add(sent)
    with pytest.raises(Conflict, match=sent["id"]):
        box.add(told(), {**sent, "verb": {"id": "https://exemple.fr/w"}})
    assert count(box) == 1


def test_an_id_twice_in_a_batch_is_refused(box: Box) -> None:
    sent = told()
    with pytest.raises(BadInput, match=sent["id"]):
        box.add(sent, sent)
    assert count(box) == 0


def test_each_keeps_what_can_be_kept(box: Box) -> None:
    first, second = told(), told()
    other = {**first, "verb": {"id": "https://exemple.fr/w"}}
    refused = box.records.append_each([box.prepared(item) for item in (first, first, other, second)])
    assert list(refused) == [first["id"]]
    assert count(box) == 2


def test_an_empty_batch_is_nothing(box: Box) -> None:
    assert box.add() == []


@pytest.mark.parametrize("first", ["target", "voiding", "both"])
def test_a_voided_statement_is_found_by_voided_statement_id_only(box: Box, first: str) -> None:
    target = told()
    voiding = about(target["id"], VOIDED)
    batches = {"target": [[target], [voiding]], "voiding": [[voiding], [target]], "both": [[voiding, target]]}[first]
    for batch in batches:
        box.add(*batch)
    assert box.records.get(target["id"]) is None
    gone = box.records.get(target["id"], voided=True)
    assert gone is not None
    assert gone.id == target["id"]
    assert [found.id for found in box.records.query(Query()).found] == [voiding["id"]]
    assert [found.id for found in box.records.query(Query(activity=ACTIVITY["id"])).found] == [voiding["id"]]
    assert box.records.get(voiding["id"], voided=True) is None
    rows = box.db.reading().execute("SELECT count(*) FROM progress").fetchone()
    assert rows[0] == 0


@pytest.mark.parametrize("late", [False, True])
def test_a_voiding_statement_cannot_be_voided(box: Box, late: bool) -> None:
    target = told()
    voiding = about(target["id"], VOIDED)
    again = about(voiding["id"], VOIDED)
    for sent in [target, again, voiding] if late else [target, voiding, again]:
        box.add(sent)
    assert box.records.get(voiding["id"]) is not None
    assert box.records.get(target["id"]) is None


def test_an_erased_statement_is_listed_and_does_not_come_back(box: Box) -> None:
    sent = told()
    box.add(sent)
    box.erasure.erase(["mbox mailto:a@exemple.fr"])
    assert box.add(sent) == [sent["id"]]
    new = told()
    assert box.add(new) == [new["id"]]
    assert box.records.get(sent["id"]) is box.records.get(new["id"]) is None
    assert box.records.query(Query()).found == []
    assert box.records.names_of("mbox mailto:a@exemple.fr") == []


def attached(body: bytes) -> dict[str, Any]:
    sha2 = hashlib.sha256(body).hexdigest()
    return {"usageType": "https://exemple.fr/photo", "display": {"fr": "Photo"}, "contentType": "image/png",
            "length": len(body), "sha2": sha2}  # fmt: skip


def test_attachments_are_files_that_outlive_a_restart_and_orphans_do_not(box: Box) -> None:
    body, orphan = b"pixels", b"nobody's"
    sent = told(attachments=[attached(body)])
    box.add(sent, photo=body)
    sha2, lost = hashlib.sha256(body).hexdigest(), hashlib.sha256(orphan).hexdigest()
    with pytest.raises(Conflict):
        box.add({**sent, "verb": {"id": "https://exemple.fr/w"}}, photo=orphan)
    assert box.records.attachment(lost) is None  # a refused request leaves none
    box.records.attachments.path(lost).write_bytes(orphan)  # a death leaves one
    box = box.again()
    assert box.records.attachment(sha2) == body
    assert box.records.attachment_size(sha2) == 6
    found = box.records.get(sent["id"])
    assert found is not None
    assert list(found.attachments) == [sha2]
    assert box.records.attachment(lost) is None
    assert box.records.attachment_size(lost) == 0
    box.records.attachments.path(sha2).write_bytes(b"rotten")
    with pytest.raises(Damaged):
        box.records.attachment(sha2)
    box.close()


@pytest.mark.parametrize("damaged", [b"rotten", b"rot", b"SOUND"])
def test_a_damaged_attachment_is_healed_when_it_is_sent_again(box: Box, damaged: bytes) -> None:
    sent = told(attachments=[attached(b"sound!")])
    box.add(sent, a=b"sound!")
    path = box.records.attachments.path(hashlib.sha256(b"sound!").hexdigest())
    path.write_bytes(damaged)
    box.add(sent, a=b"sound!")
    assert path.read_bytes() == b"sound!"
    before = path.stat().st_ino
    box.add(sent, a=b"sound!")
    assert path.stat().st_ino == before  # what is sound is not written again


@pytest.mark.parametrize("name", ["", "..", "../cartable.sqlite", "x" * 64, "A" * 64])
def test_an_attachment_is_asked_for_by_its_hash_only(box: Box, name: str) -> None:
    with pytest.raises(BadInput):
        box.records.attachment(name)


def test_bytes_of_another_hash_are_refused(box: Box) -> None:
    with pytest.raises(BadInput):
        box.records.append([box.prepared(told())], attachments={"0" * 64: b"x"})
    assert count(box) == 0


@pytest.mark.parametrize("size", [1, 4])
def test_a_definition_does_not_grow_without_end(box: Box, size: int) -> None:
    """What would make it too long is left out, whatever comes together, also after a rebuild and a restart."""
    iri, long = "https://exemple.fr/long", "x" * 20_000
    news = [{"extensions": {f"https://exemple.fr/{n}": long}} for n in range(6)]
    news += [{"extensions": {"https://exemple.fr/huge": long * 4}}, {"name": {"fr": "Court"}}]
    for first in range(0, len(news), size):
        box.add(*(told(object={"id": iri, "definition": definition}) for definition in news[first : first + size]))
    known = {"extensions": {f"https://exemple.fr/{n}": long for n in range(3)}, "name": {"fr": "Court"}}
    assert box.records.definition(iri) == known
    before = box.derived()
    box.records.rebuild(lambda done, total: None)
    assert box.derived() == before
    box.add(told(object={"id": iri, "definition": news[6]}))
    fold = box.records.fold
    box.records.commit.run(lambda conn: fold.define(conn, [iri]))
    assert box.records.definition(iri) == known
    box.add(told(object={"id": "https://exemple.fr/huge", "definition": news[6]}))
    assert box.records.definition("https://exemple.fr/huge") is None


def test_a_sender_who_may_define_the_object_only_defines_nothing_else(box: Box) -> None:
    own, other = "https://exemple.fr/own", "https://exemple.fr/other"

    def names(name: str, iri: str) -> dict[str, Any]:
        return {"id": iri, "definition": {"name": {"fr": name}}}

    box.add(told(object=names("Autre", other)))
    box.add(told(object=names("A moi", own), context={"contextActivities": {"category": [names("Pirate", other)]}}),
            define=Defines.OBJECT)  # fmt: skip

    def known() -> list[str]:
        found = [box.records.definition(iri) or {} for iri in (own, other)]
        return [definition["name"]["fr"] for definition in found]

    assert known() == ["A moi", "Autre"]
    box.records.rebuild(lambda done, total: None)
    assert known() == ["A moi", "Autre"]


def test_definitions_are_merged_and_a_sender_without_the_right_defines_nothing(box: Box) -> None:
    iri = ACTIVITY["id"]
    box.add(told())
    box.add(told(object={"id": iri, "definition": {"name": {"en": "Fractions!"}}}))
    box.add(told(object={"id": iri, "definition": {"name": {"fr": "Pirate"}}}), define=Defines.NOTHING)
    assert box.records.definition(iri) == {"name": {"fr": "Fractions", "en": "Fractions!"}}
    box.records.rebuild(lambda done, total: None)
    assert box.records.definition(iri) == {"name": {"fr": "Fractions", "en": "Fractions!"}}
    assert box.records.definition("https://exemple.fr/unknown") is None


def test_names_of_an_agent_the_newest_first(box: Box) -> None:
    box.add(told(), told(actor={**ACTOR, "name": "Ali B."}), told(actor={"mbox": "mailto:b@exemple.fr", "name": "Bo"}))
    box.add(told(result={"extensions": {"https://exemple.fr/x": {"mbox": 5, "name": "nobody"}}}))
    assert box.records.names_of("mbox mailto:a@exemple.fr") == ["Ali", "Ali B."]


def test_what_is_announced_as_consistent_is_never_overtaken(box: Box) -> None:
    """Whoever reads everything until the announced time, again and again, misses nothing."""
    over, missed = threading.Event(), []

    def write(writer: int) -> None:
        for _ in range(40):
            box.add(told(), told())

    def watch() -> None:
        while not over.is_set():
            through = box.records.consistent_through()
            seen = {found.id for found in box.records.query(Query(ascending=True)).found if found.stored <= through}
            known.append((through, seen))

    known: list[tuple[str, set[str]]] = []
    watcher = threading.Thread(target=watch)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in [watcher, *writers]:
        thread.start()
    for thread in writers:
        thread.join(60)
    over.set()
    watcher.join(60)
    everything = {row["id"]: row["stored"] for row in box.db.reading().execute("SELECT id, stored FROM statement")}
    assert len(everything) == 240
    assert len(known) > 3
    missed = [name for through, seen in known for name, stored in everything.items()
              if stored <= through and name not in seen]  # fmt: skip
    assert missed == []
    assert [through for through, _ in known] == sorted(through for through, _ in known)


def test_stored_never_goes_back_though_the_clock_does(box: Box) -> None:
    for wall, trusted in ((START, True), (0.0, False), (86_400.0, True), (START - 5, False), (START + 9, True)):
        box.clock.wall, box.clock.trusted = wall, trusted
        announced = box.records.consistent_through()
        [name] = box.add(told())
        found = box.records.get(name)
        assert found is not None
        assert found.stored > announced
    stored = [row["stored"] for row in box.db.reading().execute("SELECT stored FROM statement ORDER BY row")]
    assert stored == sorted(set(stored))


def test_what_a_wrong_clock_announced_does_not_bind_the_right_one(tmp_path: Path) -> None:
    box = Box(tmp_path, SetClock(2_300_000_000.0, trusted=False))
    assert box.records.consistent_through() > "2042"
    box.clock.wall, box.clock.trusted = START, True
    [name] = box.add(told())
    found = box.records.get(name)
    assert found is not None
    assert found.stored < times.rfc3339(START + 10)
    box.close()


def test_nothing_is_taken_during_a_rebuild(box: Box) -> None:
    box.add(told())

    def progress(done: int, total: int) -> None:
        with pytest.raises(Busy):
            box.add(told())

    box.records.rebuild(progress)
    box.add(told())
    assert count(box) == 2


def test_rows_of_the_previous_release_are_indexed_once_at_the_next_start(box: Box) -> None:
    """After a roll-back: what it wrote has no ``given`` and no postings."""
    box.add(told())
    old = {**told(), "timestamp": "2026-01-01T00:00:00.000000Z", "stored": "2026-01-01T00:00:00.000000Z",
           "version": "1.0.3"}  # fmt: skip
    body = json.dumps(old).encode()
    with box.db.writing() as conn:
        conn.execute(
            "INSERT INTO statement (id, origin, sequence, body, sha256, stored, trusted) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (old["id"], box.id, 2, body, hashlib.sha256(body).digest(), times.rfc3339(START + 60), 1),
        )
    assert len(box.records.query(Query(activity=ACTIVITY["id"])).found) == 1
    for _ in range(2):
        box = box.again()
        assert len(box.records.query(Query(activity=ACTIVITY["id"])).found) == 2
        assert [row["statements"] for row in box.db.reading().execute("SELECT statements FROM progress")] == [2]
    found = box.records.get(old["id"])
    assert found is not None
    assert found.body == body
    assert box.add(told(id=old["id"])) == [old["id"]]
    assert box.records.catch_up() == 0
    box.close()
