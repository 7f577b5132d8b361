# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The record store is killed, unplugged, starved of disk and lied to about the time: nothing acknowledged is lost.

A sample here, 1,000 faults with ``make soak SUITE=records``. Each fault is drawn from its number; ``CARTABLE_SEED=<n>``
plays that one alone, and what it leaves behind stays in pytest's folder.
"""

from __future__ import annotations

import collections
import concurrent.futures
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults import records_disks
from tests.faults.records_check import Verdict
from tests.faults.records_fault import KINDS, Fault, Outcome
from tests.faults.records_store import prepare

SOAK = os.environ.get("CARTABLE_SOAK") == "1"
COUNT = int(os.environ.get("CARTABLE_FAULTS", "1000" if SOAK else str(len(KINDS))))
SEED = os.environ.get("CARTABLE_SEED")
WORKERS = min(4, os.cpu_count() or 1)

pytestmark = [pytest.mark.system, pytest.mark.timeout(7200 if SOAK else 180)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder from which each fault starts."""
    state = tmp_path_factory.mktemp("records") / "template"
    prepare(state)
    return state


@pytest.fixture(scope="module")
def image(template: Path) -> Path | None:
    """The same on a card; None where nobody may mount one."""
    if not records_disks.can_mount():
        return None
    path = template.with_name("card.img")
    records_disks.make_image(path, template)
    return path


def test_no_fault_loses_doubles_or_brings_back(
    tmp_path: Path, template: Path, image: Path | None, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = [int(SEED)] if SEED else range(COUNT)
    faults = [Fault(seed, tmp_path / str(seed), template, image) for seed in seeds]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(fault.play) for fault in faults]
    outcomes = [_outcome(fault, future) for fault, future in zip(faults, futures, strict=True)]
    with capsys.disabled():
        print(_table(outcomes, image is not None))
    assert not [problem for outcome in outcomes for problem in outcome.verdict.problems], _failures(outcomes)
    if not SEED:
        struck = [outcome for outcome in outcomes if outcome.struck]
        assert len(struck) > len(outcomes) * 2 / 3, "most faults came too late to strike"
        assert sum(outcome.acknowledged for outcome in outcomes) > 20 * len(outcomes)


def _outcome(fault: Fault, future: concurrent.futures.Future[Outcome]) -> Outcome:
    """What it found; a store that cannot be opened, or a process that ends in an error, is a finding too."""
    error = future.exception()
    if error is None:
        return future.result()
    return Outcome(fault.seed, fault.kind, True, 0, Verdict(other=[str(error)[-1500:] or repr(error)]))


def _failures(outcomes: Sequence[Outcome]) -> str:
    return "\n".join(
        f"CARTABLE_SEED={outcome.seed} ({outcome.kind}): " + "; ".join(outcome.verdict.problems[:5])
        for outcome in outcomes
        if outcome.verdict.problems
    )


def _table(outcomes: Sequence[Outcome], mounted: bool) -> str:
    kinds: dict[str, list[Outcome]] = collections.defaultdict(list)
    for outcome in outcomes:
        kinds[outcome.kind].append(outcome)
    kinds["all"] = list(outcomes)
    heads = ("faults", "struck", "acknowledged", "lost", "doubled", "back", "other")
    lines = ["", f"{'fault':<40}" + "".join(f"{head:>14}" for head in heads)]
    for kind, several in kinds.items():
        verdicts = [outcome.verdict for outcome in several]
        counts = [len(several), sum(o.struck for o in several), sum(o.acknowledged for o in several)]
        counts += [sum(len(getattr(v, name)) for v in verdicts) for name in ("lost", "doubled", "back", "other")]
        lines.append(f"{kind:<40}" + "".join(f"{count:>14,}" for count in counts))
    if not mounted:
        lines.append("power cut: nobody may mount a file system here, so the files of the frozen process were copied, "
                     "with a torn log; a missing flush would not show")  # fmt: skip
    return "\n".join(lines)
