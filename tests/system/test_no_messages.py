# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pupils send nothing to pupils: one writes a mark wherever anything can be written, the other reads all there is.

Every rule of the application is walked, with every parameter and field that the sources name; and ``/xapi`` with the
tokens that a resource's own scripts get. A rule that is added is walked without being listed here.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import Client, TestResponse

import appliance.hub
from appliance import box
from appliance.hub import demonstration, launch
from appliance.hub.xapi.app import RESOURCES
from appliance.model import MEDIA_KINDS, Group, Lesson, Pupil, QuestionKind
from appliance.store import activities, people, settings
from appliance.xapi import identifiers
from tests import media
from tests.hub import site as rig
from tests.hub.pupil_media import QUIZ as MEDIA
from tests.hub.site import Site
from tests.rigs.box import DEMONSTRATION

pytestmark = pytest.mark.system

MARK = "Zyxwvut-Mot-Doux"
SOURCES = Path(appliance.hub.__file__).parent
IRI = "https://example.org/jeu"
CONVERTERS = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A class of two in a lesson, a question of every kind, an xAPI package, a link."""
    with rig.opened(tmp_path / "state") as opened:
        described = tomllib.loads((DEMONSTRATION / "class.toml").read_text())["quiz"]
        quizzes = [*(demonstration._activity(raw) for raw in described), MEDIA]
        pupils = [Pupil("p1", "g", "Renard", "1F98A"), Pupil("p2", "g", "Hibou", "1F989")]
        lesson = Lesson("l", "g", "Les nombres", "2026-11-02T08:00:00Z")
        people.put_class(opened.hub.db, Group("g", "CE2"), pupils, quizzes, lesson)
        opened.sign_in()
        opened.upload(("jeu.zip", rig.bundle()))
        opened.settle()
        with opened.hub.db.writing() as conn:
            details = {**opened.hub.library.list()[0].details, "xapi": {"activity": IRI}}
            conn.execute("UPDATE resource SET details = ?", (json.dumps(details),))
        yield opened


def names() -> list[str]:
    """Every parameter, field and member that the pages read, as their sources name them."""
    read = re.compile(r"(?:args|form|values|files|item|raw|given)\.(?:get|getlist|pop)\(\s*[\"']([\w.]+)[\"']"
                      r"|(?:form|args)\[[\"']([\w.]+)[\"']\]")  # fmt: skip
    found = {
        name for path in SOURCES.rglob("*.py") for match in read.findall(path.read_text()) for name in match if name
    }
    for path in SOURCES.rglob("*.html"):
        found |= set(re.findall(r'name="([\w.]+)"', path.read_text()))
    return sorted(found - {"csrf"})


def addresses(site: Site, rule: Rule, *, filled: bool) -> Iterator[str]:
    """The rule's addresses: of things that are there, and with the mark in their place when ``filled``."""
    quizzes, resources = activities.every(site.hub.db), site.hub.library.list()
    known = {"activity_id": [each.id for each in quizzes], "resource_id": [each.id for each in resources],
             "pupil_id": ["p1", "p2"], "lesson_id": ["l"], "number": ["1"],
             "item_id": [each.id for each in site.hub.passing.listed("l")] or ["x"]}  # fmt: skip
    parts = CONVERTERS.findall(rule.rule)
    values = [[*known.get(name, ["x"]), *([MARK] if filled and kind != "int" else [])] for kind, name in parts]
    for chosen in itertools.product(*values):
        told = iter(chosen)
        yield CONVERTERS.sub(lambda _, told=told: quote(next(told), safe=""), rule.rule)  # type: ignore[misc]


def rules(site: Site, *methods: str) -> list[tuple[Rule, str]]:
    listed = [(rule, method) for rule in site.app.url_map.iter_rules() for method in sorted(rule.methods or ())
              if method in methods and rule.endpoint != "static"]  # fmt: skip
    assert len(listed) > 20
    return listed


class Writer:
    """Pupil A, who writes the mark everywhere and stays in the lesson."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.site.browser = site.new_browser()
        self.fields = dict.fromkeys(names(), MARK)
        assert len(self.fields) > 20

    def be_there(self) -> str:
        """A form's token, as p1."""
        if "Renard" not in self.site.get("/etagere").text:
            self.site.enter("p1")
        return self.site.token("/etagere")

    def write(self, method: str, path: str) -> None:
        browser = self.site.browser
        if method == "GET":
            browser.get(path, query_string=self.fields)
            return
        token = self.be_there()
        sent: list[dict[str, Any]] = [
            {"data": {**self.fields, "csrf": token}},
            {"json": self.fields, "headers": {"X-CSRF-Token": token}},
            {"json": [self.fields], "headers": {"X-CSRF-Token": token}},
            {"data": MARK, "content_type": "text/plain", "headers": {"X-CSRF-Token": token}},
        ]
        for options in sent:
            browser.open(path, method=method, query_string={"csrf": token, **self.fields}, **options)

    def answer(self) -> None:
        """Answers that the box takes: the mark as the response to every question, by form and by script."""
        kinds = set()
        for quiz in activities.every(self.site.hub.db):
            self.be_there()
            signed = re.search(r'name="token" value="([^"]+)"', self.site.text(f"/exercice/{quiz.id}"))
            assert signed
            for question in quiz.questions:
                kinds.add(question.kind)
                item = {"token": signed[1], "question": question.id, "choice": MARK, "response": MARK}
                if question.kind in MEDIA_KINDS:
                    self.show({**item, "id": str(uuid.uuid4())}, question.kind)
                self.site.browser.post("/api/answers", json=[{**item, "id": str(uuid.uuid4())}])
                data = {**item, "id": str(uuid.uuid4()), "csrf": self.be_there()}
                self.site.browser.post(f"/exercice/{quiz.id}", data=data)
        assert kinds == set(QuestionKind), "there is a question of every kind"

    def show(self, item: dict[str, str], kind: QuestionKind) -> None:
        """A photo or a voice that holds the mark, as the page's script delivers it."""
        body = media.WEBM if kind is QuestionKind.VOICE else media.photo()
        data, content_type = media.form(item, body + MARK.encode())
        told = self.site.browser.post("/api/media", data=data, content_type=content_type).json
        assert told == {"accepted": [item["id"]], "refused": []}


def found(answer: TestResponse) -> bool:
    return MARK in answer.text or any(MARK in value for _, value in answer.headers)


def walk(site: Site, reader: FlaskClient) -> list[str]:
    """Where pupil B reads the mark."""
    seen = [path for rule, _ in rules(site, "GET") for path in addresses(site, rule, filled=False)]
    assert len(seen) > 30
    return [path for path in seen if found(reader.get(path))]


def entered(site: Site, pupil: str) -> FlaskClient:
    other = Site.__new__(Site)
    other.hub, other.app, other.browser = site.hub, site.app, site.new_browser()
    other.enter(pupil)
    return other.browser


def test_nothing_that_a_pupil_writes_is_read_by_another(site: Site) -> None:
    writer = Writer(site)
    writer.be_there()
    for rule, method in rules(site, "GET", "POST", "PUT", "PATCH", "DELETE"):
        for path in addresses(site, rule, filled=True):
            writer.write(method, path)
    writer.answer()
    assert len(site.hub.passing.listed("l")) == len(MEDIA_KINDS)
    assert walk(site, entered(site, "p2")) == []
    assert walk(site, site.new_browser()) == []
    with site.hub.db.writing() as conn:
        conn.execute("UPDATE lesson SET ended_at = '2026-11-02T09:00:00Z'")
    assert walk(site, site.new_browser()) == []


def test_the_walk_would_find_it(site: Site) -> None:
    with site.hub.db.writing() as conn:
        conn.execute("UPDATE pupil SET alias = ? WHERE id = 'p1'", (MARK,))
    assert "/qui" in walk(site, entered(site, "p2"))


class Script:
    """A resource's own scripts, launched for a pupil, at ``/xapi`` of either origin."""

    def __init__(self, site: Site, pupil: str) -> None:
        self.site = site
        resource = site.hub.library.list()[0]
        with site.app.test_request_context():
            word = launch.token("l", pupil, IRI, resource.id)
        self.actor = identifiers.pupil(settings.box_id(site.hub.db), pupil)
        self.client = Client(box.application(site.hub.config, site.hub))
        signed = base64.b64encode(f"{launch.USER}:{word}".encode()).decode()
        self.headers = {"Authorization": f"Basic {signed}", "X-Experience-API-Version": "1.0.3",
                        "X-Cartable-Origin": "content", "Host": "cartable.local:8081"}  # fmt: skip

    def ask(self, method: str, resource: str, query: dict[str, str], body: object = None) -> TestResponse:
        return self.client.open(
            f"/xapi/{resource}", method=method, query_string=query, headers=self.headers,
            data=None if body is None else json.dumps(body), content_type="application/json",
        )  # fmt: skip


def test_scripts_of_a_resource_carry_nothing_either(site: Site) -> None:
    writer, reader = Script(site, "p1"), Script(site, "p2")
    told = {"name": {"fr": MARK}, "description": {"fr": MARK}, "extensions": {f"{IRI}/x": MARK}}
    verb = {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"fr": MARK}}
    taken = []
    for actor, iri in itertools.product((writer.actor, {**writer.actor, "name": MARK}), (IRI, f"{IRI}/{MARK}")):
        statement = {"actor": actor, "verb": verb, "object": {"id": iri, "definition": told},
                     "result": {"response": MARK}}  # fmt: skip
        taken.append(writer.ask("POST", "statements", {}, statement).status_code)
    assert 200 in taken
    others = [writer.actor, reader.actor]
    queries = [
        {"activityId": iri, "agent": json.dumps(actor), "stateId": name, "profileId": name}
        for iri, actor, name in itertools.product((IRI, f"{IRI}/{MARK}"), others, ("s", MARK))
    ]
    for resource, query in itertools.product(RESOURCES, queries):
        asked = {name: value for name, value in query.items() if name in _parameters(resource)}
        writer.ask("PUT", resource, asked, {"say": MARK})
        writer.ask("POST", resource, asked, {"say": MARK})
    assert MARK in writer.ask("GET", "statements", {}).text, "A reads their own, so that B could have"
    for resource, query in itertools.product(RESOURCES, queries):
        asked = {name: value for name, value in query.items() if name in _parameters(resource)}
        for some in (asked, {name: value for name, value in asked.items() if name not in ("stateId", "profileId")}):
            if MARK not in str(some):
                assert not found(reader.ask("GET", resource, some)), (resource, some)
    own = {"actor": reader.actor, "verb": {"id": verb["id"]}, "object": {"id": IRI}}
    assert reader.ask("POST", "statements", {}, own).status_code == 200
    for form in ("exact", "ids", "canonical"):
        answer = reader.ask("GET", "statements", {"format": form})
        assert IRI in answer.text
        assert not found(answer), form
    assert walk(site, entered(site, "p2")) == []


def _parameters(resource: str) -> set[str]:
    return {"activities": {"activityId"}, "activities/state": {"activityId", "agent", "stateId"},
            "activities/profile": {"activityId", "profileId"}, "agents": {"agent"},
            "agents/profile": {"agent", "profileId"}, "statements": set[str]()}[resource]  # fmt: skip
