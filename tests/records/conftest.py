# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.records.boxes import Box, SetClock

Made = Callable[..., Box]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Made]:
    """Boxes by name, closed at the end."""
    boxes: list[Box] = []

    def made(name: str = "box", clock: SetClock | None = None) -> Box:
        boxes.append(Box(tmp_path / name, clock))
        return boxes[-1]

    yield made
    for box in boxes:
        box.close()


@pytest.fixture
def box(make: Made) -> Box:
    return make()
