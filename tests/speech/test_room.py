# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Led activities as turns, of every kind; what follows from each verdict and from each tap."""

from __future__ import annotations

import pytest

from appliance.sequences import kinds, ready
from appliance.sequences.sequence import Activity, Sequence
from appliance.speech import room
from appliance.speech.room import Do, Phase, State
from appliance.speech.room_steps import CALLS, SIMON_SAYS, Cue, Mode, Sound, Step, Who, steps
from appliance.speech.verdict import Outcome, Verdict

BRAVO, PRESQUE, ENCORE = Outcome.BRAVO, Outcome.PRESQUE, Outcome.ENCORE


def of_kind(kind: str) -> tuple[Sequence, Activity]:
    """The first activity of that kind that comes with the box."""
    return next(
        (sequence, activity) for sequence in ready.sequences() for activity in sequence.activities
        if activity.kind == kind
    )  # fmt: skip


def turns(kind: str, mode: Mode = Mode.CLASS, *, pupil: bool = False) -> tuple[Step, ...]:
    return steps(*of_kind(kind), mode, pupil=pupil)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("kind", kinds.ACTIVITIES)
def test_every_kind_can_be_led_with_sounds_that_the_box_has(kind: str, mode: Mode) -> None:
    sequence, activity = of_kind(kind)
    slugs = {item.slug for item in sequence.items}
    made = steps(sequence, activity, mode)
    assert made
    for step in made:
        assert step.item in slugs
        assert step.listens or step.cues, "a turn in which nothing happens"
        for cue in (*step.cues, *step.after):
            assert cue.sound not in (Sound.MODEL, Sound.SLOW) or cue.text in slugs
    assert (kind == "simon-says") == (not any(step.listens for step in made))
    alone = steps(sequence, activity, mode, pupil=True)
    assert {step.who for step in alone} <= {Who.PUPIL, Who.BOX}


def test_all_ready_activities_can_be_led() -> None:
    for sequence in ready.sequences():
        for activity in sequence.activities:
            assert 1 <= len(steps(sequence, activity, Mode.CLASS)) <= 120, (sequence.id, activity.kind)


def test_listen_and_repeat_goes_from_the_class_to_one_pupil_and_calls_them() -> None:
    made = turns("listen-repeat")
    assert [step.who for step in made[:3]] == [Who.CLASS, Who.HALF, Who.PUPIL]
    assert len({step.item for step in made[:3]}) == 1
    for step in made[:3]:
        assert step.cues == (Cue(Sound.SAY, CALLS[step.who]), Cue(Sound.MODEL, step.item))
    half = turns("listen-repeat", Mode.HALF)
    assert [step.who for step in half[:4]] == [Who.HALF, Who.PUPIL] * 2
    group = turns("listen-repeat", Mode.GROUP)
    assert [len(step.cues) for step in group[:3]] == [2, 1, 1], "who speaks is called once"


def test_a_picture_is_named_before_the_model_is_heard() -> None:
    for step in turns("picture-word"):
        assert Cue(Sound.MODEL, step.item) not in step.cues
        assert step.after == (Cue(Sound.MODEL, step.item),)


def test_a_question_is_asked_and_any_of_its_answers_is_right() -> None:
    sequence, activity = of_kind("question-answer")
    for step in steps(sequence, activity, Mode.CLASS):
        item = next(each for each in sequence.items if each.slug == step.item)
        assert Cue(Sound.MODEL, sequence.item(item.answers).slug) in step.cues
        others = [each.slug for each in sequence.items if each.answers == item.answers and each.text in activity.items]
        assert sorted((*step.also, step.item)) == sorted(others)


def test_minimal_pairs_are_both_heard_and_asked_in_turn() -> None:
    made = turns("minimal-pairs")
    for step in made:
        assert [cue.sound for cue in step.cues if cue.sound is Sound.MODEL] == [Sound.MODEL] * 2
        assert Cue(Sound.MODEL, step.item) in step.cues
    places = [[cue.text for cue in step.cues if cue.sound is Sound.MODEL].index(step.item) for step in made]
    assert places == [number % 2 for number in range(len(made))]


def test_simon_does_not_always_say() -> None:
    said = [Cue(Sound.ENGLISH, SIMON_SAYS) in step.cues for step in turns("simon-says")]
    assert any(said)
    assert not all(said)


def test_a_dialogue_is_listened_to_then_shared_both_ways() -> None:
    sequence, activity = of_kind("dialogue")
    lines = [sequence.item(text).slug for text in activity.items]
    made = steps(sequence, activity, Mode.CLASS)
    assert [step.item for step in made] == lines * 3
    first, second, third = (made[at : at + len(lines)] for at in range(0, len(made), len(lines)))
    assert not any(step.listens for step in first)
    assert [step.listens for step in second] == [number % 2 == 1 for number in range(len(lines))]
    assert [step.listens for step in third] == [number % 2 == 0 for number in range(len(lines))]
    for step in (*second, *third):
        assert (Cue(Sound.MODEL, step.item) in step.cues) == (not step.listens), "the box says only its own lines"


def test_a_song_has_a_rhythm_of_one_click_a_word() -> None:
    sequence, activity = of_kind("song")
    for step in steps(sequence, activity, Mode.CLASS):
        item = next(each for each in sequence.items if each.slug == step.item)
        (clicks,) = [cue for cue in step.cues if cue.sound is Sound.CLICKS]
        lasts = [float(each) for each in clicks.text.split()]
        assert len(lasts) == len(item.words)
        assert sum(lasts) == pytest.approx(60 / activity.tempo * sum(item.beats or (1,)), abs=0.01)


def test_free_speech_is_heard_beside_the_model_and_never_judged() -> None:
    for step in turns("free-recording"):
        assert not step.judged
        assert step.after == (Cue(Sound.MODEL, step.item), Cue(Sound.OWN))


# one turn

TURN = Step("three", (Cue(Sound.MODEL, "three"),), Who.CLASS)
PAIR = (TURN, Step("tree", (Cue(Sound.MODEL, "tree"),), Who.CLASS))


def said(outcome: Outcome, tries: int = 0, **more: str) -> State:
    """After the feedback on a turn that ended so."""
    state = room.prompted(State(PAIR, tries=tries))
    assert state.phase is Phase.LISTEN
    state = room.heard(state, Verdict(outcome, "", **more))  # type: ignore[arg-type]
    assert state.phase is Phase.FEEDBACK
    return room.told(state)


def test_what_goes_well_leads_to_the_next_turn() -> None:
    state = said(BRAVO)
    assert state.phase is Phase.BETWEEN
    after = room.waited(state)
    assert (after.at, after.phase, after.outcome) == (1, Phase.PROMPT, "")
    assert room.waited(room.told(room.heard(after, Verdict(BRAVO, "")))).phase is Phase.OVER


@pytest.mark.parametrize("outcome", [PRESQUE, ENCORE])
def test_what_does_not_is_tried_once_more_slowly_then_left(outcome: Outcome) -> None:
    again = room.waited(said(outcome))
    assert (again.at, again.phase, again.slow, again.tries) == (0, Phase.PROMPT, True, 1)
    after = room.waited(said(outcome, tries=1))
    assert (after.at, after.slow, after.tries) == (1, False, 0)


def test_silence_is_asked_again_then_waits_for_the_teacher() -> None:
    again = room.waited(room.told(room.silent(State(PAIR))))
    assert (again.at, again.phase, again.slow) == (0, Phase.PROMPT, False)
    state = room.told(room.silent(again))
    assert (state.phase, state.trouble) == (Phase.PAUSED, room.NOBODY)


@pytest.mark.parametrize(
    ("outcome", "why"), [(Outcome.BRUIT, room.TOO_NOISY), (Outcome.PANNE, room.FAILED)], ids=["noise", "failure"]
)
def test_what_keeps_from_hearing_stops_and_says_what_to_do(outcome: Outcome, why: str) -> None:
    state = said(outcome)
    assert (state.phase, state.trouble) == (Phase.PAUSED, why)
    assert room.feedback(state) == (Cue(Sound.SAY, why),)
    assert room.commanded(state, Do.GO_ON) == State(PAIR), "the same turn, from its beginning"


def test_another_answer_to_the_question_is_right() -> None:
    step = Step("im-fine", (), Who.CLASS, also=("im-sad",))
    assert room.heard(State((step,)), Verdict(ENCORE, "", heard="i'm sad")).outcome == BRAVO
    assert room.heard(State((step,)), Verdict(ENCORE, "", heard="goodbye")).outcome == ENCORE
    assert room.heard(State((step,)), Verdict(ENCORE, "")).outcome == ENCORE


def test_without_an_engine_the_class_compares_itself() -> None:
    state = room.heard(State(PAIR), None)
    assert state.outcome == room.COMPARE
    assert room.feedback(state)[1:] == (Cue(Sound.MODEL, "three"), Cue(Sound.OWN))
    assert room.waited(room.told(state)).at == 1
    free = State((Step("three", (), Who.PUPIL, judged=False, after=(Cue(Sound.OWN),)),))
    assert room.heard(free, Verdict(ENCORE, "")).outcome == room.COMPARE, "free speech is not judged, whatever comes"


def test_feedback_plays_the_model_and_says_the_tip() -> None:
    nearly = room.heard(State(PAIR), Verdict(PRESQUE, "", tip="Blow."))
    assert room.feedback(nearly)[1:] == (Cue(Sound.SAY, "Blow."), Cue(Sound.MODEL, "three"))
    assert room.feedback(room.heard(State(PAIR), Verdict(BRAVO, ""))) == (Cue(Sound.SAY, room.SAID[BRAVO]),)


def test_the_teacher_overrules_and_what_follows_follows() -> None:
    state = room.overruled(said(ENCORE), BRAVO)
    assert (state.outcome, state.overruled, state.phase) == ("bravo", True, Phase.BETWEEN)
    assert state.verdict
    assert state.verdict.outcome is BRAVO
    assert room.waited(state).at == 1
    worse = room.overruled(said(BRAVO), ENCORE)
    assert room.waited(worse).at == 0
    noisy = room.overruled(said(Outcome.BRUIT), BRAVO)
    assert (noisy.phase, noisy.trouble) == (Phase.BETWEEN, "")
    listened = State((Step("three", (Cue(Sound.MODEL, "three"),)),))
    assert room.overruled(listened, BRAVO) is listened, "nobody spoke"


@pytest.mark.parametrize("phase", Phase)
def test_every_tap_works_in_every_phase(phase: Phase) -> None:
    state = State(PAIR, phase=phase, trouble="x", outcome="encore", tries=1)
    if phase is Phase.OVER:
        for do in Do:
            assert room.commanded(state, do) is state
        return
    assert room.commanded(state, Do.NEXT) == State(PAIR, 1)
    assert room.commanded(state, Do.AGAIN) == State(PAIR)
    assert room.commanded(state, Do.GO_ON) == State(PAIR)
    assert room.commanded(state, Do.SLOWER) == State(PAIR, slow=True)
    assert room.commanded(state, Do.PAUSE).phase is Phase.PAUSED
    assert room.commanded(state, Do.STOP).phase is Phase.OVER
    assert room.commanded(State(PAIR, 1, phase=phase), Do.NEXT).phase is Phase.OVER


def test_sound_that_is_away_waits_and_begins_the_turn_again() -> None:
    lost = room.away(State(PAIR, 1, phase=Phase.LISTEN, tries=1, slow=True), "Plug it in.")
    assert (lost.phase, lost.trouble) == (Phase.AWAY, "Plug it in.")
    assert room.away(lost, "Plug it in.") is lost
    assert room.back(lost) == State(PAIR, 1, tries=1, slow=True)
    over = State(PAIR, phase=Phase.OVER)
    assert room.away(over, "x") is over


def test_an_activity_without_turns_is_over() -> None:
    assert room.begin(()).phase is Phase.OVER
