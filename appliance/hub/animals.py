# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Animals for pupils: their names, and which are free."""

from __future__ import annotations

from collections.abc import Collection

from appliance.errors import BadInput
from appliance.hub.animal_sheet import ANIMALS
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.i18n import translator


def alias(avatar: str) -> str:
    """What a pupil with this animal is called in the database: in the box's language. Raises :class:`BadInput`."""
    if avatar not in ANIMALS:
        raise BadInput("There is no such animal: choose another one.")
    return translator(hub().config.box.language)(ANIMALS[avatar])


def shown() -> dict[str, str]:
    """Hexcode -> name in the reader's language."""
    return {avatar: gettext(name) for avatar, name in ANIMALS.items()}


def free(taken: Collection[str], count: int) -> list[tuple[str, str]]:
    """(hexcode, name) of ``count`` animals that nobody has yet. Raises :class:`BadInput` when there are not so many."""
    left = [avatar for avatar in ANIMALS if avatar not in taken]
    if count > len(left):
        raise BadInput("A class has at most %(most)s pupils: make two classes of this list.", most=len(ANIMALS))
    if count < 1:
        raise BadInput("Choose between 1 and %(most)s animals.", most=len(left))
    return [(avatar, alias(avatar)) for avatar in left[:count]]
