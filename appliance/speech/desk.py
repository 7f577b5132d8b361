# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The box's loudspeaker and microphone, which the studio owns: a sound out, the class's sound in, over its socket."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from appliance.client import Client, Response
from appliance.errors import Unreachable
from appliance.i18n import N_

PLAYS_S = 200.0
"""The longest sound, and a little."""
SILENT_S = 5.0
"""A microphone that says nothing for so long is away."""
_NO_MICROPHONE = N_("There is no microphone: plug a USB microphone into the box.")
_NO_LOUDSPEAKER = N_("There is no loudspeaker: plug one into the box.")
_AWAY = N_("The sound of the box is starting again: wait a moment.")


class Desk:
    """Thread-safe."""

    def __init__(self, studio: Client) -> None:
        self._studio = studio

    def play(self, sound: bytes) -> bool:
        """A sound file, to its end; whether nobody stopped it. Raises :class:`Unreachable`."""
        answer = self._ask("/local/play?cut=1", sound, PLAYS_S)
        if answer.status >= 500:
            raise Unreachable(_NO_LOUDSPEAKER)
        return answer.status < 400

    def hush(self) -> None:
        """Silence, at once; nothing when the studio is away."""
        with contextlib.suppress(Unreachable):
            self._ask("/local/hush", b"", SILENT_S)

    @contextlib.contextmanager
    def listen(self) -> Iterator[Iterator[bytes]]:
        """What the microphone hears from now on (s16le, :data:`appliance.ports.RATE`, one channel), in pieces. Raises
        :class:`Unreachable`, also while it is heard."""
        with contextlib.ExitStack() as stack:
            try:
                status, pieces = stack.enter_context(
                    self._studio.stream("POST", "/local/listen", b"", timeout=SILENT_S)
                )
            except Unreachable as error:
                raise Unreachable(_AWAY) from error
            if status != 200:
                raise Unreachable(_NO_MICROPHONE)
            yield _heard(pieces)

    def _ask(self, path: str, sound: bytes, patience_s: float) -> Response:
        try:
            return self._studio.request("POST", path, body=sound, timeout=patience_s)
        except Unreachable as error:
            raise Unreachable(_AWAY) from error


def _heard(pieces: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from pieces
    except Unreachable as error:
        raise Unreachable(_NO_MICROPHONE) from error
    raise Unreachable(_NO_MICROPHONE)  # the answer ended: nobody listens any more
