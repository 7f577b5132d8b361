# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Free disk: tools and scripts leave what the pupils' answers and an erasure need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import box, config
from appliance.errors import StorageError
from appliance.hub.app import create_app
from appliance.hub.records_office import Office
from appliance.hub.settings import LANGUAGE_COOKIE
from appliance.store import settings
from appliance.store.erasure import unfinished
from appliance.store.migrations import migrate
from appliance.store.record_keys import Keys
from appliance.store.rewrite import room_needed
from appliance.xapi import terms
from tests.hub.xapi.rig import DOCUMENTS, STATE, STATEMENTS, Lrs, attachment, basic, multipart, part, place, statement


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Lrs]:
    """A box whose disk counts as full: no disk has so much free. It speaks English, as the messages are written."""
    chosen = config.load(
        [],
        {
            "box": {"state": tmp_path / "state", "run": tmp_path / "run", "language": "en"},
            "records": {"keep_free_mb": 1 << 40},
        },
    )
    migrate(chosen.database)
    with box.hub(chosen) as hub:
        yield Lrs(hub, box.application(chosen, hub), basic(*Keys(hub.db).add("technician", ["all"])))


def test_a_tool_stores_nothing_more(full: Lrs) -> None:
    data = b"x" * 100
    body, kind = multipart(statement(attachments=[attachment(data)]), part(data))
    refused = [
        full.post(STATEMENTS, statement()),
        full.ask("POST", STATEMENTS, data=body, headers={"Content-Type": kind}),
        *(full.put(resource, place(resource), {}, If_None_Match="*") for resource in DOCUMENTS),
        *(full.post(resource, {}, place(resource)) for resource in DOCUMENTS),
    ]
    assert [answer.status_code for answer in refused] == [507] * len(refused)
    assert all("MB" in json.loads(answer.data)["error"] for answer in refused)
    assert full.ids() == []
    assert not list((full.hub.config.box.state / "records" / "attachments").iterdir())


def test_the_box_s_own_services_go_on_and_so_do_removals_and_erasures(full: Lrs) -> None:
    local, query = full.as_(None, origin="local"), place(STATE)
    local.send(statement(actor=query["agent"]))
    assert local.put(STATE, query, {"a": 1}).status_code == 204
    assert full.delete(STATE, query).status_code == 204
    assert local.put(STATE, query, {"a": 1}).status_code == 204
    done = Office(full.hub.records).erase(json.dumps(query["agent"]), True)
    assert (done["statements"], done["documents"], unfinished(full.hub.db)) == (1, 1, None)
    assert terms.agent_value(query["agent"]) not in json.dumps(full.found({}))  # type: ignore[arg-type]


def test_enough_is_left_to_write_the_database_anew(lrs: Lrs) -> None:
    """Whatever is asked to be kept free: of the bytes that come, the room for an erasure is left as well."""
    with pytest.raises(StorageError, match="MB more"):
        lrs.hub.records.expect_room(1 << 50)
    with pytest.raises(StorageError, match="MB more"):
        lrs.hub.records.expect_room(0, 1 << 50)
    lrs.hub.records.expect_room(1 << 20, 1 << 20)
    before = room_needed(lrs.hub.db.reading())
    sent = lrs.ask("PUT", STATE, place(STATE), data=b"x" * (4 << 20), headers={"Content-Type": "x/y"})
    assert sent.status_code == 204
    assert room_needed(lrs.hub.db.reading()) - before >= 8 << 20


def test_a_rebuild_holds_no_thread_of_other_writers(lrs: Lrs) -> None:
    """A lesson begins or ends meanwhile: the teacher is told to try again."""
    lrs.send(statement())
    told: list[tuple[int, str | None]] = []

    def put() -> str:
        settings.put(lrs.hub.db, "x", "y")
        return ""

    def progress(done: int, total: int) -> None:
        if not told:
            app = create_app(lrs.hub)
            app.add_url_rule("/api/put", "put", put)
            client = app.test_client()
            client.set_cookie(LANGUAGE_COOKIE, "en")
            answer = client.get("/api/put", headers={"X-Cartable-Origin": "local"})
            told.append((answer.status_code, answer.headers.get("Retry-After")))
            assert "try again" in answer.get_json()["error"]

    lrs.hub.records.rebuild(progress)
    assert told == [(503, "5")]
    assert put() == ""
