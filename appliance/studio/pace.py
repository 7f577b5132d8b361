# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How much the captions worker is asked for, by how far it is behind the sound. Pure."""

from __future__ import annotations

from dataclasses import dataclass

BLOCK_S = 0.1
LIVELY_S = 0.4
"""How often the phrase that is being said is shown. At each tenth of a second, it costs as much as the
listening itself (Vosk, Korean model: 0.12 of real time instead of 0.06); at each 0.4 s, a tenth of that."""
SPARING_S = 1.5
"""The same when it is late."""
LATE_S, BEHIND_S = 0.8, 2.5
"""Seconds of sound that wait: from the first on fewer partial phrases, from the second none, and readers are told."""
PIECE_BLOCKS = 2
MOST_BLOCKS = 10
"""Of a piece that the worker gets at once: at least, at most."""


@dataclass(slots=True)
class Pace:
    """Of one worker."""

    behind: bool = False
    """It does not keep up: readers are told so, until it has caught up."""
    _heard_s: float = 0.0
    """Seconds of sound since a partial phrase was shown."""

    def partial(self, piece_s: float, waiting_s: float, lost: bool) -> bool:
        """Whether to ask for the phrase that is being said, with a piece of so many seconds, while so many wait."""
        if lost or waiting_s >= BEHIND_S:
            self.behind = True
        elif waiting_s < LATE_S:
            self.behind = False
        self._heard_s += piece_s
        if self.behind or self._heard_s < (LIVELY_S if waiting_s < LATE_S else SPARING_S):
            return False
        self._heard_s = 0.0
        return True
