# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import pytest

from appliance.studio.pace import BEHIND_S, LATE_S, LIVELY_S, SPARING_S, Pace


def shown(waiting_s: float, seconds: float = 6.0, piece_s: float = 0.2) -> int:
    pace = Pace()
    return sum(pace.partial(piece_s, waiting_s, lost=False) for _ in range(round(seconds / piece_s)))


@pytest.mark.parametrize(
    ("waiting_s", "times"), [(0.0, 6 / LIVELY_S), (LATE_S, 6 / SPARING_S), (BEHIND_S, 0), (9.0, 0)], ids=str
)
def test_the_later_it_is_the_less_it_is_asked_for(waiting_s: float, times: float) -> None:
    assert shown(waiting_s) == pytest.approx(times, abs=1)


def test_behind_is_said_until_it_has_caught_up() -> None:
    pace = Pace()
    told = []
    for waiting in (0.0, LATE_S, BEHIND_S, LATE_S + 0.1, LATE_S + 0.1, 0.0):
        pace.partial(0.2, waiting, lost=False)
        told.append(pace.behind)
    assert told == [False, False, True, True, True, False]


def test_lost_sound_is_said_too() -> None:
    pace = Pace()
    assert not pace.partial(0.4, 0.0, lost=True)
    assert pace.behind
