# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A photo as the box keeps it: decoded, turned upright, shrunk and encoded anew, so that nothing else travels with it.

Whatever stood in the file beside its pixels (place, time, device, a second file behind the first) is gone. Pixels are
counted before they are decoded.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from appliance.errors import BadInput, TooLarge

if TYPE_CHECKING:
    from PIL import Image

MOST_BYTES = 8 << 20
"""Of a file that arrives."""
KEPT_BYTES = 1 << 20
"""Of a photo as it is kept."""
SIDE = 1600
"""Pixels of the longer side."""
MOST_PIXELS = 16_000_000
MOST_PIXELS_REDUCED = 64_000_000
"""Of a baseline JPEG, which is decoded at the size that it is kept at: all that a telephone makes."""
MEDIA_TYPE = "image/jpeg"
FORMATS = ("JPEG", "PNG", "WEBP")
"""What browsers and telephones send; nothing that runs, and none whose decoder is rarely used."""
_TRIES = ((SIDE, 82), (SIDE, 65), (1200, 60), (800, 50))
"""Side and quality, until it fits: the last always does."""


def cleaned(body: bytes) -> bytes:
    """``body`` as a JPEG of at most :data:`KEPT_BYTES`, its longer side :data:`SIDE` at most.

    Raises :class:`TooLarge`, and :class:`BadInput` for what is no picture.
    """
    if len(body) > MOST_BYTES:
        raise TooLarge("This photo is too large: at most %(limit)s MB.", limit=MOST_BYTES >> 20)
    from PIL import Image

    try:
        with Image.open(io.BytesIO(body), formats=FORMATS) as picture:
            _expect_bounded(picture)
            flat = _flat(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _bomb() from error
    except (OSError, ValueError, SyntaxError, EOFError, LookupError, struct.error, ArithmeticError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput("This is no photo that the box can read: take it again.") from error
    return _encoded(flat)


def is_light(body: bytes) -> bool:
    """Whether opening it costs little: a plain JPEG no larger than it is kept, as the page's script makes them.

    Others may take hundreds of megabytes for thirty kilobytes (a WebP), and their decoders are rarely used.
    """
    from PIL import Image

    if not body.startswith(b"\xff\xd8\xff"):
        return False
    try:
        with Image.open(io.BytesIO(body), formats=("JPEG",)) as picture:
            return not picture.info.get("progressive") and picture.width * picture.height <= SIDE * SIDE
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return False
    except (OSError, ValueError, SyntaxError, EOFError, LookupError, struct.error, ArithmeticError):
        return False


def made(body: bytes) -> tuple[bytes, dict[str, float]]:
    """:func:`cleaned`, as ``medium_worker`` has it."""
    return cleaned(body), {}


def _expect_bounded(picture: Image.Image) -> None:
    plain = picture.format in ("JPEG", "MPO") and not picture.info.get("progressive")
    if picture.width * picture.height > (MOST_PIXELS_REDUCED if plain else MOST_PIXELS):
        raise _bomb()


def _flat(picture: Image.Image) -> Image.Image:
    """Upright, without transparency, without anything but pixels."""
    from PIL import Image, ImageOps

    picture.draft("RGB", (SIDE, SIDE))
    picture.load()
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)  # in place: the large one is in memory once
    layered = ImageOps.exif_transpose(picture).convert("RGBA")
    flat = Image.new("RGB", layered.size, "white")
    flat.paste(layered, (0, 0), layered)
    return flat


def _encoded(flat: Image.Image) -> bytes:
    for side, quality in _TRIES:
        out = io.BytesIO()
        flat.thumbnail((side, side))
        flat.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= KEPT_BYTES:
            break
    return out.getvalue()


def _bomb() -> TooLarge:
    return TooLarge("This picture has too many pixels: take a photo with the tablet instead.")
