# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""From a statement as it came to the bytes that are kept, and from those to the bytes that are sent.

Kept: the sender's own text up to its last ``}``, then ``timestamp`` (if the sender gave none), then the other members
that the box adds, then ``}``. The text itself is changed only where the specification forces it: see :func:`prepare`.
"""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from appliance.errors import BadInput
from appliance.xapi import multipart, reading
from appliance.xapi.statement import check
from appliance.xapi.values import timestamp, uuid_text
from appliance.xapi.version import Version

_ASSUMED = {Version.V1: "1.0.0", Version.V2: "2.0.0"}
"""The version of a statement that names none (Data 2.4.10; 9274.1.1 4.2.4.3)."""
_MARK = b',"timestamp":"'
_FRACTION = re.compile(r"\.[0-9]+")


@dataclasses.dataclass(slots=True)
class Prepared:
    """A statement, checked and ready to be kept."""

    id: str
    """In lower case, to look it up."""
    given: str
    """The sender's text up to, not including, its last ``}``."""
    value: dict[str, Any]
    """What it says, with id, version and authority; without ``stored``; with a timestamp only if the sender gave it."""
    added: dict[str, Any]
    """What the box adds, in this order: id, version, authority; only those that it adds."""
    stamp: bool
    """The sender gave no timestamp: the box must."""
    age_s: float | None
    """When ``stamp``: seconds between the event and its arrival."""
    attachments: tuple[str, ...]
    """The ``sha2`` of every attachment of the statement and of its substatement, in lower case, each once."""
    version: Version


def prepare(
    raw: reading.Raw,
    version: Version,
    authority: Mapping[str, Any] | None,
    *,
    statement_id: str | None = None,
    age_s: float = 0.0,
) -> Prepared:
    """Check a statement and complete it. Raises :class:`BadInput` (Data 2.2-2.6 and 4).

    ``authority`` replaces the sender's; None keeps the sender's own (a sender that the box trusts). ``statement_id`` is
    PUT's parameter and must be the statement's own id if it has one. These edits are made to the text, and no other:
    ``stored`` is cut (Data 2.4.8), ``authority`` is cut when replaced (2.4.9), a lone context activity is put in an
    array (2.4.6.2), and in 2.0 a timestamp of another time zone is turned into UTC (9274.1.1 4.2.7). The message of
    a statement that came in a list begins with its number there.
    """
    with reading.telling(raw.number):
        return _prepared(raw, version, authority, statement_id, age_s)


def _prepared(
    raw: reading.Raw, version: Version, authority: Mapping[str, Any] | None, statement_id: str | None, age_s: float
) -> Prepared:
    check(raw.value, version)
    text, value = _amended(raw, version, authority is not None)
    added: dict[str, Any] = {}
    own = value.get("id")
    if own is None:
        own = added["id"] = _new_id(statement_id)
    elif statement_id is not None and statement_id.lower() != own.lower():
        raise BadInput("The statement's own id differs from statementId: send the same, or no id.")
    if "version" not in value:
        added["version"] = _ASSUMED[version]
    if authority is not None:
        added["authority"] = dict(authority)
    value.update(added)
    stamp = "timestamp" not in value
    hashes = tuple(dict.fromkeys(item["sha2"].lower() for item in multipart.attachments(value)))
    return Prepared(own.lower(), text[:-1], value, added, stamp, age_s if stamp else None, hashes, version)


def finish(prepared: Prepared, moment: str | None) -> tuple[bytes, int]:
    """(the whole statement but ``stored``, number of bytes of the sender's part).

    ``moment`` (RFC 3339) becomes the timestamp when ``prepared.stamp``, and then must not be None.
    """
    given = prepared.given.encode()
    parts = [given]
    if prepared.stamp:
        if moment is None:
            raise ValueError("the statement has no timestamp of its own")
        parts.append(b'%b%b"' % (_MARK, moment.encode()))
    for key, value in prepared.added.items():
        parts.append(b',"%b":%b' % (key.encode(), orjson.dumps(value)))
    parts.append(b"}")
    return b"".join(parts), len(given)


def restamp(body: bytes, given: int, moment: str) -> bytes:
    """``body`` with ``moment`` (RFC 3339) as its timestamp if the box had set it; the same bytes if the sender had."""
    if not body.startswith(_MARK, given):
        return body
    start = given + len(_MARK)
    return body[:start] + moment.encode() + body[body.index(b'"', start) :]


def output(body: bytes, given: int | None, stored: str) -> bytes:
    """The statement as it is sent: ``body`` with ``stored``. ``given`` None: an old row, already whole."""
    return body if given is None else b'%b,"stored":"%b"}' % (body[:-1], stored.encode())


def _new_id(wanted: str | None) -> str:
    if wanted is None:
        return str(uuid.uuid4())
    if not uuid_text(wanted):
        raise BadInput("%(name)s is not a UUID.", name="statementId")
    return wanted.lower()


def _amended(raw: reading.Raw, version: Version, replace_authority: bool) -> tuple[str, dict[str, Any]]:
    """The text and its value after the edits of :func:`prepare`; almost always the text itself."""
    value = raw.value
    cut = [key for key in ("stored", "authority") if key in value and (key == "stored" or replace_authority)]
    edits = list(_edits(value, version, ()))
    if not cut and not edits:
        return raw.text, value.copy()
    text = reading.cut(raw.text, cut)
    for path, made in edits:
        start, end = reading.span(text, path)
        text = text[:start] + (made or f"[{text[start:end]}]") + text[end:]
    return text, reading.statement(text.encode()).value


def _edits(value: Mapping[str, Any], version: Version, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path of a value, its new text, or "" to put it in an array)."""
    if version is Version.V2 and "timestamp" in value:
        utc = _utc(value["timestamp"])
        if utc is not None:
            yield (*path, "timestamp"), f'"{utc}"'
    if "context" in value:
        for kind, listed in value["context"].get("contextActivities", {}).items():
            if isinstance(listed, dict):
                yield (*path, "context", "contextActivities", kind), ""
    if not path and value["object"].get("objectType") == "SubStatement":
        yield from _edits(value["object"], version, ("object",))


def _utc(text: str) -> str | None:
    """The same instant in UTC, with as many digits; None when it is in UTC already."""
    if text[-1] in "Zz" or text.endswith("+00:00"):
        return None
    moment = timestamp(text, rfc3339=True)
    if moment is None:
        return None
    fraction = _FRACTION.search(text)
    return f"{moment.replace(tzinfo=None, microsecond=0).isoformat()}{fraction[0] if fraction else ''}Z"
