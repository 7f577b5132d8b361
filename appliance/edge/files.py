# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Files of the routing table, as the development edge serves them: the answers that nginx gives to the same request.

Validators, preconditions and ranges: RFC 9110 sections 8.8, 13 and 14. The ETag is nginx's: ``"<mtime>-<size>"`` in
hexadecimal.
"""

from __future__ import annotations

import asyncio
import email.utils
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aiohttp import hdrs, web
from multidict import CIMultiDict

from appliance.edge.answers import Gone, to_browser
from appliance.media_types import media_type

_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$", re.IGNORECASE)
_SLICE = 4 << 20
"""Bytes handed to the kernel at once; a reader that takes nothing of it for :data:`_STALLED_S` is dropped."""
_STALLED_S = 120.0


@dataclass(slots=True)
class Found:
    """An open file and what its headers say."""

    file: IO[bytes]
    size: int
    modified: int
    type: str
    encoding: str | None = None
    varies: bool = False

    @property
    def etag(self) -> str:
        """Strong, quoted."""
        return f'"{self.modified:x}-{self.size:x}"'


def locate(root: Path, relative: str) -> Path | None:
    """The regular file at ``relative`` below ``root``, or None: a missing one, a folder, a way out (``..``, NUL), or
    anything that passes through a symbolic link below the root, as nginx with ``disable_symlinks``."""
    if "\0" in relative or any(part in ("", ".", "..") for part in relative.split("/")):
        return None
    base = os.path.realpath(root)
    wanted = os.path.join(base, relative)  # noqa: PTH118 - Path would forget a trailing slash and fold "//"
    try:
        if os.path.realpath(wanted) != wanted or not stat.S_ISREG(os.stat(wanted).st_mode):  # noqa: PTH116
            return None
    except (OSError, ValueError):
        return None
    return Path(wanted)


def open_file(root: Path, relative: str, *, precompressed: bool, gzip_taken: bool) -> Found | None:
    """Open what answers a request for ``relative``: the file, or its ``.gz`` sibling when both sides agree on it."""
    plain = locate(root, relative)
    packed = locate(root, relative + ".gz") if precompressed else None
    if plain is None:
        return None
    if packed is not None and packed.stat().st_mtime_ns < plain.stat().st_mtime_ns:
        packed = None  # the source was edited since
    chosen = packed if packed and gzip_taken else plain
    try:
        file = chosen.open("rb")
    except OSError:
        return None
    info = os.fstat(file.fileno())
    return Found(
        file,
        info.st_size,
        int(info.st_mtime),
        media_type(relative),
        "gzip" if chosen == packed else None,
        packed is not None,
    )


def takes_gzip(accept: str) -> bool:
    """Whether an Accept-Encoding value allows gzip (RFC 9110 section 12.5.3)."""
    for item in accept.lower().split(","):
        coding, _, weight = item.partition(";")
        if coding.strip() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0{0,3})?\s*", weight)
    return False


def _listed(value: str, etag: str, *, weak: bool) -> bool:
    tags = [tag.strip() for tag in value.split(",")]
    return "*" in tags or etag in tags or (weak and f"W/{etag}" in tags)


def _seconds(value: str | None) -> int | None:
    try:
        return int(email.utils.parsedate_to_datetime(value).timestamp()) if value else None
    except (ValueError, OverflowError):
        return None


def precondition(headers: CIMultiDict[str], found: Found) -> int | None:
    """304 or 412 when a conditional header asks for it, else None."""
    if (match := headers.get(hdrs.IF_MATCH)) is not None:
        if not _listed(match, found.etag, weak=False):
            return 412
    elif (unmodified := _seconds(headers.get(hdrs.IF_UNMODIFIED_SINCE))) is not None and found.modified > unmodified:
        return 412
    if (none := headers.get(hdrs.IF_NONE_MATCH)) is not None:
        return 304 if _listed(none, found.etag, weak=True) else None
    since = _seconds(headers.get(hdrs.IF_MODIFIED_SINCE))
    return 304 if since is not None and found.modified == since else None


def byte_range(headers: CIMultiDict[str], found: Found) -> tuple[int, int] | None:
    """(first, after the last) to send, None for the whole file. Several ranges at once get the whole file.

    Raises ValueError when the range cannot be satisfied (416).
    """
    asked = headers.get(hdrs.RANGE)
    if asked is None or not asked.lower().startswith("bytes") or "," in asked or found.encoding:
        return None
    condition = headers.get(hdrs.IF_RANGE)
    if condition is not None and condition.strip() != found.etag and _seconds(condition) != found.modified:
        return None
    match = _RANGE.match(asked)
    if match is None or match[1] == match[2] == "":
        raise ValueError(asked)
    if match[1] == "":
        first, after = max(0, found.size - int(match[2])), found.size
    else:
        first, after = int(match[1]), min(int(match[2]) + 1, found.size) if match[2] else found.size
    if first >= after:
        raise ValueError(asked)
    return first, after


async def send(request: web.BaseRequest, found: Found, headers: CIMultiDict[str]) -> web.StreamResponse:
    """Answer with ``found`` and close it; ``headers`` go on every answer."""
    try:
        return await _send(request, found, headers)
    finally:
        found.file.close()


async def _send(request: web.BaseRequest, found: Found, headers: CIMultiDict[str]) -> web.StreamResponse:
    response = web.StreamResponse(headers=headers)
    response.headers[hdrs.ETAG] = found.etag
    response.headers[hdrs.LAST_MODIFIED] = email.utils.formatdate(found.modified, usegmt=True)
    if found.varies:
        response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    status = precondition(CIMultiDict(request.headers), found)
    if status is not None:
        return _bare(response, status)
    try:
        window = byte_range(CIMultiDict(request.headers), found)
    except ValueError:
        response.headers[hdrs.CONTENT_RANGE] = f"bytes */{found.size}"
        return _bare(response, 416)
    first, after = window or (0, found.size)
    if window:
        response.set_status(206)
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {first}-{after - 1}/{found.size}"
    response.headers[hdrs.CONTENT_TYPE] = found.type
    if found.encoding:
        response.headers[hdrs.CONTENT_ENCODING] = found.encoding
    else:
        response.headers[hdrs.ACCEPT_RANGES] = "bytes"
    response.content_length = after - first
    with to_browser():
        await response.prepare(request)
    if request.method != hdrs.METH_HEAD:
        await _pour(request, found.file, first, after)
    with to_browser():
        await response.write_eof()
    return response


def _bare(response: web.StreamResponse, status: int) -> web.StreamResponse:
    """The same headers, no body."""
    return web.Response(status=status, headers=response.headers)


async def _pour(request: web.BaseRequest, file: IO[bytes], at: int, end: int) -> None:
    """Give the bytes to the kernel (sendfile), some at a time so that a stalled reader is noticed."""
    loop = asyncio.get_running_loop()
    while at < end:
        transport = request.transport
        if transport is None or transport.is_closing():
            raise Gone
        count = min(_SLICE, end - at)
        with to_browser():
            async with asyncio.timeout(_STALLED_S):
                sent = await loop.sendfile(transport, file, at, count)
        if not sent:
            raise ConnectionResetError  # the file shrank: the length already promised cannot be kept
        at += sent
