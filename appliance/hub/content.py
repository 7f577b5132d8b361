# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The inside of resources that stay one file (ZIM), for the content origin: a WSGI callable without a framework.

A cached page costs one dictionary look-up. Bodies are immutable, since a blob's name is the digest of its bytes.
Security and caching headers are the routing table's (``appliance/routes.py``), not this file's.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from appliance.errors import CartableError, NotFound
from appliance.hub.http_headers import accepts_gzip, byte_range, matches, prefers
from appliance.i18n import LANGUAGES, N_, translator
from appliance.ports import Body, Content, ContentReader, Redirect

Environ = Mapping[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]

GZIP_FROM = 512
"""Bytes under which compressing a text would not pay."""
CHUNK = 1 << 18
OPEN_RESOURCES = 8
"""Resources open at once; the least recently read is closed first."""
_EMPTY = (("Content-Type", "text/plain"), ("Content-Length", "0"))
_OVERHEAD = 1200
"""Bytes of Python around one cached body, counted with it."""
_HEX = frozenset("0123456789abcdef")
_TEXTS = ("text/", "application/javascript", "application/json", "application/xml", "application/xhtml", "image/svg",
          "application/x-javascript", "application/ld+json", "application/wasm", "font/ttf")  # fmt: skip


class _Cached(NamedTuple):
    headers: list[tuple[str, str]]
    body: list[bytes]
    weight: int


class ContentApp:
    """Answers ``/<kind>/<blob>/<path>`` for each kind in ``readers``; GET and HEAD."""

    def __init__(self, blobs: Path, readers: Mapping[str, ContentReader], cache_bytes: int) -> None:
        """``blobs``: the folder of blob directories; ``cache_bytes``: bound of all cached bodies together."""
        self._blobs = blobs
        self._readers = readers
        self._cache_bytes = cache_bytes
        self._cached: OrderedDict[tuple[str, bool], _Cached] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[str, str], Content] = OrderedDict()
        self._open_lock = threading.Lock()
        self._accepts: dict[str, bool] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """PEP 3333."""
        accept = environ.get("HTTP_ACCEPT_ENCODING", "")
        gzipped = self._accepts.get(accept)
        if gzipped is None:
            gzipped = self._learn(accept)
        if environ["REQUEST_METHOD"] == "GET" and "HTTP_RANGE" not in environ and "HTTP_IF_NONE_MATCH" not in environ:
            key = (environ["PATH_INFO"], gzipped)
            try:
                cached = self._cached[key]
                self._cached.move_to_end(key)
            except KeyError:
                pass
            else:
                start_response("200 OK", cached.headers[:])
                return cached.body
        try:
            return self._answer(environ, start_response, gzipped)
        except CartableError as error:
            return self._fail(environ, start_response, error)

    def close(self) -> None:
        """Forget everything cached and open."""
        with self._lock, self._open_lock:
            self._cached.clear()
            self._open.clear()
            self._weight = 0

    @property
    def weight(self) -> int:
        """Bytes held by the cache now."""
        return self._weight

    def _learn(self, accept: str) -> bool:
        """Remember what an ``Accept-Encoding`` means; browsers send few different ones."""
        gzipped = accepts_gzip(accept)
        if len(self._accepts) < 64 and len(accept) < 200:
            self._accepts[accept] = gzipped
        return gzipped

    def _answer(self, environ: Environ, start_response: StartResponse, gzipped: bool) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            start_response("405 Method Not Allowed", [("Allow", "GET, HEAD"), *_EMPTY])
            return []
        raw = environ["PATH_INFO"]
        kind, blob, path = _split(raw)
        if path is None:
            return _redirect(start_response, blob + "/")
        content = self._content(kind, blob)
        found = content.get(path)
        if isinstance(found, Redirect):
            if location := _relative(path, found.path):
                return _redirect(start_response, location)
            found = content.get(found.path)
        if not isinstance(found, Body):
            raise NotFound("There is nothing at this address.")
        if method == "HEAD":
            environ = {key: value for key, value in environ.items() if key != "HTTP_RANGE"}  # RFC 9110 §14.2
        answer = self._found(environ, start_response, found, raw, gzipped)
        return answer if method == "GET" else []

    def _found(
        self, environ: Environ, start_response: StartResponse, found: Body, raw: str, gzipped: bool
    ) -> Iterable[bytes]:
        wanted = environ.get("HTTP_RANGE")
        media_type = _media_type(found.media_type)
        large = found.size > self._cache_bytes // 8
        squeeze = gzipped and wanted is None and not large and found.size > GZIP_FROM and media_type.startswith(_TEXTS)
        etag = _etag(raw, squeeze)
        headers = [("Content-Type", media_type), ("ETag", etag), ("Vary", "Accept-Encoding")]
        if matches(environ.get("HTTP_IF_NONE_MATCH"), etag):
            start_response("304 Not Modified", headers[1:])
            return []
        if wanted is not None and environ.get("HTTP_IF_RANGE", etag) == etag:
            span = byte_range(wanted, found.size)
            if span is not None:
                return _partial(start_response, headers, found, span)
        headers.append(("Accept-Ranges", "bytes"))
        if large:
            start_response("200 OK", [*headers, ("Content-Length", str(found.size))])
            return _slices(found, 0, found.size)
        data = found.read(0, found.size)
        if squeeze:
            data = gzip.compress(data, 6, mtime=0)
            headers[-1] = ("Content-Encoding", "gzip")
        cached = self._keep((raw, gzipped), [*headers, ("Content-Length", str(len(data)))], data)
        start_response("200 OK", cached.headers[:])
        return cached.body

    def _keep(self, key: tuple[str, bool], headers: list[tuple[str, str]], data: bytes) -> _Cached:
        cached = _Cached(headers, [data], len(data) + 2 * len(key[0]) + _OVERHEAD)
        with self._lock:
            old = self._cached.pop(key, None)
            self._weight += cached.weight - (old.weight if old else 0)
            self._cached[key] = cached
            while self._weight > self._cache_bytes and self._cached:
                self._weight -= self._cached.popitem(last=False)[1].weight
        return cached

    def _content(self, kind: str, blob: str) -> Content:
        key = (kind, blob)
        with self._open_lock:
            content = self._open.get(key)
            if content is None:
                content = self._readers[kind].open(self._blobs / blob) if kind in self._readers else None
                if content is None:
                    raise NotFound("There is nothing at this address.")
                self._open[key] = content
                if len(self._open) > OPEN_RESOURCES:
                    self._open.popitem(last=False)
            else:
                self._open.move_to_end(key)
            return content

    def _fail(self, environ: Environ, start_response: StartResponse, error: CartableError) -> Iterable[bytes]:
        language = prefers(environ.get("HTTP_ACCEPT_LANGUAGE", ""), LANGUAGES)
        speak = translator(language)
        title, sentence = escape(speak(N_("This page cannot be shown"))), escape(error.localized(speak))
        page = (
            f'<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width"><title>{title}</title><h1>{title}</h1><p>{sentence}</p></html>'
        ).encode()
        status = {404: "404 Not Found", 503: "503 Service Unavailable"}.get(error.status, "500 Internal Server Error")
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]
        start_response(status, [*headers, ("Vary", "Accept-Language"), ("Content-Length", str(len(page)))])
        return [page] if environ["REQUEST_METHOD"] == "GET" else []


def _split(raw: str) -> tuple[str, str, str | None]:
    """Kind, blob and decoded path of ``PATH_INFO`` (bytes as latin-1, PEP 3333); path None: the slash is missing."""
    parts = raw.split("/", 3)
    if len(parts) < 3 or parts[0] or len(parts[2]) != 64 or not _HEX.issuperset(parts[2]):
        raise NotFound("There is nothing at this address.")
    if len(parts) == 3:
        return parts[1], parts[2], None
    try:
        return parts[1], parts[2], parts[3].encode("latin-1").decode("utf-8")
    except UnicodeError as error:
        raise NotFound("There is nothing at this address.") from error


def _relative(path: str, target: str) -> str | None:
    """``target`` as a reference from ``path``, quoted so that no part of it can be taken for a scheme or a query.

    None when browsers would normalise it into another path (``..``, ``//``).
    """
    if any(part in ("", ".", "..") for part in target.split("/")):
        return None
    return quote(posixpath.relpath("/" + target, "/" + posixpath.dirname(path)) if path else target)


def _redirect(start_response: StartResponse, location: str) -> Iterable[bytes]:
    start_response("302 Found", [("Location", location), *_EMPTY])
    return []


def _partial(
    start_response: StartResponse, headers: list[tuple[str, str]], body: Body, span: tuple[int, int]
) -> Iterable[bytes]:
    start, end = span
    if start >= end:
        start_response("416 Range Not Satisfiable", [("Content-Range", f"bytes */{body.size}"), *_EMPTY])
        return []
    content_range = ("Content-Range", f"bytes {start}-{end - 1}/{body.size}")
    start_response("206 Partial Content", [*headers, content_range, ("Content-Length", str(end - start))])
    return _slices(body, start, end)


def _slices(body: Body, start: int, end: int) -> Iterator[bytes]:
    for offset in range(start, end, CHUNK):
        yield body.read(offset, min(CHUNK, end - offset))


def _etag(raw: str, squeezed: bool) -> str:
    digest = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return f'"{digest}{"-gz" if squeezed else ""}"'


def _media_type(said: str) -> str:
    """A resource's own words, fit for a header; text without a charset is UTF-8."""
    if not said or not said.isascii() or not said.isprintable() or "/" not in said:
        return "application/octet-stream"
    return f"{said}; charset=utf-8" if said.startswith("text/") and "charset" not in said else said
