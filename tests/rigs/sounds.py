# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A sound decoded, as an ear would take it."""

from __future__ import annotations

import array
import dataclasses
import io
import math

import av


@dataclasses.dataclass(frozen=True)
class Sound:
    """``loudness`` (root mean square) and ``peak`` in [0, 1]."""

    seconds: float
    channels: int
    loudness: float
    peak: float


def read(mp3: bytes) -> Sound:
    """Raises av.FFmpegError for what is no sound."""
    samples = array.array("h")
    with av.open(io.BytesIO(mp3), "r") as container:
        stream = container.streams.audio[0]
        channels, rate = stream.codec_context.channels, stream.codec_context.sample_rate
        resampler = av.AudioResampler("s16", "mono", rate)
        for frame in [*container.decode(stream), None]:
            for piece in resampler.resample(frame):
                samples.frombytes(bytes(piece.planes[0])[: 2 * piece.samples])
    assert samples, "empty"
    loudness = math.sqrt(sum(sample * sample for sample in samples) / len(samples)) / 32768
    return Sound(len(samples) / rate, channels, loudness, max(map(abs, samples)) / 32768)
