# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The outbox loses nothing, sends nothing twice, and one bad statement stops no other."""

from __future__ import annotations

import json
import math
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import records_outbox
from appliance.client import Client
from appliance.errors import BadInput, Conflict, TooLarge
from appliance.records_outbox import RecordsOutbox
from tests.outbox.rig import Watch, said
from tests.rigs import records_socket
from tests.rigs.box import until
from tests.rigs.records_socket import RecordsSocket

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_statement_reaches_the_hub_once(opened: Callable[[], RecordsOutbox], hub: RecordsSocket) -> None:
    outbox = opened()
    name = outbox.add(said(text="é\n\u2028"))
    assert outbox.waiting == 1
    assert outbox.flush()
    assert outbox.waiting == 0
    assert hub.stored[name] == said(text="é\n\u2028", id=name)
    assert outbox.flush()
    assert len(hub.deliveries) == 1
    assert hub.headers[0]["X-Cartable-Origin"] == "local"
    assert hub.headers[0]["X-Experience-API-Version"] == "1.0.3"


def test_an_id_of_the_service_s_own_is_kept(opened: Callable[[], RecordsOutbox], hub: RecordsSocket) -> None:
    own = str(uuid.uuid4())
    outbox = opened()
    assert outbox.add(said(id=own.upper())) == own
    assert outbox.add(said(id=own)) == own
    assert outbox.flush()
    assert list(hub.stored) == [own]


@pytest.mark.parametrize("name", ["", "x", 7, None, "{0}", "urn:uuid:"])
def test_another_id_is_refused_at_once(opened: Callable[[], RecordsOutbox], name: object) -> None:
    outbox = opened()
    with pytest.raises(BadInput):
        outbox.add(said(id=name))
    assert outbox.waiting == 0


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud800", {1, 2}, b"x"])
def test_what_is_no_json_is_refused_at_once(opened: Callable[[], RecordsOutbox], value: object) -> None:
    outbox = opened()
    with pytest.raises(BadInput):
        outbox.add_all([said(), said(result=value)])
    assert outbox.waiting == 0


def test_what_never_fits_is_refused_at_once(opened: Callable[[], RecordsOutbox]) -> None:
    with pytest.raises(TooLarge):
        opened().add(said("x" * records_outbox.MOST_BYTES))


def test_without_a_hub_everything_waits_and_survives_the_process(
    opened: Callable[[], RecordsOutbox], socket: Path
) -> None:
    names = [opened().add(said(str(number))) for number in range(3)]
    outbox = opened()
    assert outbox.waiting == 3
    assert not outbox.flush()
    assert outbox.waiting == 3
    with records_socket.listening(socket) as hub:
        assert outbox.flush()
        assert list(hub.stored) == names


@pytest.mark.parametrize("status", [500, 502, 503, 507, 429, 401, 403, 404, 405, 421, 301])
def test_a_hub_that_cannot_take_it_now_gets_it_later(
    opened: Callable[[], RecordsOutbox], hub: RecordsSocket, status: int
) -> None:
    outbox = opened()
    name = outbox.add(said())
    hub.next.append(status)
    assert not outbox.flush()
    assert (outbox.waiting, outbox.refused) == (1, 0)
    assert outbox.flush()
    assert list(hub.stored) == [name]


def test_a_lost_answer_makes_no_second_statement(opened: Callable[[], RecordsOutbox], hub: RecordsSocket) -> None:
    outbox = opened()
    names = outbox.add_all([said("a"), said("b")])
    hub.next.append(0)
    assert not outbox.flush()
    assert outbox.waiting == 2
    assert opened().flush()
    assert [[s["id"] for s in batch] for _, batch in hub.deliveries] == [names, names]
    assert list(hub.stored) == names


def test_an_answer_that_does_not_list_them_is_no_answer(
    opened: Callable[[], RecordsOutbox], hub: RecordsSocket
) -> None:
    outbox = opened()
    name = outbox.add(said())
    hub.next.append(200)
    assert not outbox.flush()
    assert (outbox.waiting, list(hub.stored)) == (1, [])
    assert outbox.flush()
    assert list(hub.stored) == [name]


@pytest.mark.parametrize("status", [400, 409, 413, 422])
@pytest.mark.parametrize("bad", [{0}, {49}, {3, 4, 30}, set(range(50))])
def test_a_culprit_is_found_and_kept_aside_and_the_rest_arrives_in_order(
    opened: Callable[[], RecordsOutbox], hub: RecordsSocket, tmp_path: Path, status: int, bad: set[int]
) -> None:
    outbox = opened()
    names = outbox.add_all([said(str(number)) for number in range(50)])
    culprits = [names[number] for number in sorted(bad)]
    hub.refuses = lambda statement: status if statement["id"] in culprits else 0
    assert outbox.flush()
    assert list(hub.stored) == [name for name in names if name not in culprits]
    assert (outbox.waiting, outbox.refused) == (0, len(bad))
    for name in culprits:
        kept = json.loads((tmp_path / "outbox" / "refused" / f"{name}.json").read_text())
        assert kept["status"] == status
        assert "no" in kept["reason"]
        assert kept["statement"] == said(kept["statement"]["object"]["id"].rpartition("/")[2], id=name)
    assert opened().refused == len(bad)


def test_a_hub_that_dies_while_the_culprit_is_sought(opened: Callable[[], RecordsOutbox], hub: RecordsSocket) -> None:
    outbox = opened()
    names = outbox.add_all([said(str(number)) for number in range(8)])
    hub.refuses = lambda statement: 400 if statement["id"] == names[5] else 0
    hub.next += [400, -1, 503]
    assert not outbox.flush()
    assert list(hub.stored) == names[:4]
    assert outbox.waiting == 4
    assert outbox.flush()
    assert sorted(hub.stored) == sorted(set(names) - {names[5]})
    assert outbox.refused == 1


def test_batches_are_of_fifty_and_of_bounded_size(opened: Callable[[], RecordsOutbox], hub: RecordsSocket) -> None:
    outbox = opened()
    outbox.add_all([said(str(number)) for number in range(120)])
    assert outbox.flush()
    assert [len(batch) for _, batch in hub.deliveries] == [50, 50, 20]
    outbox.add_all([said("x" * 300_000), said("y" * 300_000)])
    assert outbox.flush()
    assert [len(batch) for _, batch in hub.deliveries[3:]] == [1, 1]


class TestThread:
    @pytest.fixture(autouse=True)
    def _quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(records_outbox, "FIRST_PAUSE_S", 0.01)
        monkeypatch.setattr(records_outbox, "LONGEST_PAUSE_S", 0.05)

    def test_delivers_by_itself_as_soon_as_it_can(self, opened: Callable[[], RecordsOutbox], socket: Path) -> None:
        outbox = opened()
        outbox.add(said("before"))
        outbox.start()
        outbox.add(said("after"))
        with records_socket.listening(socket) as hub:
            hub.next += [503, 500, 0]
            until(lambda: not outbox.waiting, "nothing was delivered", 10)
            outbox.add(said("later"))
            until(lambda: not outbox.waiting, "nothing was delivered", 10)
            assert len(hub.stored) == 3
        outbox.stop()
        outbox.start()
        outbox.close()

    def test_ends_at_once_though_nobody_answers(self, opened: Callable[[], RecordsOutbox]) -> None:
        outbox = opened()
        outbox.add(said())
        outbox.start()
        outbox.stop()
        assert outbox.waiting == 1


def test_pauses_grow_with_jitter_up_to_a_minute(opened: Callable[[], RecordsOutbox], hub: RecordsSocket) -> None:
    outbox = opened()
    pauses = [outbox._pause(failures) for failures in range(1, 40)]
    assert all(0.5 * 2**n <= pause <= 2**n for n, pause in enumerate(pauses[:6]))
    assert all(30 <= pause <= 60 for pause in pauses[6:])
    assert len(set(pauses)) == len(pauses)
    hub.retry_after = "7"
    hub.next.append(429)
    outbox.add(said())
    assert not outbox.flush()
    assert outbox._pause(1) == 7
    hub.retry_after = "Fri, 31 Dec 1999 23:59:59 GMT"
    hub.next.append(503)
    assert not outbox.flush()
    assert outbox._pause(1) <= 1


def test_one_process_per_folder(opened: Callable[[], RecordsOutbox], tmp_path: Path, socket: Path) -> None:
    outbox = opened()
    with pytest.raises(Conflict):
        RecordsOutbox(tmp_path / "outbox", Client(socket), Watch())
    outbox.close()
    RecordsOutbox(tmp_path / "outbox", Client(socket), Watch()).close()


@given(st.dictionaries(st.text(), JSON))
def test_any_json_object_comes_out_of_the_queue_as_it_went_in(value: dict[str, Any]) -> None:
    value.pop("id", None)
    with tempfile.TemporaryDirectory() as folder:
        outbox = RecordsOutbox(Path(folder) / "o", Client(Path(folder) / "s"), Watch())
        try:
            name = outbox.add(value)
        except BadInput:  # infinity, a lone surrogate
            return
        finally:
            outbox.close()
        again = RecordsOutbox(Path(folder) / "o", Client(Path(folder) / "s"), Watch())
        [line] = again._queue.head(2, 1)
        again.close()
    assert json.loads(records_outbox._Entry.read(line).text) == {**value, "id": name}


def texts(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def test_what_was_delivered_leaves_the_disk_though_the_rest_waits(
    opened: Callable[[], RecordsOutbox], hub: RecordsSocket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records_outbox, "MOST", 1)
    outbox = opened()
    outbox.add_all([said("first"), said("second")])
    hub.next.extend([-1, 503])
    assert not outbox.flush()
    assert outbox.waiting == 1
    assert ("first" in texts(tmp_path), "second" in texts(tmp_path)) == (False, True)
    assert records_outbox.holding(tmp_path) == [tmp_path / "outbox"]
    assert outbox.flush()
    assert "words" not in texts(tmp_path)
    assert records_outbox.holding(tmp_path) == []


@pytest.mark.parametrize("trusted", [True, False])
def test_what_was_refused_goes_after_a_month(
    opened: Callable[[], RecordsOutbox], hub: RecordsSocket, watch: Watch, tmp_path: Path, trusted: bool
) -> None:
    """By a clock that is right: what came before it was counts from then on."""
    watch.trusted = trusted
    outbox = opened()
    hub.refuses = lambda statement: 400
    outbox.add(said())
    assert outbox.flush()
    assert outbox.refused == 1
    assert records_outbox.holding(tmp_path) == [tmp_path / "outbox"]
    watch.trusted = True
    for days, left in ((0, 1), (29, 1), (2, 0)):
        watch.passes(days * 86400)
        assert opened().refused == left
    assert records_outbox.holding(tmp_path) == []
