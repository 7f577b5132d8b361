# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A class with a pupil to erase, and a search through the bytes of every file."""

from __future__ import annotations

from pathlib import Path

from appliance.model import Group, Lesson, Pupil
from appliance.store import people
from tests.records.boxes import (
    SEEN,
    Box,
    SetClock,
)
from tests.records.conftest import Made

ZOE = "zoe-1"
ID = "11111111-1111-4111-8111-111111111111"


def found_in(folder: Path, *markers: str | bytes) -> list[str]:
    """Files whose raw bytes hold one of ``markers``."""
    wanted = [marker.encode() if isinstance(marker, str) else marker for marker in markers]
    return [
        f"{path.relative_to(folder)}: {marker!r}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for marker in wanted
        if marker in path.read_bytes()
    ]


def class_of(box: Box, *pupils: str) -> None:
    group = Group("g", "CM1")
    people.put_class(box.db, group, [Pupil(p, "g", p.partition("-")[0].title(), "1F98A") for p in pupils], [],
                     Lesson("lesson", "g", "Maths", "2026"))  # fmt: skip


def exchanged(box: Box, make: Made) -> Box:
    """Another box with records of its own and those of ``box``."""
    other = make("other", SetClock(box.clock.wall + 1000))
    other.add(other.answer(ZOE), {"actor": box.pupil(ZOE), "verb": SEEN, "object": {"id": "http://e.fr/theirs"}})
    other.take(box.export())
    return other
