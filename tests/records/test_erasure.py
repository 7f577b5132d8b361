# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""An erased pupil is in no file of the box any more, does not come back, and nobody else loses anything."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Iterable

import pytest

from appliance.errors import BadInput, Busy
from appliance.store import people, quarantine, record_exports
from appliance.store.documents import Context, Kind
from appliance.store.record_lines import Statement
from appliance.xapi import identifiers, terms
from appliance.xapi.version import Version
from tests.records.boxes import (
    OTHERS,
    SEEN,
    Box,
    SetClock,
    body_of,
    fill,
    lines_of,
    loss,
    with_attachment,
)
from tests.records.conftest import Made
from tests.records.erased import ID, ZOE, class_of, found_in
from tests.records.previous_release import PreviousRelease


def test_no_file_holds_the_pupil_any_more(box: Box) -> None:
    class_of(box, ZOE, "ali-2")
    fill(box)
    assert found_in(box.folder, ZOE, b"voice of zoe-1")
    lost = box.erasure.erase([box.agent(ZOE)])
    assert (lost.statements, lost.shared, lost.documents, lost.pupil) == (6, 2, 2, True)
    assert found_in(box.folder, ZOE, "voice of zoe", "volcan de zoe", "page 3 of zoe", "zoe-state") == []
    assert [p.id for p in people.pupils(box.db, "g")] == ["ali-2"]
    again = box.again()
    assert found_in(again.folder, ZOE) == []
    again.close()


def test_what_others_did_stays(box: Box) -> None:
    names = fill(box)
    kept = {body["id"]: body for body in box.bodies() if ZOE not in json.dumps(body)}
    box.erasure.erase([box.agent(ZOE)])
    assert {body["id"]: body for body in box.bodies()} == kept
    assert box.records.get(names["comment"]) is not None  # it speaks of an erased statement, but names nobody erased
    shared = hashlib.sha256(b"a drawing that two have").hexdigest()
    assert box.records.attachment(shared) == b"a drawing that two have"
    assert [path.name for path in (box.folder / "records" / "attachments").iterdir()] == [shared]
    assert len(list(lines_of(box.export(), "document"))) == 2
    definition = box.records.definition("http://exemple.fr/film")
    assert definition is None or ZOE not in json.dumps(definition)


def test_what_is_derived_is_what_a_rebuild_makes(box: Box) -> None:
    fill(box)
    box.erasure.erase([box.agent(ZOE)])
    derived = box.derived()
    assert ZOE not in repr(derived)
    box.records.rebuild(lambda done, total: None)
    assert box.derived() == derived


def test_a_group_s_work_goes_whole_and_is_counted_before(box: Box) -> None:
    members = [box.pupil(name) for name in (ZOE, "ali-2", "lea-3", "tom-4")]
    made = {"actor": {"objectType": "Group", "member": members}, "verb": SEEN, "object": {"id": "http://e.fr/x"}}
    box.add(made, box.answer(ZOE), box.answer("ali-2"))
    assert loss(statements=2, shared=1) == vars_of(box.erasure.preview([box.agent(ZOE)]))
    box.erasure.erase([box.agent(ZOE)])
    assert [body["actor"] for body in box.bodies()] == [box.pupil("ali-2")]


def vars_of(found: object) -> dict[str, object]:
    import dataclasses

    return dataclasses.asdict(found)  # type: ignore[call-overload, no-any-return]


def test_shells_keep_id_origin_and_sequence(box: Box) -> None:
    fill(box)
    rows = "SELECT row, id, origin, sequence, stored FROM statement ORDER BY row"
    before = [tuple(row) for row in box.db.reading().execute(rows)]
    box.erasure.erase([box.agent(ZOE)])
    assert [tuple(row) for row in box.db.reading().execute(rows)] == before
    empty = box.db.reading().execute("SELECT DISTINCT body, sha256 FROM statement WHERE erased").fetchall()
    assert [tuple(row) for row in empty] == [(b"", b"")]


@pytest.mark.parametrize("final", [True, False])
def test_nothing_comes_back(box: Box, final: bool) -> None:
    """Neither by the same statement sent again, nor by an old export, nor from another box."""
    fill(box)
    old = box.export()
    sent = [json.loads(line["body"]) for line in lines_of(old, "given") if ZOE in line["body"]]
    box.erasure.erase([box.agent(ZOE)], final=final)
    after = body_of(box.export())
    for value in sent:
        value.pop("authority")
        box.add(value, version=Version.V2 if value["version"] == "2.0.0" else Version.V1)
    report = box.take(old)
    assert (report.erased, report.damaged, report.set_aside) == (8, [], 0)
    mine = [Statement(line["statement"], line["origin"], line["sequence"], line["stored"], True, line["given"],
                      line["body"].encode(), line["sha256"]) for line in lines_of(old, "given")]  # fmt: skip
    box.records.merge(mine)
    assert body_of(box.export()) == after
    assert found_in(box.folder, ZOE) == []


def test_an_old_export_brings_nobody_into_a_new_database(box: Box, make: Made) -> None:
    """The card died, the pupil was erased on the new one, then the old export is imported."""
    fill(box)
    old = box.export()
    new = make("new", SetClock(box.clock.wall + 1000))
    new.erasure.erase([box.agent(ZOE)])
    report = new.take(old)
    assert report.erased == 8
    assert found_in(new.folder, ZOE) == []
    assert len(new.bodies()) == 7


def test_final_accepts_and_keeps_nothing_new(box: Box) -> None:
    box.add(box.answer(ZOE))
    box.erasure.erase([box.agent(ZOE)])
    [listed] = box.add(box.answer(ZOE))
    assert box.records.get(listed) is None
    refused = box.records.append_each([box.prepared(box.answer(ZOE))])
    assert refused == {}
    box.documents.change(Context(Kind.STATE, "http://e.fr/x", box.agent(ZOE)), "s", lambda _: ("x/y", b"zoe"))
    assert list(lines_of(box.export(), "document")) == []
    assert found_in(box.folder, ZOE) == []


def test_without_final_a_pupil_begins_anew(box: Box) -> None:
    class_of(box, ZOE)
    box.add(box.answer(ZOE, "b"))
    box.erasure.erase([box.agent(ZOE)], final=False)
    box.add(box.answer(ZOE))
    box.documents.change(Context(Kind.STATE, "http://e.fr/x", box.agent(ZOE)), "s", lambda _: ("x/y", b"new"))
    assert [p.id for p in people.pupils(box.db, "g")] == [ZOE]
    again = box.again()  # a restart looks for what is left to erase
    assert [body["result"]["response"] for body in again.bodies()] == ["a"]
    assert len(list(lines_of(again.export(), "document"))) == 1
    again.close()


def test_documents_stay_out_though_the_clock_was_wrong_at_the_erasure(box: Box) -> None:
    fill(box)
    old = box.export()
    box.close()
    late = Box(box.folder, SetClock(5.0, trusted=False, boot="boot-2"))
    late.erasure.erase([late.agent(ZOE)], final=False)
    report = late.take(old)
    assert report.taken["documents"] == 0
    assert found_in(late.folder, ZOE) == []
    late.close()


@pytest.mark.parametrize("again", [True, False])
def test_bytes_of_attachments_do_not_come_back(box: Box, again: bool) -> None:
    """Neither with the statement that a tablet sends once more, nor with a new one."""
    sound = b"the voice of zoe"
    value = with_attachment(box.pupil(ZOE), sound, "http://exemple.fr/voix")
    box.add({**value, "id": ID}, sound=sound)
    box.erasure.erase([box.agent(ZOE)])
    box.add({**value, "id": ID} if again else value, sound=sound)
    assert list((box.folder / "records" / "attachments").iterdir()) == []


def test_bytes_of_attachments_that_an_import_left_half_go(box: Box, make: Made) -> None:
    fill(box)
    lines = box.export().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith(b'{"attachment"'))
    other = make("other")
    other.take(b"".join(lines[: first + 1]))
    folder = other.folder / "records" / "attachments"
    assert [path.suffix for path in folder.iterdir()] == [".part"]
    other.erasure.erase([box.agent(ZOE)])
    assert list(folder.iterdir()) == []


def test_a_class_that_is_loaded_again_does_not_bring_the_pupil_back(box: Box) -> None:
    class_of(box, ZOE, "ali-2")
    box.erasure.erase([box.agent(ZOE)])
    class_of(box, ZOE, "ali-2", "lea-3")
    assert [p.id for p in people.pupils(box.db, "g")] == ["ali-2", "lea-3"]
    assert found_in(box.folder, ZOE) == []


def test_an_erasure_can_be_said_twice_and_of_nobody(box: Box) -> None:
    fill(box)
    box.erasure.erase([box.agent(ZOE)])
    after = list(lines_of(box.export(), "statement"))
    assert box.erasure.erase([box.agent(ZOE)]).statements == 0
    assert box.erasure.erase(["mbox mailto:personne@exemple.fr"]).statements == 0
    assert list(lines_of(box.export(), "statement")) == after
    assert box.erasure.resume() == 0


def test_the_box_itself_is_not_erased(box: Box) -> None:
    box.add(box.answer(ZOE))
    with pytest.raises(BadInput, match="box itself"):
        box.erasure.erase([terms.agent_value(identifiers.own_authority(box.id))])
    assert len(box.bodies()) == 1


def test_voided_and_voiding_statements(box: Box) -> None:
    """What an erased statement had voided stays void; a voided one is erased like any other."""
    [kept, gone] = box.add(box.answer("ali-2"), box.answer(ZOE))
    for target in (kept, gone):
        verb = {"id": terms.VOIDED}
        box.add({"actor": box.pupil(ZOE), "verb": verb, "object": {"objectType": "StatementRef", "id": target}})
    box.erasure.erase([box.agent(ZOE)])
    assert found_in(box.folder, ZOE) == []
    assert box.records.get(kept) is None
    assert box.records.get(kept, voided=True) is not None
    box.records.rebuild(lambda done, total: None)
    assert box.records.get(kept, voided=True) is not None


def test_quarantined_copies_go_too(box: Box, make: Made) -> None:
    [name] = box.add(box.answer("ali-2"))
    [line] = lines_of(box.export(), "body")
    body = json.dumps({**json.loads(line["body"]), "actor": box.pupil(ZOE)}).encode()
    forged = Statement(name, line["origin"], 1, line["stored"], True, None, body, hashlib.sha256(body).hexdigest())
    assert box.records.merge([forged]).quarantined == 1
    assert len(quarantine.every(box.db)) == 1
    box.erasure.erase([box.agent(ZOE)])
    assert quarantine.every(box.db) == []
    assert found_in(box.folder, ZOE) == []
    assert len(box.bodies()) == 1


def test_what_the_previous_release_wrote_after_a_roll_back_is_erased_at_the_next_start(box: Box) -> None:
    box.add(box.answer(ZOE), box.answer("ali-2"))
    box.erasure.erase([box.agent(ZOE)])
    box.close()
    old = PreviousRelease(box.path)
    old.record(box.id, ZOE, str(uuid.uuid4()), "b")
    old.record(box.id, "ali-2", str(uuid.uuid4()), "b")
    old.close()
    assert found_in(box.folder, ZOE)
    again = box.again()
    assert found_in(box.folder, ZOE) == []
    assert len(again.bodies()) == 2
    again.close()


def test_a_reader_delays_the_last_step_only(box: Box) -> None:
    fill(box)
    box.erasure = type(box.erasure)(box.records, patience_s=0.3)
    reading = record_exports.lines(box.db, box.records.attachments, box.clock.now())
    next(reading)
    next(reading)
    with pytest.raises(Busy, match="at the next start or erasure after its end"):
        box.erasure.erase([box.agent(ZOE)])
    assert ZOE not in json.dumps(box.bodies())
    reading.close()
    box.erasure.resume()
    assert found_in(box.folder, ZOE) == []


@pytest.mark.parametrize("seed", range(4))
def test_pages_keep_no_copy_of_what_moved_in_them(make: Made, seed: int) -> None:
    """B-tree pages are split and joined as rows come and go: no stale copy of a cell may be left in a page."""
    chance = random.Random(seed)
    box = make()
    pupils = [f"eleve-{uuid.UUID(int=chance.getrandbits(128))}" for _ in range(12)]
    for _ in range(40):
        batch = []
        for name in chance.choices(pupils, k=chance.randint(1, 30)):
            value = box.answer(name, chance.choice("ab"))
            value["result"]["extensions"] = {"http://e.fr/x": f"{name} {'é' * chance.choice([0, 10, 900, 6000])}"}
            value["verb"] = {"id": f"http://e.fr/verb/{chance.randint(0, 40)}-{name[:12]}"}
            batch.append(value)
        box.add(*batch)
        state = Context(Kind.STATE, f"http://e.fr/{chance.randint(0, 9)}", box.agent(chance.choice(pupils)))
        box.documents.change(state, "s", lambda _, who=state.agent: ("x/y", who.encode() * 40))  # type: ignore[misc]
    chance.shuffle(pupils)
    for number, name in enumerate(pupils[:8]):
        box.erasure.erase([box.agent(name)], final=bool(number % 2))
        assert found_in(box.folder, name, f"verb/1-{name[:12]}") == []
        _add_more(box, pupils[8:], chance)
    assert all(found_in(box.folder, name) for name in pupils[8:])


def _add_more(box: Box, pupils: Iterable[str], chance: random.Random) -> None:
    box.add(*(box.answer(name) for name in pupils for _ in range(chance.randint(0, 6))))


def test_an_attachment_of_somebody_unknown_is_named_by_its_bytes_only(box: Box) -> None:
    """Two pupils, the same bytes: the file goes with the last statement that names it."""
    body = b"two voices in one file"
    both = [with_attachment(box.pupil(name), body, "http://e.fr/x") for name in (ZOE, "ali-2")]
    box.add(*both, {"actor": OTHERS, "verb": SEEN, "object": {"id": "http://e.fr/x"}}, body=body)
    box.erasure.erase([box.agent(ZOE)])
    assert found_in(box.folder, body)
    box.erasure.erase([box.agent("ali-2")])
    assert found_in(box.folder, body, ZOE, "ali-2") == []
    assert len(box.bodies()) == 1
