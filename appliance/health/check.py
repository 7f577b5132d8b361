# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a check says: a state, a sentence, and how to mend it.

Sentences are gettext message ids with parameters: page, API and command line show them in the reader's language.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from appliance.errors import CartableError
from appliance.i18n import N_

Gettext = Callable[[str], str]


class State(enum.StrEnum):
    """What is known of a thing."""

    FINE = "fine"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """This machine, or this process, cannot tell."""
    ABSENT = "absent"
    """A device that is not plugged in: no fault."""

    @property
    def ok(self) -> bool | None:
        """Fine, wrong, or neither."""
        return {State.FINE: True, State.WRONG: False}.get(self)


class Group(enum.StrEnum):
    """Where a check stands on the page, in this order."""

    BOX = "box"
    CARD = "card"
    CONTENT = "content"
    DEVICES = "devices"


GROUP_NAMES = {
    Group.BOX: N_("The box"),
    Group.CARD: N_("Card"),
    Group.CONTENT: N_("Content"),
    Group.DEVICES: N_("Devices"),
}


class Bytes(int):
    """A parameter that is shown as people say sizes, in decimal units."""

    def localized(self, gettext: Gettext) -> str:
        """``512 MB``; whole numbers, so that no decimal sign is needed."""
        if self < 1_000_000:
            return gettext("%(kb)s KB") % {"kb": round(self / 1000)}
        if self < 10_000_000_000:
            return gettext("%(mb)s MB") % {"mb": round(self / 1_000_000)}
        return gettext("%(gb)s GB") % {"gb": round(self / 1_000_000_000)}


@dataclass(frozen=True, slots=True)
class Said:
    """A message id and its parameters."""

    message: str
    params: Mapping[str, object] = field(default_factory=dict)

    def localized(self, gettext: Gettext) -> str:
        """In the language of ``gettext``."""
        text = gettext(self.message)
        return text % {name: _told(value, gettext) for name, value in self.params.items()} if self.params else text


Sentence = Said | CartableError
"""Both have ``message``, ``params`` and ``localized``."""


def said(message: str, /, **params: object) -> Said:
    """Mark a message id for extraction, with what fills it."""
    return Said(message, params)


def _told(value: object, gettext: Gettext) -> object:
    return value.localized(gettext) if isinstance(value, Bytes | Said) else value


@dataclass(frozen=True, slots=True)
class Check:
    """One line."""

    id: str
    """Stable: programs know it."""
    group: Group
    name: str
    """A message id."""
    state: State
    detail: Sentence
    mend: Sentence | None = None
    """What to do; where it cannot be told whether something is wrong, what would help."""
    figure: str = ""
    """For a technician, in no language."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a check is about; makes its outcomes."""

    id: str
    group: Group
    name: str

    def fine(self, detail: Sentence, figure: str = "") -> Check:
        """In order."""
        return Check(self.id, self.group, self.name, State.FINE, detail, None, figure)

    def wrong(self, detail: Sentence, mend: Sentence, figure: str = "") -> Check:
        """Out of order."""
        return Check(self.id, self.group, self.name, State.WRONG, detail, mend, figure)

    def unknown(self, detail: Sentence | None = None, mend: Sentence | None = None, figure: str = "") -> Check:
        """Cannot be told."""
        told = said("not known on this machine") if detail is None else detail
        return Check(self.id, self.group, self.name, State.UNKNOWN, told, mend, figure)

    def absent(self, detail: Sentence, mend: Sentence | None = None) -> Check:
        """Not plugged in."""
        return Check(self.id, self.group, self.name, State.ABSENT, detail, mend)


def grouped(checks: Sequence[Check]) -> list[tuple[Group, list[Check]]]:
    """By group, in the order of both; empty groups left out."""
    found = [(group, [check for check in checks if check.group is group]) for group in Group]
    return [(group, members) for group, members in found if members]


def check_json(check: Check, gettext: Gettext, *, figures: bool) -> dict[str, object]:
    """For programs; ``figures`` False leaves out what is for technicians only."""
    told: dict[str, object] = {
        "id": check.id,
        "group": str(check.group),
        "name": gettext(check.name),
        "state": str(check.state),
        "detail": check.detail.localized(gettext),
        "mend": check.mend.localized(gettext) if check.mend else "",
    }
    return told | ({"figure": check.figure} if figures else {})
