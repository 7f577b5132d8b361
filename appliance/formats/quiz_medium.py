# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pictures and sounds for exercises: told by their content, decoded within limits, and written anew.

What comes out holds nothing of the file but what is seen or heard: no place, date, camera, cover or title. And every
browser shows a JPEG and plays an MP3 (Safari 13: neither WebP nor Ogg).
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from appliance.errors import BadInput, TooLarge, Unsupported
from appliance.formats.cover import opened

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from PIL import Image

SIDE = 1200
"""Pixels: the longest side at most."""
QUALITY = 82
KINDS = ("JPEG", "PNG", "WEBP")
SECONDS = 180
RATE, BITS_PER_SECOND = 44_100, 64_000
CONTAINERS = ("mp3", "mov", "ogg", "wav")
_APPLE = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"mif1", b"msf1", b"avif")
"""Brands of a HEIF file (ISO/IEC 23008-12 annex B; AVIF §8)."""

Made = tuple[bytes, dict[str, float]]
"""The file, and what is known of it: width and height in pixels, or seconds."""


def picture(data: bytes) -> Made:
    """A JPEG, the right way up, transparent parts white.

    Raises :class:`Unsupported` for what is no JPEG, PNG or WebP, :class:`TooLarge`, :class:`BadInput` when damaged.
    """
    if data[4:8] == b"ftyp" and data[8:12] in _APPLE:
        raise Unsupported("This photo is a HEIC file, which browsers cannot show: on the iPhone or iPad choose "
                          "Settings, Camera, Formats, “Most Compatible”, or save it as JPEG.")  # fmt: skip
    if not (data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (data[:4], data[8:12]) == (b"RIFF", b"WEBP")):
        raise Unsupported("This is not a picture that the box takes: choose a JPEG, PNG or WebP file.")
    with opened(data) as image:
        if image.format not in KINDS:
            raise Unsupported("This is not a picture that the box takes: choose a JPEG, PNG or WebP file.")
        flat = _flat(image)
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return out.getvalue(), {"width": flat.width, "height": flat.height}


def _flat(image: Image.Image) -> Image.Image:
    """On a ground of its own: nothing that the file said beside its pixels comes along."""
    from PIL import Image, ImageOps

    image.draft("RGB", (SIDE, SIDE))  # JPEG: decoded at a fraction of the size, no smaller than this
    turned = ImageOps.exif_transpose(image) or image
    clear = turned.convert("RGBA")
    clear.thumbnail((SIDE, SIDE))
    ground = Image.new("RGB", clear.size, "white")
    ground.paste(clear, (0, 0), clear)
    return ground


def sound(data: bytes) -> Made:
    """An MP3 of one channel.

    Raises :class:`Unsupported` for what is no MP3, M4A, Ogg or WAV with sound in it, :class:`TooLarge` over
    :data:`SECONDS`, :class:`BadInput` when damaged.
    """
    from appliance.formats.media import container

    name = container(data[:4096])
    if name not in CONTAINERS:
        raise Unsupported("This is not a sound that the box takes: choose an MP3, M4A, OGG or WAV file.")
    out, samples = io.BytesIO(), 0
    with _errors():
        import av

        with (
            av.open(io.BytesIO(data), "r", format=name) as source,
            av.open(out, "w", format="mp3", options={"id3v2_version": "0", "write_xing": "0"}) as target,
        ):
            stream: AudioStream = target.add_stream("libmp3lame", rate=RATE)
            context = stream.codec_context
            context.layout, context.format, context.bit_rate = "mono", "s16p", BITS_PER_SECOND
            for frame in _frames(source):
                samples += frame.samples
                if samples > SECONDS * RATE:
                    raise TooLarge("This sound is longer than %(most)s minutes: cut it.", most=SECONDS // 60)
                frame.pts = None
                target.mux(stream.encode(frame))
            target.mux(stream.encode(None))
    if samples == 0:
        raise BadInput("There is no sound in this file.")
    return out.getvalue(), {"seconds": round(samples / RATE, 1)}


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    from av.error import FFmpegError

    try:
        yield
    except (FFmpegError, UnicodeError, OverflowError, IndexError) as error:
        raise BadInput("This sound is damaged or not complete: record or download it again.") from error


def _frames(source: InputContainer) -> Iterator[AudioFrame]:
    """Decoded, in one channel at :data:`RATE`."""
    from av.audio.resampler import AudioResampler

    if not source.streams.audio:
        raise Unsupported("There is no sound in this file.")
    resampler = AudioResampler("s16p", "mono", RATE)
    for frame in source.decode(source.streams.audio[0]):
        yield from resampler.resample(frame)
    yield from resampler.resample(None)
