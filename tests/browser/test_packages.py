# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""An xAPI package of the demonstration, from the pupil's tap to the teacher's page, and the tricks that do not work."""

# ruff: noqa: E501 - scripts for the browser
from __future__ import annotations

import base64
import http.client
import json
import re
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, expect
from playwright.sync_api import Page as Tab

from tests.browser.conftest import PROJECTOR, TABLET, sign_in
from tests.browser.pages import Who
from tests.conftest import copy_state
from tests.rigs import box as rig
from tests.rigs.box import Box
from tests.rigs.chromium import PATIENCE_MS, Watch, eventually
from tests.rigs.http_tablet import Tablet

pytestmark = pytest.mark.browser

GAME = "les-capitales-d-europe.zip"
IRI = "https://cartable.invalid/packages/capitales-d-europe"
VERSION = {"X-Experience-API-Version": "1.0.3"}


@pytest.fixture(scope="module")
def classroom(prepared_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box whose records this file may fill."""
    with rig.running(copy_state(prepared_state, tmp_path_factory.mktemp("box") / "packages")) as box:
        yield box


@pytest.fixture
def watch(classroom: Box) -> Watch:
    """What the pupil's pages say."""
    return Watch((classroom.base, classroom.content))


@pytest.fixture
def tablet(browser: Browser, watch: Watch) -> Iterator[BrowserContext]:
    """A pupil's, watched."""
    context = browser.new_context(**TABLET, locale="fr-FR")
    context.set_default_timeout(PATIENCE_MS)
    watch.follow(context)
    yield context
    context.close()
    watch.check()


@pytest.fixture
def desk(browser: Browser, classroom: Box) -> Iterator[Tab]:
    """The teacher's browser, signed in."""
    context = browser.new_context(**PROJECTOR, locale="fr-FR")
    context.set_default_timeout(PATIENCE_MS)
    sign_in(context, classroom, Who.TEACHER)
    yield context.new_page()
    context.close()


def pupil(box: Box, seat: int) -> dict[str, Any]:
    return dict(box.rows("SELECT * FROM pupil ORDER BY position")[seat])


def come_in(page: Tab, box: Box, seat: int) -> None:
    page.goto(box.base + "/qui")
    page.locator(".animals a").nth(seat).click()
    page.locator("main form .button:not(.plain)").click()
    expect(page).to_have_url(re.compile("/etagere$"))


def play(page: Tab, box: Box) -> Frame:
    """Open the game; its frame, at a question."""
    page.goto(f"{box.base}/lire/{quote(box.resource(GAME)['id'])}")
    return frame_of(page)


def frame_of(page: Tab) -> Frame:
    def found() -> Frame | None:
        frame = next((each for each in page.frames if "/blob/" in each.url), None)
        return frame if frame and frame.locator("#choices button, #next:visible").count() else None

    return eventually(page, found, "the game does not open")  # type: ignore[no-any-return]


def answer_all(page: Tab, frame: Frame, tries: int = 4) -> None:
    """Tap one answer after the other until one is right."""
    for number in range(tries):
        if frame.locator("#next").is_visible():
            return
        frame.locator("#choices button").nth(number).click()
    expect(frame.locator("#next")).to_be_visible()


def told(frame: Frame) -> dict[str, str]:
    """The launch parameters."""
    return {key: values[0] for key, values in parse_qs(urlsplit(frame.url).query).items()}


def statements(box: Box, who: str) -> list[dict[str, Any]]:
    """A pupil's, oldest first."""
    found = [json.loads(row["body"]) for row in box.rows("SELECT body FROM statement ORDER BY row")]
    return [each for each in found if each["actor"].get("account", {}).get("name") == who]


def ask(box: Box, method: str, path: str, auth: str, body: object = None, origin: str = "content") -> tuple[int, Any]:
    """A request of a script to ``/xapi``, as whoever holds the token may send it; (status, JSON or text)."""
    port = box.content_port if origin == "content" else box.port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        sent = None if body is None else json.dumps(body).encode()
        headers = {**VERSION, "Authorization": auth, "Content-Type": "application/json", "Origin": "null"}
        connection.request(method, f"/xapi/{path}", sent, headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text.decode(errors="replace")
    finally:
        connection.close()


def deed(given: dict[str, str], **changes: Any) -> dict[str, Any]:
    value = {
        "id": str(uuid.uuid4()),
        "actor": json.loads(given["actor"]),
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": IRI},
    }
    return {**value, **changes}


def state(given: dict[str, str], actor: object = None) -> str:
    agent = json.dumps(actor) if actor else given["actor"]
    return f"activities/state?activityId={quote(IRI, safe='')}&agent={quote(agent, safe='')}&stateId=partie"


def test_a_pupil_plays_and_the_teacher_reads_it(classroom: Box, tablet: BrowserContext, desk: Tab) -> None:
    fox = pupil(classroom, 0)
    desk.goto(classroom.base + "/enseignant/traces")
    row = desk.locator(f"#p-{fox['id']}")
    expect(row).to_contain_text("rien encore")
    page = tablet.new_page()
    come_in(page, classroom, 0)
    frame = play(page, classroom)
    asked = frame.locator("#ask").inner_text()
    answer_all(page, frame)
    expect(row).to_contain_text(re.compile(r"réponse.*dont 1\xa0juste"))  # by itself: nobody reloads
    right = [each for each in statements(classroom, fox["id"]) if each.get("result", {}).get("success")]
    assert len(right) == 1
    assert right[0]["object"]["definition"]["description"]["fr"] == asked
    assert right[0]["authority"]["account"]["name"] == "launch"
    for _ in range(7):
        frame.locator("#next").click()
        answer_all(page, frame)
    frame.locator("#next").click()
    expect(frame.locator("#ask")).to_contain_text("c’est fini")
    expect(row).to_contain_text("1\xa0activité finie")
    row.click()
    expect(desk.locator("h1")).to_contain_text(fox["alias"])
    newest = desk.locator(".trace summary")
    expect(newest.first).to_contain_text(f"{fox['alias']} a terminé «\xa0Les capitales d’Europe\xa0»")
    capital = right[0]["result"]["response"]
    choices = {each["id"]: each["description"]["fr"] for each in right[0]["object"]["definition"]["choices"]}
    newest.first.click()
    everything = desk.locator("main").inner_text()
    while desk.locator("a[rel=next]").count():
        desk.locator("a[rel=next]").click()
        everything += desk.locator("main").inner_text()
    assert f"a répondu «\xa0{choices[capital]}\xa0» à «\xa0{asked}" in everything
    assert not re.search(r"\d\s*/\s*(8|20)", everything), "a mark"


def test_the_game_goes_on_where_it_was(classroom: Box, tablet: BrowserContext) -> None:
    page = tablet.new_page()
    come_in(page, classroom, 1)
    frame = play(page, classroom)
    answer_all(page, frame)
    expect(frame.locator("#count")).to_have_text("Question 1 sur 8")
    owl = pupil(classroom, 1)["id"]
    eventually(page, lambda: any('"at":1' in str(row["body"]) for row in classroom.rows(
        "SELECT cast(body AS TEXT) AS body FROM document WHERE agent LIKE ?", f"%{owl}")), "no state was kept")  # fmt: skip
    page.reload()
    expect(frame_of(page).locator("#count")).to_have_text("Question 2 sur 8")
    assert len([each for each in statements(classroom, owl) if each["verb"]["id"].endswith("/initialized")]) == 1


def test_without_the_network_answers_wait_and_arrive_once(classroom: Box, tablet: BrowserContext, watch: Watch) -> None:
    wolf, page = pupil(classroom, 2)["id"], tablet.new_page()
    watch.allow("ERR_FAILED")
    come_in(page, classroom, 2)
    frame = play(page, classroom)
    eventually(page, lambda: len(statements(classroom, wolf)) == 1, "the game did not report that it began")
    tablet.route("**/xapi/**", lambda route: route.abort())
    answer_all(page, frame)
    expect(frame.locator("#waiting")).to_contain_text("Ne ferme pas cette page")
    assert len(statements(classroom, wolf)) == 1
    tablet.unroute("**/xapi/**")
    frame.evaluate("dispatchEvent(new Event('online'))")
    expect(frame.locator("#waiting")).to_be_hidden(timeout=40_000)
    found = [each["id"] for each in statements(classroom, wolf)]
    assert len(found) == len(set(found)) >= 2


def test_back_never_brings_the_previous_pupil(classroom: Box, tablet: BrowserContext) -> None:
    page = tablet.new_page()
    come_in(page, classroom, 3)
    first = told(play(page, classroom))["actor"]
    page.goto(classroom.base + "/etagere")
    page.locator(".bar nav form button").click()
    expect(page).to_have_url(re.compile("/qui$"))
    come_in(page, classroom, 4)
    while "/lire/" not in page.url:
        assert page.go_back() is not None
    second = told(frame_of(page))["actor"]
    assert json.loads(second)["account"]["name"] == pupil(classroom, 4)["id"]
    assert second != first


def test_nobody_and_the_teacher_open_it_without_parameters(classroom: Box, tablet: BrowserContext, desk: Tab) -> None:
    before = classroom.rows("SELECT count(*) AS n FROM statement")[0]["n"]
    for page in (tablet.new_page(), desk):
        frame = play(page, classroom)
        assert told(frame) == {}
        answer_all(page, frame)
        expect(frame.locator("#waiting")).to_be_hidden()
    assert classroom.rows("SELECT count(*) AS n FROM statement")[0]["n"] == before


def test_a_script_reaches_nothing_else(classroom: Box, tablet: BrowserContext, watch: Watch) -> None:
    """The frame has no origin and no cookie; what is not of the second origin is closed to it."""
    page = tablet.new_page()
    watch.allow("violates the (following|document's) Content Security Policy")
    come_in(page, classroom, 5)
    frame = play(page, classroom)
    tried = frame.evaluate(
        """async hub => {
      const found = {};
      for (const [name, address] of [["pages", hub + "/enseignant/traces"], ["records", hub + "/xapi/about"], ["outside", "https://example.org/"]]) {
        found[name] = await fetch(address, { credentials: "include" }).then(a => a.status, e => "refused");
      }
      for (const name of ["cookie", "localStorage"]) {
        try { found[name] = String(name === "cookie" ? document.cookie : localStorage.length); } catch (e) { found[name] = "refused"; }
      }
      try { found.parent = parent.document.title; } catch (e) { found.parent = "refused"; }
      found.about = await fetch("/xapi/about").then(a => a.status, e => "refused");
      return found; }""",
        classroom.base,
    )
    assert tried.pop("about") == 200
    assert set(tried.values()) == {"refused"}, tried


def test_tricks(classroom: Box, tablet: BrowserContext) -> None:
    """What a pupil's own script may not do with the pupil's own token."""
    page = tablet.new_page()
    come_in(page, classroom, 6)
    given = told(play(page, classroom))
    other = {
        "objectType": "Agent",
        "account": {**json.loads(given["actor"])["account"], "name": pupil(classroom, 7)["id"]},
    }
    auth = given["auth"]
    user, token = base64.b64decode(auth.split(" ")[1]).decode().split(":", 1)
    payload, signature = token.rsplit(".", 1)
    forged = "Basic " + base64.b64encode(f"{user}:{payload}.{signature[::-1]}".encode()).decode()

    assert ask(classroom, "POST", "statements", auth, deed(given))[0] == 200
    assert ask(classroom, "POST", "statements", auth, deed(given), origin="hub")[0] == 200
    tried: set[str] = set()

    def trick(*args: Any, **changes: Any) -> dict[str, Any]:
        made = deed(*args, **changes)
        tried.add(made["id"])
        return made

    refused = {
        "as another": ("POST", "statements", auth, trick(given, actor=other)),
        "as a group": ("POST", "statements", auth, trick(given, actor={"objectType": "Group", "member": [other]})),
        "with a name": ("POST", "statements", auth, trick(given, actor={**json.loads(given["actor"]), "name": "Zoé"})),
        "one of two": ("POST", "statements", auth, [trick(given), trick(given, actor=other)]),
        "voiding": ("POST", "statements", auth, trick(given, verb={"id": "http://adlnet.gov/expapi/verbs/voided"},
                                                     object={"objectType": "StatementRef", "id": str(uuid.uuid4())})),
        "another's state": ("GET", state(given, other), auth, None),
        "writing another's state": ("PUT", state(given, other), auth, {"at": 8}),
        "another activity's state": ("GET", state(given).replace("capitales", "autres"), auth, None),
        "another's statements": ("GET", f"statements?agent={quote(json.dumps(other), safe='')}", auth, None),
        "another's profile": ("GET", f"agents/profile?agent={quote(json.dumps(other), safe='')}&profileId=x", auth, None),
        "a forged token": ("POST", "statements", forged, trick(given)),
        "no token": ("POST", "statements", "Basic " + base64.b64encode(b"launch:").decode(), trick(given)),
    }  # fmt: skip
    seen = {name: ask(classroom, *asked)[0] for name, asked in refused.items()}
    assert {name: status for name, status in seen.items() if status not in (401, 403)} == {}
    kept = {each["id"] for each in classroom.rows("SELECT id FROM statement")}
    assert kept & tried == set()
    listed = ask(classroom, "GET", "statements", auth)[1]["statements"]
    assert {each["actor"]["account"]["name"] for each in listed} == {pupil(classroom, 6)["id"]}


def test_an_answer_of_the_box_is_not_read_by_a_launch_token_of_a_neighbour(
    classroom: Box, tablet: BrowserContext
) -> None:
    """An exercise goes through the same store; a package of another pupil does not see it."""
    lion = Tablet(classroom, pupil(classroom, 8)["id"])
    lion.come_in(classroom.rows("SELECT id FROM activity ORDER BY rowid LIMIT 1")[0]["id"])
    identifier = str(uuid.uuid4())
    item = {
        "id": identifier,
        "token": lion.token,
        "question": lion.questions[0].id,
        "choice": lion.questions[0].choices[0],
    }
    assert lion.send([item])[1]["accepted"] == [identifier]
    page = tablet.new_page()
    come_in(page, classroom, 9)
    given = told(play(page, classroom))
    assert ask(classroom, "GET", f"statements?statementId={identifier}", given["auth"])[0] in (403, 404)
    attempt = "Basic " + base64.b64encode(f"launch:{lion.token}".encode()).decode()
    assert ask(classroom, "GET", "statements", attempt)[0] == 401, "a quiz's token is no launch token"


def test_after_the_lesson_only_what_is_late_arrives(classroom: Box, tablet: BrowserContext, watch: Watch) -> None:
    """Last of the file: the lesson ends."""
    watch.allow("status of 403")  # the game itself may be keeping its state just then
    page = tablet.new_page()
    come_in(page, classroom, 10)
    given = told(play(page, classroom))
    assert ask(classroom, "PUT", state(given), given["auth"], {"at": 1})[0] == 204
    with sqlite3.connect(classroom.state / "cartable.sqlite", timeout=20) as conn:
        conn.execute("UPDATE lesson SET ended_at = '2026-11-22T09:00:00Z'")
    assert ask(classroom, "POST", "statements", given["auth"], deed(given))[0] == 200
    for method, path, body in (
        ("GET", "statements", None),
        ("GET", state(given), None),
        ("PUT", state(given), {"at": 2}),
        ("DELETE", state(given), None),
    ):
        assert ask(classroom, method, path, given["auth"], body)[0] in (401, 403), (method, path)
