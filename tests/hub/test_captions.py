# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The pages of live captions, with and without what they need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.config import load
from appliance.drivers.microphone_simulated import SimulatedMicrophone
from tests.hub import site as rig
from tests.hub.site import Site
from tests.rigs import alsa
from tests.rigs.speech_sounds import hiss
from tests.rigs.studio import StudioRig, studio_rig, until

LEAD, READ = "/enseignant/sous-titres", "/sous-titres"


@pytest.fixture(scope="module")
def class_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with rig.opened(tmp_path_factory.mktemp("captions") / "state") as opened:
        rig.demonstration_class(opened)
        yield opened


@pytest.fixture
def school(class_site: Site) -> Site:
    class_site.browser = class_site.new_browser()
    return class_site


@pytest.fixture
def studio(school: Site, tmp_path: Path) -> Iterator[StudioRig]:
    (tmp_path / "a.wav").write_bytes(alsa.wav(hiss(2.0, 5000)))
    run = school.hub.config.box.run
    with studio_rig(run, SimulatedMicrophone(str(tmp_path), pace=0.05)) as running:
        yield running


def start(studio: StudioRig) -> None:
    assert studio.client.request("POST", "/api/studio/captions", {"do": "start"}).status == 200

    def line() -> bool:
        return bool(studio.client.request("GET", "/local/captions").json()["lines"])

    until(line, "no line", 30)


def test_without_the_studio_the_page_says_so(school: Site) -> None:
    school.sign_in()
    assert "ne répond pas" in school.text(LEAD)
    assert "Pas de sous-titres" in school.text(READ)
    assert f'href="{LEAD}"' in school.text("/enseignant/accueil"), "one tap from the home page"


def test_started_from_the_page_and_read_in_it(school: Site, studio: StudioRig) -> None:
    school.sign_in()
    page = school.text(LEAD)
    assert 'action="/api/studio/captions"' in page
    assert 'value="start"' in page
    assert "Le micro est ouvert" not in page
    start(studio)
    page = school.text(LEAD)
    assert 'value="stop"' in page
    assert "Le micro est ouvert" in page
    assert "<p>Un" in page
    assert re.search(r'<noscript><meta http-equiv="refresh"', page)


def test_a_pupil_of_the_lesson_reads_them_without_a_script(school: Site, studio: StudioRig) -> None:
    start(studio)
    school.enter()
    page = school.text(READ)
    assert "<p>Un" in page
    assert '<noscript><meta http-equiv="refresh" content="3">' in page
    assert 'aria-live="polite"' in page


def test_a_stranger_reads_nothing(school: Site, studio: StudioRig) -> None:
    start(studio)
    page = school.text(READ)
    assert "Choisis ton animal" in page
    assert "<p>Un" not in page
    assert school.get(LEAD).status_code == 302


def test_what_was_said_is_no_markup(school: Site, studio: StudioRig) -> None:
    start(studio)
    studio.parts.captions._lines.append("<script>alert(1)</script>")
    school.sign_in()
    assert "&lt;script&gt;alert(1)" in school.text(READ)


def test_without_a_model_the_page_says_how_to_have_one(school: Site, tmp_path: Path) -> None:
    config = load([], {"box": {"state": tmp_path / "state"}})
    with studio_rig(school.hub.config.box.run, SimulatedMicrophone(pace=0), config=config):
        school.sign_in()
        page = school.text(LEAD)
    assert "Aucun modèle de parole en français" in page
    assert "cartable speech models install vosk-model-small-fr-0.22" in page
    assert 'value="start"' not in page


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"can": 1}', b"\xff"], ids=["empty", "list", "short", "bytes"])
def test_a_studio_that_says_anything(school: Site, answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    from appliance.client import Client, Response

    monkeypatch.setattr(Client, "request", lambda *_, **__: Response(200, {}, answer))
    school.sign_in()
    assert "ne répond pas" in school.text(LEAD)
