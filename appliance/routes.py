# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The one routing table, as data. It makes both ``systemd/nginx.conf`` and the edge of ``cartable dev``.

Two origins, told apart by port: *hub* (pages, API, cookies) and *content* (resources and whatever scripts they
carry). The headers that keep the two apart stand here and nowhere else.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass


class Origin(enum.StrEnum):
    """The two web origins of a box."""

    HUB = "hub"
    CONTENT = "content"


class Service(enum.StrEnum):
    """A service of the box; its socket is ``<run>/<name>.sock``."""

    HUB = "hub"
    SPEECH = "speech"
    STUDIO = "studio"


class Root(enum.StrEnum):
    """Where files stand: nginx and the edge map each to a folder."""

    LIBRARY = "library"
    """``<state>/library``: blobs."""
    STATIC = "static"
    """``appliance/hub/static``: our own and vendored front-end files."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Passed to a service over its Unix socket."""

    service: Service
    max_body_mb: int = 1
    held: bool = False
    """Read whole before it is passed on, however large: many small bodies come here over a slow Wi-Fi."""
    unwritten: bool = False
    """Never in a file on its way, not even one in memory: a voice."""
    streams: bool = False
    """Passed on as it comes, however slowly: Server-Sent Events."""
    at_once: int = 0
    """Requests from one address at a time, in nginx, where a slow one takes a place of the service; 0: any number."""


@dataclass(frozen=True, slots=True)
class Files:
    """Served from disk with Range, ETag and 304; ``path`` may use the named groups of the route's pattern.

    ``fallback``: the service asked when the file does not exist.
    """

    root: Root
    path: str
    fallback: Service | None = None
    precompressed: bool = False
    """Answer ``<path>.gz`` where it exists and the browser takes gzip."""


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table. ``pattern``: an anchored regular expression over the decoded path, in the subset that
    Python and PCRE share (named groups as ``(?P<name>…)``)."""

    name: str
    origin: Origin
    pattern: str
    target: Proxy | Files
    headers: tuple[tuple[str, str], ...] = ()
    json_errors: bool = False
    """Programs ask here: what nginx or the edge refuses by itself is said in JSON, never as a page."""

    def match(self, path: str) -> re.Match[str] | None:
        """Whether this route takes the decoded path."""
        return re.match(self.pattern, path)


BLOB = "(?P<blob>[0-9a-f]{64})"
NAME = "[a-z0-9]+(?:-[a-z0-9]+)*"
MEDIA = "(?:mp4|m4v|webm|ogv|mp3|m4a|ogg|oga|opus|wav|flac|vtt)"

IMMUTABLE = ("Cache-Control", "public, max-age=31536000, immutable")
ATTACHMENT = ("Content-Disposition", "attachment")
"""Saved, under the last part of its address."""
NOSNIFF = ("X-Content-Type-Options", "nosniff")
NO_REFERRER = ("Referrer-Policy", "no-referrer")
ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")
"""Resource bytes are public on the LAN; a sandboxed page has the opaque origin ``null`` and needs this for its own
fonts, modules and fetches."""

UNTRUSTED = (
    "Content-Security-Policy",
    "sandbox allow-scripts allow-forms allow-popups allow-modals allow-downloads allow-pointer-lock; "
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; base-uri 'self'; form-action 'self'; "
    "object-src 'none'",
)
"""Pages inside resources run their scripts with an opaque origin: no cookie, no storage, no request that carries the
hub's session (the initiator is cross-site, so SameSite=Strict cookies stay home), nothing fetched from outside."""

READER = (
    "Content-Security-Policy",
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline' blob:; "
    "img-src 'self' data: blob:; font-src 'self' data: blob:; "
    "media-src 'self' blob:; frame-src 'self' blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none', "
    "script-src http://*:*/static/ https://*:*/static/ 'wasm-unsafe-eval'; "
    "worker-src http://*:*/static/ https://*:*/static/",
)
"""Our readers (EPUB, PDF) live on the content origin beside the bytes they show; books' own scripts do not run.

Two policies, both of which must agree: ours alone could not say "this origin, but only under ``/static/``", and a book
may name a script that another resource holds under ``/blob/``. The schemes are written out: Chromium 80 takes a bare
``*:*/static/`` for nothing at all.
"""

HARMLESS = ("Content-Security-Policy", "sandbox; default-src 'none'")
"""Nothing that the learning record store keeps ever runs as a page of the box."""

SCRIPTLESS = ("Content-Security-Policy", "script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'")
"""Symbols that a page uses, drawn by the box itself: under ``sandbox`` or ``default-src 'none'`` they are not shown."""

_XAPI = Proxy(Service.HUB, max_body_mb=64, held=True)
_XAPI_PATH = r"^/xapi(?:/|$)"
_XAPI_HEADERS = (NOSNIFF, HARMLESS, NO_REFERRER, ANY_ORIGIN)

ROUTES: tuple[Route, ...] = (
    Route("static", Origin.HUB, r"^/static/(?P<path>[^\0]+)$",
          Files(Root.STATIC, "{path}", precompressed=True), (IMMUTABLE, NOSNIFF)),
    Route("upload", Origin.HUB, r"^/enseignant/bibliotheque/ajouter$", Proxy(Service.HUB, max_body_mb=4096)),
    Route("class-list", Origin.HUB, r"^/enseignant/classes/(?:[^/]+/liste/)?apercu$",
          Proxy(Service.HUB, max_body_mb=9)),
    Route("exercise-media", Origin.HUB, r"^/medias/(?P<name>[0-9a-f]{64}\.(?:jpg|mp3))$",
          Files(Root.LIBRARY, "exercises/{name}"), (IMMUTABLE, NOSNIFF, HARMLESS, NO_REFERRER)),
    Route("exercise-medium", Origin.HUB, r"^/enseignant/exercices/[^/]+/medias$", Proxy(Service.HUB, max_body_mb=13)),
    Route("sequence-pictures", Origin.HUB, rf"^/sequences/(?P<id>{NAME})/pictures\.svg$",
          Files(Root.LIBRARY, "sequences/{id}/pictures.svg"), (IMMUTABLE, NOSNIFF, SCRIPTLESS, NO_REFERRER)),
    Route("sequence-media", Origin.HUB,
          rf"^/sequences/(?P<id>{NAME})/(?P<path>sounds/{NAME}\.mp3|pictures/[0-9a-f]{{20}}\.jpg)$",
          Files(Root.LIBRARY, "sequences/{id}/{path}"), (IMMUTABLE, NOSNIFF, HARMLESS, NO_REFERRER)),
    Route("sequence-medium", Origin.HUB, rf"^/enseignant/oral/(?:importer|{NAME}/modifier)$",
          Proxy(Service.HUB, max_body_mb=17)),
    Route("answer-media", Origin.HUB, r"^/(?:api/media|exercice/[^/]+/medium)$",
          Proxy(Service.HUB, max_body_mb=9, held=True)),
    Route("xapi", Origin.HUB, _XAPI_PATH, _XAPI, _XAPI_HEADERS, json_errors=True),
    Route("speech", Origin.HUB, r"^/api/speech/",
          Proxy(Service.SPEECH, max_body_mb=4, unwritten=True, at_once=4), json_errors=True),
    Route("studio", Origin.HUB, r"^/api/studio/", Proxy(Service.STUDIO, streams=True, at_once=64), json_errors=True),
    Route("hub", Origin.HUB, r"^/", Proxy(Service.HUB)),
    Route("reader", Origin.CONTENT, r"^/static/(?P<path>[^\0]+)$",
          Files(Root.STATIC, "{path}", precompressed=True), (IMMUTABLE, NOSNIFF, READER, NO_REFERRER, ANY_ORIGIN)),
    Route("zim-media", Origin.CONTENT, rf"^/zim/{BLOB}/(?P<path>[^\0]+\.{MEDIA})$",
          Files(Root.LIBRARY, "blobs/{blob}/files/{path}", fallback=Service.HUB),
          (IMMUTABLE, NOSNIFF, UNTRUSTED, NO_REFERRER, ANY_ORIGIN)),
    Route("zim", Origin.CONTENT, rf"^/zim/{BLOB}/", Proxy(Service.HUB),
          (IMMUTABLE, NOSNIFF, UNTRUSTED, NO_REFERRER, ANY_ORIGIN)),
    Route("blob", Origin.CONTENT, rf"^/blob/{BLOB}/(?P<path>[^\0]+)$",
          Files(Root.LIBRARY, "blobs/{blob}/{path}"), (IMMUTABLE, NOSNIFF, UNTRUSTED, NO_REFERRER, ANY_ORIGIN)),
    Route("download", Origin.CONTENT, rf"^/download/{BLOB}/(?P<suffix>[a-z0-9]{{1,8}})/[^/\0]+$",
          Files(Root.LIBRARY, "blobs/{blob}/original.{suffix}"), (ATTACHMENT, NOSNIFF, UNTRUSTED, NO_REFERRER)),
    Route("records", Origin.CONTENT, _XAPI_PATH, _XAPI, _XAPI_HEADERS, json_errors=True),
)  # fmt: skip
"""First match wins. A path of the content origin that matches none is 404."""


def find(origin: Origin, path: str) -> tuple[Route, re.Match[str]] | None:
    """The first route of ``origin`` that takes the decoded ``path``."""
    for route in ROUTES:
        if route.origin is origin and (match := route.match(path)):
            return route, match
    return None
