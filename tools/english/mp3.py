# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sound to MP3 and back, in this process (PyAV)."""

from __future__ import annotations

import io

import av
import numpy as np
from av.audio.resampler import AudioResampler

from english.voices import Sound

RATE, BITS_PER_SECOND = 24_000, 24_000
FRAME = 576
"""Samples of one frame (ISO 13818-3 layer III)."""


def encode(sound: Sound, rate: int) -> bytes:
    """MP3 frames without a tag, mono."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp3", options={"id3v2_version": "0", "write_xing": "0"}) as container:
        stream = container.add_stream("libmp3lame", rate=RATE)
        context = stream.codec_context
        context.layout, context.format, context.bit_rate = "mono", "s16p", BITS_PER_SECOND
        for frame in AudioResampler("s16p", "mono", RATE, FRAME).resample(_frame(sound, rate)):
            frame.pts = None
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def _frame(sound: Sound, rate: int) -> av.AudioFrame:
    padded = np.concatenate((sound, np.zeros(2 * FRAME, np.float32)))
    frame = av.AudioFrame.from_ndarray((padded * 32767).astype("<i2")[None, :], "s16", "mono")
    frame.sample_rate = rate
    return frame


def decode(file: bytes, rate: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Mono samples at ``rate``."""
    resampler = AudioResampler("s16", "mono", rate)
    with av.open(io.BytesIO(file), format="mp3") as container:
        parts = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        parts += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return np.concatenate(parts)
