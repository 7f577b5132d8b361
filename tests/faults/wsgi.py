# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A WSGI application called in this process: whatever bytes a client may send, without a client that tidies them."""

from __future__ import annotations

import io
import sys
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


def call(
    application: Any, method: str, path: str, query: str = "", headers: Mapping[str, str] | None = None,
    body: bytes = b"", origin: str = "hub",
) -> Answer:  # fmt: skip
    """One request. ``path`` is decoded, ``query`` is as sent; a Content-Length in ``headers`` wins over the true one.

    Whatever the application raises comes through.
    """
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost",
        "HTTP_X_CARTABLE_ORIGIN": origin, "CONTENT_LENGTH": str(len(body)), "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return _answer(application, environ)


def _answer(application: Callable[..., Any], environ: dict[str, Any]) -> Answer:
    told: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        told.update(status=int(status[:3]), headers={name.lower(): value for name, value in headers})
        return lambda data: None

    parts = application(environ, start)
    try:
        body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return Answer(told["status"], told["headers"], body)


def query(**parameters: str) -> str:
    """URL-encoded."""
    return urllib.parse.urlencode(parameters)
