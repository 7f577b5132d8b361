# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Is there speech in these 30 ms? webrtcvad, loaded by the first who asks: a service that nobody speaks to does
without."""

from __future__ import annotations

from appliance.ports import RATE

FRAME_S = 0.03
FRAME = int(RATE * FRAME_S)
"""Samples of one frame: the longest that the detector takes."""
STRICT = 3
"""webrtcvad's mode that takes the least noise for speech."""


class Detector:
    """Keeps a little of what it heard: one for each recording."""

    def __init__(self) -> None:
        import webrtcvad

        self._detector = webrtcvad.Vad(STRICT)

    def __call__(self, frame: bytes) -> bool:
        """``frame``: :data:`FRAME` samples, s16le."""
        return bool(self._detector.is_speech(frame, RATE))
