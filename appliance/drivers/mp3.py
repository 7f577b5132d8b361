# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Speech as MP3: Safari 13 plays no Opus, and a WAV of the same sentence weighs fifteen times as much.

The encoder (PyAV) is loaded at the first sentence: a hub that says nothing does without its memory.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

RATE = 22_050
"""Samples a second: what espeak-ng gives."""
BITS_PER_SECOND = 24_000
_FRAME = 576
"""Samples of one frame (ISO 13818-3 layer III)."""
_TONE = (
    ("lowpass", "f=5500"),
    ("loudnorm", "I=-18"),
    ("aformat", f"sample_fmts=s16p:sample_rates={RATE}:channel_layouts=mono"),
    ("asetnsamples", f"n={_FRAME}:p=0"),
)
"""Filters of libavfilter: less hiss, every sentence as loud as the others, frames as the encoder takes them."""


def encode(pcm: bytes) -> bytes:
    """MP3 frames, no tag, of one channel of signed 16-bit little-endian samples at :data:`RATE`.

    An odd last byte is dropped; silence is added up to one frame.
    """
    import av

    samples = pcm[: len(pcm) // 2 * 2].ljust(2 * _FRAME, b"\0")
    out = io.BytesIO()
    with av.open(out, "w", format="mp3", options={"id3v2_version": "0", "write_xing": "0"}) as container:
        stream = _stream(container)
        for frame in _toned(samples):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def _stream(container: OutputContainer) -> AudioStream:
    stream: AudioStream = container.add_stream("libmp3lame", rate=RATE)
    context = stream.codec_context
    context.layout, context.format, context.bit_rate = "mono", "s16p", BITS_PER_SECOND
    return stream


def _toned(samples: bytes) -> Iterator[AudioFrame]:
    """``samples`` through the filters."""
    import av
    from av.filter import Graph

    graph = Graph()
    source = last = graph.add("abuffer", f"sample_rate={RATE}:sample_fmt=s16:channel_layout=mono:time_base=1/{RATE}")
    for name, options in (*_TONE, ("abuffersink", "")):
        following = graph.add(name, options)
        last.link_to(following)
        last = following
    graph.configure()
    source.push(_frame(samples))
    source.push(None)
    while True:
        try:
            yield cast("AudioFrame", last.pull())
        except (av.BlockingIOError, av.EOFError):
            return


def _frame(samples: bytes) -> AudioFrame:
    from av import AudioFrame

    frame = AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
    frame.planes[0].update(samples.ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate, frame.pts = RATE, 0
    return frame
