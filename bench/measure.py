# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Rows of a benchmark, and what the kernel says of processes: CPU seconds, private memory."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

RESULTS = Path(__file__).with_name("results")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One line of a result. ``ratio``: ours / peer. ``met`` None: no target, printed for comparison."""

    measure: str
    ours: float | None
    peer: float | None
    ratio: float | None
    target: str
    met: bool | None
    unit: str = ""
    peer_name: str = ""


class Table:
    """Collects rows, prints each as it comes, writes them at the end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Row] = []

    def add(
        self, measure: str, ours: float | None, peer: float | None = None, *, unit: str = "", peer_name: str = "",
        target: str = "", met: Callable[[float, float], bool] | None = None,
    ) -> None:  # fmt: skip
        """``met(ours, ratio)`` tells whether the target is reached (ratio: NaN without a peer)."""
        ratio = ours / peer if ours is not None and peer else None
        verdict = met(ours, ratio if ratio is not None else float("nan")) if met and ours is not None else None
        row = Row(measure, _short(ours), _short(peer), _short(ratio), target, verdict, unit, peer_name)
        self.rows.append(row)
        mark = {True: "met", False: "NOT MET", None: ""}[row.met]
        print(
            f"{row.measure:<66} {_text(row.ours):>10} {row.unit:<6} {row.peer_name:>14} {_text(row.peer):>10}"
            f"  ratio {_text(row.ratio):>8}  {row.target:<24} {mark}",
            flush=True,
        )

    def write(self) -> Path:
        """Writes the JSON and returns its path."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self.name}.json"
        path.write_text(json.dumps([dataclasses.asdict(row) for row in self.rows], indent=1) + "\n", encoding="utf-8")
        return path


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}"


def family(root: int) -> list[int]:
    """A process and all its living descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo.extend(parents.get(pid, ()))
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes (and of children they have waited for)."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def private_bytes(pids: Iterable[int]) -> int:
    """Pss_Anon: anonymous memory, shared pages counted by their share."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        total += sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss_Anon:"))
    return total


def until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for a condition; returns the seconds it took, raises TimeoutError after ``seconds``."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.005)
    return time.monotonic() - start
