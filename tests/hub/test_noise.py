# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A class too noisy for its tablets to judge: said to the teacher, while it lasts, and not for one pupil's cough."""

from __future__ import annotations

from appliance.hub.noise import LEAST, WINDOW_S, Noise
from tests.hub.lesson_rig import tablet
from tests.hub.oral_rig import SEQUENCE, asked, kept, open_lesson, school, verdict
from tests.hub.site import Site

__all__ = ["school"]


def test_half_of_the_last_turns_and_only_while_it_lasts() -> None:
    now = [100.0]
    noise = Noise(lambda: now[0])
    for _ in range(LEAST - 1):
        noise.hear("l", noisy=True)
    assert not noise.too_loud("l"), "too few to say so"
    noise.hear("l", noisy=True)
    assert noise.too_loud("l")
    assert not noise.too_loud("m"), "another lesson"
    for _ in range(LEAST):
        noise.hear("l", noisy=False)
    assert noise.too_loud("l"), "half of them"
    noise.hear("l", noisy=False)
    assert not noise.too_loud("l")
    now[0] += WINDOW_S + 1
    for _ in range(LEAST):
        noise.hear("l", noisy=True)
    assert noise.too_loud("l"), "what is long ago counts no more"
    noise.hear("m", noisy=True)
    assert not noise.too_loud("l"), "a lesson begins afresh"


def test_the_board_says_it(school: Site) -> None:
    teacher = open_lesson(school)
    pupil = tablet(school, "p1")
    for turn in range(LEAST):
        assert "bruyante" not in teacher.board()
        kept(school, asked(pupil.text(f"/oral/{SEQUENCE}/1?n={turn + 1}")), verdict("bruit", ""))
    assert "La classe est trop bruyante pour que les tablettes jugent" in teacher.board()
