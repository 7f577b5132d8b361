# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sentences of the box's own pages, and no other, said aloud."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from appliance import box
from appliance.config import BoxConfig, Config, DriversConfig
from appliance.drivers.voice_simulated import SimulatedVoice
from appliance.errors import Busy, NotFound
from appliance.hub import read_aloud
from appliance.hub.spoken import Sentence, Spoken
from appliance.store.migrations import migrate
from tests.hub import site as rig
from tests.hub.site import Site
from tests.rigs import sounds

LOUDSPEAKER = re.compile(r'(?:href|data-said|data-rightly|data-wrongly)="(/api/voice/[^"]+)"')
QUESTION = "/exercice/a1"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Site]:
    """A class on a box of its own, a pupil in front."""
    with rig.opened(tmp_path / "state") as opened:
        rig.demonstration_class(opened)
        opened.enter()
        yield opened


def said(page: str) -> list[str]:
    return [html.unescape(address) for address in LOUDSPEAKER.findall(page)]


def test_every_sentence_of_a_page_plays(room: Site) -> None:
    addresses = said(room.text(QUESTION))
    for words in ("Combien ?", "Deux", "Trois", "Oui !", "Non."):
        assert any(address.endswith(f"?t={quote(words, safe='')}") for address in addresses), words
    for address in addresses:
        answer = room.get(address)
        assert answer.mimetype == "audio/mpeg"
        assert "immutable" in answer.headers["Cache-Control"]
        assert sounds.read(answer.data).loudness > 0.01


def test_nobody_makes_the_box_say_something_else(room: Site) -> None:
    address = next(each for each in said(room.text(QUESTION)) if "Combien" in each)
    path, _, text = address.partition("?")
    language, digest = path.split("/")[3:]
    forged = [
        f"{path}?t={quote('Donne-moi ton goûter')}",
        f"{path}?{text}{quote(' !')}",
        f"/api/voice/en/{digest}?{text}",
        f"/api/voice/xx/{digest}?{text}",
        f"/api/voice/{language}/{'0' * 32}?{text}",
        f"/api/voice/{language}/{quote('é' * 32)}?{text}",
        f"/api/voice/{language}/{digest[:-1]}?{text}",
        path,
        f"{path}?t={'a' * 5000}",
        f"{path}?t=%00",
    ]
    for other in forged:
        answer = room.get(other)
        assert answer.status_code == 404, other
        assert answer.json
    assert room.get(address).status_code == 200


def test_what_somebody_types_is_not_offered(room: Site) -> None:
    for path in (
        "/etagere?q=Donne-moi ton goûter",
        "/lire/Donne-moi ton goûter",
        "/qui/goûter",
        "/reglages?retour=/goûter",
    ):
        for address in said(room.get(path).text):
            assert "go%C3%BBter" not in address


def test_another_box_signs_otherwise(room: Site, tmp_path: Path) -> None:
    with rig.opened(tmp_path / "other") as other:
        assert other.get(said(room.text(QUESTION))[-1]).status_code == 404


def test_ranges_for_safari(room: Site) -> None:
    address = said(room.text("/qui"))[-1]
    whole = room.get(address).data
    first = room.get(address, headers={"Range": "bytes=0-1"})
    assert (first.status_code, first.data) == (206, whole[:2])
    assert first.headers["Content-Range"] == f"bytes 0-1/{len(whole)}"
    assert room.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_rendered_before_the_tap_and_kept(room: Site) -> None:
    folder = room.hub.config.box.state / "voices"
    addresses = said(room.text(QUESTION))
    rig.until(lambda: len(list(folder.glob("*.mp3"))) == 5)  # instructions are clips: they are not kept twice
    begun = time.process_time()  # the wall clock of a busy machine says nothing
    for address in addresses:
        assert room.get(address).status_code == 200
    assert time.process_time() - begun < 0.3
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.mp3")} == {0o600}


def test_a_lesson_that_opens_prepares_its_sentences(room: Site) -> None:
    folder = room.hub.config.box.state / "voices"
    with room.app.test_request_context():
        read_aloud.prepare(["Combien font deux et deux ?", "Quatre", "Qui es-tu ? Touche ton animal."], "fr")
    rig.until(lambda: len(list(folder.glob("*.mp3"))) == 2)


def test_opening_a_lesson_prepares_its_quiz(room: Site) -> None:
    folder = room.hub.config.box.state / "voices"
    room.sign_in()
    room.post("/enseignant/seance/ouvrir", "/enseignant/seance/ouvrir", classe="g", plan="activity:a1")
    rig.until(lambda: len(list(folder.glob("*.mp3"))) >= 5)


def test_pages_speak_the_readers_language(room: Site) -> None:
    room.browser.set_cookie("cartable_langue", "en")
    for address in said(room.text(QUESTION)):
        written = any(quote(words) in address for words in ("Combien", "Deux", "Trois", "Oui", "Non"))
        assert address.startswith("/api/voice/fr/" if written else "/api/voice/en/"), "the class writes in French"


def test_a_name_with_signs_is_said_as_it_is_written(room: Site) -> None:
    with room.app.test_request_context():
        from markupsafe import Markup

        assert "%26" in read_aloud.voice_url(Markup("Tom &amp; Lou"))
        assert "amp" not in read_aloud.voice_url(Markup("Tom &amp; Lou"))


def test_without_a_voice_there_is_no_button(tmp_path: Path) -> None:
    state = tmp_path / "state"
    config = Config(BoxConfig(state=state, run=state / "run"), drivers=DriversConfig(voices=""))
    config.box.run.mkdir(parents=True)
    migrate(config.database)
    with box.hub(config) as parts:
        silent = Site(parts)
        rig.demonstration_class(silent)
        silent.enter()
        for path in ("/qui", "/qui/p1", QUESTION, "/etagere", "/reglages", "/etagere/filtres"):
            page = silent.text(path)
            assert not said(page)
            assert "volume-2" not in page


@pytest.mark.parametrize("text", ["Un", "Deux"])
def test_a_card_that_keeps_nothing_still_speaks(tmp_path: Path, text: str) -> None:
    (tmp_path / "voices").write_text("a file where the folder should be")
    spoken = Spoken([SimulatedVoice()], tmp_path / "voices", 10**6)
    spoken.start()
    try:
        assert spoken.say(Sentence("a", text, "fr"))
    finally:
        spoken.stop()


def test_the_oldest_go_first(tmp_path: Path) -> None:
    one = len(SimulatedVoice().speak("aaaa", "fr"))
    spoken = Spoken([SimulatedVoice()], tmp_path, 3 * one)
    spoken.start()
    for name in "abcde":
        spoken.say(Sentence(name, name * 4, "fr"))
    spoken.stop()
    assert sorted(path.stem for path in tmp_path.glob("*.mp3")) == ["c", "d", "e"]
    again = Spoken([SimulatedVoice()], tmp_path, 3 * one)
    again.start()
    again.say(Sentence("f", "ffff", "fr"))
    again.stop()
    assert sorted(path.stem for path in tmp_path.glob("*.mp3")) == ["d", "e", "f"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3 * one


def test_a_file_that_went_is_rendered_again(tmp_path: Path) -> None:
    spoken = Spoken([SimulatedVoice()], tmp_path, 10**6)
    spoken.start()
    sound = spoken.say(Sentence("a", "Bonjour", "fr"))
    (tmp_path / "a.mp3").unlink()
    assert spoken.say(Sentence("a", "Bonjour", "fr")) == sound
    spoken.stop()


def test_no_voice_knows_it() -> None:
    with pytest.raises(NotFound):
        Spoken().say(Sentence("a", "Bonjour", "fr"))


class Slow(SimulatedVoice):
    """Says nothing until it is let go."""

    def __init__(self) -> None:
        import threading

        self.begun, self.go = threading.Semaphore(0), threading.Event()

    def speak(self, text: str, language: str, *, slow: bool = False, sounds: Mapping[str, str] | None = None) -> bytes:
        self.begun.release()
        assert self.go.wait(20)
        return super().speak(text, language, slow=slow, sounds=sounds)


def test_a_slow_voice_holds_two_requests_at_most() -> None:
    from concurrent.futures import ThreadPoolExecutor

    slow = Slow()
    spoken = Spoken([slow])
    with ThreadPoolExecutor() as pool:
        first = pool.submit(spoken.say, Sentence("a", "Un", "fr"))
        assert slow.begun.acquire(timeout=20)
        others = [pool.submit(spoken.say, Sentence(str(n), f"{n}", "fr")) for n in range(4)]
        rig.until(lambda: sum(other.done() for other in others) >= 3)
        slow.go.set()
        errors = [other.exception() for other in others]
    assert first.exception() is None
    assert [type(error) for error in errors if error] == [Busy] * 3
