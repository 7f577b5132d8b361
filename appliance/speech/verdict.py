# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What is asked of a pupil and what the box says back. Never a mark."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How an attempt ended. Only the first three are about the pupil."""

    BRAVO = "bravo"
    PRESQUE = "presque"
    """The right phrase, and one sound to mend."""
    ENCORE = "encore"
    """Another phrase, or none that was understood."""
    SILENCE = "silence"
    BRUIT = "bruit"
    """Too much noise, too loud or too long to judge."""
    PANNE = "panne"
    """The box failed; the pupil did not."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the pupil was asked to say."""

    text: str
    """English word or phrase, as written."""
    focus: Sequence[str] = ()
    """One or two contrasts of ``contrasts.toml`` (``th/t``) announced beforehand."""
    items: Sequence[str] = ()
    """What else the lesson teaches; the expected phrase may be among them."""
    pronunciations: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Lower-case word -> ARPAbet (``"Z OW IY"``), where dictionaries lack it."""


@dataclass(frozen=True, slots=True)
class WordVerdict:
    """One word of the expected phrase."""

    text: str
    ok: bool
    heard_as: str = ""
    """The word that was said instead; empty when right or unknown."""
    rule: str = ""
    """The contrast that tells them apart (``th/t``)."""
    score: float | None = None
    """Of the focus gate: by how much the right sound won. None: not looked at."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The box's answer to one attempt."""

    outcome: Outcome
    sentence: str
    """For the child, shown and spoken: a gettext message id, with ``params`` to fill in."""
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tip: str = ""
    """What to do with the mouth: a gettext message id; empty: none."""
    heard: str = ""
    """The phrase that was heard; empty when it was none of those known."""
    words: tuple[WordVerdict, ...] = ()
    focus: tuple[str, ...] = ()
    """The contrasts that were looked at."""
    level_db: float | None = None
    """Of the speech, dB below full scale."""
    snr_db: float | None = None
    engine: str = ""
    cpu_ms: float = 0.0

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Verdict:
        """What :func:`dataclasses.asdict` made of one, perhaps by way of JSON."""
        words = tuple(WordVerdict(**word) for word in told["words"])
        return cls(**{**told, "outcome": Outcome(told["outcome"]), "words": words, "focus": tuple(told["focus"])})

    def as_json(self, gettext: Callable[[str], str]) -> dict[str, object]:
        """Everything, for programs; sentences in the language of ``gettext``."""
        told = dataclasses.asdict(self)
        del told["params"]
        text = gettext(self.sentence)
        return {
            **told,
            "outcome": self.outcome.value,
            "sentence": text % self.params if self.params else text,
            "tip": gettext(self.tip) if self.tip else "",
        }
