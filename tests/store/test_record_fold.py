# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Projections after voiding, beside what a rebuild gives."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.faults.records_check import projections
from tests.faults.records_clock import ScriptedClock, steady
from tests.faults.records_store import opened, prepare
from tests.faults.wsgi import call

ACTIVITY = "https://ecole.example.org/activites/1"


def answered(number: int) -> dict[str, Any]:
    return {"id": str(uuid.UUID(int=number, version=4)), "actor": {"mbox": "mailto:a@example.org"},
            "verb": {"id": "http://adlnet.gov/expapi/verbs/answered"}, "object": {"id": ACTIVITY}}  # fmt: skip


def voiding(number: int, target: int) -> dict[str, Any]:
    reference = {"objectType": "StatementRef", "id": answered(target)["id"]}
    return answered(number) | {"verb": {"id": "http://adlnet.gov/expapi/verbs/voided"}, "object": reference}


@pytest.mark.parametrize(
    ("batches", "left"),
    [
        ([[answered(1)], [answered(2), voiding(3, 1)]], 1),
        ([[answered(1), answered(2), voiding(3, 1)]], 1),
        ([[voiding(3, 1)], [answered(2), answered(1)]], 1),
        ([[answered(1)], [answered(2), voiding(3, 1), answered(4)], [answered(5), voiding(6, 2)]], 2),
    ],
)
def test_what_comes_with_a_voiding_statement_is_counted_once(
    tmp_path: Path, batches: list[list[dict[str, Any]]], left: int
) -> None:
    prepare(tmp_path)
    with opened(tmp_path, ScriptedClock(steady(1))) as store:
        for batch in batches:
            headers = {"X-Experience-API-Version": "1.0.3", "Content-Type": "application/json", **store.headers}
            answer = call(store.application, "POST", "/xapi/statements", "", headers, json.dumps(batch).encode())
            assert answer.status == 200, answer.body
        conn = store.db.reading()
        assert conn.execute("SELECT statements FROM progress").fetchone()[0] == left
        before = projections(conn)
        store.records.rebuild(lambda done, total: None)
        assert projections(conn) == before
