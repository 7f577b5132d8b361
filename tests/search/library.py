# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A small library of French school texts, written for these tests."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from appliance.model import Card, Resource, ResourceState, Section
from appliance.store.search_index import IndexWriterSession, create
from appliance.store.search_query import SearchIndex


def resource(name: str, title: str, *, format: str = "epub", **card: object) -> Resource:
    whole = Card(title=title, language="fr").overlaid(card)
    return Resource(
        id=name, format=format, card=whole, blob="b" * 64, filename="f", size=1, entry="e", cover=None, details={},
        state=ResourceState.READY, added_at="2026-01-01T00:00:00Z",
    )  # fmt: skip


def section(title: str, text: str, anchor: str = "1") -> Section:
    return Section(anchor, title, text)


def written(path: Path, sections: Iterable[Section]) -> Path:
    """A ``sections.jsonl.gz`` as an import leaves it."""
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for each in sections:
            lines.write(json.dumps({"anchor": each.anchor, "title": each.title, "text": each.text}) + "\n")
    return path


SHELF: list[tuple[Resource, list[Section]]] = [
    (
        resource("maths", "Mon livre de calcul", levels=("cm1",), subject="maths", author="Marie Curie"),
        [
            section("Les fractions", "Deux fractions équivalentes ont la même valeur : un demi et deux quarts.", "c1"),
            section("La division", "On partage les bonbons en parts égales.", "c2"),
        ],
    ),
    (
        resource("sciences", "Sciences de la vie", levels=("ce2",), subject="sciences", format="zim"),
        [
            section("Grenouille", "La grenouille est un amphibien. Le têtard vit dans l'eau.", "Grenouille"),
            section("Cheval", "Le cheval est un mammifère herbivore qui vit en troupeau.", "Cheval"),
            section("Électricité", "L'énergie électrique vient d'une pile ou d'une éolienne.", "Electricite"),
            section("Maïs", "Le maïs est une céréale.", "Mais"),
            section("Le son", "Le son est une vibration de l'air.", "Son"),
            section("Vélo", "Un vélo a deux roues, des freins et une chaîne.", "Velo"),
        ],
    ),
    (
        resource("histoire", "Les rois de France", levels=("cm2",), subject="histoire-geo", format="pdf"),
        [
            section("Page 1", "Louis XIV vit au château de Versailles avec sa cour et ses jeux d'eau.", "1"),
            section("Page 2", "Être ou avoir ? Le cœur du royaume, l'œuvre du roi.", "2"),
        ],
    ),
    (
        resource("english", "Animals of the farm", language="en", subject="langues"),
        [section("Horses", "The horses were running and jumping over the fences.", "h")],
    ),
    (resource("film", "Le volcan s'éveille", format="video", description="Une éruption filmée de près."), []),
]  # fmt: skip


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index of :data:`SHELF`; not to be written."""
    folder = tmp_path_factory.mktemp("shelf") / "index"
    create(folder)
    with IndexWriterSession(folder) as session:
        for each, sections in SHELF:
            session.write(each, sections)
    return folder


@pytest.fixture
def index(shelf: Path) -> SearchIndex:
    return SearchIndex(shelf)
