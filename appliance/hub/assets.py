# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Addresses of the front-end files, with a content hash so that browsers may keep them for ever."""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path
from urllib.parse import quote, urlsplit

from flask import Flask, request
from markupsafe import Markup

from appliance.errors import NotFound

STATIC = Path(__file__).with_name("static")
CONTENT_PORT_HEADER = "X-Cartable-Content-Port"
CONTENT_PORT = 8081


@functools.cache
def _version(path: str) -> str:
    try:
        return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]
    except OSError as error:
        raise NotFound("There is no front-end file %(path)s: run make vendor.", path=path) from error


def static_url(path: str) -> str:
    """``/static/<path>?v=<hash>``. Raises :class:`NotFound` when the file is missing."""
    return f"/static/{path}?v={_version(path)}"


@functools.cache
def vendored(library: str, path: str) -> str:
    """The static path of ``path`` in a vendored ``library``, whatever its version."""
    found = sorted((STATIC / "vendor").glob(f"{library}-[0-9]*"))
    if not found:
        raise NotFound("There is no front-end file %(path)s: run make vendor.", path=library)
    return f"vendor/{found[-1].name}/{path}"


def icon(name: str) -> Markup:
    """A Lucide icon, silent for screen readers; its size and colour are those of the text beside it."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>').format(icons_sheet(), name)


def icons_sheet() -> str:
    """The sheet of all icons, for an icon of another size."""
    return static_url(vendored("lucide-static", "icons.svg"))


@functools.cache
def favicon() -> str:
    """The box's sign as a ``data:`` address: one request less for each page on a weak Wi-Fi."""
    drawn = re.sub(r"<!--.*?-->", "", (STATIC / "app" / "cartable.svg").read_text(encoding="utf-8"), flags=re.S)
    return "data:image/svg+xml," + quote(drawn.strip(), safe=" ='/:")


def animal(avatar: str) -> Markup:
    """A pupil's animal (OpenMoji hexcode), silent: its name stands beside it."""
    return Markup('<svg class="animal" aria-hidden="true"><use href="{}#{}"/></svg>').format(animals_sheet(), avatar)


def animals_sheet() -> str:
    """The sheet of all animals, for a picture of another size."""
    return static_url(vendored("openmoji", "animals.svg"))


def content_origin() -> str:
    """The second origin, as this browser reaches it: same scheme and host, the port that the edge announced."""
    port = request.headers.get(CONTENT_PORT_HEADER, "")
    scheme = request.headers.get("X-Forwarded-Proto", "http")
    host = urlsplit(f"//{request.host}").hostname or "localhost"
    bracketed = f"[{host}]" if ":" in host else host
    return f"{scheme}://{bracketed}:{int(port) if port.isdigit() else CONTENT_PORT}"


def register_assets(app: Flask) -> None:
    """Give the templates the helpers of this module."""
    app.jinja_env.globals.update(
        static_url=static_url,
        vendored=vendored,
        favicon=favicon,
        icon=icon,
        icons_sheet=icons_sheet,
        animal=animal,
        animals_sheet=animals_sheet,
        content_origin=content_origin,
    )
