# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The sequences of spoken English that this box has, and the addresses of their sounds and pictures."""

from __future__ import annotations

from appliance.errors import NotFound
from appliance.hub.assets import static_url
from appliance.hub.context import hub
from appliance.hub.settings import language
from appliance.sequences import ready, sounds
from appliance.sequences.kinds import LEVELS, THEMES
from appliance.sequences.package import SHEET
from appliance.sequences.sequence import Sequence


def ids() -> tuple[str, ...]:
    """Of all of them, sorted."""
    mine = hub().own_sequences.readable()
    return tuple(sorted({*ready.ids(), *mine})) if mine else ready.ids()


def get(sequence_id: str) -> Sequence:
    """One of them. Raises :class:`NotFound`, :class:`appliance.errors.Unreachable`."""
    return hub().own_sequences.get(sequence_id) if own(sequence_id) else ready.sequence(sequence_id)


def own(sequence_id: str) -> bool:
    """Whether a teacher of this box made it, or brought it."""
    return sequence_id not in ready.ids() and hub().own_sequences.has(sequence_id)


def clip(sequence_id: str, slug: str, *, slow: bool = False) -> str | None:
    """The address of the model's voice, at a teacher's pace or slowly; None where there is no such sound."""
    name = sounds.name(slug, sounds.SLOW if slow else sounds.NORMAL)
    if own(sequence_id):
        return _file(sequence_id, f"sounds/{name}")
    try:
        return static_url(f"english/{sequence_id}/sounds/{name}")
    except NotFound:
        return None


def sheet(sequence_id: str) -> str | None:
    """The address of the pictures, an SVG of ``<symbol>``; None where there is none."""
    if own(sequence_id):
        return _file(sequence_id, SHEET)
    try:
        return static_url(f"english/{sequence_id}/pictures.svg")
    except NotFound:
        return None


def own_picture(sequence_id: str, name: str) -> str | None:
    """The address of a teacher's own bitmap of a sequence; None where there is none."""
    return _file(sequence_id, f"pictures/{name}") if own(sequence_id) else None


def _file(sequence_id: str, path: str) -> str | None:
    """``/sequences/…`` (``routes.py``, sequence-media). A browser keeps it for ever: the address changes with it."""
    try:
        told = (hub().own_sequences.folder(sequence_id) / path).stat()
    except OSError:
        return None
    return f"/sequences/{sequence_id}/{path}?v={told.st_mtime_ns:x}"


def title(sequence: Sequence) -> str:
    """In the page's language."""
    return sequence.title_en if language() == "en" else sequence.title_fr


def face(sequence: Sequence) -> str:
    """The first picture of its sheet that an item shows alone: its cover. Empty: none."""
    single = (item.pictures[0] for item in sequence.items if len(item.pictures) == 1)
    several = (item.pictures[0] for item in sequence.items if item.pictures)
    return next(single, next(several, ""))


def by_level() -> dict[str, list[Sequence]]:
    """Level -> its sequences, theme after theme, both in the order of the format's lists."""
    themes = list(THEMES)
    found: dict[str, list[Sequence]] = {level: [] for level in LEVELS}
    for each in sorted(map(get, ids()), key=lambda each: (themes.index(each.theme), title(each))):
        found[each.level].append(each)
    return found
