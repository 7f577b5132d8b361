# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The card of a web bundle: ``cartable.json`` beside its index, else IEEE LOM, else the index page's own words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

from appliance.errors import BadInput
from appliance.formats.html_text import HtmlText
from appliance.formats.words import clean, language, licence
from appliance.formats.xml_text import first, local, parse_xml
from appliance.model import LEVELS, MODES, SUBJECTS, Card

MAX_CARD = 1_000_000
_LOM = ("lom.xml", "imslrm.xml", "metadata.xml")
_DURATION = re.compile(r"PT(?:(\d{1,3})H)?(?:(\d{1,5})M)?(?:\d+S)?")


def card_from(front: HtmlText, root: Path) -> Card:
    """What the bundle says of itself. Raises :class:`BadInput` when ``cartable.json`` is there but wrong."""
    card = Card(title=front.title, description=front.description, language=front.language)
    for name in _LOM:
        path = root / name
        if path.is_file() and path.stat().st_size <= MAX_CARD:
            card = _lom(parse_xml(path.read_bytes(), name), card)
            break
    own = root / "cartable.json"
    return _own(own, card) if own.is_file() else card


def _own(path: Path, card: Card) -> Card:
    try:
        if path.stat().st_size > MAX_CARD:
            raise ValueError(path)
        said = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadInput("cartable.json is not valid JSON: mend it, or take it out of the archive.") from error
    if not isinstance(said, dict):
        raise BadInput("cartable.json is not valid JSON: mend it, or take it out of the archive.")
    words = {key: clean(said[key], 1000) for key in ("title", "description", "author", "source") if _text(said, key)}
    if _text(said, "language"):
        words["language"] = language(said["language"])
    if _text(said, "licence"):
        words["licence"] = licence(said["licence"])
    words |= {key: said[key] for key, known in (("subject", SUBJECTS), ("mode", MODES)) if said.get(key) in known}
    levels, minutes = said.get("levels"), said.get("duration_minutes")
    if isinstance(levels, list):
        card = replace(card, levels=tuple(level for level in LEVELS if level in levels))
    if isinstance(minutes, int) and 0 < minutes < 100_000:
        card = replace(card, duration_minutes=minutes)
    return card.overlaid(words)


def _text(said: dict[str, object], key: str) -> bool:
    return isinstance(said.get(key), str)


def _lom(root: Element, card: Card) -> Card:
    """IEEE 1484.12.1: general (1), educational duration (5.9), rights (6)."""
    general, rights = _part(root, "general"), _part(root, "rights")
    minutes = None
    if match := _DURATION.fullmatch(first(root, "typicalLearningTime", "typicallearningtime").replace(" ", "")):
        minutes = int(match[1] or 0) * 60 + int(match[2] or 0) or None
    return replace(
        card,
        title=first(general, "title")[:300] or card.title,
        description=first(general, "description") or card.description,
        language=language(first(general, "language")) or card.language,
        licence=licence(first(rights, "description")),
        duration_minutes=minutes,
    )


def _part(root: Element, name: str) -> Element:
    return next((element for element in root.iter() if local(element.tag) == name), Element("none"))
