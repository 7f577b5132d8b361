# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Progress for people: a bar that rewrites itself on a terminal, a few lines elsewhere."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from typing import TextIO

from appliance.i18n import Plurals

CELLS = 24
LINE_EVERY = 0.25
"""Without a terminal: one line for each quarter."""


def printable(text: str) -> str:
    """``text`` with nothing in it that a terminal would take for a command: names come from files and devices."""
    return "".join(letter if letter.isprintable() or letter in "\n\u202f\u00a0" else "?" for letter in text)


class Meter:
    """How far a thing called ``what`` is, on ``out``."""

    def __init__(self, out: TextIO, gettext: Callable[[str], str], ngettext: Plurals) -> None:
        self.gettext = gettext
        self.ngettext = ngettext
        self.prefix = ""
        self.what = ""
        self._out = out
        self._bar = out.isatty()
        self._shown = ""
        self._next = 0.0

    def progress(self, done: float, doing: str) -> None:
        """A :data:`appliance.ports.Progress`."""
        label = f"{self.prefix}{self.what} {self.gettext(doing) if doing else ''}".strip()
        if self._bar:
            full = round(done * CELLS)
            self._rewrite(f"[{'#' * full}{'.' * (CELLS - full)}] {done:4.0%} {label}")
        elif done >= self._next:
            self._next = min(done + LINE_EVERY, 1.0) if done < 1.0 else math.inf
            print(f"{done:4.0%} {label}", file=self._out, flush=True)

    def _rewrite(self, line: str) -> None:
        cut = line[: shutil.get_terminal_size().columns - 1]
        if cut != self._shown:
            self._shown = cut
            self._out.write(f"\r\x1b[K{cut}")
            self._out.flush()

    def clear(self) -> None:
        """Before an ordinary line, and between two things."""
        self._next = 0.0
        if self._shown:
            self._shown = ""
            self._out.write("\r\x1b[K")
            self._out.flush()

    def say(self, message: str) -> None:
        """A sentence (a gettext message id)."""
        self.clear()
        print(self.gettext(message), file=self._out, flush=True)
