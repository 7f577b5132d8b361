# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import threading

from appliance.hub.room import GONE_AFTER_S, LONGEST_PLACE, MOST_TABLETS, MOST_WAITING, Room


class Time:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def made(minutes: int = 0) -> tuple[Room, Time]:
    time = Time()
    room = Room(time)
    room.enter("lesson.1", minutes)
    return room, time


def test_a_tablet_is_here_until_it_was_not_heard_for_ten_seconds() -> None:
    room, time = made()
    assert room.presence() == {}
    room.hear("lesson.1", "t1", "fox", "/etagere", 3)
    time.now += GONE_AFTER_S
    assert (room.presence()["fox"].tablets, room.presence()["fox"].gone_s) == (1, 0)
    time.now += 1
    seen = room.presence()["fox"]
    assert (seen.tablets, seen.gone_s, seen.waiting) == (0, 11, 3)
    room.hear("lesson.1", "t1", "fox", "/exercice/a", 0)
    assert room.presence()["fox"].place == "/exercice/a"


def test_two_tablets_of_one_pupil_are_told_apart_and_their_kept_answers_added() -> None:
    room, time = made()
    room.hear("lesson.1", "t1", "fox", "/etagere", 2)
    time.now += 1
    room.hear("lesson.1", "t2", "fox", "/exercice/a", 1)
    seen = room.presence()["fox"]
    assert (seen.tablets, seen.waiting, seen.place) == (2, 3, "/exercice/a")
    room.leave("t2")
    assert room.presence()["fox"].tablets == 1


def test_another_lesson_is_not_heard_and_its_room_is_empty() -> None:
    room, _ = made()
    room.hear("lesson.1", "t1", "fox", "/etagere")
    room.raise_hand("lesson.1", "fox", up=True)
    room.look(5)
    room.time(10)
    before = room.told("fox").tag
    room.enter("lesson.2")
    told = room.told("fox")
    assert (told.look_s, told.timer_s, told.timer_of_s, told.hand) == (0, 0, 0, False)
    assert told.tag != before
    room.hear("lesson.1", "t1", "fox", "/etagere")
    room.raise_hand("lesson.1", "fox", up=True)
    assert room.presence() == {}
    assert room.hands() == []
    room.enter("")
    room.look(5)
    room.time(5)
    room.hear("", "t1", "fox", "/etagere")
    assert room.told().look_s == 0
    assert room.told().timer_of_s == 0
    assert room.presence() == {}


def test_look_at_me_frees_itself_and_the_tag_says_so() -> None:
    room, time = made()
    calm = room.told().tag
    room.look(3)
    looking = room.told()
    assert looking.look_s == 180
    assert looking.tag != calm
    time.now += 179
    assert room.told().tag == looking.tag, "nothing changes because time passes"
    time.now += 2
    assert room.told().look_s == 0
    assert room.told().tag != looking.tag
    room.look(1)
    room.look(0)
    assert room.told().look_s == 0


def test_the_timer_runs_down_and_stays_at_nothing() -> None:
    room, time = made(10)
    assert (room.told().timer_s, room.told().timer_of_s) == (600, 600)
    time.now += 900
    assert (room.told().timer_s, room.told().timer_of_s) == (0, 600)
    room.enter("lesson.1", 10)
    assert room.told().timer_s == 0, "the same lesson again starts nothing"
    room.time(0)
    assert room.told().timer_of_s == 0


def test_hands_wait_in_the_order_they_were_raised() -> None:
    room, _ = made()
    for pupil in ("owl", "fox", "owl"):
        room.raise_hand("lesson.1", pupil, up=True)
    assert room.hands() == ["owl", "fox"]
    tag = room.told("owl").tag
    room.raise_hand("lesson.1", "owl", up=False)
    room.raise_hand("lesson.1", "owl", up=False)
    assert room.hands() == ["fox"]
    assert room.told("owl").tag != tag


def test_a_hand_goes_down_with_the_last_tablet_of_its_pupil() -> None:
    room, _ = made()
    for tablet in ("t1", "t2"):
        room.hear("lesson.1", tablet, "fox", "/etagere")
    room.raise_hand("lesson.1", "fox", up=True)
    room.leave("t1")
    assert room.hands() == ["fox"]
    room.leave("t2")
    room.leave("unknown")
    assert room.hands() == []


def test_those_who_share_a_tablet_are_all_here() -> None:
    room, _ = made()
    room.hear("lesson.1", "t1", "fox", "/etagere", 1, team=["fox", "owl", "cow", "hen", "one too many"])
    assert {pupil: seen.tablets for pupil, seen in room.presence().items()} == {"fox": 1, "owl": 1, "cow": 1, "hen": 1}
    room.raise_hand("lesson.1", "owl", up=True)
    room.hear("lesson.1", "t2", "owl", "/etagere")
    room.leave("t1")
    assert room.hands() == ["owl"]
    assert set(room.presence()) == {"owl"}


def test_memory_is_bounded() -> None:
    room, _ = made()
    for number in range(MOST_TABLETS + 50):
        room.hear("lesson.1", f"t{number}", f"p{number}", "/lire/" + "x" * 5000, 10**12)
        room.raise_hand("lesson.1", f"p{number}", up=True)
    seen = room.presence()
    assert len(seen) == MOST_TABLETS
    assert "p0" not in seen
    assert len(room.hands()) == MOST_TABLETS
    assert max(len(each.place) for each in seen.values()) == LONGEST_PLACE
    assert max(each.waiting for each in seen.values()) == MOST_WAITING
    room.hear("lesson.1", "t-1", "p", "/etagere", -5)
    assert room.presence()["p"].waiting == 0


def test_many_threads_at_once() -> None:
    room, _ = made()

    def work(number: int) -> None:
        for turn in range(200):
            room.hear("lesson.1", f"t{number}", f"p{number % 3}", "/etagere", turn)
            room.raise_hand("lesson.1", f"p{number % 3}", up=bool(turn % 2))
            room.presence()
            room.told(f"p{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.tablets for each in room.presence().values()) == 8
