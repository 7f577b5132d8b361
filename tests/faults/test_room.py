# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A tool that fills the disk stops while answers and erasures still have room (a small disk of its own)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import disks

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
MEGABYTES, KEEP = 120, 20


def test_a_tool_leaves_room_for_answers_and_for_an_erasure(tmp_path: Path) -> None:
    if not disks.namespace():
        pytest.skip("a disk of its own needs a mount namespace")
    words = [sys.executable, "-m", "tests.faults.inside_room", str(tmp_path), str(KEEP)]
    ran = subprocess.run(disks.full(tmp_path, MEGABYTES, words), capture_output=True, check=False, text=True)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["kept"] > 10
    assert told["refused"] == 507
    assert told["free"] > KEEP << 20
    assert told["own"] == [204]
    assert (told["erased"], told["unfinished"]) == (1000, None)
