# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The words shown for the codes of a card, in the order in which forms list them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from appliance.hub.language import format_date, format_decimal, gettext, name_of, ngettext
from appliance.i18n import N_
from appliance.model import LEVELS, Card, Resource

LEVEL_NAMES = {
    "maternelle": N_("Nursery school"), "cp": "CP", "ce1": "CE1", "ce2": "CE2", "cm1": "CM1", "cm2": "CM2",
    "6e": "6e", "5e": "5e", "4e": "4e", "3e": "3e", "2de": "2de", "1re": "1re", "term": N_("Final year"),
}  # fmt: skip

SUBJECT_NAMES = {
    "francais": N_("French"),
    "maths": N_("Mathematics"),
    "sciences": N_("Science"),
    "histoire-geo": N_("History and geography"),
    "langues": N_("Languages"),
    "arts": N_("Visual arts"),
    "musique": N_("Music"),
    "eps": N_("Sport"),
    "emc": N_("Civic education"),
    "emi": N_("Media and information"),
    "informatique": N_("Computing"),
    "decouvrir": N_("Discovering the world"),
}

MODE_NAMES = {
    "autonomie": N_("alone"),
    "groupe": N_("in a small group"),
    "classe": N_("with the class"),
    "maison": N_("at home"),
}

FORMAT_NAMES = {
    "zim": N_("Encyclopaedia"),
    "epub": N_("Book"),
    "pdf": N_("Document"),
    "web_bundle": N_("Activity"),
    "video": N_("Video"),
    "audio": N_("Sound"),
    "image": N_("Picture"),
    "office": N_("File"),
    "link": N_("Link"),
}

FORMAT_ICONS = {
    "zim": "globe",
    "epub": "book-open",
    "pdf": "file-text",
    "web_bundle": "play",
    "video": "film",
    "audio": "headphones",
    "image": "image",
    "office": "download",
    "link": "link",
}

LANGUAGE_NAMES = {"fr": N_("in French"), "en": N_("in English"), "de": N_("in German"), "es": N_("in Spanish")}

LICENCES = (
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-NC-ND-4.0",
    "etalab-2.0",
    "GFDL-1.3-or-later",
    "GPL-3.0-or-later",
)
"""Offered by the card's form; any other words are taken too."""


LICENCE_NAMES = {
    "LicenseRef-PublicDomain": N_("public domain"),
    "CC0-1.0": N_("public domain (CC0)"),
    "etalab-2.0": N_("free (Etalab)"),
}
FREE = re.compile(r"A?GPL|LGPL|GFDL|MIT|BSD|Apache|OFL|MPL|ISC|Zlib")
SPDX = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR) [A-Za-z0-9.+-]+)*")


def word(names: dict[str, str], code: str) -> str:
    """The word for ``code`` in the page's language; an unknown code speaks for itself."""
    return gettext(names[code]) if code in names else code


def licence(card: Card) -> str:
    """The licence in words, its version left to the credits; empty when it is not said."""
    if card.licence in LICENCE_NAMES or not SPDX.fullmatch(card.licence):
        return word(LICENCE_NAMES, card.licence)
    parts = re.split(r" (?:AND|OR) ", card.licence)
    families = dict.fromkeys(found[0] for part in parts if (found := FREE.match(part)))
    others = [_creative_commons(part) for part in parts if not FREE.match(part)]
    free = [gettext("free (%(names)s)", names=", ".join(families))] if families else []
    return ", ".join(free + others)


def _creative_commons(code: str) -> str:
    """``CC BY-SA`` for ``CC-BY-SA-4.0``; what is no such licence speaks for itself."""
    found = re.match(r"CC-(BY[A-Z-]*)-\d", code)
    return f"CC {found[1]}" if found else word(LICENCE_NAMES, code)


def licence_id(card: Card) -> str:
    """The licence with its version, as SPDX writes it; in words where SPDX has no identifier."""
    return word(LICENCE_NAMES, card.licence) if card.licence.startswith("LicenseRef-") else card.licence


def source(card: Card) -> str:
    """Where it comes from, without the way in which it was made ready."""
    return re.split(r"\s;\s|\s*[:,]?\s*\bbuild/", card.source)[0]


def day(moment: str) -> str:
    """The day of an RFC 3339 moment as people write it."""
    return format_date(datetime.date.fromisoformat(moment[:10]), "short")


def track(label: str, language: str) -> str:
    """What the player's menu calls captions: the language in that language, unless they have a name of their own."""
    if label and label != language:
        return label
    name = name_of(language)
    return name if name == language else name[:1].upper() + name[1:]


def levels(codes: Iterable[str]) -> str:
    """``CE2``, or ``CP – CM2`` for neighbours, or a list."""
    found = sorted({LEVELS.index(code) for code in codes if code in LEVELS})
    if not found:
        return ""
    names = [word(LEVEL_NAMES, LEVELS[index]) for index in found]
    if len(found) > 2 and found[-1] - found[0] == len(found) - 1:
        return f"{names[0]}–{names[-1]}"
    return ", ".join(names)


def minutes(duration: int | None) -> str:
    """``10 min``; empty when not known."""
    return "" if duration is None else ngettext("%(num)s min", "%(num)s min", duration)


def title(resource: Resource) -> str:
    """The card's title, else the file's name: a card never stands without one."""
    return resource.card.title or PurePosixPath(resource.filename).stem or resource.id


def facts(resource: Resource) -> list[str]:
    """Level, duration, mode of use and whether it is on the box: what every card shows."""
    card = resource.card
    place = gettext("link, needs the internet") if resource.blob is None else gettext("on the box")
    known = [levels(card.levels), minutes(card.duration_minutes), word(MODE_NAMES, card.mode), place]
    return [fact for fact in known if fact]


def size(number: int) -> str:
    """Bytes for people, in decimal units as shops and browsers count."""
    if number < 1_000_000:
        text = gettext("%(kb)s KB", kb=max(1, round(number / 1000)))
    elif number < 1_000_000_000:
        text = gettext("%(mb)s MB", mb=round(number / 1_000_000))
    else:
        text = gettext("%(gb)s GB", gb=format_decimal(round(number / 1_000_000_000, 1)))
    return str(text)
