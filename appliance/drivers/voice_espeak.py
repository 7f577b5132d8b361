# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``Voice`` by espeak-ng (Debian's package of that name), a process for each sentence.

Options and the markup that it obeys: espeak-ng(1), and ``docs/markdown.md`` of its source.
"""

from __future__ import annotations

import os
import resource
import shutil
import struct
import subprocess
from collections.abc import Mapping

from appliance.drivers import mp3
from appliance.drivers.espeak_phonemes import mnemonics
from appliance.drivers.sentences import pieces, plain, sayable
from appliance.errors import Busy, NotFound, Unreachable
from appliance.i18n import N_
from appliance.ports import AMERICAN, SLOWER

PROGRAM = "espeak-ng"
VOICES = {"fr": "fr-fr", "en": "en-gb", AMERICAN: "en-us+f3"}
"""A woman's voice for the model: so are the clips of the ready sequences."""
PACE = 130
"""Words a minute."""
TONE = ("-g", "3", "-p", "52")
"""A pause of 30 ms after each word, a slightly high pitch: for children."""
TIME_LIMIT_S = 10.0
MEMORY_BYTES = 256 << 20
_NO_SOUND = N_("The program %(program)s gave no sound: try again, or restart the box.")
_HEAD = struct.Struct("<4s4x4s4s4xHHII2xH4s4x")
"""RIFF, WAVE, ``fmt ``: format, channels, rate, bytes a second, bits; ``data``. The lengths are those of a pipe."""


class EspeakVoice:
    """French and English, whatever the sentence. ``program``: a name to look for, or a path."""

    name = PROGRAM
    instant = False

    def __init__(self, program: str = PROGRAM) -> None:
        self._name = program
        self._program = shutil.which(program)

    def knows(self, text: str, language: str) -> bool:
        """See :class:`appliance.ports.Voice`."""
        return self._program is not None and language in VOICES and sayable(text)

    def speak(self, text: str, language: str, *, slow: bool = False, sounds: Mapping[str, str] | None = None) -> bytes:
        """See :class:`appliance.ports.Voice`."""
        if self._program is None:
            raise Unreachable("There is no program %(program)s on this computer: install the package espeak-ng, "
                              "or take espeak out of drivers.voices.", program=self._name)  # fmt: skip
        if not self.knows(text, language) or (sounds and language != AMERICAN):
            raise NotFound("The box cannot say this sentence.")
        said = "".join(mnemonics(phones) or piece for piece, phones in pieces(_markup_free(text), sounds or {}))
        return mp3.encode(_samples(self._run(said + "\n", VOICES[language], round(PACE * SLOWER) if slow else PACE)))

    def _run(self, text: str, voice: str, pace: int) -> bytes:
        """The text goes by a pipe: it can be no option, and it is in no list of processes."""
        command = [self._program or "", "-v", voice, "-s", str(pace), *TONE, "-b", "1", "--stdin", "--stdout"]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        try:
            # An environment of its own: the one that all threads share may change while the child still reads it.
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere, env=dict(os.environ))
        except OSError as error:
            raise Unreachable(_NO_SOUND, program=PROGRAM) from error
        with process:
            try:
                _bound(process.pid)
                return process.communicate(text.encode(), TIME_LIMIT_S)[0]
            except subprocess.TimeoutExpired as error:
                raise Busy("The voice took too long: try again.") from error
            finally:
                process.kill()


def _markup_free(text: str) -> str:
    """``[[…]]`` would be taken for phonemes."""
    return plain(text.replace("[", " ").replace("]", " "))


def _bound(pid: int) -> None:
    """Before it reads a word: little memory, little time, whatever it is given."""
    try:
        resource.prlimit(pid, resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.prlimit(pid, resource.RLIMIT_CPU, (int(TIME_LIMIT_S), int(TIME_LIMIT_S)))
    except ProcessLookupError:
        pass  # it ended at once: what it wrote tells


def _samples(wave: bytes) -> bytes:
    """What follows the head of a WAV of one 16-bit channel. Raises :class:`Unreachable` for anything else."""
    if len(wave) > _HEAD.size:
        riff, kind, _, form, channels, rate, _, bits, data = _HEAD.unpack_from(wave)
        if (riff, kind, data) == (b"RIFF", b"WAVE", b"data") and (form, channels, rate, bits) == (1, 1, mp3.RATE, 16):
            return wave[_HEAD.size :]
    raise Unreachable(_NO_SOUND, program=PROGRAM)
