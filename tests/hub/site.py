# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The hub's pages in this process, on real parts, as a browser behind the edge reaches them."""

from __future__ import annotations

import contextlib
import io
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from appliance import box
from appliance.config import BoxConfig, Config, LibraryConfig
from appliance.drivers.clock_system import SystemClock
from appliance.drivers.machine_simulated import SimulatedMachine
from appliance.hub.app import create_app
from appliance.hub.context import Hub
from appliance.hub.imports import Library
from appliance.hub.presence import PresenceCode
from appliance.hub.search import Search
from appliance.hub.trail import Trail
from appliance.hub.vaults import Vaults
from appliance.model import Activity, Choice, Group, Lesson, Pupil, Question, Resource
from appliance.store import people, settings
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate
from appliance.store.records import Records

HEADERS = {"HTTP_X_CARTABLE_ORIGIN": "hub", "HTTP_X_CARTABLE_CONTENT_PORT": "8081"}
CONTENT = "http://localhost:8081"
BUNDLE_TITLE = "Le cycle de l’eau"
PATIENCE_S = 30.0


class Site:
    """A started hub and a browser that keeps its cookies."""

    def __init__(self, parts: Hub) -> None:
        self.hub = parts
        self.app = create_app(parts)
        self.browser = self.new_browser()

    def new_browser(self) -> FlaskClient:
        client = self.app.test_client()
        client.environ_base.update(HEADERS)
        return client

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.browser.get(path, **options)

    def text(self, path: str, **options: Any) -> str:
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.text[:2000]
        return answer.text

    def post(self, path: str, page: str | None = None, **fields: Any) -> TestResponse:
        """Fill in the form of ``page`` (default: the same address)."""
        return self.browser.post(path, data={"csrf": self.token(page or path), **fields})

    def token(self, page: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"|\?csrf=([\w-]+)', self.text(page))
        assert found
        return found[1] or found[2]

    def sign_in(self) -> None:
        assert self.post("/enseignant", code=self.hub.presence.code).status_code == 303

    def enter(self, pupil: str = "p1") -> None:
        assert self.post(f"/qui/{pupil}").status_code == 303

    def upload(self, *files: tuple[str, bytes], json: bool = False, **fields: Any) -> TestResponse:
        """Send files by the form, or as its script does."""
        token = self.token("/enseignant/bibliotheque/ajouter")
        sent = [(io.BytesIO(content), name) for name, content in files]
        return self.browser.post(
            f"/enseignant/bibliotheque/ajouter?csrf={token}",
            data={"files": sent, **fields},
            content_type="multipart/form-data",
            headers={"Accept": "application/json"} if json else {},
        )

    def settle(self) -> None:
        """Wait for every import to end."""
        until(lambda: all(job.over for job in self.hub.library.jobs()))

    def only(self, **wanted: str) -> Resource:
        """The one resource with these attributes."""
        found = [r for r in self.hub.library.list(include_damaged=True)
                 if all(getattr(r, name) == value for name, value in wanted.items())]  # fmt: skip
        assert len(found) == 1, found
        return found[0]


def until(true: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.02)


def picture(colour: str = "#c03030", size: tuple[int, int] = (640, 400)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def bundle(title: str = BUNDLE_TITLE) -> bytes:
    page = f"<!doctype html><html lang='fr'><title>{title}</title><p>L’eau s’évapore, puis retombe en pluie."
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in (("index.html", page), ("pages/deux.html", page.replace("pluie", "neige"))):
            archive.writestr(zipfile.ZipInfo(name), text)  # a fixed date: the same bytes, the same resource
    return out.getvalue()


def demonstration_class(site: Site) -> None:
    """Two pupils, one lesson, one question."""
    question = Question("q1", "Combien ?", (Choice("a", "Deux"), Choice("b", "Trois")), "a", "Oui !", "Non.")
    pupils = [Pupil("p1", "g", "Renard", "1F98A"), Pupil("p2", "g", "Hibou", "1F989")]
    lesson = Lesson("l", "g", "Les nombres", "2026-11-02T08:00:00Z")
    people.put_class(site.hub.db, Group("g", "CE2"), pupils, [Activity("a1", "Compter", (question,))], lesson)


@contextlib.contextmanager
def opened(state: Path, **library: Any) -> Iterator[Site]:
    """A hub on an empty state folder, stopped at the end."""
    config = Config(BoxConfig(state=state, run=state / "run"), library=LibraryConfig(**{"keep_free_mb": 1, **library}))
    config.box.run.mkdir(parents=True)
    migrate(config.database)
    with box.hub(config) as parts:
        yield Site(parts)


@contextlib.contextmanager
def quiet(state: Path) -> Iterator[Site]:
    """The same without its processes: nothing is searched or imported. It starts in no time."""
    config = Config(BoxConfig(state=state, run=state / "run"))
    config.box.run.mkdir(parents=True)
    migrate(config.database)
    with contextlib.closing(Database(config.database, Role.HUB)) as db:
        clock = SystemClock()
        records = Records(db, clock, settings.box_id(db), state)
        search = Search(config)
        library = Library(config, db, box.formats, search)
        vaults, trail = Vaults(db, config.vault, clock), Trail(records.commit, clock)
        secret = settings.secret(db)
        yield Site(
            Hub(config, db, library, search, clock, PresenceCode(), secret, records, SimulatedMachine(), vaults, trail)
        )
        trail.flush()
