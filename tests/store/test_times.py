# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The arithmetic of ``stored``: nothing goes back, whatever the clock says."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from appliance.ports import Now
from appliance.store import times
from appliance.store.times import Anchor, Run

moments = st.integers(0, times.LATEST)


@given(moments, moments)
def test_text_is_27_characters_in_the_order_of_time_and_reads_back(one: int, other: int) -> None:
    assert len(times.text(one)) == 27
    assert times.read(times.text(one)) == one
    assert (times.text(one) < times.text(other)) == (one < other)


@pytest.mark.parametrize(("seconds", "text"), [
    (0.0, "1970-01-01T00:00:00.000000Z"), (-5.0, "1970-01-01T00:00:00.000000Z"),
    (1_700_000_000.000001, "2023-11-14T22:13:20.000001Z"), (1e15, "9999-12-31T23:59:59.999999Z"),
])  # fmt: skip
def test_what_no_calendar_holds_is_kept_at_its_edge(seconds: float, text: str) -> None:
    assert times.rfc3339(seconds) == text


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00.000000Z"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        times.read(text)


LAST = times.micros(1_000_000.0)


@pytest.mark.parametrize(("wall", "trusted", "expected"), [
    (2_000_000.0, True, 2_000_000.0),
    (5.0, True, 5.0),  # a trusted clock is right, even when it goes back
    (2_000_000.0, False, 2_000_000.0),  # plausible: not before what is there
    (5.0, False, 1_000_030.0),  # 1970: thirty seconds after the last, by the monotonic clock
])  # fmt: skip
def test_when_something_arrived(wall: float, trusted: bool, expected: float) -> None:
    anchor = Anchor(LAST, times.micros(70.0))
    assert times.arrival(Now(wall, trusted, 100.0), LAST, anchor) == times.micros(expected)


def test_without_an_anchor_time_stands_still_rather_than_going_back() -> None:
    assert times.arrival(Now(5.0, False, 100.0), LAST, None) == LAST


@given(st.lists(moments, min_size=1, max_size=30, unique=True), st.integers(-1, times.LATEST), st.integers(0, 10**17))
def test_settled_times_grow_and_stay_after_what_came_before(estimates: list[int], after: int, room: int) -> None:
    estimates.sort()
    run = Run(10, 9 + len(estimates), after, after + room)
    settled = [run.settled(10 + place, estimate) for place, estimate in enumerate(estimates)]
    assert settled == sorted(set(settled))
    assert settled[0] > after
    if room > len(estimates):
        assert settled[-1] < run.before


@given(st.floats(1e8, 4e9), st.floats(10, 1e7), st.floats(0, 10))
def test_the_true_time_is_as_long_ago_as_the_monotonic_clock_says(wall: float, monotonic: float, ago: float) -> None:
    found = times.true_time(Now(wall, True, monotonic), times.micros(monotonic - ago))
    assert abs(found - times.micros(wall - ago)) <= 2
