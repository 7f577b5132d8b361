# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One store for all tests of the folder: each works with names of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appliance import box, config
from appliance.store.migrations import migrate
from appliance.store.record_keys import Keys
from tests.hub.xapi.rig import BOTH, Lrs, basic


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lrs]:
    """A started hub behind its application, and the technician's key."""
    folder = tmp_path_factory.mktemp("xapi")
    settings = config.load([], {"box": {"state": folder / "state", "run": folder / "run"}})
    migrate(settings.database)
    with box.hub(settings) as hub:
        yield Lrs(hub, box.application(settings, hub), basic(*Keys(hub.db).add("technician", ["all"])))


@pytest.fixture
def lrs(started: Lrs) -> Lrs:
    """A tool with every right, speaking 1.0.3."""
    return started


@pytest.fixture(params=BOTH)
def any_lrs(request: pytest.FixtureRequest, started: Lrs) -> Lrs:
    """The same in either version."""
    return started.speaking(request.param)
