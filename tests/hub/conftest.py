# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The hub's application on its real parts, without a server: the demonstration class, an empty library."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance import box, config
from appliance.hub.app import create_app
from appliance.hub.context import Hub
from appliance.store.migrations import migrate
from tests.hub import site as rig
from tests.hub.site import Site

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A started hub."""
    folder = tmp_path_factory.mktemp("hub")
    demonstration = folder / "demonstration"
    demonstration.mkdir()
    shutil.copy(ROOT / "demonstration" / "class.toml", demonstration)
    (demonstration / "catalogue.toml").write_text("resource = []\n")
    settings = config.load(
        [], {"box": {"state": folder / "state", "run": folder / "run", "demonstration": demonstration}}
    )
    migrate(settings.database)
    with box.hub(settings) as started:
        yield started


@pytest.fixture(scope="module")
def app(parts: Hub) -> Flask:
    """The Flask application."""
    return create_app(parts)


@pytest.fixture
def tablet(app: Flask) -> FlaskClient:
    """A browser with its own cookies, as the edge passes it on."""
    client = app.test_client()
    client.environ_base.update(
        HTTP_X_CARTABLE_ORIGIN="hub", HTTP_X_FORWARDED_FOR="10.0.0.9", HTTP_HOST="cartable.local"
    )
    return client


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An empty box of the test's own: no class, no resource."""
    with rig.opened(tmp_path / "state") as opened:
        yield opened


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A box with a class, a picture, a web bundle and a link, shared by a module: leave it as it was."""
    with rig.opened(tmp_path_factory.mktemp("school") / "state") as opened:
        rig.demonstration_class(opened)
        opened.sign_in()
        opened.upload(("carte de France.png", rig.picture()), levels=["cm1", "cm2"], subject="histoire-geo")
        opened.upload(("eau.zip", rig.bundle()), levels=["ce2"], subject="sciences", duration_minutes="15")
        opened.post("/enseignant/bibliotheque/lien", "/enseignant/bibliotheque/ajouter", url="https://example.org/x")
        opened.settle()
        opened.browser = opened.new_browser()
        yield opened
