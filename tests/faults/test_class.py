# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A named class answers a quiz of every kind, pages are reloaded, and the hub is killed at random moments.

A few kills here; 200 with ``make soak SUITE=class``.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import sealing
from appliance.model import MEDIA_KINDS, QuestionKind
from appliance.store import texts, vault
from appliance.store.db import Database, Role
from appliance.xapi import identifiers
from tests.conftest import copy_state
from tests.rigs import box as rig
from tests.rigs.box import Box, until
from tests.rigs.quiz_tablet import QuizTablet

pytestmark = pytest.mark.system

KILLS = int(os.environ.get("CARTABLE_KILLS", "200")) if os.environ.get("CARTABLE_SOAK") else 3
TABLETS = 28 if os.environ.get("CARTABLE_SOAK") else 12
SEED = 2026
QUIZ = "un-peu-de-tout"
HOLDER = "staff:teacher"
PAIR = sealing.pair()


class Player(threading.Thread):
    """Answers, each time until the box says that the answer is safe; now and then reloads the page."""

    def __init__(self, tablet: QuizTablet, seed: int, over: threading.Event) -> None:
        super().__init__(name=f"tablet-{seed}")
        self.tablet = tablet
        self.sent: dict[str, tuple[str, str]] = {}
        """Answers shown as sent: id -> question, response."""
        self.tries = self.reloads = 0
        self._chance = random.Random(seed)
        self._over = over

    def run(self) -> None:
        while not self._over.is_set():
            asked = self._chance.choice(self.tablet.asked)
            name = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
            response = asked.answer(self._chance)
            self._deliver(name, asked.id, response)
            self.sent[name] = asked.id, response
            if self._chance.random() < 0.1:
                self._reload(asked.id)

    def _deliver(self, name: str, question: str, response: str) -> None:
        item = {"id": name, "token": self.tablet.token, "question": question, "response": response, "age_ms": 0}
        end = time.monotonic() + 120
        while time.monotonic() < end:
            self.tries += 1
            status, told = 0, None
            with contextlib.suppress(OSError):
                status, told = self.tablet.send([item])
            if status == 200:
                assert told == {"accepted": [name], "refused": []}
                return
            assert status in (0, 502, 503, 504), (status, told)
            time.sleep(self._chance.uniform(0.02, 0.3))
        raise AssertionError("the hub never took the answer")

    def _reload(self, question: str) -> None:
        """The page comes back when the hub does, in the same hands, and shows what was sent."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                self.tablet.reload()
            except OSError:
                time.sleep(0.1)
                continue
            self.reloads += 1
            assert next(asked.done for asked in self.tablet.asked if asked.id == question)
            return
        raise AssertionError("the page never came back")


@pytest.fixture
def named(prepared_state: Path, tmp_path: Path) -> Iterator[Box]:
    """A box whose class has keys, first names and a portfolio."""
    state = copy_state(prepared_state, tmp_path / "named")
    db = Database(state / "cartable.sqlite", Role.HUB)
    with db.writing() as conn:
        group = conn.execute("SELECT school_group FROM lesson WHERE ended_at IS NULL").fetchone()[0]
        conn.execute(
            "INSERT OR REPLACE INTO group_detail (school_group, regime) VALUES (?, ?)", (group, texts.PORTFOLIO)
        )
        vault.put_class_keys(conn, group, {HOLDER: PAIR.public})
        for number, row in enumerate(conn.execute("SELECT id FROM pupil").fetchall()):
            vault.seal(conn, row["id"], vault.NAME, f"Prénom {number}".encode())
    db.close()
    with rig.running(state) as box:
        yield box


@pytest.fixture
def players(named: Box) -> Iterator[list[Player]]:
    pupils = [row["id"] for row in named.rows("SELECT id FROM pupil ORDER BY position")]
    over = threading.Event()
    found = []
    for index in range(TABLETS):
        tablet = QuizTablet(named, pupils[index % len(pupils)], QUIZ)
        tablet.open_quiz()
        found.append(Player(tablet, SEED + index, over))
    yield found
    over.set()
    for player in found:
        if player.ident is not None:
            player.join(150)


@pytest.mark.timeout(7200 if KILLS > 10 else 180)
def test_every_answer_shown_as_sent_is_there_exactly_once(named: Box, players: list[Player]) -> None:
    chance, over = random.Random(SEED), players[0]._over
    assert {asked.kind for asked in players[0].tablet.asked} == set(QuestionKind) - set(MEDIA_KINDS)
    for player in players:
        player.start()
    for _ in range(KILLS):
        before = sum(len(player.sent) for player in players)
        until(lambda: sum(len(p.sent) for p in players) > before + TABLETS, "no answers flow", 60)  # noqa: B023
        time.sleep(chance.uniform(0, 0.5))  # the moment of the kill is the random part
        named.kill_hub(wait=False)
    until(named.answers, "the hub did not come back", 60)
    over.set()
    for player in players:
        player.join(150)
        assert not player.is_alive()
    sent = {name: (player, *told) for player in players for name, told in player.sent.items()}
    print(f"{KILLS} kills, {len(sent)} answers, {sum(p.tries for p in players)} tries, "
          f"{sum(p.reloads for p in players)} reloads")  # fmt: skip
    assert sum(player.tries for player in players) > len(sent), "the kills disturbed nobody"
    _same(named, sent)


def _same(box: Box, sent: dict[str, tuple[Player, str, str]]) -> None:
    rows = {row["id"]: json.loads(row["body"]) for row in box.rows("SELECT id, body FROM statement")}
    answers = box.rows("SELECT * FROM answer")
    assert set(rows) == set(sent) == {row["statement"] for row in answers}
    assert len(answers) == len(rows) == box.rows("SELECT count(*) AS n FROM statement")[0]["n"]
    assert [row["sequence"] for row in box.rows("SELECT sequence FROM statement ORDER BY row")] == list(
        range(1, len(rows) + 1)
    )
    written = _written(box)
    for name, (player, question, response) in sent.items():
        body = rows[name]
        assert body["actor"]["account"]["name"] == player.tablet.pupil
        assert body["object"]["id"].endswith(f"/questions/{question}")
        item = body["result"].get("extensions", {}).get(identifiers.SEALED)
        said = written.pop((player.tablet.pupil, item)) if item else body["result"]["response"]
        assert said == response or float(said) == float(response)
    assert not written, "texts of no statement"
    assert box.rows("PRAGMA integrity_check")[0][0] == "ok"


def _written(box: Box) -> dict[tuple[str, str], str]:
    """(pupil, sealed item) -> the words, as the teacher's key opens them."""
    db = Database(box.state / "cartable.sqlite", Role.READER)
    conn = db.reading()
    group = conn.execute("SELECT school_group FROM group_key").fetchone()[0]
    key = vault.open_grant(conn, group, HOLDER, PAIR.private)
    found = {}
    for row in conn.execute("SELECT id, pupil FROM sealed_item WHERE kind = ?", (vault.TEXT,)).fetchall():
        own = vault.open_pupil_key(conn, row["pupil"], key)
        found[row["pupil"], row["id"]] = vault.unseal(conn, row["id"], own, box.state / "vault").decode()
    db.close()
    return found
