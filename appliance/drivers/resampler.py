# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One rate into another, block by block, by FFmpeg's resampler (loaded at first use).

alsa-lib's own leaves out the filter: from 48 to 16 kHz, a tone of 10 kHz comes out at 6 kHz as loud as it went in, and
the hiss of an s lands on other sounds.
"""

from __future__ import annotations


class Resampler:
    """One channel of s16le, of one sound; not thread-safe."""

    def __init__(self, before: int, after: int) -> None:
        from av.audio.resampler import AudioResampler

        self._before = before
        self._inner = AudioResampler(format="s16", layout="mono", rate=after)

    def feed(self, pcm: bytes) -> bytes:
        """Whole samples in; what is ready of the other rate out: a few milliseconds stay behind."""
        from av import AudioFrame

        if not pcm:
            return b""
        frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2, align=1)
        frame.planes[0].update(pcm)
        frame.sample_rate = self._before
        return b"".join(bytes(piece.planes[0])[: 2 * piece.samples] for piece in self._inner.resample(frame))

    def rest(self) -> bytes:
        """What stayed behind, at the end of the sound."""
        return b"".join(bytes(piece.planes[0])[: 2 * piece.samples] for piece in self._inner.resample(None))


def resampled(pcm: bytes, before: int, after: int) -> bytes:
    """A whole sound."""
    if before == after or not pcm:
        return pcm
    resampler = Resampler(before, after)
    return resampler.feed(pcm) + resampler.rest()
