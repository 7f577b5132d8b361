# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``CaptionEngine`` that understands nothing: a numbered word for each half second of sound, a phrase at each
pause. For trying the pages without a model, and for tests."""

from __future__ import annotations

import array
from collections.abc import Sequence
from pathlib import Path

from appliance.ports import BLOCK

LOUDEST_SILENCE = 300
"""Samples that stay below are silence."""
WORD_BLOCKS = 5
PAUSE_BLOCKS = 5
WORDS = ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")


class SimulatedCaptions:
    """See :class:`appliance.ports.CaptionEngine`. Counts: un, deux, trois…"""

    name = "simulated"

    def __init__(self, models: Path | None = None, language: str = "fr") -> None:
        self._loud = self._quiet = 0

    def load(self) -> None:
        """Nothing to load."""

    def hear(self, pcm: bytes) -> Sequence[str]:
        """See the port."""
        return [text for at in range(0, len(pcm), BLOCK) if (text := self._block(pcm[at : at + BLOCK]))]

    def partial(self) -> str:
        """See the port."""
        return " ".join(WORDS[n % len(WORDS)] for n in range(self._loud // WORD_BLOCKS))

    def finish(self) -> str:
        """See the port."""
        said = self.partial()
        self._loud = self._quiet = 0
        return said

    def _block(self, block: bytes) -> str:
        if max(map(abs, array.array("h", block)), default=0) >= LOUDEST_SILENCE:
            self._loud, self._quiet = self._loud + 1, 0
            return ""
        self._quiet += 1
        return self.finish() if self._quiet == PAUSE_BLOCKS else ""
