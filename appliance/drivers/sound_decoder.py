# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a tablet's recorder made, as the samples that speech engines take. Done in memory; PyAV is loaded at first use.

The container is told from its first bytes and FFmpeg is held to it: left to guess, it would also take a playlist or a
"concat" script, which open other files.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from appliance.errors import BadInput, TooLarge, Unsupported
from appliance.i18n import N_
from appliance.ports import RATE

if TYPE_CHECKING:
    from av import AudioFrame
    from av.container import InputContainer

LONGEST_S = 30.0
"""Of one utterance: the pupil's page stops long before."""
RATES = range(4_000, 400_000)
"""Samples a second that a recorder makes. At one a second, a few seconds of file are hours of sound in one piece."""
_MP3 = re.compile(rb"ID3|\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x00-\xef]")
_AAC = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")
_UNREADABLE = N_("This recording cannot be read: record it again.")


def demuxer(data: bytes) -> str | None:
    """FFmpeg's name of the container of ``data``, of those that browsers and recorders make; None: another one."""
    if data[4:8] == b"ftyp":
        return "mov"
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return "wav"
    marks = ((b"\x1aE\xdf\xa3", "matroska"), (b"OggS", "ogg"), (b"fLaC", "flac"), (b"caff", "caf"), (b"#!AMR", "amr"))
    for mark, name in marks:
        if data.startswith(mark):
            return name
    return "aac" if _AAC.match(data) else "mp3" if _MP3.match(data) else None


def decode(data: bytes, rate: int = RATE, longest_s: float = LONGEST_S) -> bytes:
    """One channel of signed 16-bit little-endian samples, ``rate`` a second.

    ``data``: WebM, MP4 or M4A, Ogg, WAV, MP3, AAC, FLAC, CAF or AMR. A recording that breaks off gives what it holds.
    Raises :class:`BadInput` for nothing that can be heard, :class:`Unsupported` for anything else,
    :class:`TooLarge` beyond ``longest_s`` seconds.
    """
    if not data:
        raise BadInput("The recording is empty: hold the button while you speak.")
    name = demuxer(data)
    if name is None:
        raise Unsupported("This is no recording that the box can read: send WebM, MP4, Ogg, WAV or MP3.")
    samples = bytearray()
    most = int(longest_s * rate) * 2
    for block in _blocks(data, name, rate):
        samples += block
        if len(samples) > most:
            raise TooLarge("This recording is too long: %(limit)d seconds at most.", limit=int(longest_s))
    if not samples:
        raise BadInput(_UNREADABLE)
    return bytes(samples)


def _blocks(data: bytes, name: str, rate: int) -> Iterator[bytes]:
    import av
    from av.audio.resampler import AudioResampler
    from av.error import FFmpegError

    resampler = AudioResampler(format="s16", layout="mono", rate=rate)
    heard = False
    try:
        with av.open(io.BytesIO(data), "r", format=name, metadata_errors="replace") as container:
            for frame in _frames(container):
                if frame.sample_rate not in RATES:
                    raise BadInput(_UNREADABLE)
                for piece in resampler.resample(frame):
                    heard = True
                    yield _bytes(piece)
            for piece in resampler.resample(None) if heard else ():
                yield _bytes(piece)
    except BadInput:
        raise
    except (FFmpegError, ValueError) as error:  # PyAV has its own of the second for a stream that changes its shape
        if not heard:
            raise BadInput(_UNREADABLE) from error


def _frames(container: InputContainer) -> Iterator[AudioFrame]:
    if not container.streams.audio:
        raise BadInput("There is no sound in this recording: allow the microphone, then record again.")
    stream = container.streams.audio[0]
    if stream.codec_context is None:  # a codec that FFmpeg does not know; PyAV's stubs say that there is always one
        raise BadInput(_UNREADABLE)
    stream.codec_context.thread_type = "NONE"
    yield from container.decode(stream)


def _bytes(frame: AudioFrame) -> bytes:
    return bytes(frame.planes[0])[: frame.samples * 2]
