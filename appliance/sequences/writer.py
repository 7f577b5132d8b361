# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

""":class:`.Sequence` -> ``sequence.toml``, one item a line, as a teacher may edit it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from appliance.sequences.pictures import show
from appliance.sequences.reader import FORMAT
from appliance.sequences.sequence import Activity, Item, Sequence


def write(sequence: Sequence) -> bytes:
    """A document that :func:`.reader.read` reads back as ``sequence``."""
    top = (
        f"format = {FORMAT}",
        f"id = {_quoted(sequence.id)}",
        f"title = {{ fr = {_quoted(sequence.title_fr)}, en = {_quoted(sequence.title_en)} }}",
        f"theme = {_quoted(sequence.theme)}",
        f"level = {_quoted(sequence.level)}",
        f"licence = {_quoted(sequence.licence)}",
        f"authors = {_listed(sequence.authors)}",
        _lines("objectives", sequence.objectives),
        "",
        "items = [",
        *(f"  {_item(item)}," for item in sequence.items),
        "]",
    )
    sheet = sequence.teacher
    teacher = (
        "[teacher]",
        f"minutes = {sheet.minutes}",
        f"modes = {_listed(sheet.modes)}",
        *(_lines(key, getattr(sheet, key)) for key in ("steps", "watch", "without_screen")),
    )
    parts = ("\n".join(top), *map(_activity, sequence.activities), "\n".join(teacher))
    return ("\n\n".join(parts) + "\n").encode()


def _item(item: Item) -> str:
    usual = "phrase" if item.text.endswith((".", "!", "?")) else "word"
    said = ", ".join(f"{_quoted(word)} = {_quoted(phones)}" for word, phones in item.pronunciations.items())
    told = _told(
        text=_quoted(item.text),
        fr=_quoted(item.gloss),
        kind=_quoted(item.kind) if item.kind != usual else "",
        picture=_quoted(" ".join(map(show, item.pictures))) if item.pictures else "",
        answer_to=_quoted(item.answers) if item.answers else "",
        beats=f"[{', '.join(f'{beat:g}' for beat in item.beats)}]" if item.beats else "",
        say=f"{{ {said} }}" if said else "",
    )
    return f"{{ {', '.join(told)} }}"


def _activity(activity: Activity) -> str:
    pairs = ", ".join(_listed(pair) for pair in activity.pairs)
    told = _told(
        kind=_quoted(activity.kind),
        pairs=f"[{pairs}]" if pairs else "",
        items=_listed(activity.items) if not pairs else "",
        focus=_listed(activity.focus) if activity.focus else "",
        instructions=_quoted(activity.instructions) if activity.instructions else "",
        tempo=str(activity.tempo or ""),
    )
    return "\n".join(("[[activities]]", *told))


def _told(**values: str) -> list[str]:
    """``key = value`` for what has one, in order."""
    return [f"{key} = {value}" for key, value in values.items() if value]


def _lines(key: str, values: Iterable[str]) -> str:
    return "\n".join((f"{key} = [", *(f"  {_quoted(value)}," for value in values), "]"))


def _listed(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, values))}]"


def _quoted(value: str) -> str:
    """A TOML basic string: JSON's escapes are among those of TOML, for what one line of text holds."""
    return json.dumps(value, ensure_ascii=False)
