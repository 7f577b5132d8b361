# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The table of rules against statements and SubStatements, and the rules that involve several properties.

What concerns every place alike (null, types, unknown properties, capitals) is in ``test_validation_everywhere.py``,
the formats of texts in ``test_validation_values.py``.
"""

from __future__ import annotations

from typing import Any

import pytest

from appliance.xapi.statement import VOIDED
from appliance.xapi.version import Version
from tests.xapi import good
from tests.xapi.good import GROUP, MBOX, REFERENCE
from tests.xapi.rules import INSIDE, ROWS, Row


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_statement(row: Row) -> None:
    for version in row.versions:
        message = good.fault(good.changed(good.STATEMENT, row.place, row.new), version)
        assert (message is None) is row.taken, message
        assert message is None or message.startswith(("object.objectType", good.spelled(row.place)))


@pytest.mark.parametrize("row", INSIDE, ids=str)
def test_data_2_4_4_3_a_substatement_is_held_to_the_same(row: Row) -> None:
    outside = {**good.STATEMENT, "object": good.SUBSTATEMENT, "context": {}}
    for version in row.versions:
        message = good.fault(good.changed(outside, ("object", *row.place), row.new), version)
        assert (message is None) is row.taken, message
        assert message is None or message.startswith("object.")


WITHOUT_ACTIVITY = {key: value for key, value in good.CONTEXT.items() if key not in ("revision", "platform")}
OTHER_OBJECTS: dict[str, dict[str, Any]] = {
    "Agent": {"objectType": "Agent", **MBOX},
    "Group": GROUP,
    "StatementRef": REFERENCE,
    "SubStatement": good.SUBSTATEMENT,
}


@pytest.mark.parametrize("kind", OTHER_OBJECTS)
@pytest.mark.parametrize("version", Version)
class TestOtherObjects:
    def test_data_2_4_4_it_is_an_object(self, kind: str, version: Version) -> None:
        whole = {**good.STATEMENT, "object": OTHER_OBJECTS[kind], "context": WITHOUT_ACTIVITY}
        assert good.fault(whole, version) is None

    @pytest.mark.parametrize("key", ["revision", "platform"])
    def test_data_2_4_6_revision_and_platform_are_for_activities(self, kind: str, version: Version, key: str) -> None:
        whole = {**good.STATEMENT, "object": OTHER_OBJECTS[kind], "context": {key: "2"}}
        message = good.fault(whole, version)
        assert message is not None
        assert message.startswith(f"context.{key} is only for")

    def test_data_2_3_2_only_a_reference_can_be_voided(self, kind: str, version: Version) -> None:
        whole = {**good.STATEMENT, "object": OTHER_OBJECTS[kind], "context": {}, "verb": {"id": VOIDED}}
        message = good.fault(whole, version)
        assert (message is None) is (kind == "StatementRef")


@pytest.mark.parametrize("version", Version)
class TestSubStatements:
    @pytest.mark.parametrize("key", ["id", "stored", "version", "authority"])
    def test_data_2_4_4_3_it_has_none_of_what_the_store_sets(self, version: Version, key: str) -> None:
        inner = {**good.SUBSTATEMENT, key: good.STATEMENT[key]}
        message = good.fault({**good.STATEMENT, "object": inner, "context": {}}, version)
        assert message is not None
        assert message.startswith(f"object.{key} ")

    def test_data_2_4_4_3_it_holds_no_other(self, version: Version) -> None:
        inner = {**good.SUBSTATEMENT, "object": good.SUBSTATEMENT, "context": {}}
        message = good.fault({**good.STATEMENT, "object": inner, "context": {}}, version)
        assert message == "object.object.objectType must be one of: Activity, Agent, Group, StatementRef."

    def test_data_2_4_4_3_it_says_what_it_is(self, version: Version) -> None:
        inner = {key: value for key, value in good.SUBSTATEMENT.items() if key != "objectType"}
        assert good.fault({**good.STATEMENT, "object": inner, "context": {}}, version) is not None

    def test_data_2_4_6_its_own_object_decides_on_revision(self, version: Version) -> None:
        inner = {**good.SUBSTATEMENT, "object": REFERENCE, "context": {"revision": "2"}}
        message = good.fault({**good.STATEMENT, "object": inner, "context": {}}, version)
        assert message is not None
        assert message.startswith("object.context.revision is only for")
