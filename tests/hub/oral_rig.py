# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A lesson of spoken English in this process: its pages, and the speech service's side of the hub's local rules."""

from __future__ import annotations

import dataclasses
import html
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from appliance.speech import feedback
from appliance.speech.verdict import Outcome, Verdict, WordVerdict
from tests.hub import site as rig
from tests.hub.lesson_rig import Teacher
from tests.hub.site import Site

SEQUENCE = "ce2-breakfast"
LOCAL = {"X-Cartable-Origin": "local"}


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Site]:
    """Two pupils of a class, Fox (p1) and Owl (p2), no process besides."""
    with rig.quiet(tmp_path / "state") as opened:
        rig.demonstration_class(opened)
        yield opened


def open_lesson(site: Site, *sequences: str, classe: str = "g") -> Teacher:
    teacher = Teacher(site)
    teacher.open(*(f"oral:{each}" for each in sequences or (SEQUENCE,)), classe=classe)
    return teacher


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


def asked(page: str) -> dict[str, Any]:
    """What the page's script would send with the sound."""
    return {"id": str(uuid.uuid4()), **{name: field(page, name) for name in ("token", "activity", "item")}}


def verdict(outcome: str = "bravo", heard: str = "milk", **more: Any) -> dict[str, Any]:
    """As the speech service hands one over."""
    message, params = feedback.sentence(Outcome(outcome), "noisy", heard, "milk")
    return dataclasses.asdict(Verdict(Outcome(outcome), message, params, heard=heard, **more))


def missed(contrast: str) -> dict[str, Any]:
    word = WordVerdict("milk", ok=False, heard_as="meek", rule=contrast, score=-2.0)
    return verdict("presque", "meek", words=(word,), focus=(contrast,), tip=feedback.tip(contrast))


def local(site: Site, path: str, told: Any) -> TestResponse:
    """As the speech service asks."""
    return site.new_browser().post(path, json=told, headers=LOCAL)


def kept(site: Site, told: dict[str, Any], judged: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = local(site, "/api/oral/attempts", {**told, "verdict": judged or verdict(), "age_ms": 300})
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})
