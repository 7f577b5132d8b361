# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Every message has its French, with the same fields and French typography."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from appliance.i18n import FOLDER

ROOT = Path(__file__).parents[1]
METHODS = [("**.py", "python"), ("hub/templates/**.html", "jinja2")]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), **dict.fromkeys(re.findall(r"-k (\w+)", MAKEFILE))}
FIELD = re.compile(r"%\(\w+\)[.\d]*[sdf]")


def forms(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list | tuple) else [str(value)]


@pytest.fixture(scope="module")
def french() -> Catalog:
    with (FOLDER / "fr/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="fr")


@pytest.fixture(scope="module")
def messages() -> set[str]:
    """Every message id in the sources, by the first form."""
    extracted = extract_from_dir(ROOT / "appliance", METHODS, keywords=KEYWORDS)
    return {forms(message)[0] for _, _, message, _, _ in extracted} - {""}


def test_something_is_extracted(messages: set[str]) -> None:
    assert "Who are you?" in messages
    assert len(messages) > 150


def test_nothing_is_left_in_english(french: Catalog, messages: set[str]) -> None:
    known = {forms(message.id)[0]: message for message in french if message.id}
    missing = sorted(text for text in messages if text not in known or not all(forms(known[text].string)))
    assert missing == [], "run make translations, then translate"


def test_fields_are_the_same(french: Catalog) -> None:
    for message in french:
        if message.id:
            wanted = set(FIELD.findall(" ".join(forms(message.id))))
            for text in forms(message.string):
                assert set(FIELD.findall(text)) <= wanted, text
            assert set(FIELD.findall(forms(message.string)[-1])) == wanted, message.id


def test_french_typography(french: Catalog) -> None:
    wrong = [text for message in french if message.id for text in forms(message.string)
             if re.search(r" [:;!?»](?!/)|« |'", text)]  # fmt: skip
    assert wrong == []
