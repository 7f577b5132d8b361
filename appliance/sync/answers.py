# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a server's answer says, in the terms of a download (RFC 9110 unless noted)."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from appliance.i18n import N_
from appliance.store.names import safe_name

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed later."""

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_EXTENDED = re.compile(r"(?:^|;)\s*filename\*\s*=\s*([\w!#$&+^`{}~-]+)'[^']*'([^;\s]+)", re.IGNORECASE)
_QUOTED = re.compile(r'(?:^|;)\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)


CUT = N_("The line to %(url)s was cut too often: try again later, what is already here is kept.")
SILENT = N_("%(url)s does not answer: check the internet connection, then try again.")
BUSY = N_("%(url)s is out of order for now (HTTP %(status)s): try again later.")
CHANGING = N_("The file at %(url)s keeps changing: try again later.")
UNBOUNDED = N_("%(url)s does not say how long the file is, so it cannot be told whether it came whole.")


class Interrupted(Exception):
    """This try failed; another may not.

    ``message`` (of ``url`` and ``status``): what to say if no try succeeds. ``wait_s``: what the server asked for.
    """

    def __init__(self, message: str, *, status: int = 0, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.wait_s = wait_s


class Answer:
    """A response whose body has not been read yet. Close it."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response
        self.status = response.status
        headers = response.headers
        self.redirect = headers.get("Location", "") if response.status in (301, 302, 303, 307, 308) else ""
        self.media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self.disposition = headers.get("Content-Disposition", "")
        self.retry_after = headers.get("Retry-After", "")
        # We asked for identity. Whoever compresses all the same cannot be resumed: its sizes are not the file's.
        self._encoded = headers.get("Content-Encoding", "identity").lower() not in ("", "identity")
        self.validator = "" if self._encoded else _validator(headers.get("ETag", ""), headers.get("Last-Modified", ""))
        self.start, self.complete_length = _range(headers.get("Content-Range", ""))
        length = headers.get("Content-Length", "")
        self.bounded = bool(length) or "chunked" in headers.get("Transfer-Encoding", "").lower()
        """Whether a cut line shows. Without length or chunks it does not; nor when the cut fell among the headers."""
        self.length = int(length) if length.isascii() and length.isdigit() and not self._encoded else None

    @property
    def total(self) -> int | None:
        """Bytes of the whole file, if the server says."""
        return self.complete_length if self.status == 206 else self.length

    def blocks(self, size: int) -> Iterator[bytes]:
        """The body. Raises :class:`Interrupted` when the line is cut."""
        try:
            yield from self._response.stream(size, decode_content=self._encoded)
        except (HTTPError, OSError) as error:
            raise Interrupted(CUT) from error

    def close(self) -> None:
        """Give the connection up: what is left of a body may be gigabytes."""
        self._response.close()


def _validator(etag: str, modified: str) -> str:
    """What If-Range may carry: a strong ETag, else the date; a weak ETag promises nothing about bytes."""
    return etag if etag.startswith('"') else modified


def _range(text: str) -> tuple[int | None, int | None]:
    found = _CONTENT_RANGE.fullmatch(text.strip())
    if not found:
        return None, None
    start, _, whole = found.groups()
    return int(start) if start else None, int(whole) if whole != "*" else None


def retry_after_s(answer: Answer) -> float | None:
    """Seconds that ``Retry-After`` asks for, as a number or as a date."""
    text = answer.retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def filename_of(answer: Answer, address: str) -> str:
    """The name in Content-Disposition (RFC 6266; ``filename*`` of RFC 8187 first), else the end of the address."""
    path = unquote(urlsplit(address).path)
    return safe_name(_disposition_name(answer.disposition) or path.rstrip("/").rpartition("/")[2], "download")


def _disposition_name(text: str) -> str:
    extended = _EXTENDED.search(text)
    if extended and extended[1].lower() in ("utf-8", "iso-8859-1"):
        return unquote(extended[2], extended[1], errors="replace")
    plain = _QUOTED.search(text)
    if not plain:
        return ""
    name = re.sub(r"\\(.)", r"\1", plain[1]) if plain[1] is not None else plain[2]
    # Header bytes arrive as Latin-1; many servers send raw UTF-8.
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name
