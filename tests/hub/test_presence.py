# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest

from appliance.errors import Busy
from appliance.hub import presence
from appliance.hub.presence import (
    FORGIVEN_EACH_S,
    FREE_TRIES,
    REMEMBERED_ADDRESSES,
    WRONG_IN_ALL,
    PresenceCode,
    kept,
)


class Hand:
    """A monotonic clock moved by hand."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def wrong(code: PresenceCode) -> str:
    return f"{(int(code.code) + 1) % 10**6:06d}"


def test_the_right_code_passes_with_spaces_too() -> None:
    code = PresenceCode()
    assert code.check(f" {code.code[:3]} {code.code[3:]} ", "a")


@pytest.mark.parametrize("given", ["", "1", "é" * 6, "\0" * 6, "9" * 10_000, "١٢٣٤٥٦"])
def test_nonsense_does_not(given: str) -> None:
    assert not PresenceCode().check(given, "a")


def test_a_guesser_waits_longer_and_longer_and_only_he() -> None:
    hand = Hand()
    code = PresenceCode(hand)
    for _ in range(FREE_TRIES):
        assert not code.check(wrong(code), "pupil")
    with pytest.raises(Busy, match="31 seconds"):
        code.check(code.code, "pupil")
    assert code.check(code.code, "teacher")
    hand.time = 31
    assert not code.check(wrong(code), "pupil")
    hand.time = 32 + 30
    with pytest.raises(Busy):
        code.check(code.code, "pupil")
    hand.time = 200
    assert code.check(code.code, "pupil")


def test_memory_of_addresses_is_bounded() -> None:
    hand = Hand()
    code = PresenceCode(hand)
    for number in range(REMEMBERED_ADDRESSES * 2):
        hand.time += FORGIVEN_EACH_S
        code.check(wrong(code), str(number))
    assert len(code._failures) <= REMEMBERED_ADDRESSES


def test_guessing_from_thousands_of_addresses_takes_weeks() -> None:
    hand = Hand()
    code = PresenceCode(hand)
    taken, lesson_s = 0, 3600
    for number in range(lesson_s * 5):
        hand.time = number / 5
        with contextlib.suppress(Busy):
            code.check(wrong(code), f"fe80::{number:x}")
            taken += 1
    assert taken <= WRONG_IN_ALL + lesson_s / FORGIVEN_EACH_S + 1
    hand.time += FORGIVEN_EACH_S
    assert code.check(code.code, "teacher"), "the teacher gets in once it is over"


def test_a_hub_that_restarts_keeps_the_code_on_show(tmp_path: Path) -> None:
    path = tmp_path / "run" / "presence-code"
    first = kept(path)
    assert kept(path).code == first.code
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"\xff\xfe rubbish")
    assert len(kept(path).code) == 6


def test_a_passphrase_does_as_well_and_is_throttled_as_the_code() -> None:
    hand, asked = Hand(), list[str]()

    def mine(words: str) -> bool:
        asked.append(words)
        return words == "quatre mots bien choisis"

    code = PresenceCode(hand, passphrase=mine)
    assert code.takes_passphrase
    assert not PresenceCode().takes_passphrase
    assert code.check("quatre mots bien choisis", "a")
    assert code.check(code.code, "a")
    for _ in range(FREE_TRIES):
        assert not code.check("quatre mots mal choisis", "pupil")
    seen = len(asked)
    with pytest.raises(Busy):
        code.check("quatre mots bien choisis", "pupil")
    assert len(asked) == seen  # nothing is computed for who has to wait
    assert code.check("quatre mots bien choisis", "teacher")
    assert not code.check(wrong(code), "other")
    assert asked[-1] != wrong(code)  # digits are no passphrase: nothing is computed for them


def test_who_tries_while_a_passphrase_is_looked_at_does_not_wait_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id takes a second or more: pupils who type nonsense must not hold every thread of the hub."""
    monkeypatch.setattr(presence, "PATIENCE_S", 0.05)
    asked, done = threading.Event(), threading.Event()

    def slow(given: str) -> bool:
        asked.set()
        return done.wait(20) and given == "agrafe soleil tortue radis"

    code = PresenceCode(passphrase=slow)
    found: list[bool] = []
    first = threading.Thread(target=lambda: found.append(code.check("agrafe soleil tortue radis", "a")))
    first.start()
    try:
        assert asked.wait(20)
        assert code.check(code.code, "teacher")
        with pytest.raises(Busy, match="Another passphrase"):
            code.check("pas celle-ci du tout", "b")
    finally:
        done.set()
        first.join()
    assert found == [True]
    assert not code.check("pas celle-ci du tout", "b")


def test_the_right_passphrase_waits_for_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "PATIENCE_S", 20.0)
    code = PresenceCode(passphrase=lambda given: given == "agrafe soleil tortue radis")
    found: list[bool] = []
    second = threading.Thread(target=lambda: found.append(code.check("agrafe soleil tortue radis", "a")))
    with code.hashing():
        second.start()
        second.join(0.05)
        assert not found
    second.join(20)
    assert found == [True]


def test_a_try_that_was_not_looked_at_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "PATIENCE_S", 0.001)
    code = PresenceCode(Hand(), passphrase=lambda given: given == "agrafe soleil tortue radis")
    with code.hashing():
        for _ in range(FREE_TRIES * 2):
            with pytest.raises(Busy, match="Another passphrase"):
                code.check("agrafe soleil tortue radis", "a")
    assert code.check("agrafe soleil tortue radis", "a")


def test_tries_that_cannot_be_right_slow_their_address_only() -> None:
    code = PresenceCode(Hand())
    for number in range(WRONG_IN_ALL * 2):
        code.refuse(f"fe80::{number:x}")
    assert code.check(code.code, "teacher")
    for _ in range(FREE_TRIES):
        code.refuse("pupil")
    with pytest.raises(Busy):
        code.refuse("pupil")


def test_another_code_takes_the_place_of_the_one_on_show(tmp_path: Path) -> None:
    code = kept(tmp_path / "presence-code")
    former = code.code
    code.renew()
    assert kept(tmp_path / "presence-code").code == code.code != former


def test_the_right_passphrase_is_forgiven_and_a_wrong_one_counts() -> None:
    code = PresenceCode(Hand(), passphrase=lambda given: given == "agrafe soleil tortue radis")
    for _ in range(FREE_TRIES - 1):
        assert not code.check("pas celle-ci du tout", "a")
    assert code.check("agrafe soleil tortue radis", "a")
    for _ in range(FREE_TRIES):
        assert not code.check("pas celle-ci du tout", "a")
    with pytest.raises(Busy, match="31 seconds"):
        code.check("agrafe soleil tortue radis", "a")
