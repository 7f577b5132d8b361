# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sample files, made once for each run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.ports import Limits
from tests.formats import samples
from tests.formats.rig import LIMITS, Found, import_file

Import = Callable[..., Found]


@pytest.fixture
def take(tmp_path: Path) -> Import:
    """``take(path, *captions)``: import into a fresh blob directory."""
    count = iter(range(1000))

    def run(path: Path, *captions: Path, limits: Limits = LIMITS) -> Found:
        return import_file(path, tmp_path / f"blob{next(count)}", captions, limits)

    return run


@pytest.fixture(scope="session")
def zim_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.zim(tmp_path_factory.mktemp("zim") / "animaux.zim")
