# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""xAPI packages: a web bundle with ``tincan.xml``, which says the page and the activity."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput, Unsupported
from tests.formats import samples
from tests.formats.conftest import Import

IRI = "http://example.org/activites/capitales"


def tincan(launch: str = "jeu/story.html", iri: str = IRI, more: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><tincan xmlns="http://projecttincan.com/tincan.xsd"><activities>'
        '<activity id="http://example.org/objective" type="http://adlnet.gov/expapi/activities/objective"><name>But'
        f'</name></activity>{more}<activity id="{iri}" type="http://adlnet.gov/expapi/activities/course">'
        '<name lang="fr">Les capitales</name><description lang="fr">Un jeu</description>'
        f'<launch lang="fr">{launch}</launch></activity></activities></tincan>'
    )


def package(path: Path, folder: str = "", **files: str) -> Path:
    page = "<!doctype html><html lang=fr><title>story_content</title><p>Lisbonne, Madrid."
    members = {"tincan.xml": tincan(), "jeu/story.html": page, **{k.replace("__", "."): v for k, v in files.items()}}
    return samples.zipped(path, {folder + name: text for name, text in members.items() if text})


@pytest.mark.parametrize("folder", ["", "export/"])
def test_the_page_and_the_activity_of_the_package(tmp_path: Path, take: Import, folder: str) -> None:
    found = take(package(tmp_path / "a.zip", folder))
    assert found.format == "web_bundle"
    assert found.imported.entry == f"files/{folder}jeu/story.html"
    assert found.imported.details["xapi"] == {"activity": IRI, "launch": found.imported.entry, "query": ""}
    assert (found.imported.card.title, found.imported.card.description) == ("Les capitales", "Un jeu")
    assert "Lisbonne" in found.text
    assert [section.anchor for section in found.sections] == ["jeu/story.html"]


def test_an_index_page_and_a_scorm_manifest_beside_it(tmp_path: Path, take: Import) -> None:
    found = take(package(tmp_path / "a.zip", index__html="<title>x</title>", imsmanifest__xml="<manifest/>"))
    assert found.imported.entry == "files/jeu/story.html"


def test_a_query_is_kept_apart(tmp_path: Path, take: Import) -> None:
    found = take(package(tmp_path / "a.zip", tincan__xml=tincan("jeu/story.html?mode=1&amp;x=2#fin")))
    assert found.imported.details["xapi"]["query"] == "mode=1&x=2"  # type: ignore[index]
    assert found.imported.entry == "files/jeu/story.html"


def test_without_it_a_bundle_reports_nothing(tmp_path: Path, take: Import) -> None:
    assert "xapi" not in take(samples.web_bundle(tmp_path / "a.zip")).imported.details


WRONG = {
    "no page": (tincan("absent.html"), "not in the package"),
    "outside": (tincan("../../original.zip"), "not in the package"),
    "no launch": (tincan(""), "names no activity"),
    "not XML": ("<tincan", "damaged"),
    "an entity": ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><tincan>&e;</tincan>', "damaged"),
    "no IRI": (tincan(iri="capitales"), "not named by an address"),
    "a folder": (tincan("jeu"), "not in the package"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_open_is_refused_with_a_sentence(tmp_path: Path, take: Import, name: str) -> None:
    text, words = WRONG[name]
    with pytest.raises(BadInput, match=words):
        take(package(tmp_path / "a.zip", tincan__xml=text))


def test_a_page_on_the_internet(tmp_path: Path, take: Import) -> None:
    with pytest.raises(Unsupported, match="on the internet"):
        take(package(tmp_path / "a.zip", tincan__xml=tincan("https://example.org/story.html")))


@pytest.mark.parametrize("more", [{}, {"index.html": "<title>x</title>"}])
def test_cmi5_is_said_to_come_later(tmp_path: Path, take: Import, more: dict[str, str | bytes]) -> None:
    samples.zipped(tmp_path / "a.zip", {"cmi5.xml": "<courseStructure/>", **more})
    with pytest.raises(Unsupported, match="cmi5"):
        take(tmp_path / "a.zip")
