# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The checks of parts alone, which parameters and documents need (Data 2.2: the same standards)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from appliance.errors import BadInput
from appliance.xapi.statement import check_activity_id, check_actor, check_agent, check_group
from appliance.xapi.version import Version
from tests.xapi import good

Check = Callable[[Any, Version], None]
IDENTIFIED_BY_NAME: dict[str, Any] = {"objectType": "Group", **good.ACCOUNT}


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(
    ("check", "value"),
    [
        (check_agent, good.AGENT),
        (check_agent, good.MBOX),
        (check_group, good.GROUP),
        (check_group, good.IDENTIFIED),
        (check_actor, good.MBOX),
        (check_actor, IDENTIFIED_BY_NAME),
    ],
)
def test_it_is_taken(check: Check, value: Any, version: Version) -> None:
    check(value, version)


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (check_agent, None, "agent must be an object, between { and }."),
        (check_agent, {"mbox": "ada"}, "agent.mbox must be mailto: and an e-mail address"),
        (check_agent, good.IDENTIFIED, "agent.objectType must be one of: Agent."),
        (check_group, good.AGENT, "group.objectType must be one of: Group."),
        (check_group, {"objectType": "Group"}, "group is an anonymous group"),
        (check_actor, good.GROUP, "agent must have exactly one of mbox"),
        (check_actor, {"objectType": ["Agent"]}, "agent.objectType must be one of: Agent, Group."),
        (check_actor, [good.MBOX], "agent must be an object"),
    ],
)
def test_it_is_refused(check: Check, value: Any, message: str, version: Version) -> None:
    with pytest.raises(BadInput) as caught:
        check(value, version)
    assert str(caught.value).startswith(message)


def test_an_activity_id_is_an_iri() -> None:
    check_activity_id("https://example.org/fractions")
    wrong: list[Any] = ["", "fractions", "example.org/fractions", None, 1, {}]
    for each in wrong:
        with pytest.raises(BadInput, match="activityId must be a whole IRI"):
            check_activity_id(each)


def test_a_message_can_be_said_in_another_language() -> None:
    with pytest.raises(BadInput) as caught:
        check_agent({"mbox": "ada"}, Version.V1)
    assert caught.value.localized(lambda text: "%(place)s, non") == "agent.mbox, non"
