# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A class answers while the hub is killed again and again. A few kills here; 100 with ``make soak SUITE=answers``."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from collections.abc import Iterator

import pytest

from tests.rigs.box import Box, until
from tests.rigs.http_tablet import Tablet

pytestmark = pytest.mark.system

KILLS = 100 if os.environ.get("CARTABLE_SOAK") else 3
TABLETS = 30
SEED = 2026


class Player(threading.Thread):
    """Sends answers one after the other, each until it is acknowledged, as the page does."""

    def __init__(self, tablet: Tablet, seed: int, over: threading.Event) -> None:
        super().__init__(name=f"tablet-{seed}")
        self._tablet = tablet
        self._chance = random.Random(seed)
        self._over = over
        self.acknowledged: dict[str, tuple[str, str]] = {}
        """Answer id -> question, choice."""
        self.tries = 0

    def run(self) -> None:
        while not self._over.is_set():
            asked = self._chance.choice(self._tablet.questions)
            identifier = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
            choice = self._chance.choice(asked.choices)
            if self._delivered(identifier, asked.id, choice):
                self.acknowledged[identifier] = asked.id, choice

    def _delivered(self, identifier: str, question: str, choice: str) -> bool:
        item = {"id": identifier, "token": self._tablet.token, "question": question, "choice": choice, "age_ms": 0}
        end = time.monotonic() + 120
        while time.monotonic() < end:
            self.tries += 1
            try:
                status, told = self._tablet.send([item])
            except OSError:
                status, told = 0, None
            if status == 200:
                assert told == {"accepted": [identifier], "refused": []}
                return True
            assert status in (0, 502, 503, 504), (status, told)
            self._over.wait(self._chance.uniform(0.02, 0.3))
        raise AssertionError("the hub never took the answer")


@pytest.fixture
def players(own_box: Box) -> Iterator[list[Player]]:
    activity = own_box.rows("SELECT id FROM activity")[0]["id"]
    pupils = [row["id"] for row in own_box.rows("SELECT id FROM pupil ORDER BY position")]
    over = threading.Event()
    found = []
    for index in range(TABLETS):
        tablet = Tablet(own_box, pupils[index % len(pupils)])
        tablet.come_in(activity)
        found.append(Player(tablet, SEED + index, over))
    yield found
    over.set()
    for player in found:
        if player.ident is not None:
            player.join(150)


@pytest.mark.timeout(3600 if KILLS > 10 else 180)
def test_every_acknowledged_answer_is_there_exactly_once(own_box: Box, players: list[Player]) -> None:
    chance, over = random.Random(SEED), players[0]._over
    for player in players:
        player.start()
    for _ in range(KILLS):
        before = sum(len(player.acknowledged) for player in players)
        until(lambda: sum(len(p.acknowledged) for p in players) > before + TABLETS, "no answers flow", 60)  # noqa: B023
        over.wait(chance.uniform(0, 0.5))
        own_box.kill_hub(wait=False)
    until(own_box.answers, "the hub did not come back", 60)
    over.set()
    for player in players:
        player.join(150)
        assert not player.is_alive()

    acknowledged = {
        name: (player._tablet.pupil, *told) for player in players for name, told in player.acknowledged.items()
    }
    rows = own_box.rows(
        "SELECT a.*, s.sequence FROM answer a JOIN statement s ON s.id = a.statement ORDER BY s.sequence"
    )
    assert {row["statement"]: (row["pupil"], row["question"], row["choice"]) for row in rows} == acknowledged
    assert len(rows) == len(acknowledged) == own_box.rows("SELECT count(*) AS n FROM statement")[0]["n"]
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    assert own_box.rows("PRAGMA integrity_check")[0][0] == "ok"
    assert sum(player.tries for player in players) > len(acknowledged), "the kills disturbed nobody"
