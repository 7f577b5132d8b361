# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The school level that a text speaks of."""

from __future__ import annotations

import re

from appliance.connectors.roster.text import plain

_PATTERNS = (
    ("maternelle", r"\b([ptmg]ps|[pmg]s|(toute )?(petite|moyenne|grande) section|maternelle|tps)\b"),
    ("cp", r"\b(cp|cours preparatoire)\b"),
    ("ce1", r"\b(ce ?1|cours elementaire (1|premiere))"),
    ("ce2", r"\b(ce ?2|cours elementaire (2|deuxieme))"),
    ("cm1", r"\b(cm ?1|cours moyen (1|premiere))"),
    ("cm2", r"\b(cm ?2|cours moyen (2|deuxieme))"),
    ("6e", r"^6 ?(e|eme)?(?![0-9])|\bsixieme"),
    ("5e", r"^5 ?(e|eme)?(?![0-9])|\bcinquieme"),
    ("4e", r"^4 ?(e|eme)?(?![0-9])|\bquatrieme"),
    ("3e", r"^3 ?(e|eme)?(?![0-9])|\btroisieme"),
    ("2de", r"\b(2 ?(n?de|nd)|seconde)"),
    ("1re", r"\b(1 ?(re|ere)|premiere)"),
    ("term", r"\b(t(erm(inale)?|le|ale))\b"),
)
_KNOWN = tuple((level, re.compile(pattern)) for level, pattern in _PATTERNS)

GRADES = {
    "ps": "maternelle", "pk": "maternelle", "pr": "maternelle", "tk": "maternelle", "kg": "maternelle",
    "01": "cp", "02": "ce1", "03": "ce2", "04": "cm1", "05": "cm2", "06": "6e", "07": "5e", "08": "4e", "09": "3e",
    "10": "2de", "11": "1re", "12": "term",
}  # fmt: skip
"""CEDS "Entry Grade Level" codes, which OneRoster uses, by the age of the pupils."""


def level(*texts: str) -> str:
    """One of :data:`appliance.model.LEVELS`: that of the first of ``texts`` that names one, or empty."""
    for text in texts:
        for name, pattern in _KNOWN:
            if pattern.search(plain(text)):
                return name
    return ""


def grade(code: str) -> str:
    """The level of an OneRoster grade (several: the first), or empty."""
    first = code.split(",")[0].strip()
    return GRADES.get(first.casefold().zfill(2) if first.isdigit() else first.casefold(), "") or level(first)
