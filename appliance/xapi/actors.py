# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Agents and groups (Data 2.4.2), and the authority of a statement (Data 2.4.9)."""

from __future__ import annotations

from typing import Any

from appliance.errors import BadInput
from appliance.xapi import checking, values
from appliance.xapi.checking import Rule

IDENTIFIERS = frozenset({"mbox", "mbox_sha1sum", "openid", "account"})
"""Inverse functional identifiers (Data 2.4.2.3)."""

_OAUTH_MEMBERS = 2


def _mbox(value: Any) -> None:
    if not isinstance(value, str) or not values.mailto(value):
        raise BadInput("%(place)s must be mailto: and an e-mail address, such as mailto:ada@example.org.", place="")


def _sha1(value: Any) -> None:
    if not isinstance(value, str) or not values.sha1(value):
        raise BadInput("%(place)s must be a SHA-1 sum in 40 hexadecimal digits.", place="")


def _openid(value: Any) -> None:
    if not isinstance(value, str) or not values.uri(value):
        raise BadInput("%(place)s must be a whole URI in ASCII, such as https://example.org/ada.", place="")


_account = checking.members({"homePage": checking.iri, "name": checking.text}, ("homePage", "name"))

_IDENTIFIER_RULES: dict[str, Rule] = {"mbox": _mbox, "mbox_sha1sum": _sha1, "openid": _openid, "account": _account}

_agent_members = checking.members(
    {"objectType": checking.one_of("Agent"), "name": checking.text, **_IDENTIFIER_RULES},
)


def agent(value: Any) -> None:
    """Rule: one Agent, with exactly one identifier (Data 2.4.2.1)."""
    _agent_members(value)
    if len(IDENTIFIERS & value.keys()) != 1:
        raise _not_one_identifier()


_group_members = checking.members(
    {
        "objectType": checking.one_of("Group"),
        "name": checking.text,
        "member": checking.each(agent),
        **_IDENTIFIER_RULES,
    },
    ("objectType",),
)


def group(value: Any) -> None:
    """Rule: a Group, identified or anonymous, of Agents only (Data 2.4.2.2)."""
    _group_members(value)
    identifiers = len(IDENTIFIERS & value.keys())
    if identifiers > 1:
        raise _not_one_identifier()
    if not identifiers and not value.get("member"):
        raise BadInput(
            "%(place)s is an anonymous group: list its agents in member, or give it an identifier.", place=""
        )


def actor(value: Any) -> None:
    """Rule: an Agent or a Group; an Agent when it does not say."""
    if not isinstance(value, dict):
        raise checking.not_an_object()
    kind = value.get("objectType", "Agent")
    if kind == "Group":
        group(value)
    elif kind == "Agent":
        agent(value)
    else:
        raise checking.not_among(("Agent", "Group"), "objectType")


def identified(value: Any) -> None:
    """Rule: an Agent or a Group that has an identifier, as the agent parameter must (Communication 2.4, 2.6)."""
    actor(value)
    if not IDENTIFIERS & value.keys():
        raise _not_one_identifier()


def authority(value: Any) -> None:
    """Rule: an Agent, or the two Agents of three-legged OAuth, one of them an application's account (Data 2.4.9)."""
    actor(value)
    if value.get("objectType") != "Group":
        return
    pair = value.get("member", ())
    if IDENTIFIERS & value.keys() or len(pair) != _OAUTH_MEMBERS or not any("account" in each for each in pair):
        raise BadInput(
            "%(place)s must be an agent, or an anonymous group of two agents of which one has an account.", place=""
        )


def _not_one_identifier() -> BadInput:
    return BadInput("%(place)s must have exactly one of mbox, mbox_sha1sum, openid and account.", place="")
