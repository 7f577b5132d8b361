# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import copy
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadInput
from appliance.xapi import preparing, reading
from appliance.xapi.version import Version
from tests.xapi import good

AUTHORITY = {"objectType": "Agent", "account": {"homePage": "https://example.org/keys", "name": 'é"7'}}
BARE: dict[str, Any] = {"actor": good.AGENT, "verb": {"id": "https://example.org/did"}, "object": good.ACTIVITY}
MOMENT = "2026-11-22T06:52:30.000001Z"
LATER = "2027-01-01T00:00:00.000000Z"


def raw(value: dict[str, Any], **more: Any) -> reading.Raw:
    return reading.statement(json.dumps(value, **more).encode())


def kept(value: dict[str, Any], version: Version = Version.V1, authority: Any = AUTHORITY, **more: Any) -> Any:
    """What is read back of a statement that was prepared and finished."""
    body, _ = preparing.finish(preparing.prepare(raw(value), version, authority, **more), MOMENT)
    return json.loads(body)


@pytest.mark.parametrize("version", good.BOTH)
def test_the_senders_text_is_kept_byte_for_byte(version: Version) -> None:
    text = '{ "object":{"id":"urn:\\u00e9" } ,"actor":{"mbox":"mailto:a@b.fr"},\n\t"verb":{"id":"urn:v"},' + (
        '"result":{"score":{"raw":1.50e1}}\r\n}'
    )
    prepared = preparing.prepare(reading.statement(text.encode()), version, AUTHORITY)
    body, given_bytes = preparing.finish(prepared, MOMENT)
    assert body.startswith(text[:-1].encode())
    assert given_bytes == len(text[:-1].encode())
    assert list(json.loads(body))[4:] == ["timestamp", "id", "version", "authority"]


def test_given_is_counted_in_bytes() -> None:
    prepared = preparing.prepare(raw({**BARE, "result": {"response": "é€😀"}}, ensure_ascii=False), Version.V1, None)
    body, given_bytes = preparing.finish(prepared, MOMENT)
    assert body[:given_bytes].decode() == prepared.given


@pytest.mark.parametrize(("version", "assumed"), [(Version.V1, "1.0.0"), (Version.V2, "2.0.0")])
def test_data_2_4_10_a_version_is_set_where_there_is_none(version: Version, assumed: str) -> None:
    assert kept(BARE, version)["version"] == assumed
    assert kept({**BARE, "version": "1.0.3"}, version)["version"] == "1.0.3"


def test_data_2_4_1_an_id_is_made_where_there_is_none() -> None:
    ids = [preparing.prepare(raw(BARE), Version.V1, None).id for _ in range(3)]
    assert len({uuid.UUID(each).version for each in ids}) == 1
    assert len(set(ids)) == 3


def test_data_2_4_1_the_senders_id_keeps_its_case_and_is_looked_up_without() -> None:
    prepared = preparing.prepare(raw({**BARE, "id": good.UUID.upper()}), Version.V1, None)
    assert prepared.id == good.UUID
    assert prepared.value["id"] == good.UUID.upper()
    assert "id" not in prepared.added


class TestCommunication211Put:
    def test_the_parameter_is_the_id(self) -> None:
        prepared = preparing.prepare(raw(BARE), Version.V1, None, statement_id=good.UUID.upper())
        assert prepared.id == prepared.value["id"] == prepared.added["id"] == good.UUID

    def test_the_same_id_may_be_inside(self) -> None:
        prepared = preparing.prepare(raw({**BARE, "id": good.UUID}), Version.V1, None, statement_id=good.UUID.upper())
        assert prepared.id == good.UUID
        assert prepared.added == {"version": "1.0.0"}

    def test_another_id_inside_is_refused(self) -> None:
        with pytest.raises(BadInput, match="statementId"):
            preparing.prepare(raw({**BARE, "id": good.UUID}), Version.V1, None, statement_id=str(uuid.uuid4()))

    @pytest.mark.parametrize("text", ["", "1", good.UUID[:-1], "{" + good.UUID + "}"])
    def test_the_parameter_is_a_uuid(self, text: str) -> None:
        with pytest.raises(BadInput, match="UUID"):
            preparing.prepare(raw(BARE), Version.V1, None, statement_id=text)


class TestData249Authority:
    def test_the_senders_is_replaced(self) -> None:
        value = kept({**BARE, "authority": good.AGENT})
        assert value["authority"] == AUTHORITY

    def test_a_trusted_senders_is_kept(self) -> None:
        prepared = preparing.prepare(raw({**BARE, "authority": good.AGENT}), Version.V1, None)
        assert prepared.value["authority"] == good.AGENT
        assert "authority" not in prepared.added

    def test_a_bad_one_is_refused_though_it_would_be_replaced(self) -> None:
        with pytest.raises(BadInput):
            preparing.prepare(raw({**BARE, "authority": {"name": "x"}}), Version.V1, AUTHORITY)


class TestData248Stored:
    def test_the_senders_is_cut(self) -> None:
        prepared = preparing.prepare(raw({"stored": MOMENT, **BARE}), Version.V1, None)
        assert "stored" not in prepared.value
        assert "stored" not in prepared.given

    def test_not_one_inside_an_extension(self) -> None:
        extensions = {"urn:x": {"stored": 1, "authority": 2}}
        value = kept({**BARE, "stored": MOMENT, "result": {"extensions": extensions}})
        assert value["result"]["extensions"] == extensions

    def test_a_bad_one_is_refused(self) -> None:
        with pytest.raises(BadInput, match="stored"):
            preparing.prepare(raw({**BARE, "stored": "yesterday"}), Version.V1, None)


class TestData247Timestamp:
    def test_set_when_there_is_none(self) -> None:
        prepared = preparing.prepare(raw(BARE), Version.V1, None, age_s=12.5)
        assert (prepared.stamp, prepared.age_s) == (True, 12.5)
        assert "timestamp" not in prepared.value
        assert "timestamp" not in prepared.added
        assert json.loads(preparing.finish(prepared, MOMENT)[0])["timestamp"] == MOMENT
        with pytest.raises(ValueError, match="timestamp"):
            preparing.finish(prepared, None)

    def test_the_senders_is_kept(self) -> None:
        prepared = preparing.prepare(raw({**BARE, "timestamp": "2020-01-01T00:00:00Z"}), Version.V1, None, age_s=12.5)
        assert (prepared.stamp, prepared.age_s) == (False, None)
        assert json.loads(preparing.finish(prepared, MOMENT)[0])["timestamp"] == "2020-01-01T00:00:00Z"

    def test_restamp_changes_the_boxs_own(self) -> None:
        body, given_bytes = preparing.finish(preparing.prepare(raw(BARE), Version.V1, AUTHORITY), MOMENT)
        again = preparing.restamp(body, given_bytes, LATER)
        assert json.loads(again) == {**json.loads(body), "timestamp": LATER}
        assert again[:given_bytes] == body[:given_bytes]
        assert preparing.restamp(again, given_bytes, MOMENT) == body

    def test_restamp_leaves_the_senders(self) -> None:
        prepared = preparing.prepare(raw({**BARE, "timestamp": "2020-01-01T00:00:00Z"}), Version.V1, AUTHORITY)
        body, given_bytes = preparing.finish(prepared, None)
        assert preparing.restamp(body, given_bytes, LATER) == body

    @pytest.mark.parametrize(
        ("sent", "utc"),
        [
            ("2023-05-04T12:00:00-05:00", "2023-05-04T17:00:00Z"),
            ("2023-05-04T00:30:00.123456789+05:45", "2023-05-03T18:45:00.123456789Z"),
            ("2026-12-31T23:59:59.10-00:01", "2027-01-01T00:00:59.10Z"),
            ("2023-05-04T12:00:00.5Z", "2023-05-04T12:00:00.5Z"),
            ("2023-05-04t12:00:00.5z", "2023-05-04t12:00:00.5z"),
            ("2023-05-04T12:00:00+00:00", "2023-05-04T12:00:00+00:00"),
        ],
    )
    def test_9274_4_2_7_2_0_turns_it_into_utc(self, sent: str, utc: str) -> None:
        inner = {"objectType": "SubStatement", **BARE, "timestamp": sent}
        value = kept({**BARE, "object": inner, "timestamp": sent}, Version.V2)
        assert (value["timestamp"], value["object"]["timestamp"]) == (utc, utc)

    def test_1_0_3_keeps_the_zone(self) -> None:
        assert kept({**BARE, "timestamp": "2023-05-04T12:00:00-05:00"})["timestamp"] == "2023-05-04T12:00:00-05:00"


@pytest.mark.parametrize("kind", ["parent", "grouping", "category", "other"])
@pytest.mark.parametrize("version", good.BOTH)
def test_data_2_4_6_2_a_lone_context_activity_is_put_in_an_array(kind: str, version: Version) -> None:
    context = {"contextActivities": {"parent": [good.ACTIVITY], kind: good.ACTIVITY}}
    inner = {"objectType": "SubStatement", **BARE, "context": context}
    value = kept({**BARE, "context": context, "object": inner}, version)
    assert value["context"]["contextActivities"][kind] == [good.ACTIVITY]
    assert value["object"]["context"]["contextActivities"][kind] == [good.ACTIVITY]


def test_edits_touch_no_other_byte() -> None:
    text = (
        '{"stored":"2020-01-01T00:00:00Z", "actor":{"mbox":"mailto:a@b.fr"},"verb":{"id":"urn:v"}, "context" : {'
        '"contextActivities":{"other" : {"id":"urn:\\u0061"} , "parent":[]}},"object":{"id":"urn:o"} }'
    )
    prepared = preparing.prepare(reading.statement(text.encode()), Version.V1, None)
    assert prepared.given == (
        '{"actor":{"mbox":"mailto:a@b.fr"},"verb":{"id":"urn:v"}, "context" : {'
        '"contextActivities":{"other" : [{"id":"urn:\\u0061"}] , "parent":[]}},"object":{"id":"urn:o"} '
    )
    assert prepared.value["context"] == {"contextActivities": {"other": [{"id": "urn:a"}], "parent": []}}


def test_what_was_read_is_not_changed() -> None:
    for value in (BARE, good.STATEMENT):
        one = raw(value)
        before = copy.deepcopy(one.value)
        preparing.prepare(one, Version.V1, AUTHORITY)
        assert one.value == before


def test_a_bad_statement_is_refused() -> None:
    with pytest.raises(BadInput, match="actor"):
        preparing.prepare(raw({"verb": BARE["verb"], "object": good.ACTIVITY}), Version.V1, AUTHORITY)


def test_a_bad_statement_of_a_list_is_named() -> None:
    _, second = reading.statements(json.dumps([BARE, {"verb": BARE["verb"], "object": good.ACTIVITY}]).encode())
    with pytest.raises(BadInput, match=r"^statement 2: actor is missing"):
        preparing.prepare(second, Version.V1, AUTHORITY)


def test_attachments_are_those_of_the_statement_and_of_its_substatement() -> None:
    first, second = {**good.ATTACHMENT, "sha2": "AB" * 32}, {**good.ATTACHMENT, "sha2": "cd" * 64}
    inner = {"objectType": "SubStatement", **BARE, "attachments": [second, first]}
    prepared = preparing.prepare(raw({**BARE, "object": inner, "attachments": [first]}), Version.V1, None)
    assert prepared.attachments == ("ab" * 32, "cd" * 64)
    assert preparing.prepare(raw(BARE), Version.V1, None).attachments == ()


@given(
    st.sets(st.sampled_from(["id", "timestamp", "stored", "authority", "version", "result", "context"])), st.booleans()
)
def test_what_is_kept_is_the_statement_and_what_it_lacked(keys: set[str], trusted: bool) -> None:
    """Whatever the sender leaves out: the bytes, the value and what was sent agree."""
    value = {**BARE, **{key: good.STATEMENT[key] for key in sorted(keys)}}
    prepared = preparing.prepare(raw(value), Version.V1, None if trusted else AUTHORITY)
    body, given_bytes = preparing.finish(prepared, MOMENT)
    result = json.loads(body)
    assert reading.statement(body).text == body.decode()
    assert {key: item for key, item in result.items() if key in prepared.value} == prepared.value
    assert result.keys() - prepared.value.keys() == ({"timestamp"} if prepared.stamp else set())
    assert prepared.added.items() <= prepared.value.items()
    assert not prepared.added.keys() & json.loads(body[:given_bytes] + b"}").keys()
    whole = json.loads(preparing.output(body, given_bytes, MOMENT))
    assert whole == {**result, "stored": MOMENT}


def test_a_row_of_the_first_release_is_sent_as_it_is() -> None:
    assert preparing.output(b'{"stored":"x"}', None, MOMENT) == b'{"stored":"x"}'
