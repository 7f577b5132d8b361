# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The anonymous lesson: animals, answers and their sum in this process's memory, and nowhere else.

No byte of it reaches a file. It ends with the bell, with the next lesson, or with the hub; what a tablet still holds
of it is then refused as "not kept", and the tablet forgets it.
"""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections import deque
from collections.abc import Sequence

from appliance.errors import BadInput, NotFound
from appliance.hub import animal_sheet
from appliance.i18n import N_
from appliance.model import Answered, Attempt, Lesson, LessonOptions, Planned, Pupil

PREFIX = "anonymous-"
"""What the id of an anonymous lesson begins with: a hub that was started again still knows it for one."""
NOT_KEPT = N_("That lesson was anonymous and is over: this answer is not kept.")
MOST_PUPILS = 60
MOST_EACH = 400
"""Answers of a pupil that are remembered, the last ones: one who sends thousands takes nothing from the others."""
LONGEST_RESPONSE = 500
"""Characters of an answer that are remembered."""
ANIMALS = tuple(animal_sheet.ANIMALS.items())
"""OpenMoji hexcodes of the sheet of animals, and their names (message ids)."""


def is_anonymous(lesson_id: str) -> bool:
    """Whether a lesson, of now or of some other day, was never meant to be kept."""
    return lesson_id.startswith(PREFIX)


def animals(count: int, names: Sequence[str]) -> list[tuple[str, str]]:
    """(hexcode, name) of ``count`` pupils; when the sheet is used up, "Fox 2". Raises :class:`BadInput`.

    ``names``: those of :data:`ANIMALS`, in the reader's language.
    """
    if not 1 <= count <= MOST_PUPILS:
        raise BadInput("Choose between 1 and %(most)s animals.", most=MOST_PUPILS)
    rounds = [divmod(number, len(ANIMALS)) for number in range(count)]
    return [(ANIMALS[place][0], names[place] + (f" {again + 1}" if again else "")) for again, place in rounds]


class Anonymous:
    """The one anonymous lesson there is, or was last. Thread-safe, bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lesson: Lesson | None = None
        self._pupils: dict[str, Pupil] = {}
        self._answers: dict[str, Answered] = {}
        self._attempts: dict[str, Attempt] = {}
        """What was said in English, by statement."""
        self._sent: dict[str, deque[str]] = {}
        """Pupil -> ids of the answers that are remembered, the oldest first."""

    def begin(
        self, title: str, seats: Sequence[tuple[str, str]], plan: tuple[Planned, ...], options: LessonOptions, at: str
    ) -> Lesson:
        """Open one for these animals (hexcode, name); the one before is forgotten whole."""
        lesson = Lesson(f"{PREFIX}{uuid.uuid4()}", "", title, at, None, plan, options, kept=False)
        pupils = [Pupil(str(uuid.uuid4()), "", name, avatar) for avatar, name in seats]
        with self._lock:
            self._lesson, self._answers, self._attempts, self._sent = lesson, {}, {}, {}
            self._pupils = {pupil.id: pupil for pupil in pupils}
        return lesson

    def running(self) -> Lesson | None:
        """The lesson that is going on."""
        lesson = self._lesson
        return lesson if lesson is not None and lesson.ended_at is None else None

    def last(self) -> Lesson | None:
        """The lesson that is going on, else the one that was."""
        return self._lesson

    def end(self, at: str) -> None:
        """The bell. What the summary shows stays until the next lesson, or :meth:`forget`."""
        with self._lock:
            if self._lesson is not None and self._lesson.ended_at is None:
                self._lesson = dataclasses.replace(self._lesson, ended_at=at)

    def release(self) -> None:
        """Show the correction that was to come later."""
        with self._lock:
            if self._lesson is not None:
                options = dataclasses.replace(self._lesson.options, released=True)
                self._lesson = dataclasses.replace(self._lesson, options=options)

    def forget(self) -> None:
        """Nothing is left of it."""
        with self._lock:
            self._lesson, self._pupils, self._answers, self._attempts, self._sent = None, {}, {}, {}, {}

    def get(self, lesson_id: str) -> Lesson:
        """Running or just over. Raises :class:`NotFound`: of earlier ones nothing is known."""
        lesson = self._lesson
        if lesson is None or lesson.id != lesson_id:
            raise NotFound("There is no such lesson.")
        return lesson

    def pupils(self) -> list[Pupil]:
        """In the order of the grid."""
        with self._lock:
            return list(self._pupils.values())

    def admit(self, lesson_id: str) -> None:
        """Raises :class:`NotFound` unless ``lesson_id`` is going on."""
        running = self.running()
        if running is None or running.id != lesson_id:
            raise NotFound(NOT_KEPT)

    def keep(self, lesson_id: str, answer_id: str, answer: Answered) -> None:
        """Remember an answer; the same id again changes nothing.

        Of more than :data:`MOST_EACH` of a pupil the oldest is forgotten. Raises :class:`NotFound` when that lesson is
        not the one that goes on or the pupil is not in it.
        """
        with self._lock:
            if self._has_place(lesson_id, answer_id, answer.pupil):
                self._answers[answer_id] = dataclasses.replace(answer, choice=answer.choice[:LONGEST_RESPONSE])

    def keep_attempt(self, lesson_id: str, attempt: Attempt) -> None:
        """The same for what was said in English."""
        with self._lock:
            if self._has_place(lesson_id, attempt.statement, attempt.pupil):
                self._attempts[attempt.statement] = attempt

    def _has_place(self, lesson_id: str, name: str, pupil: str) -> bool:
        """Whether it is new; the oldest of that pupil makes room for it."""
        self.admit(lesson_id)
        if pupil not in self._pupils:
            raise NotFound(NOT_KEPT)
        sent = self._sent.setdefault(pupil, deque())
        if name in sent:
            return False
        if len(sent) >= MOST_EACH:
            oldest = sent.popleft()
            self._answers.pop(oldest, None)
            self._attempts.pop(oldest, None)
        sent.append(name)
        return True

    def overrule(self, statement: str, outcome: str) -> None:
        """The teacher's verdict takes the place of the box's. Raises :class:`NotFound`."""
        with self._lock:
            if statement not in self._attempts:
                raise NotFound(NOT_KEPT)
            self._attempts[statement] = dataclasses.replace(
                self._attempts[statement], outcome=outcome, focus=(), overruled=True
            )

    def attempts(self) -> list[Attempt]:
        """Everything that was said, in the order of arrival."""
        with self._lock:
            return list(self._attempts.values())

    def answered(self) -> list[Answered]:
        """Every answer, in the order of arrival."""
        with self._lock:
            return list(self._answers.values())
