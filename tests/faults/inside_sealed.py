# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A class with names, texts and pictures, through the hub's own pages; then it waits to be killed.

``python -m tests.faults.inside_sealed STATE``; prints ``{"texts": how many are kept, ...}`` when everything is done.
"""

from __future__ import annotations

import html
import json
import re
import struct
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from appliance.model import Activity, Question, QuestionKind
from appliance.store import activities, people
from tests import media
from tests.hub import site as rig
from tests.hub.site import Site

NAMES = ("Zéphirine", "Barnabé", "Eulalie-Opaline")
WORDS = "quetsche narval obsidienne tutu"
ANSWER = "Mon doudou s’appelle Chaussette à pois"
MEDIUM = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 40
"""What a pupil records: these bytes, as they are, stand in the recording."""
TEACHER = "Madame Quetzalcóatl"


class Hand:
    """A browser, and the token of the page before."""

    def __init__(self, site: Site) -> None:
        self.browser: FlaskClient = site.new_browser()

    def post(self, path: str, page: str, **fields: Any) -> Any:
        text = self.browser.get(page).text
        token = re.search(r'name="csrf" value="([^"]+)"', text)
        assert token, (page, text[:500])
        answer = self.browser.post(path, data={"csrf": token[1], **fields})
        assert answer.status_code in (200, 303), (path, answer.status_code, answer.text[:2000])
        return answer


def quiz() -> Activity:
    """Questions to which pupils write, speak, show."""
    asked = (
        Question("doudou", "Ton doudou ?", (), "ours", "Oui", "Non", kind=QuestionKind.TEXT),
        Question("dit", "Raconte", (), "", "", "", kind=QuestionKind.VOICE),
        Question("vu", "Montre", (), "", "", "", kind=QuestionKind.PHOTO),
    )
    return Activity("mots", "Mots", asked)


def recording() -> bytes:
    """A WAV whose sound is :data:`MEDIUM`."""
    head = b"WAVEfmt \x10\0\0\0" + bytes(16) + b"data" + struct.pack("<I", len(MEDIUM))
    return b"RIFF" + struct.pack("<I", len(head) + len(MEDIUM)) + head + MEDIUM


def main(state: Path) -> None:
    """Play it, say so, wait."""
    with rig.quiet(state) as site:
        rig.demonstration_class(site)
        activities.save(site.hub.db, quiz())
        told = play(site)
        print(json.dumps(told), flush=True)
        time.sleep(600)


def show(tablet: Hand, fields: dict[str, str], body: bytes) -> None:
    """Deliver a photo or a voice."""
    data, kind = media.form(fields, body)
    answer = tablet.browser.post("/api/media", data=data, content_type=kind)
    assert answer.json == {"accepted": [fields["id"]], "refused": []}, answer.text


def play(site: Site) -> dict[str, Any]:
    """A morning."""
    teacher = Hand(site)
    teacher.post("/enseignant", "/enseignant", code=site.hub.presence.code)
    teacher.post("/enseignant/compte/nouveau", "/enseignant/compte/nouveau", words=WORDS, name=TEACHER)
    teacher.post("/enseignant/appareil", "/enseignant/appareil", pin="270418", again="270418")
    home = "/enseignant/classes"
    page = teacher.post(f"{home}/apercu", f"{home}/nouvelle", name="CE1", names="\n".join(NAMES)).text
    asked = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"(?![^>]*type="(?:radio|checkbox))', page))
    asked |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)</textarea>', page))
    sent = {**{name: html.unescape(value) for name, value in asked.items()}, "regime": "portfolio"}
    made = teacher.browser.post(f"{home}/creer", data={**sent, **{"wanted0": "1"}})
    assert made.status_code == 303, made.text[:3000]
    where = made.headers["Location"].partition("?")[0]
    group = where.rpartition("/")[2]
    teacher.post(f"{where}/reglages", f"{where}/reglages", name="CE1", regime="portfolio", names_shown="1")
    teacher.post("/enseignant/seance/ouvrir", "/enseignant/accueil", classe=group, plan="activity:mots")
    pupils = people.pupils(site.hub.db, group)
    for pupil in pupils:
        tablet = Hand(site)
        tablet.post(f"/qui/{pupil.id}", f"/qui/{pupil.id}")
        token = re.search(r'name="token" value="([^"]+)"', tablet.browser.get("/exercice/mots").text)
        assert token
        answer = {"id": str(uuid.uuid4()), "token": token[1], "question": "doudou", "choice": ANSWER}
        tablet.post("/exercice/mots", "/exercice/mots", **answer)
        for question, body in (("dit", recording()), ("vu", media.photo(place=True))):
            show(tablet, {"id": str(uuid.uuid4()), "token": token[1], "question": question}, body)
    texts = len([1 for pupil in pupils for item in site.hub.vaults.names(group) if item == pupil.id])
    export = teacher.browser.get(f"/enseignant/eleves/{pupils[0].id}/export.zip")
    assert export.content_type == "application/zip", (export.status_code, export.text[:3000])
    size = len(export.data)
    gallery = teacher.browser.get(f"/enseignant/travaux/eleve/{pupils[0].id}").text
    voice = re.search(r'<audio[^>]* src="([^"]+)"', gallery)
    assert voice
    assert MEDIUM in teacher.browser.get(voice[1]).data
    for path in ("/enseignant/seance", where, f"/enseignant/eleves/{pupils[0].id}", "/enseignant/journal", "/qui"):
        assert teacher.browser.get(path).status_code == 200, path
    teacher.post("/enseignant/seance/cloche", "/enseignant/accueil")
    rows = site.hub.db.reading().execute("SELECT kind, count(*) AS n FROM sealed_item GROUP BY kind")
    return {"names": texts, "export": size, **{f"sealed {row['kind']}": row["n"] for row in rows}}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
