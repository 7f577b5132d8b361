# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A program of alsa-utils (arecord(1), aplay(1)) as a child: what it is given, and why it failed."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import IO

from appliance.drivers import sound_cards
from appliance.drivers.machine_tree import Tree
from appliance.errors import Unreachable
from appliance.i18n import N_

RATE = 48_000
"""What nearly every card records and plays at; plughw makes it of the others' 44.1 kHz."""
LAST_WORDS = 2000
"""Bytes of what a program said that are looked at."""
SAYS_S = 0.5
"""A program whose pipe has ended says why within this."""

_IN_USE = N_("Another program uses %(name)s: stop it, or restart the box.")
_NO_PROGRAM = N_("There is no program %(program)s on this computer: install the package alsa-utils.")
_LOST = N_("%(name)s stopped answering: plug it in again.")


class AlsaProgram:
    """``program`` on the card for ``direction``: ``device``, an alsa-lib name, or the best of those plugged in."""

    def __init__(self, program: str, direction: str, device: str, root: Path) -> None:
        self._name = program
        self._program = shutil.which(program)
        self._direction = direction
        self._device = device
        self._tree = Tree(root)

    def there(self) -> str:
        """The name of the card for people; empty while there is none, or no program."""
        if self._program is None:
            return ""
        card = None if self._device else sound_cards.chosen(self._tree, self._direction)
        return card.name if card else sound_cards.readable(self._device) if self._device else ""

    def start(self, away: str, *options: str) -> Running:
        """Start it. Raises :class:`Unreachable` (``away``, when no card is there)."""
        if self._program is None:
            raise Unreachable(_NO_PROGRAM, program=self._name)
        card = None if self._device else sound_cards.chosen(self._tree, self._direction)
        if card is None and not self._device:
            raise Unreachable(away)
        pcm = card.pcm if card else self._device
        sound = ("-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(RATE))
        return Running((self._program, "-D", pcm, *sound, *options), card.name if card else pcm)


class Running:
    """The program while it runs, with the pipe of its sound. What it says is read as it comes: its pipe would fill."""

    def __init__(self, command: tuple[str, ...], name: str) -> None:
        self.name = name
        pipe = subprocess.PIPE
        self._said = b""
        try:
            self.process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, env={**os.environ, "LC_ALL": "C"}
            )
        except OSError as error:
            raise Unreachable(_LOST, name=name) from error
        words, self.process.stderr = self.process.stderr, None  # ours: communicate() must not read it too
        self._reader = threading.Thread(target=self._read, args=(words,), name=f"{name} says", daemon=True)
        self._reader.start()

    def failure(self) -> Unreachable:
        """Why it ended, or gives nothing."""
        self._reader.join(SAYS_S)
        busy = b"busy" in self._said
        return Unreachable(_IN_USE if busy else _LOST, name=self.name)

    def close(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()
        self._reader.join(SAYS_S)

    def _read(self, words: IO[bytes] | None) -> None:
        """In the thread, to the end of the pipe."""
        assert words is not None
        with words as pipe:
            while said := pipe.read(LAST_WORDS):
                self._said = (self._said + said)[-LAST_WORDS:]
