# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sound cards that are plugged in, from ``/proc/asound``: seen without opening any, which has one owner.

Formats: kernel documentation ``sound/designs/procfile.rst``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.drivers.machine_tree import Tree

CAPTURE, PLAYBACK = "capture", "playback"


@dataclass(frozen=True, slots=True)
class Card:
    """A card, and the first of its devices that records or plays."""

    number: int
    key: str
    """What alsa-lib calls it (``CARD=``): it stays the same when another card is plugged in; empty when unknown."""
    device: int
    name: str
    usb: bool

    @property
    def pcm(self) -> str:
        """For alsa-lib: with whatever rate, channels and samples a program asks for (plughw)."""
        return f"plughw:CARD={self.key or self.number},DEV={self.device}"


def cards(tree: Tree, direction: str) -> tuple[Card, ...] | None:
    """Those that record (:data:`CAPTURE`) or play (:data:`PLAYBACK`), by number. None: that cannot be known."""
    listed = tree.text("proc/asound/pcm")
    if listed is None:
        return () if tree.text("proc/meminfo") is not None and not tree.there("proc/asound") else None
    told = re.findall(r"^ *(\d+) \[([^\]]*)\]: *(.+)$", tree.text("proc/asound/cards") or "", re.MULTILINE)
    described = {int(number): (key.strip(), text) for number, key, text in told}
    found: dict[int, Card] = {}
    for number, device in re.findall(rf"^(\d+)-(\d+):.*: {direction} \d+", listed, re.MULTILINE):
        key, text = described.get(int(number), ("", f"card {int(number)}"))
        kind, _, name = text.rpartition(" - ")
        card = Card(int(number), key if _plain(key) else "", int(device), readable(name), kind.startswith("USB"))
        found.setdefault(card.number, card)
    return tuple(found.values())


def chosen(tree: Tree, direction: str) -> Card | None:
    """The one to use: USB before what is built in, a screen's loudspeakers last; then the lowest number."""
    found = cards(tree, direction) or ()
    return min(
        found, key=lambda card: (not card.usb, "hdmi" in f"{card.key} {card.name}".lower(), card.number), default=None
    )


def _plain(key: str) -> bool:
    """A device names itself: nothing of it may be taken for another part of alsa-lib's name."""
    return re.fullmatch(r"\w{1,15}", key, re.ASCII) is not None


def readable(name: str) -> str:
    """What a device calls itself, bounded and without what a terminal or a journal would obey."""
    return "".join(letter for letter in name if letter.isprintable()).strip()[:60] or "?"
