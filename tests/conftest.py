# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Whole boxes for the tests that need one. The demonstration is imported once per run; each box gets a copy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.rigs import box as rig
from tests.rigs.box import Box

hypothesis.settings.register_profile(
    "box", deadline=None, derandomize=os.environ.get("CARTABLE_SOAK") is None, print_blob=True
)
hypothesis.settings.load_profile("box")  # a busy machine is no failure; chance is for the soak


def copy_state(prepared: Path, state: Path) -> Path:
    """Blobs never change, so they are linked; everything else is copied."""

    def copy(source: str, target: str) -> object:
        if "/library/blobs/" not in source:
            return shutil.copy2(source, target)
        os.link(source, target)
        return target

    shutil.copytree(prepared, state, copy_function=copy, ignore=shutil.ignore_patterns("run", "hub.lock", "*.sock"))
    return state


@pytest.fixture(scope="session")
def prepared_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a stopped box that holds the whole demonstration."""
    state = tmp_path_factory.mktemp("box") / "prepared"
    with rig.running(state):
        pass
    return state


@pytest.fixture(scope="session")
def box(prepared_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with the demonstration class and corpus, shared by all tests: leave it as it was."""
    with rig.running(copy_state(prepared_state, tmp_path_factory.mktemp("box") / "shared")) as running:
        yield running


@pytest.fixture
def own_box(prepared_state: Path, tmp_path: Path) -> Iterator[Box]:
    """A box of the test's own, to be killed, filled or spoilt."""
    with rig.running(copy_state(prepared_state, tmp_path / "own")) as running:
        yield running


def pytest_sessionfinish(session: pytest.Session) -> None:
    """On CI nothing may be skipped: a skip there is a missing tool, and a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("tests were skipped, which CI does not allow", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
