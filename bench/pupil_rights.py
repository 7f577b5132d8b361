# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How long a pupil's rights take: everything taken away as a file, everything erased, from a large store."""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from pathlib import Path

from appliance import sealing
from appliance.hub.answered import Answer, prepared
from appliance.hub.roles import Role
from appliance.store import activities, settings
from bench.measure import Table
from tests.hub import site as rig
from tests.hub.people import account, seat
from tests.hub.site import Site

STATEMENTS = int(os.environ.get("CARTABLE_BENCH_PUPIL_STATEMENTS", "200000"))
SHARE = 28
"""Of them, one in so many is of the pupil who goes."""
TEXTS, MEDIA = 300, 60
PHOTO = 300_000
"""Bytes of a medium."""
BATCH = 500
MINUTE = 60.0


def measure(table: Table) -> None:
    """Add two rows: export and erasure, in seconds."""
    with tempfile.TemporaryDirectory(prefix="cartable-bench-") as name, rig.quiet(Path(name) / "state") as site:
        rig.demonstration_class(site)
        made, teacher = account(site, classes=("g",)), site.new_browser()
        seat(site, teacher, Role.TEACHER, made.staff.id, sealing.of_private(made.private))
        _fill(site)
        held = f"{STATEMENTS // SHARE:,} statements, {TEXTS} texts and {MEDIA} photos of one pupil"
        label = f"{held} among {STATEMENTS:,} statements"
        start = time.perf_counter()
        answer = teacher.get("/enseignant/eleves/p1/export.zip")
        size = len(answer.data)
        _row(table, f"{label}: exported", time.perf_counter() - start)
        if answer.status_code != 200 or size < MEDIA * PHOTO:
            raise RuntimeError(f"{answer.status_code}, {size} bytes of export")
        start = time.perf_counter()
        erased = teacher.post("/enseignant/eleves/p1/effacer", data={"csrf": "token", "sure": "yes"})
        _row(table, f"{label}: erased", time.perf_counter() - start)
        if erased.status_code != 200:
            raise RuntimeError(f"{erased.status_code} for the erasure: {erased.text[:300]}")


def _row(table: Table, label: str, seconds: float) -> None:
    table.add(label, seconds, unit="s", target="<= 60 s", met=lambda ours, _: ours <= MINUTE)


def _fill(site: Site) -> None:
    box, quiz = settings.box_id(site.hub.db), activities.get(site.hub.db, "a1")
    for first in range(0, STATEMENTS, BATCH):
        answers = [
            Answer(str(uuid.UUID(int=number + 1, version=4)), "p1" if number % SHARE == 0 else "p2", "l", "q1", "a")
            for number in range(first, min(STATEMENTS, first + BATCH))
        ]
        site.hub.records.append([prepared(box, quiz, each) for each in answers])
    for _ in range(TEXTS):
        site.hub.vaults.keep("p1", "text", b"Mon chien s'appelle Rex. " * 8)
    for _ in range(MEDIA):
        site.hub.vaults.keep("p1", "media", os.urandom(PHOTO), media_type="image/jpeg")
