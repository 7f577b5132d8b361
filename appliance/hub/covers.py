# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One picture with all covers of a page: one request instead of nine on a weak Wi-Fi, about 3 KB a cover."""

from __future__ import annotations

import functools
import hashlib
import io
import re
from collections.abc import Sequence

from flask import Blueprint, Response, request

from appliance.errors import BadInput
from appliance.hub.context import hub
from appliance.model import Resource

pages = Blueprint("covers", __name__)

WIDTH, HEIGHT = 240, 144
"""Pixels of one cover in the sheet."""
QUALITY = 58
MOST = 16
SHEETS_KEPT = 32
CELLS_KEPT = 64
"""100 kB each."""
GROUND = "#e8edfa"
KEY_DIGITS = 16
_KEY = re.compile(rf"[0-9a-f]{{{KEY_DIGITS}}}")
RASTER = (".jpg", ".jpeg", ".png", ".webp")


def key(resource: Resource) -> str:
    """What stands for a resource's cover in a sheet's address; empty when it has none that fits."""
    has = resource.blob and resource.cover and resource.cover.lower().endswith(RASTER)
    return str(resource.blob)[:KEY_DIGITS] if has else ""


def sheet_url(keys: Sequence[str]) -> str:
    """The address of the sheet of those covers; empty without any."""
    return f"/couvertures.jpg?b={','.join(keys)}" if keys else ""


@pages.get("/couvertures.jpg")
def sheet() -> Response:
    """The covers named by ``b`` (starts of blob names, comma-separated), one below the other."""
    keys = [part for part in request.args.get("b", "").split(",") if part]
    if not 0 < len(keys) <= MOST or not all(map(_KEY.fullmatch, keys)):
        raise BadInput("Name 1 to %(most)s covers.", most=MOST)
    known = {key(resource): resource for resource in hub().library.list(include_damaged=True)}
    folder = hub().config.library_folder / "blobs"
    paths = tuple(str(folder / str(known[k].blob) / str(known[k].cover)) if k in known else "" for k in keys)
    answer = Response(_drawn(paths), mimetype="image/jpeg")
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    answer.set_etag(hashlib.sha256(request.query_string).hexdigest()[:20])
    answer.make_conditional(request)
    return answer


@functools.lru_cache(SHEETS_KEPT)
def _drawn(paths: tuple[str, ...]) -> bytes:
    from PIL import Image  # a hub that shows no covers does without

    drawn = Image.new("RGB", (WIDTH, HEIGHT * len(paths)), GROUND)
    for row, path in enumerate(paths):
        if cell := _cell(path):
            drawn.paste(Image.frombytes("RGB", (WIDTH, HEIGHT), cell), (0, row * HEIGHT))
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


@functools.lru_cache(CELLS_KEPT)
def _cell(path: str) -> bytes | None:
    """The pixels of one cover (RGB), cut to the cell: a page's top says more than its middle. None: no good picture.

    Kept, since any search makes a new sheet of the same covers, and to decode them is nearly all the work.
    """
    from PIL import Image, ImageOps

    if not path:
        return None
    try:
        with Image.open(path) as picture:
            picture.draft("RGB", (WIDTH, HEIGHT))
            flat = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    fitted = ImageOps.fit(flat, (WIDTH, HEIGHT), centering=(0.5, 0.15))
    cell = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    cell.paste(fitted, (0, 0), fitted)
    return cell.tobytes()
