# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A tablet without a browser in front of a quiz of every kind: what it asks, and answers that fit."""

from __future__ import annotations

import dataclasses
import html
import random
import re

from appliance.model import QuestionKind
from tests.rigs.box import Box
from tests.rigs.http_tablet import Tablet

WORDS = ("le petit veau", "Un agneau", "je ne sais pas", "peut-être l’éléphanteau")


@dataclasses.dataclass(frozen=True)
class Asked:
    """A question of the page."""

    id: str
    kind: QuestionKind
    choices: tuple[str, ...]
    pairs: dict[str, tuple[str, ...]]
    done: bool

    def answer(self, chance: random.Random) -> str:
        """A response that fits, right or wrong."""
        if self.kind is QuestionKind.CHOICE:
            return chance.choice(self.choices)
        if self.kind is QuestionKind.SEVERAL:
            picked = [name for name in self.choices if chance.random() < 0.5] or [self.choices[0]]
            return "[,]".join(picked)
        if self.kind is QuestionKind.ORDER:
            return "[,]".join(chance.sample(self.choices, len(self.choices)))
        if self.kind is QuestionKind.MATCH:
            return "[,]".join(f"{name}[.]{chance.choice(targets)}" for name, targets in self.pairs.items())
        if self.kind is QuestionKind.NUMBER:
            return str(chance.randrange(1000) / 4)
        return f"{chance.choice(WORDS)} {chance.randrange(10**9)}"


class QuizTablet(Tablet):
    """One pupil's tablet, and the quiz as its page shows it."""

    def __init__(self, box: Box, pupil: str, activity: str) -> None:
        super().__init__(box, pupil)
        self._activity = activity
        self.asked: tuple[Asked, ...] = ()

    def open_quiz(self) -> None:
        """Come in, and read the quiz."""
        self.come_in(self._activity)
        self.reload()

    def reload(self) -> None:
        """Read the page again. Raises OSError when it does not come."""
        page = self.get(f"/exercice/{self._activity}")
        forms = page.split('<form class="question')[1:]
        self.asked = tuple(_asked(form.partition("</form>")[0]) for form in forms)


def _asked(form: str) -> Asked:
    kind = QuestionKind(_one(r'data-kind="(\w+)"', form))
    rows = re.findall(r'data-(?:id|source)="([^"]+)"', form)
    ticked = re.findall(r'name="choice" value="([^"]+)"', form)
    pairs = {
        name: tuple(
            re.findall(r'<option value="([^"]+)"', form.partition(f'name="pair.{name}"')[2].partition("</select>")[0])
        )
        for name in (rows if kind is QuestionKind.MATCH else ())
    }
    choices = rows if kind is QuestionKind.ORDER else [] if kind is QuestionKind.MATCH else ticked
    return Asked(html.unescape(_one(r'name="question" value="([^"]+)"', form)), kind, tuple(choices), pairs,
                 'data-done="1"' in form)  # fmt: skip


def _one(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, pattern
    return found[1]
