# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the index does to words before the analyser sees them, and the words of a card. Pure; both sides use it.

A query and a text go through the same steps, so that they meet: see docs/explanation/search.md.
"""

from __future__ import annotations

import re
import unicodedata

from appliance.model import Card

SNIPPET_CHARS = 240
QUERY_CHARS = 256
"""A longer query is cut: nobody types it, and its cost must be bounded."""

_STOP_WORDS = """
    a au aux ce cet cette ces c d de des du elle elles en est et il ils j je l la le les leur leurs lui m ma me mes
    mon n ne nos notre nous on ou par pour qu que quel quelle quelles quels qui quoi s sa se ses sont t ta te tes toi
    tu un une vos votre vous y comment pourquoi dans avec sur
    the of and to in is are an for on with how what why
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Folded words that the text fields skip. Short on purpose: ``son``, ``or``, ``ete``, ``mais`` (maïs) are subjects
that a class looks for. Titles keep every word."""

_PLURAL = re.compile(r"(?<=\w[aiouâîôûïü])s\b|(?<=[eo]u)x\b")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")

LEVEL_WORDS = {
    "maternelle": "maternelle petite moyenne grande section cycle 1",
    "cp": "CP cours préparatoire cycle 2 primaire",
    "ce1": "CE1 cours élémentaire cycle 2 primaire",
    "ce2": "CE2 cours élémentaire cycle 2 primaire",
    "cm1": "CM1 cours moyen cycle 3 primaire",
    "cm2": "CM2 cours moyen cycle 3 primaire",
    "6e": "6e 6ème sixième collège cycle 3",
    "5e": "5e 5ème cinquième collège cycle 4",
    "4e": "4e 4ème quatrième collège cycle 4",
    "3e": "3e 3ème troisième collège cycle 4",
    "2de": "2de 2nde seconde lycée",
    "1re": "1re 1ère première lycée",
    "term": "terminale lycée",
}
SUBJECT_WORDS = {
    "francais": "français langue",
    "maths": "mathématiques maths",
    "sciences": "sciences nature",
    "histoire-geo": "histoire géographie",
    "langues": "langues étrangères",
    "arts": "arts plastiques dessin",
    "musique": "musique éducation musicale",
    "eps": "EPS éducation physique sport",
    "emc": "EMC enseignement moral civique citoyenneté",
    "emi": "EMI éducation aux médias information",
    "informatique": "informatique numérique",
    "decouvrir": "découvrir le monde",
}
FORMAT_WORDS = {
    "zim": "encyclopédie wiki",
    "epub": "livre",
    "pdf": "PDF document",
    "web_bundle": "page interactif",
    "video": "vidéo film",
    "audio": "audio écouter",
    "image": "image",
    "office": "document",
}


def clean(text: str) -> str:
    """``text`` as UTF-8 can hold it, composed (NFC), without soft hyphens and NULs."""
    text = text.replace("\xad", "").replace("\0", " ")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", text)


def prepared(text: str) -> str:
    """``text`` for the analyser: clean, and without the plural marks that the French stemmer leaves.

    The stemmer joins *chevaux* and *cheval*, but neither *vélos* and *vélo* nor *jeux* and *jeu*.
    """
    return _PLURAL.sub("", clean(text).lower())


def query_words(query: str) -> list[str]:
    """The words of what a person typed, in order, at most :data:`QUERY_CHARS` characters of it. Never raises."""
    return _WORD.findall(clean(query[:QUERY_CHARS]).lower().replace("_", " "))


def card_words(card: Card, format_name: str) -> str:
    """Everything that a card says beside its title, in words that a French class would type."""
    levels = " ".join(LEVEL_WORDS.get(level, level) for level in card.levels)
    subject = SUBJECT_WORDS.get(card.subject, card.subject)
    return " . ".join(
        part for part in (card.description, levels, subject, card.author, FORMAT_WORDS.get(format_name, "")) if part
    )


def snippet(text: str, title: str = "") -> str:
    """The first words of ``text``, a repeated title left out: at most :data:`SNIPPET_CHARS` characters, one line."""
    head = _SPACE.sub(" ", clean(text[: 2 * SNIPPET_CHARS + len(title)])).strip()
    if title and head.startswith(title):
        head = head[len(title) :].lstrip(" .:–—-")
    if len(head) <= SNIPPET_CHARS:
        return head
    cut = head.rfind(" ", SNIPPET_CHARS // 2, SNIPPET_CHARS - 1)
    return head[: cut if cut > 0 else SNIPPET_CHARS - 1].rstrip(" ,;:") + "…"
