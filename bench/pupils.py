# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Tablets of a class, without a browser: they come in by the animal grid and answer the first exercise."""

from __future__ import annotations

import asyncio
import dataclasses
import http.client
import random
import re
import shutil
import sqlite3
import time
import tomllib
import urllib.parse
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from bench.boxes import Ours
from bench.load import Latencies

SOURCE = Path(__file__).parents[1] / "demonstration"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
TOKEN = re.compile(r'name="token" value="([^"]+)"')
QUESTION = re.compile(r'name="question" value="([^"]+)"')
POLL_S = 1.5


def demonstration(target: Path, count: int) -> Path:
    """The demonstration's exercises with a class of ``count`` pupils, and no resource."""
    target.mkdir()
    text = (SOURCE / "class.toml").read_text(encoding="utf-8")
    avatars = [pupil["avatar"] for pupil in tomllib.loads(text)["pupil"]]
    head, quizzes = text.split("[[pupil]]", 1)[0], text[text.index("[[quiz]]") :]
    pupils = "".join(f'[[pupil]]\nname = "P{n}"\navatar = "{avatars[n % len(avatars)]}"\n\n' for n in range(count))
    (target / "class.toml").write_text(head + pupils + quizzes, encoding="utf-8")
    (target / "catalogue.toml").write_text("resource = []\n")
    if (SOURCE / "sounds").exists():
        shutil.copytree(SOURCE / "sounds", target / "sounds")
    return target


def _rows(box: Ours, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{box.config.database}?mode=ro", uri=True) as conn:
        return conn.execute(query).fetchall()


def of(box: Ours) -> list[str]:
    """Ids of the pupils, in the order of the class list."""
    return [row[0] for row in _rows(box, "SELECT id FROM pupil ORDER BY position")]


def kept(box: Ours) -> list[str]:
    """The statement ids of the answers in the store."""
    return [row[0] for row in _rows(box, "SELECT id FROM statement WHERE NOT erased AND NOT voided")]


@dataclasses.dataclass(slots=True)
class Asked:
    """A tablet that shows "C'est toi ?" and has a session."""

    connection: http.client.HTTPConnection
    path: str
    cookie: str
    csrf: str

    def enter(self) -> None:
        """Yes. RuntimeError when the box does not let the pupil in."""
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", self.path, urllib.parse.urlencode({"csrf": self.csrf}), headers)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 303:
            raise RuntimeError(f"{answer.status} for {self.path}")


def asked(box: Ours, pupil: str) -> Asked:
    """Touch an animal."""
    connection = http.client.HTTPConnection("127.0.0.1", box.config.edge.port, timeout=60)
    connection.request("GET", f"/qui/{pupil}")
    answer = connection.getresponse()
    found = CSRF.search(answer.read().decode())
    if answer.status != 200 or not found:
        raise RuntimeError(f"{answer.status} for the page of {pupil}")
    cookie = (answer.headers["Set-Cookie"] or "").split(";")[0]
    return Asked(connection, f"/qui/{pupil}", cookie, found[1])


@dataclasses.dataclass(slots=True)
class Run:
    """What the tablets saw."""

    seen: Latencies = dataclasses.field(default_factory=Latencies)
    acknowledged: set[str] = dataclasses.field(default_factory=set)


async def lesson(box: Ours, pupils: Sequence[str], *, within_s: float, each_s: float, seconds: float) -> Run:
    """Everyone comes in within ``within_s``, then answers every ``each_s``, asking for the lesson's state meanwhile."""
    run = Run()
    end = time.monotonic() + within_s + seconds

    async def tablet(number: int, pupil: str) -> None:
        await asyncio.sleep(within_s * number / len(pupils))
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(box.pages, cookie_jar=jar) as session:
            page = await _page(session, f"/qui/{pupil}", run)
            await _page(session, f"/qui/{pupil}", run, data={"csrf": _found(CSRF, page)})
            quiz = await _page(session, f"/exercice/{_quiz(box)}", run)
            polling = asyncio.create_task(_poll(session, run, end))
            await _answer(session, quiz, run, each_s, end)
            await polling

    await asyncio.gather(*(tablet(number, pupil) for number, pupil in enumerate(pupils)))
    return run


def _found(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    if not found:
        raise RuntimeError(f"nothing like {pattern.pattern} in the page")
    return found[1]


def _quiz(box: Ours) -> str:
    return str(_rows(box, "SELECT id FROM activity ORDER BY rowid LIMIT 1")[0][0])


async def _page(session: aiohttp.ClientSession, path: str, run: Run, data: dict[str, str] | None = None) -> str:
    start = time.perf_counter()
    async with session.request("POST" if data else "GET", path, data=data, allow_redirects=data is None) as answer:
        text = await answer.text()
        run.seen.times.append((time.perf_counter() - start) * 1000)
        if answer.status >= 400:
            raise RuntimeError(f"{answer.status} for {path}: {text[:200]}")
    return text


async def _poll(session: aiohttp.ClientSession, run: Run, end: float) -> None:
    tag = ""
    while time.monotonic() < end:
        start = time.perf_counter()
        async with session.get("/api/lesson/now", headers={"If-None-Match": tag} if tag else {}) as answer:
            await answer.read()
            tag = answer.headers.get("ETag", "")
            run.seen.errors += answer.status not in (200, 304)
        run.seen.times.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(POLL_S)


async def _answer(session: aiohttp.ClientSession, quiz: str, run: Run, each_s: float, end: float) -> None:
    """The first question over and over, each answer under an id of its own, sent again until it is acknowledged."""
    token, question = _found(TOKEN, quiz), _found(QUESTION, quiz)
    form = quiz[quiz.index(f'name="question" value="{question}"') :].split("</form>")[0]
    choices = re.findall(r'name="choice" value="([^"]+)"', form)
    chance = random.Random(token)
    await asyncio.sleep(each_s * chance.random())
    while time.monotonic() < end:
        identifier = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        item = {"id": identifier, "token": token, "question": question, "choice": chance.choice(choices), "age_ms": 0}
        start = time.perf_counter()
        async with session.post("/api/answers", json=[item]) as answer:
            told = await answer.json()
            run.seen.times.append((time.perf_counter() - start) * 1000)
            if answer.status != 200 or told["accepted"] != [identifier]:
                run.seen.errors += 1
            else:
                run.acknowledged.add(identifier)
        await asyncio.sleep(each_s)
