# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.xapi.comparison import same
from tests.xapi import good

AGENTS = [good.AGENT, good.MBOX, {"openid": "https://example.org/bob"}]
GROUP = {"objectType": "Group", "member": AGENTS}
BARE: dict[str, Any] = {"actor": GROUP, "verb": {"id": "urn:v"}, "object": good.ACTIVITY}
EVERYTHING: dict[str, Any] = {**good.STATEMENT, "context": {**good.CONTEXT, **good.RELEVANT}}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
PARTS = st.sampled_from(sorted({*EVERYTHING, "objectType"}))


def both(path: good.Place, old: Any, new: Any) -> bool:
    """Whether two statements that differ at ``path``, and the same inside substatements, are the same."""
    left, right = good.changed(EVERYTHING, path, old), good.changed(EVERYTHING, path, new)
    found = {same(left, (), right), same(right, (), left)}
    if path[0] not in ("id", "timestamp", "stored", "authority", "version"):
        inner = [{**EVERYTHING, "object": {"objectType": "SubStatement", **each}} for each in (left, right)]
        found |= {same(inner[0], (), inner[1])}
    assert len(found) == 1
    return found.pop()


@given(st.sampled_from([good.STATEMENT, EVERYTHING, {**good.STATEMENT, "object": good.SUBSTATEMENT}]))
def test_a_statement_is_the_same_as_itself(value: dict[str, Any]) -> None:
    assert same(value, (), json.loads(json.dumps(value)))


class TestData231Ignored:
    @pytest.mark.parametrize("key", ["authority", "stored", "version"])
    def test_what_the_store_sets(self, key: str) -> None:
        assert both((key,), good.AGENT, good.GONE)
        assert both((key,), "1.0.0", "1.0.3")

    @pytest.mark.parametrize("key", ["id", "timestamp"])
    def test_what_a_store_on_the_way_may_have_set(self, key: str) -> None:
        assert both((key,), "2026-11-22T06:52:30.123Z", good.GONE)

    @pytest.mark.parametrize("key", ["id", "timestamp"])
    def test_what_this_store_has_set(self, key: str) -> None:
        old, new = {**BARE, key: "2026-11-22T06:52:30Z"}, {**BARE, key: "2026-11-22T07:52:30Z"}
        assert same(old, {key}, new)
        assert not same(old, (), new)

    @pytest.mark.parametrize("display", [{}, {"en": "other"}, good.GONE])
    def test_the_display_of_a_verb(self, display: Any) -> None:
        assert both(("verb", "display"), {"fr": "a répondu"}, display)

    @pytest.mark.parametrize("place", [("object",), ("context", "contextActivities", "parent", 0)])
    def test_the_definition_of_an_activity(self, place: good.Place) -> None:
        assert both((*place, "definition"), good.DEFINITION, {})

    def test_the_order_of_members(self) -> None:
        for path in (("actor",), ("context", "team"), ("context", "contextGroups", 0, "group")):
            assert both(path, GROUP, {**GROUP, "member": AGENTS[::-1]})

    @pytest.mark.parametrize("text", ["2026-11-22T07:52:30.123+01:00", "2026-11-22T06:52:30.1234567Z"])
    def test_the_zone_of_a_timestamp_and_less_than_a_millisecond(self, text: str) -> None:
        assert both(("timestamp",), "2026-11-22T06:52:30.123Z", text)

    @pytest.mark.parametrize(
        ("path", "old", "new"),
        [
            (("id",), good.UUID, good.UUID.upper()),
            (("context", "registration"), good.UUID, good.UUID.upper()),
            (("context", "statement", "id"), good.UUID, good.UUID.upper()),
            (("object",), good.REFERENCE, {**good.REFERENCE, "id": good.UUID.upper()}),
            (("context", "language"), "fr-fr", "fr-FR"),
            (("attachments", 0, "sha2"), "ab" * 32, "AB" * 32),
            (("actor",), {"mbox": "mailto:ada@example.org"}, {"mbox": "mailto:ada@EXAMPLE.org"}),
            (("actor",), {"mbox_sha1sum": "ab" * 20}, {"mbox_sha1sum": "AB" * 20}),
        ],
    )
    def test_the_case_of_what_has_none(self, path: good.Place, old: Any, new: Any) -> None:
        assert both(path, old, new)


@pytest.mark.parametrize("new", ["PT1.129S", "PT1.12000S", "PT1,1201S"])
def test_data_4_6_a_duration_counts_to_the_hundredth(new: str) -> None:
    assert both(("result", "duration"), "PT1.12S", new)
    assert not both(("result", "duration"), "PT1.13S", new)


def test_data_4_6_a_duration_is_a_text_for_the_rest() -> None:
    assert both(("result", "duration"), "P1DT1.001S", "P1DT1S")
    assert not both(("result", "duration"), "PT60S", "PT1M")


def test_data_2_4_6_2_a_lone_activity_is_an_array() -> None:
    assert both(("context", "contextActivities", "parent"), good.ACTIVITY, [good.ACTIVITY])


class TestData231Counted:
    @pytest.mark.parametrize(
        ("path", "new"),
        [
            (("id",), "12345678-1234-5678-1234-567812345678"),
            (("actor", "name"), "Eve"),
            (("actor", "account", "name"), "ADA-7"),
            (("verb", "id"), "urn:other"),
            (("object", "id"), "https://example.org/Fractions"),
            (("object", "objectType"), good.GONE),
            (("result", "success"), False),
            (("result", "success"), 1),
            (("result", "score", "raw"), 5.5),
            (("result", "response"), "B"),
            (("result", "extensions", "urn:x:deep"), {"Any": [None, "", {}, 2]}),
            (("result", "extensions", "urn:x:deep", "Any", 0), False),
            (("result",), good.GONE),
            (("context", "revision"), "3"),
            (("context", "contextActivities", "category"), [good.ACTIVITY, {"id": "urn:category"}]),
            (("context", "contextAgents", 0, "relevantTypes"), good.GONE),
            (("context", "contextAgents", 0, "agent", "name"), "Eve"),
            (("timestamp",), "2026-11-22T06:52:30.125Z"),
            (("attachments", 0, "length"), 28),
            (("attachments",), good.GONE),
        ],
    )
    def test_a_difference(self, path: good.Place, new: Any) -> None:
        old: Any = EVERYTHING
        for step in path:
            old = old[step]
        assert not both(path, old, new)

    def test_a_member_more_or_another(self) -> None:
        assert not both(("actor",), GROUP, {**GROUP, "member": AGENTS[:2]})
        assert not both(("actor",), GROUP, {**GROUP, "member": [*AGENTS[:2], AGENTS[1]]})

    def test_an_extension_is_compared_strictly(self) -> None:
        path = ("result", "extensions", "https://example.org/extensions/colour")
        assert not both(path, "PT1.001S", "PT1.002S")
        assert not both(path, {"display": 1}, {})
        assert both(path, 1, 1.0)
        assert not both(path, 1, True)


@given(st.dictionaries(PARTS, VALUES | st.dictionaries(PARTS, VALUES), max_size=4), st.data())
def test_any_json_can_be_compared(value: dict[str, Any], data: st.DataObject) -> None:
    """The payload of a signature is any JSON object."""
    assert same(value, (), value)
    assert not same({**value, "verb": {"id": 1}}, (), {**value, "verb": {"id": 2}})
    other = data.draw(st.dictionaries(PARTS, VALUES, max_size=4))
    assert same(value, (), other) == same(other, (), value)


@pytest.mark.parametrize("path", [path for path, _ in good.places(EVERYTHING) if path])
def test_any_part_may_be_of_any_type(path: good.Place) -> None:
    odd: list[Any] = [None, 5, "x", [], {}, [None], [[]], {"x": None}]
    for new in odd:
        bent = good.changed(EVERYTHING, path, new)
        assert same(bent, (), bent)
        assert same(bent, (), EVERYTHING) == same(EVERYTHING, (), bent)
