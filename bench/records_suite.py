# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The public ADL conformance suite against a running box: its score, beside Ralph's."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from bench.measure import Table

VARIABLE = "CARTABLE_ADL_SUITE"
"""Folder of the suite, its dependencies installed."""
PEER = {"1.0.3": (270, 1365), "2.0.0": (290, 1442)}
"""Version -> tests that Ralph 5.1.0 passes, of how many."""
LIMIT_S = 3600


def folder() -> Path | None:
    """Where the suite is; None when nobody said."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def run(table: Table, suite: Path, version: str, endpoint: str, user: str, password: str) -> None:
    """All tests of a version. Raises RuntimeError when the suite tells no result."""
    command = ["node", "bin/console_runner.js", "-e", endpoint, "-a", "-u", user, "-p", password, "-x", version]
    done = subprocess.run(command, cwd=suite, capture_output=True, text=True, timeout=LIMIT_S)
    summary = _summary(done.stdout)
    if summary is None or not summary["total"]:
        raise RuntimeError(f"the suite told no result: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    passed, total = PEER[version]
    label = f"ADL conformance {version[:5]}: tests passed of {summary['total']}"
    table.add(label, summary["passed"], passed, unit="tests", peer_name=f"Ralph ({total})", target="all",
              met=lambda ours, _: ours == summary["total"])  # fmt: skip


def _summary(output: str) -> dict[str, Any] | None:
    """The last one that the runner printed."""
    found = re.findall(r'^\{"total":.*\}$', output, re.MULTILINE)
    return json.loads(found[-1]) if found else None
