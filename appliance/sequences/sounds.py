# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The model voice of a sequence: two clips for each item, and the list that says what each of them says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.sequences.sequence import Item

LIST = "sounds.json"
NORMAL, SLOW = "normal", "slow"
SPEEDS = (NORMAL, SLOW)
"""At a teacher's pace, and at 0.7 of it."""
_ENDS = tuple(f"-{speed}" for speed in SPEEDS)


def name(slug: str, speed: str) -> str:
    """The file of an item below ``sounds/``; ``go`` said slowly and ``go slow`` are two."""
    return f"{slug}.mp3" if speed == NORMAL and not slug.endswith(_ENDS) else f"{slug}-{speed}.mp3"


@dataclass(frozen=True, slots=True)
class Clip:
    """Both clips of one item."""

    text: str
    """What they say: another text now means that they are out of date."""
    voice: str
    checked: bool
    """A recogniser told both from other items."""
    sha256: Mapping[str, str]
    """By speed."""

    def table(self) -> dict[str, Any]:
        """As it is listed."""
        return {"text": self.text, "voice": self.voice, "checked": self.checked, "sha256": dict(self.sha256)}


@dataclass(frozen=True, slots=True)
class Clips:
    """What ``sounds.json`` lists: slug -> clip."""

    clips: Mapping[str, Clip] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Clips:
        """The list of a folder; empty when there is none that can be read."""
        try:
            return cls.load_bytes((folder / LIST).read_bytes())
        except OSError:
            return cls()

    @classmethod
    def load_bytes(cls, listed: bytes) -> Clips:
        """The same of its bytes."""
        try:
            return cls({slug: _clip(table) for slug, table in json.loads(listed).items()})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls()

    def dump(self) -> bytes:
        """What :meth:`load` reads back."""
        listed = {slug: clip.table() for slug, clip in sorted(self.clips.items())}
        return (json.dumps(listed, ensure_ascii=False, indent=1) + "\n").encode()

    def without(self, slugs: Collection[str]) -> Clips:
        """The list of the others."""
        return Clips({slug: clip for slug, clip in self.clips.items() if slug not in slugs})

    def stale(self, folder: Path, item: Item) -> bool:
        """Whether a clip of ``item`` is missing, says another text or is another file than the one listed."""
        clip = self.clips.get(item.slug)
        return (
            clip is None
            or clip.text != item.text
            or any(_sha256(folder / "sounds" / name(item.slug, speed)) != clip.sha256.get(speed) for speed in SPEEDS)
        )


def _clip(table: Mapping[str, Any]) -> Clip:
    sums = {str(speed): str(total) for speed, total in dict(table["sha256"]).items()}
    return Clip(str(table["text"]), str(table["voice"]), bool(table["checked"]), sums)


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
