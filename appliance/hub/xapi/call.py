# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a request asks, however it was written: plainly, or in the alternate syntax of 1.0.3 (part 3, 1.3).

Sections cited in this package are those of xAPI 1.0.3 part three (Communication) unless another part is named.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from flask import Request

from appliance.errors import BadInput, Text, TooLarge
from appliance.hub.xapi.credentials import Caller
from appliance.store.documents import Documents
from appliance.store.record_keys import Keys
from appliance.store.records import Records
from appliance.xapi.version import Version

METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")
FORM = "application/x-www-form-urlencoded"
MOST_PARAMETERS = 50
MOST_BYTES = 64 << 20
"""Of one request: statements with their attachments."""
MOST_FORM_BYTES = 8 << 20
"""A request in the alternate syntax is read whole before anyone is known to ask."""

FORM_HEADERS = ("Authorization", "X-Experience-API-Version", "Content-Type", "Content-Length", "If-Match",
                 "If-None-Match")  # fmt: skip
_V1 = re.compile(r"1\.0(?:\..*)?")
_V2 = re.compile(r"2\.0(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the resources work with."""

    records: Records
    documents: Documents
    keys: Keys
    box: str
    """This box's identity."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A request before anybody asked who sent it."""

    method: str
    """One of :data:`METHODS`."""
    parameters: dict[str, str]
    header: Callable[[str], str | None]
    """A header's value by its name; the alternate syntax puts form parameters in their place."""
    body: Callable[[int], bytes]
    """The content, decoded; the argument is the most bytes that are taken. Raises :class:`BadInput`."""
    alternate: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose sender and version are known."""

    spoken: Spoken
    caller: Caller
    version: Version
    parts: Parts
    resource: str
    """The path below ``/xapi/``."""

    @property
    def method(self) -> str:
        """GET for HEAD, which is answered alike (1.1)."""
        return "GET" if self.spoken.method == "HEAD" else self.spoken.method

    @property
    def parameters(self) -> dict[str, str]:
        """Query parameters, each once."""
        return self.spoken.parameters

    def header(self, name: str) -> str:
        """The value of a header; empty without one."""
        return self.spoken.header(name) or ""


def read(request: Request) -> Spoken:
    """The request as it is meant. Raises :class:`BadInput` when neither syntax fits."""
    parameters = pairs(request.query_string, Text("query"))
    if request.method == "POST" and "method" in parameters:
        return _alternate(request, parameters)
    return Spoken(request.method, parameters, request.headers.get, lambda most: _content(request, most))


def negotiated(header: str | None) -> Version:
    """The family of an ``X-Experience-API-Version`` (3.3). Raises :class:`BadInput` for none, or one unknown here."""
    if header is None:
        raise BadInput("Send the header X-Experience-API-Version, for instance 1.0.3 or 2.0.0.")
    if _V1.fullmatch(header):
        return Version.V1
    if _V2.fullmatch(header):
        return Version.V2
    raise BadInput(
        "This box speaks xAPI 1.0 and 2.0, not %(version)s: send X-Experience-API-Version: 1.0.3 or 2.0.0.",
        version=header[:40],
    )


def pairs(text: bytes, where: Text) -> dict[str, str]:
    """Names and values of URL-encoded text, UTF-8 (1.4). Raises :class:`BadInput` for a name that comes twice,
    and for more than :data:`MOST_PARAMETERS`."""
    if text.count(b"&") >= MOST_PARAMETERS:
        raise BadInput("Send at most %(most)s parameters at once.", most=MOST_PARAMETERS)
    try:
        found = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise BadInput("The %(where)s is not URL-encoded UTF-8.", where=where) from error
    values = dict(found)
    if len(values) != len(found):
        raise BadInput("Each parameter may come once only.")
    return values


def _alternate(request: Request, parameters: dict[str, str]) -> Spoken:
    """1.3: the method is a query parameter, everything else stands in the form."""
    method = parameters.pop("method")
    if parameters or method not in METHODS:
        raise BadInput("A POST with the parameter method takes no other one, and method is one of %(known)s.",
                       known=", ".join(METHODS))  # fmt: skip
    body = _content(request, MOST_FORM_BYTES)
    if body and request.mimetype != FORM:
        raise BadInput("A POST with the parameter method carries a form: send it as %(type)s.", type=FORM)
    form = pairs(body, Text("form"))
    content = form.pop("content", None)
    if (content is not None) is not (method in ("PUT", "POST")):
        raise BadInput("The form parameter content goes with PUT and POST, and with them only.")
    given = {name.lower(): form.pop(name) for name in FORM_HEADERS if name in form}
    given.setdefault("content-type", "application/json")

    def header(name: str) -> str | None:
        return given.get(name.lower(), request.headers.get(name))

    def taken(most: int) -> bytes:
        encoded = (content or "").encode()
        if len(encoded) > most:
            raise _too_large(most)
        return encoded

    if _V2.fullmatch(header("X-Experience-API-Version") or ""):
        raise BadInput("xAPI 2.0 has no alternate request syntax: send the request itself.")
    return Spoken(method, form, header, taken, alternate=True)


def _content(request: Request, most: int) -> bytes:
    if (request.content_length or 0) > most:
        raise _too_large(most)
    body = request.get_data(cache=False)
    if len(body) > most:
        raise _too_large(most)
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding in ("identity", ""):
        return body
    if coding not in ("gzip", "x-gzip"):
        raise BadInput("Send the content as it is, or compressed with gzip.")
    return inflated(body, most)


def inflated(body: bytes, most: int) -> bytes:
    """The content of a gzip body (RFC 1952, members one after another).

    Raises :class:`TooLarge` as soon as it is over ``most`` bytes, :class:`BadInput` when it is no gzip.
    """
    out: list[bytes] = []
    left = most + 1
    while body:
        member = zlib.decompressobj(wbits=31)
        try:
            part = member.decompress(body, left)
        except zlib.error as error:
            raise BadInput("The content is not what its Content-Encoding says.") from error
        out.append(part)
        left -= len(part)
        if left <= 0:
            raise _too_large(most)
        if not member.eof:
            raise BadInput("The compressed content ends too early.")
        body = member.unused_data
    return b"".join(out)


def _too_large(most: int) -> TooLarge:
    return TooLarge("Send at most %(most)s bytes at once.", most=most)
