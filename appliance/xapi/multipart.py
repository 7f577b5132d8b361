# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""multipart/mixed (RFC 2046 section 5.1) as statements with attachments travel (Communication 1.5.2).

Bytes in, bytes out: nothing is decoded, no line ending is changed, the time is linear in the length of the body.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from appliance.errors import BadInput, TooLarge

MOST_PARTS = 1000
MOST_HEADER_BYTES = 8192
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_PARAMETER = re.compile(r';[ \t]*(?:([!#$%&\'*+.^_`|~0-9A-Za-z\-]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^;" \t]*)[ \t]*)?')
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z\-]+")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_SHA2 = {56: hashlib.sha224, 64: hashlib.sha256, 96: hashlib.sha384, 128: hashlib.sha512}
"""The members of SHA-2 by the length of their sum in hexadecimal (Data 2.4.11 names the family only)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """``headers``: names in lower case; ``body``: the bytes between the blank line and the next boundary."""

    headers: dict[str, str]
    body: bytes

    @property
    def sha2(self) -> str:
        """The sum that the part is known by, in lower case; "" for the statements."""
        return self.headers.get("x-experience-api-hash", "").lower()


def parse(body: bytes, content_type: str) -> list[Part]:
    """The parts of a request: first the statements (application/json), then attachments, whose sums are right.

    Raises :class:`BadInput` for anything malformed, :class:`TooLarge` for more than ``MOST_PARTS`` parts.
    """
    parts = [_part(chunk) for chunk in _chunks(body, _boundary(content_type))]
    if _media_type(parts[0].headers.get("content-type", "")) != "application/json":
        raise BadInput("The first part must hold the statements: give it Content-Type: application/json.")
    for number, part in enumerate(parts[1:], 2):
        _check_attachment(part, number)
    return parts


def build(statement_json: bytes, attached: Iterable[tuple[str, str, bytes]]) -> tuple[bytes, str]:
    """(body, its Content-Type) of an answer. ``attached``: (sha2, content type, bytes).

    The boundary follows from the content, so the same answer has the same bytes; it stands nowhere in the content.
    """
    items = list(attached)
    boundary = _unused(statement_json, items)
    line = f"--{boundary}\r\n".encode()
    pieces = [line, b"Content-Type: application/json\r\n\r\n", statement_json, b"\r\n"]
    for sha2, content_type, data in items:
        named = f"Content-Type: {content_type}\r\nX-Experience-API-Hash: {sha2}\r\n"
        pieces += (line, named.encode(), b"Content-Transfer-Encoding: binary\r\n\r\n", data, b"\r\n")
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces), f"multipart/mixed; boundary={boundary}"


def attachments(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The attachment objects of a checked statement, then those of its substatement (Data 2.4.11)."""
    found: list[dict[str, Any]] = list(value.get("attachments", ()))
    target = value["object"]
    if target.get("objectType") == "SubStatement":
        found += target.get("attachments", ())
    return found


def match(values: Iterable[Mapping[str, Any]], parts: Iterable[Part]) -> dict[str, Part]:
    """The parts after the first by the sum of what they hold, once it is sure that they and the statements agree.

    Raises :class:`BadInput` for an attachment with neither a part nor a fileUrl, a part that no statement mentions, a
    part whose headers say otherwise than the statement (Communication 1.5.2). Lengths in statements are not compared
    with the bytes that came: the sum is the only link (1.5.2).
    """
    by_sum = {part.sha2: part for part in parts}
    mentioned: set[str] = set()
    for item in itertools.chain.from_iterable(map(attachments, values)):
        sha2 = item["sha2"].lower()
        mentioned.add(sha2)
        if sha2 in by_sum:
            _check_agreement(item, by_sum[sha2])
        elif "fileUrl" not in item:
            raise BadInput("The attachment %(sha2)s did not come with the request and has no fileUrl.", sha2=sha2)
    extra = by_sum.keys() - mentioned
    if extra:
        raise BadInput("The part %(sha2)s belongs to no attachment of these statements.", sha2=min(extra))
    return by_sum


def _chunks(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """What stands between one boundary line and the next. Raises BadInput without a last one."""
    count = 0
    start = None
    for line_start, line_end, last in _lines(body, b"--" + boundary):
        if start is not None:
            count += 1
            if count > MOST_PARTS:
                raise TooLarge("There are more than %(most)d parts: send fewer statements at a time.", most=MOST_PARTS)
            yield body[start:line_start]
        if last:
            if start is None:
                break
            return
        start = line_end
    raise BadInput("The multipart body is cut short: its last line must be --%(boundary)s--.",
                   boundary=boundary.decode())  # fmt: skip


def _lines(body: bytes, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether it is the last) of each boundary line, the line breaks around it included."""
    at = 0 if body.startswith(delimiter) else body.find(b"\r\n" + delimiter)
    while at >= 0:
        after = at + len(delimiter) + (2 if body.startswith(b"\r\n", at) else 0)
        if body.startswith(b"--", after):
            yield at, after + 2, True
            return
        end = after
        while body[end : end + 1] in (b" ", b"\t"):
            end += 1
        if body.startswith(b"\r\n", end):
            yield at, end, False
        at = body.find(b"\r\n" + delimiter, max(after, end))


def _part(chunk: bytes) -> Part:
    """``chunk`` begins with the line break that ends the boundary line."""
    end = chunk.find(b"\r\n\r\n", 0, MOST_HEADER_BYTES)
    if end < 0 and chunk.endswith(b"\r\n") and len(chunk) < MOST_HEADER_BYTES:
        end = len(chunk) - 2  # headers and nothing else: the blank line may then be left out
    if end < 0:
        raise BadInput("A part of the multipart body has no blank line after its headers, or too many headers.")
    headers: dict[str, str] = {}
    for line in _FOLD.sub(b"", chunk[2:end]).split(b"\r\n") if end else ():
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not _NAME.fullmatch(name) or name.lower() in headers:
            raise BadInput("A part of the multipart body has a header that is malformed or there twice: %(name)s.",
                           name=name[:80])  # fmt: skip
        headers[name.lower()] = value.strip(" \t")
    return Part(headers, chunk[end + 4 :])


def _boundary(content_type: str) -> bytes:
    """RFC 2046 section 5.1.1."""
    if _media_type(content_type) != "multipart/mixed":
        raise BadInput("Statements with attachments come as multipart/mixed, no other kind of multipart.")
    found = _parameters(content_type).get("boundary", "")
    if not _BOUNDARY.fullmatch(found):
        raise BadInput("The Content-Type header must name the boundary: multipart/mixed; boundary=...")
    return found.encode("ascii")


def _parameters(content_type: str) -> dict[str, str]:
    """RFC 2045 section 5.1. A boundary is also taken unquoted where it should be quoted, as many clients send it."""
    found: dict[str, str] = {}
    at = content_type.find(";")
    while 0 <= at < len(content_type):
        parameter = _PARAMETER.match(content_type, at)
        if parameter is None:
            return {}
        name, value = parameter.groups()
        if name:
            quoted = value.startswith('"')
            found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", value[1:-1]) if quoted else value)
        at = parameter.end()
    return found


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip(" \t").lower()


def _check_attachment(part: Part, number: int) -> None:
    """Communication 1.5.2: binary, which is also what is assumed; known by its SHA-2, which is compared."""
    if part.headers.get("content-transfer-encoding", "binary").lower() != "binary":
        raise BadInput("Part %(number)d must have Content-Transfer-Encoding: binary.", number=number)
    make = _SHA2.get(len(part.sha2))
    if make is None or make(part.body).hexdigest() != part.sha2:
        raise BadInput("Part %(number)d must have in X-Experience-API-Hash the SHA-2 sum of its bytes.", number=number)


def _check_agreement(item: Mapping[str, Any], part: Part) -> None:
    kind = part.headers.get("content-type")
    if kind is not None and _media_type(kind) != _media_type(item["contentType"]):
        raise BadInput("The part %(sha2)s has another content type than its attachment says.", sha2=part.sha2)
    length = part.headers.get("content-length")
    if length is not None and length != str(item["length"]):
        raise BadInput("The part %(sha2)s has another length than its attachment says.", sha2=part.sha2)


def _unused(statement_json: bytes, items: Iterable[tuple[str, str, bytes]]) -> str:
    contents = [statement_json, *(data for _, _, data in items)]
    seed = hashlib.sha256(b"".join([statement_json, *(sha2.encode() for sha2, _, _ in items)])).hexdigest()
    for attempt in itertools.count():
        boundary = f"cartable-{seed[:32]}-{attempt}"
        if not any(boundary.encode() in content for content in contents):
            return boundary
    raise AssertionError("unreachable")
