# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Recordings as tablets make them: one sound in the containers that browsers and recorders write."""

from __future__ import annotations

import array
import functools
import io
import math
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import av
from av import AudioFrame
from av.audio.resampler import AudioResampler

from appliance.ports import RATE

if TYPE_CHECKING:
    from av.audio.stream import AudioStream

CONTAINERS = MappingProxyType(
    {
        "webm": ("libopus", 48_000),  # Chrome, Firefox
        "mp4": ("aac", 44_100),  # Safari
        "ogg": ("libopus", 48_000),
        "mp3": ("libmp3lame", 22_050),
        "flac": ("flac", 16_000),
        "wav": ("pcm_s16le", 44_100),
        "adts": ("aac", 44_100),
    }
)
"""FFmpeg's name of the container -> codec and samples a second."""


def tone(seconds: float, hertz: float = 440.0) -> bytes:
    """Samples (:data:`appliance.ports.RATE`, s16le) of a note at a quarter of full scale; 0 Hz: silence."""
    step = 2 * math.pi * hertz / RATE
    if not hertz:
        return bytes(2 * int(seconds * RATE))
    return array.array("h", (int(8000 * math.sin(step * n)) for n in range(int(seconds * RATE)))).tobytes()


@functools.cache
def recorded(container: str, seconds: float = 2.0, hertz: float = 440.0) -> bytes:
    """A note in that container."""
    codec, rate = CONTAINERS[container]
    pcm, out = tone(seconds, hertz), io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = cast("AudioStream", file.add_stream(codec, rate=rate))
        context = stream.codec_context
        context.layout = "mono"
        frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
        frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts = RATE, 0
        resampler = AudioResampler(context.format, "mono", rate, frame_size=context.frame_size or 1024)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return out.getvalue()
