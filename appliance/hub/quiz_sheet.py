# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One picture with all photos of a part of a quiz: one request, and no more bytes than a pupil's page may weigh.

A question's picture stands in a large cell, a choice's in a small one, each whole: a photo that were cut may lose what
is asked. Cells stand one below the other.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from appliance.errors import BadInput
from appliance.hub import covers, quiz_media
from appliance.hub.context import hub
from appliance.model import MINE
from appliance.store import quiz_media as stored

pages = Blueprint("quiz_sheet", __name__)

LIBRARY = "library:"
"""What a picture of the library begins with, in a question; then :func:`appliance.hub.covers.key`."""
SIZES = {"q": (400, 304), "c": (160, 128)}
"""Pixels of a cell, of a question and of a choice: whole blocks of JPEG, or neighbours run into each other."""
MOST = 32
BUDGET = 34_000
"""Bytes of a sheet."""
QUALITIES = (70, 55, 40, 28, 18)
GROUND = "#ffffff"
SHEETS_KEPT = 16
CELLS_KEPT = 64
"""360 kB each at most."""
_KEY = re.compile(r"[qc][lm][0-9a-f]{16}")
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a picture stands."""

    sheet: str
    """The sheet's address."""
    top: int
    width: int
    height: int
    sheet_width: int
    sheet_height: int


def key(image: str, size: str) -> str:
    """What stands for a picture in a sheet's address; empty for one that is drawn otherwise."""
    if image.startswith(LIBRARY):
        return f"{size}l{image.removeprefix(LIBRARY)}"
    return f"{size}m{image.removeprefix(MINE)[:_DIGITS]}" if image.startswith(MINE) else ""


def sheet_url(keys: Sequence[str]) -> str:
    """The address of the sheet of those keys; empty without any."""
    return f"/medias/planche.jpg?m={','.join(keys)}" if keys else ""


def cells(keys: Iterable[str]) -> dict[str, Cell]:
    """Key -> where it stands in the sheet of all of them; those over :data:`MOST` stand nowhere."""
    listed = [each for each in dict.fromkeys(keys) if each][:MOST]
    address, (wide, high) = sheet_url(listed), _size(listed)
    found, top = {}, 0
    for each in listed:
        width, height = SIZES[each[0]]
        found[each] = Cell(address, top, width, height, wide, high)
        top += height
    return found


def _size(keys: Sequence[str]) -> tuple[int, int]:
    sizes = [SIZES[each[0]] for each in keys]
    return max((width for width, _ in sizes), default=0), sum(height for _, height in sizes)


@pages.get("/medias/planche.jpg")
def sheet() -> Response:
    """The pictures named by ``m`` (:func:`key`, comma-separated)."""
    keys = [part for part in request.args.get("m", "").split(",") if part]
    if not 0 < len(keys) <= MOST or not all(map(_KEY.fullmatch, keys)):
        raise BadInput("Name 1 to %(most)s pictures.", most=MOST)
    answer = Response(_drawn(tuple(zip(keys, _paths(keys), strict=True))), mimetype="image/jpeg")
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    answer.set_etag(hashlib.sha256(request.query_string).hexdigest()[:20])
    answer.make_conditional(request)
    return answer


def _paths(keys: Sequence[str]) -> list[str]:
    """The file of each; empty for one that is gone."""
    folder, blobs = quiz_media.folder(), hub().config.library_folder / "blobs"
    files = {medium.id[:_DIGITS]: str(folder / medium.file) for medium in stored.every(hub().db, stored.PICTURE)}
    listed = hub().library.list(include_damaged=True) if any(each[1] == "l" for each in keys) else []
    library = {covers.key(each): str(blobs / str(each.blob) / str(each.cover)) for each in listed}
    return [(library if each[1] == "l" else files).get(each[2:], "") for each in keys]


@functools.lru_cache(SHEETS_KEPT)
def _drawn(listed: Sequence[tuple[str, str]]) -> bytes:
    from PIL import Image  # a hub that shows no photos does without

    drawn, top = Image.new("RGB", _size([each for each, _ in listed]), GROUND), 0
    for each, path in listed:
        size = SIZES[each[0]]
        if cell := _cell(path, size):
            drawn.paste(Image.frombytes("RGB", size, cell), (0, top))
        top += size[1]
    body = b""
    for quality in QUALITIES:
        out = io.BytesIO()
        drawn.save(out, "JPEG", quality=quality, optimize=True)
        body = out.getvalue()
        if len(body) <= BUDGET:
            break
    return body


@functools.lru_cache(CELLS_KEPT)
def _cell(path: str, size: tuple[int, int]) -> bytes | None:
    """The pixels (RGB) of a picture, whole in its cell. None: no good picture."""
    from PIL import Image, ImageOps

    if not path:
        return None
    try:
        with Image.open(path) as picture:
            picture.draft("RGB", size)
            flat = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    fitted = ImageOps.contain(flat, size)
    cell = Image.new("RGB", size, GROUND)
    cell.paste(fitted, ((size[0] - fitted.width) // 2, (size[1] - fitted.height) // 2), fitted)
    return cell.tobytes()
