# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pictures of unknown origin, decoded within limits, and the covers made from them. Pillow is loaded by the first."""

from __future__ import annotations

import contextlib
import io
import shutil
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.errors import BadInput, TooLarge
from appliance.formats.xml_text import local, parse_xml

if TYPE_CHECKING:
    from PIL import Image

SIDE = 480
"""Pixels: the longer side of a cover at most."""
MAX_PIXELS = 40_000_000
"""What is decoded at most, to stay well under 200 MB: a 40-megapixel photograph is 120 MB of RGB."""
MAX_SVG = 200_000
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


@contextlib.contextmanager
def opened(source: Path | bytes) -> Iterator[Image.Image]:
    """The picture, not decoded yet. In the block, decoder errors become :class:`BadInput`.

    Raises :class:`TooLarge` over :data:`MAX_PIXELS`.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise TooLarge("The picture is larger than %(limit)d megapixels: make it smaller.", limit=40)
                yield image
    except Image.DecompressionBombError as error:
        raise TooLarge("The picture is larger than %(limit)d megapixels: make it smaller.", limit=40) from error
    except (TooLarge, FileNotFoundError, PermissionError):
        raise
    except (
        OSError, SyntaxError, ValueError, TypeError, EOFError, ArithmeticError, LookupError, AttributeError,
        struct.error, zlib.error,
    ) as error:  # fmt: skip
        raise BadInput("The picture is damaged: copy it again.") from error


def write_cover(source: Path | bytes | Image.Image, directory: Path) -> str | None:
    """Write ``cover.jpg``, or ``.png`` where something is transparent, or ``.svg``; None if it cannot be read.

    Returns the name written below ``directory``.
    """
    from PIL import Image

    try:
        if isinstance(source, Image.Image):
            return _write(source, directory)
        if isinstance(source, Path) and source.suffix.lower() == ".svg":
            return _copy_drawing(source, directory)
        with opened(source) as image:
            return _write(image, directory)
    except BadInput:
        return None


def _copy_drawing(source: Path, directory: Path) -> str | None:
    """An SVG is its own cover where it is small; shown in ``<img>``, its scripts do not run."""
    if source.stat().st_size > MAX_SVG or local(parse_xml(source.read_bytes(), source.name).tag) != "svg":
        return None
    shutil.copyfile(source, directory / "cover.svg")
    return "cover.svg"


def _write(image: Image.Image, directory: Path) -> str:
    from PIL import ImageOps

    image.draft("RGB", (SIDE * 2, SIDE * 2))  # JPEG: decodes at a fraction of the size
    image = ImageOps.exif_transpose(image) or image
    transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    image = image.convert("RGBA" if transparent else "RGB")
    image.thumbnail((SIDE, SIDE))
    if transparent:
        image.save(directory / "cover.png", "PNG", optimize=True)
        return "cover.png"
    image.save(directory / "cover.jpg", "JPEG", quality=82, progressive=True)
    return "cover.jpg"
