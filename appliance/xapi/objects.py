# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Verbs, activities with their definitions, and references to statements (Data 2.4.3, 2.4.4)."""

from __future__ import annotations

from typing import Any

from appliance.errors import BadInput
from appliance.xapi import checking

COMPONENTS: dict[str, tuple[str, ...]] = {
    "choice": ("choices",),
    "sequencing": ("choices",),
    "likert": ("scale",),
    "matching": ("source", "target"),
    "performance": ("steps",),
    "true-false": (),
    "fill-in": (),
    "long-fill-in": (),
    "numeric": (),
    "other": (),
}
"""The lists of components that each interactionType has (Data 2.4.4.1, Interaction Components)."""

_LISTS = frozenset(name for names in COMPONENTS.values() for name in names)
_INTERACTION = frozenset({*_LISTS, "correctResponsesPattern"})

verb = checking.members({"id": checking.iri, "display": checking.language_map}, ("id",))
"""Rule: Data 2.4.3."""

_component = checking.members({"id": checking.text, "description": checking.language_map}, ("id",))
_component_list = checking.each(_component)


def _components(value: Any) -> None:
    _component_list(value)
    if len({component["id"] for component in value}) != len(value):
        raise BadInput("%(place)s has two components with the same id: make each id different.", place="")


_definition_members = checking.members(
    {
        "name": checking.language_map,
        "description": checking.language_map,
        "type": checking.iri,
        "moreInfo": checking.iri,
        "extensions": checking.extensions,
        "interactionType": checking.one_of(*COMPONENTS),
        "correctResponsesPattern": checking.each(checking.text),
        **dict.fromkeys(sorted(_LISTS), _components),
    }
)


def definition(value: Any) -> None:
    """Rule: an Activity Definition; its lists of components are those of its interactionType (Data 2.4.4.1)."""
    _definition_members(value)
    given = _INTERACTION & value.keys()
    if not given:
        return
    kind = value.get("interactionType")
    if kind is None:
        raise checking.missing("interactionType")
    for name in sorted(given & _LISTS):
        if name not in COMPONENTS[kind]:
            raise BadInput(
                "%(place)s does not go with the interactionType %(kind)s: remove it, or change interactionType.",
                place=name,
                kind=kind,
            )


activity = checking.members(
    {"objectType": checking.one_of("Activity"), "id": checking.iri, "definition": definition}, ("id",)
)
"""Rule: Data 2.4.4.1."""

statement_ref = checking.members(
    {"objectType": checking.one_of("StatementRef"), "id": checking.uuid}, ("objectType", "id")
)
"""Rule: Data 2.4.4.3."""
