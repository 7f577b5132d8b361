# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Any mixture of statements, bad days of the hub, restarts and clocks: what was acknowledged is somewhere, once."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from appliance.client import Client
from appliance.records_outbox import RecordsOutbox
from tests.outbox.rig import Watch, said
from tests.rigs import records_socket

BAD_DAYS = st.sampled_from([0, 200, 400, 409, 429, 500, 503, 507])


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="cartable-")))
        self.hub = self.stack.enter_context(records_socket.listening(self.folder / "hub.sock"))
        self.hub.refuses = lambda statement: 400 * ("bad" in statement)
        self.watch = Watch()
        self.outbox = self.opened()
        self.good: list[str] = []
        self.bad: list[str] = []

    def opened(self) -> RecordsOutbox:
        return RecordsOutbox(self.folder / "outbox", Client(self.folder / "hub.sock"), self.watch, seed=1)

    @rule(count=st.integers(1, 60))
    def add(self, count: int) -> None:
        self.good += self.outbox.add_all([said(str(len(self.good) + n)) for n in range(count)])

    @rule()
    def add_bad(self) -> None:
        self.bad.append(self.outbox.add({"bad": True}))

    @rule(statuses=st.lists(BAD_DAYS, max_size=4))
    def try_to_deliver(self, statuses: list[int]) -> None:
        self.hub.next.extend(statuses)
        self.outbox.flush()
        self.hub.next.clear()

    @rule()
    def restart_the_service(self) -> None:
        self.outbox.close()
        self.outbox = self.opened()

    @rule(trusted=st.booleans())
    def restart_the_machine(self, trusted: bool) -> None:
        self.watch.reboots(trusted=trusted, away_s=3600, up_s=10)
        self.restart_the_service()

    @rule(seconds=st.floats(0, 1e6), trusted=st.booleans())
    def time_passes(self, seconds: float, trusted: bool) -> None:
        self.watch.passes(seconds)
        self.watch.trusted = trusted

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        aside = {path.stem for path in (self.folder / "outbox" / "refused").glob("*.json")}
        missing = set(self.good + self.bad) - set(self.hub.stored) - aside
        assert len(missing) <= self.outbox.waiting
        assert not set(self.bad) & set(self.hub.stored)

    @invariant()
    def ages_make_sense(self) -> None:
        for ages, statements in self.hub.deliveries:
            assert len(ages) == len(statements)
            assert all(age >= 0 for age in ages)

    def teardown(self) -> None:
        with self.stack:
            self.outbox.flush()
            aside = {path.stem for path in (self.folder / "outbox" / "refused").glob("*.json")}
            assert self.outbox.waiting == 0
            assert set(self.good + self.bad) == set(self.hub.stored) | aside
            order = [name for name in self.hub.stored if name in set(self.good)]
            assert order == [name for name in self.good if name in set(order)]
            self.outbox.close()


TestMachine: Any = Machine.TestCase
TestMachine.settings = hypothesis.settings(
    max_examples=2000 if os.environ.get("CARTABLE_SOAK") else 30, stateful_step_count=25
)
