# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""When an event happened, as far as the box knows: stamped here, or told to the hub as an age."""

from __future__ import annotations

from collections.abc import Callable

from appliance.records_outbox import RecordsOutbox
from tests.outbox.rig import Watch, said
from tests.rigs.records_socket import RecordsSocket


class TestTime:
    def test_a_clock_that_is_right_stamps_at_once(
        self, opened: Callable[[], RecordsOutbox], hub: RecordsSocket, watch: Watch
    ) -> None:
        watch.trusted = True
        outbox = opened()
        outbox.add(said())
        watch.passes(50)
        assert outbox.flush()
        assert hub.deliveries[0][0] == [0.0]
        assert hub.deliveries[0][1][0]["timestamp"] == "2026-09-21T14:13:20.000000Z"

    def test_a_timestamp_of_the_service_s_own_stays(
        self, opened: Callable[[], RecordsOutbox], hub: RecordsSocket, watch: Watch
    ) -> None:
        outbox = opened()
        outbox.add(said(timestamp="2020-01-01T00:00:00Z"))
        watch.passes(50)
        assert outbox.flush()
        ages, [sent] = hub.deliveries[0]
        assert (ages, sent["timestamp"]) == ([0.0], "2020-01-01T00:00:00Z")

    def test_without_a_clock_the_hub_learns_the_age(
        self, opened: Callable[[], RecordsOutbox], hub: RecordsSocket, watch: Watch
    ) -> None:
        outbox = opened()
        outbox.add(said("a"))
        watch.passes(10.5)
        outbox.add(said("b"))
        watch.passes(2)
        watch.trusted = True  # came late: the monotonic clock still tells
        assert outbox.flush()
        ages, sent = hub.deliveries[0]
        assert ages == [12.5, 2.0]
        assert not any("timestamp" in statement for statement in sent)

    def test_the_age_grows_while_the_hub_is_away(
        self, opened: Callable[[], RecordsOutbox], hub: RecordsSocket, watch: Watch
    ) -> None:
        outbox = opened()
        outbox.add(said())
        hub.next.append(503)
        assert not outbox.flush()
        watch.passes(600)
        assert opened().flush()
        assert [ages for ages, _ in hub.deliveries] == [[0.0], [600.0]]

    def test_after_a_restart_without_a_clock_the_age_is_a_lower_bound(
        self, opened: Callable[[], RecordsOutbox], hub: RecordsSocket, watch: Watch
    ) -> None:
        outbox = opened()
        outbox.add(said("a"))
        watch.passes(30)
        outbox.add(said("b"))
        watch.reboots(trusted=True, away_s=86400, up_s=20)
        assert opened().flush()
        ages, sent = hub.deliveries[0]
        assert ages == [50.0, 20.0]
        assert not any("timestamp" in statement for statement in sent)

    def test_a_clock_that_came_right_before_the_restart_tells_the_time_of_what_came_earlier(
        self, opened: Callable[[], RecordsOutbox], hub: RecordsSocket, watch: Watch
    ) -> None:
        outbox = opened()
        outbox.add(said("a"))
        watch.passes(60)
        watch.trusted = True
        outbox.add(said("b"))
        watch.reboots(trusted=False, away_s=86400, up_s=20)
        assert opened().flush()
        ages, sent = hub.deliveries[0]
        assert ages == [0.0, 0.0]
        assert [s["timestamp"] for s in sent] == ["2026-09-21T14:13:20.000000Z", "2026-09-21T14:14:20.000000Z"]

    def test_a_clock_that_stepped_back_makes_no_negative_age(
        self, opened: Callable[[], RecordsOutbox], hub: RecordsSocket, watch: Watch
    ) -> None:
        outbox = opened()
        outbox.add(said())
        watch.monotonic -= 5
        assert outbox.flush()
        assert hub.deliveries[0][0] == [0.0]
