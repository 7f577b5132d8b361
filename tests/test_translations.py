# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Every message has its French, with the same fields and French typography."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from appliance import errors
from appliance.i18n import FOLDER

ROOT = Path(__file__).parents[1]
METHODS = [("**.py", "python"), ("hub/templates/**.html", "jinja2")]
PACKAGES = (ROOT / "appliance", ROOT / "provisioning")
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
    extracted = [found for package in PACKAGES for found in extract_from_dir(package, METHODS, keywords=KEYWORDS)]
    return {forms(message)[0] for _, _, message, _, _ in extracted} - {""}


def test_something_is_extracted(messages: set[str]) -> None:
    assert "Who are you?" in messages
    assert len(messages) > 150


def test_nothing_is_left_in_english(french: Catalog, messages: set[str]) -> None:
    known = {forms(message.id)[0]: message for message in french if message.id}
    missing = sorted(text for text in messages if text not in known or not all(forms(known[text].string)))
    assert missing == [], "run make translations, then translate"


@pytest.mark.parametrize("other", [
    "phrase secrète", r"\b([Cc]e|[Dd]u|[Ll]e) cartable\b", r"[Ee]nseignant(?!·e)", "Touchez deux", "décroché",
])  # fmt: skip
def test_one_word_for_one_thing(french: Catalog, other: str) -> None:
    """« phrase de passe », « la boîte », « enseignant·e », and pupils are said « tu »."""
    assert [form for message in french for form in forms(message.string) if message.id and re.search(other, form)] == []


def raised() -> Iterator[tuple[str, ast.expr, set[str]]]:
    """(place, first argument, module constants marked with ``N_``) of every error of ours that is made."""
    classes = {name for name, each in vars(errors).items() if isinstance(each, type)}
    for path in sorted(path for package in PACKAGES for path in package.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        marked = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _name(node.value.func) == "N_"
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in classes and node.args:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.args[0], marked


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_every_error_has_its_french(messages: set[str]) -> None:
    """A message is written where the error is made, or is a constant marked with ``N_``: else no catalogue knows it."""
    unknown, seen = [], 0
    for place, said, marked in raised():
        seen += 1
        if isinstance(said, ast.Constant):
            unknown += [f"{place}: {said.value!r}"] if said.value not in messages else []
        elif isinstance(said, ast.JoinedStr | ast.BinOp):
            unknown.append(f"{place}: made at run time")
        elif isinstance(said, ast.Name) and said.id.isupper() and said.id not in marked:
            unknown.append(f"{place}: {said.id} is not marked")
    assert unknown == []
    assert seen > 100


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
