# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The record store and its ``/xapi`` without the rest of the hub: opens in a moment, to be killed."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from appliance.config import BoxConfig, Config
from appliance.hub.context import Hub
from appliance.hub.xapi.app import create_xapi
from appliance.ports import Clock
from appliance.store import settings
from appliance.store.db import Database, Role
from appliance.store.erasure import Erasure
from appliance.store.migrations import migrate
from appliance.store.record_keys import Keys
from appliance.store.records import Records
from bench.posting import basic
from tests.faults.records_work import Item, pupil_value
from tests.faults.wsgi import Answer, call, query

KEY = "key.json"
"""Beside the database: id and secret of a key with all rights."""


@dataclasses.dataclass(frozen=True, slots=True)
class Store:
    """Open."""

    config: Config
    db: Database
    records: Records
    application: Any
    headers: dict[str, str]
    """Authorization of the key."""

    def send(self, item: Item) -> Answer:
        """One request of the workload, through HTTP."""
        headers = {"X-Experience-API-Version": "1.0.3", "Content-Type": item.content_type}
        headers |= self.headers if item.key else {}
        return call(
            self.application, item.method, item.path, query(**item.parameters), headers, item.body,
            origin="hub" if item.key else "local",
        )  # fmt: skip

    def erase(self, pupil: int, *, final: bool) -> None:
        """As ``cartable records erase`` does."""
        Erasure(self.records).erase([pupil_value(pupil)], final=final)


def config(state: Path) -> Config:
    return Config(BoxConfig(state=state, run=state / "run"))


def prepare(state: Path) -> None:
    """An empty store with one key."""
    settings_ = config(state)
    migrate(settings_.database)
    db = Database(settings_.database, Role.HUB)
    key, secret = Keys(db).add("essais", ["all"])
    (state / KEY).write_text(json.dumps([key, secret]))
    db.close()


@contextlib.contextmanager
def opened(state: Path, clock: Clock) -> Iterator[Store]:
    """As the hub opens it at its start."""
    chosen = config(state)
    db = Database(chosen.database, Role.HUB)
    try:
        records = Records(db, clock, settings.box_id(db), state)
        parts = _hub(config=chosen, db=db, clock=clock, secret=settings.secret(db), records=records)
        Erasure(records).begin()
        key, secret = json.loads((state / KEY).read_text())
        yield Store(chosen, db, records, create_xapi(parts), basic(key, secret))
    finally:
        db.close()


def _hub(**parts: Any) -> Hub:
    """The record store asks for neither library nor search."""
    names = [field.name for field in dataclasses.fields(Hub)]
    return Hub(**{name: parts.get(name, cast(Any, None)) for name in names})
