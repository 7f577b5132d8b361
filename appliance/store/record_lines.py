# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The lines of an export (JSON Lines, UTF-8): docs/reference/records.md. Pure: values in, text out, and back.

Order in a file: header, tombstones, statements in the order of arrival, attachments in pieces, documents, end. Members
stand in a fixed order, without spaces, so that the same records always make the same bytes.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.errors import BadInput
from appliance.store import record_fields as fields
from appliance.store import tombstones
from appliance.store.tombstones import Tombstone
from appliance.xapi.definitions import Defines

FORMAT = "cartable-records"
VERSION = 1
PIECE = 3 << 18
"""Bytes of an attachment on one line (768 KiB: 1 MiB as base64)."""
LONGEST = 17 << 20
"""Bytes of a line. The longest that a box writes is that of a statement of 8 MiB, each character of it escaped."""
MOST_BODY = (8 << 20) + (64 << 10)
"""Bytes of a statement: what a sender may give, and what a box adds."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY = re.compile(r"[0-9a-f]{64}")
_SHA2 = re.compile(r"[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}")
_KINDS = ("state", "activity_profile", "agent_profile")
_DEFINES: dict[Defines, bool | str] = {
    Defines.EVERYTHING: True, Defines.NOTHING: False, Defines.OBJECT: "object"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """Who made the file, and the public keys of the boxes whose tombstones it carries."""

    box: str
    key: str
    made_at: str
    keys: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Box -> key, ``box`` itself left out."""


@dataclass(frozen=True, slots=True)
class Held:
    """A statement whose time is provisional: see docs/explanation/records.md."""

    boot: str
    monotonic: float
    age: float | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A row of table ``statement``. ``body`` None: erased, only its place is kept."""

    id: str
    origin: str
    sequence: int
    stored: str
    trusted: bool
    given: int | None = None
    body: bytes | None = None
    sha256: str = ""
    """Of the body, hex."""
    voided: bool = False
    defines: Defines = Defines.EVERYTHING
    """What it may tell of activities (scope ``define``)."""
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Part ``part`` of ``parts``, from 1, of the attachment named ``sha2``, ``size`` bytes in all."""

    sha2: str
    size: int
    part: int
    parts: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A row of table ``document``."""

    kind: str
    activity: str
    agent: str
    registration: str
    name: str
    content_type: str
    etag: str
    updated: str
    body: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The last line: how many of each came before. Without it the file was cut short."""

    tombstones: int
    statements: int
    attachments: int
    documents: int


Line = Tombstone | Statement | Piece | Document | End


def write_header(header: Header) -> bytes:
    """The first line."""
    return _line(
        {"format": FORMAT, "version": VERSION, "box": header.box, "key": header.key, "keys": dict(header.keys),
         "made_at": header.made_at}
    )  # fmt: skip


def read_header(line: bytes) -> Header:
    """Raises :class:`BadInput` for the first line of any other file."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadInput("This file is not an export of learning records.") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BadInput("This file is not an export of learning records.")
    if found.get("version") != VERSION:
        raise BadInput("This export was made by a later version of Cartable: update this box first.")
    keys = fields.of(found, "keys", dict)
    if not all(_UUID.fullmatch(box) and isinstance(key, str) and _KEY.fullmatch(key) for box, key in keys.items()):
        raise fields.wrong("keys")
    key = fields.match(found, "key", _KEY)
    return Header(fields.match(found, "box", _UUID), key, fields.text(found, "made_at"), keys)


def write(line: Line) -> bytes:
    """One line, line feed included."""
    if isinstance(line, Tombstone):
        return _line({"tombstone": line.text})
    if isinstance(line, Statement):
        return _write_statement(line)
    if isinstance(line, Piece):
        data = base64.b64encode(line.data).decode()
        return _line({"attachment": line.sha2, "size": line.size, "part": line.part, "parts": line.parts,
                      "data": data})  # fmt: skip
    if isinstance(line, Document):
        return _line(
            {"document": line.kind, "activity": line.activity, "agent": line.agent, "registration": line.registration,
             "name": line.name, "content_type": line.content_type, "etag": line.etag, "updated": line.updated,
             "body": base64.b64encode(line.body).decode()}
        )  # fmt: skip
    counts = {name: getattr(line, name) for name in ("tombstones", "statements", "attachments", "documents")}
    return _line({"end": counts})


def _write_statement(line: Statement) -> bytes:
    made: dict[str, Any] = {"statement": line.id, "origin": line.origin, "sequence": line.sequence,
                            "stored": line.stored, "trusted": line.trusted}  # fmt: skip
    if line.voided:
        made["voided"] = True
    if line.body is None:
        return _line({**made, "erased": True})
    if line.defines != Defines.EVERYTHING:
        made["defines"] = _DEFINES[line.defines]
    if line.held is not None:
        made["held"] = {"boot": line.held.boot, "monotonic": line.held.monotonic, "age": line.held.age}
    return _line({**made, "given": line.given, "sha256": line.sha256, "body": line.body.decode()})


def read(line: bytes) -> Line:
    """A line after the first. Raises :class:`BadInput` with what is wrong in it.

    A tombstone's signature is checked against the key that it names, and a statement's SHA-256 against its body; that
    the body is a statement is not checked here.
    """
    if len(line.rstrip(b"\n")) > LONGEST:
        raise BadInput("The line is longer than any that a box writes: %(most)s bytes at most.", most=LONGEST)
    try:
        found = fields.parse(line)
    except UnicodeDecodeError as error:
        raise BadInput("The line is not UTF-8 text.") from error
    except (ValueError, RecursionError) as error:
        raise BadInput("The line is not JSON: it may be cut short.") from error
    if isinstance(found, dict):
        for name, reader in _READERS.items():
            if name in found:
                return reader(found)
    raise BadInput("The line is none of an export.")


def _read_tombstone(found: dict[str, Any]) -> Line:
    return tombstones.read(fields.of(found, "tombstone", str))


def _read_statement(found: dict[str, Any]) -> Line:
    body: bytes | None = None
    given: int | None = None
    if not found.get("erased"):
        body = _body(found)
        given = None if found.get("given", 0) is None else fields.of(found, "given", int)
        if given is not None and not 0 < given < len(body):
            raise fields.wrong("given")
    held = fields.of(found, "held", dict) if "held" in found else None
    sequence, trusted = fields.of(found, "sequence", int), fields.of(found, "trusted", bool)
    if not 0 < sequence < 2**63:
        raise fields.wrong("sequence")
    return Statement(
        fields.match(found, "statement", _UUID),
        fields.match(found, "origin", _UUID),
        sequence,
        fields.moment(found, "stored"),
        trusted,
        given,
        body,
        "" if body is None else str(found["sha256"]),
        fields.of(found, "voided", bool) if "voided" in found else False,
        _defines(found),
        None if held is None else _held(held),
    )


def _defines(found: dict[str, Any]) -> Defines:
    told = found.get("defines", True)
    if not isinstance(told, bool | str) or told not in _DEFINES.values():
        raise fields.wrong("defines")
    return next(defines for defines, known in _DEFINES.items() if told == known)


def _body(found: dict[str, Any]) -> bytes:
    try:
        body = fields.of(found, "body", str).encode()
    except UnicodeEncodeError as error:
        raise fields.wrong("body") from error
    if len(body) > MOST_BODY:
        raise BadInput("The statement is larger than any that a box keeps.")
    if hashlib.sha256(body).hexdigest() != fields.of(found, "sha256", str):
        raise BadInput("The statement is not the one that was exported: its SHA-256 differs.")
    return body


def _held(found: dict[str, Any]) -> Held:
    age = found.get("age")
    return Held(
        fields.text(found, "boot"),
        fields.number(found.get("monotonic"), "held"),
        None if age is None else fields.number(age, "held"),
    )


def _read_piece(found: dict[str, Any]) -> Line:
    piece = Piece(
        fields.match(found, "attachment", _SHA2),
        fields.of(found, "size", int),
        fields.of(found, "part", int),
        fields.of(found, "parts", int),
        fields.base64_bytes(found, "data"),
    )
    if piece.size < 0 or piece.parts != pieces(piece.size) or not 1 <= piece.part <= piece.parts:
        raise fields.wrong("part")
    if len(piece.data) != min(PIECE, piece.size - (piece.part - 1) * PIECE):
        raise fields.wrong("data")
    return piece


def pieces(size: int) -> int:
    """How many lines an attachment of ``size`` bytes takes; an empty one takes one."""
    return max(1, -(-size // PIECE))


def _read_document(found: dict[str, Any]) -> Line:
    kind = fields.of(found, "document", str)
    if kind not in _KINDS:
        raise fields.wrong("document")
    return Document(
        kind,
        fields.text(found, "activity"),
        fields.text(found, "agent"),
        fields.text(found, "registration"),
        fields.text(found, "name"),
        fields.content_type(found, "content_type"),
        fields.text(found, "etag"),
        fields.moment(found, "updated"),
        fields.base64_bytes(found, "body"),
    )


def _read_end(found: dict[str, Any]) -> Line:
    counts = fields.of(found, "end", dict)
    return End(*(fields.of(counts, name, int) for name in ("tombstones", "statements", "attachments", "documents")))


_READERS = {
    "tombstone": _read_tombstone,
    "statement": _read_statement,
    "attachment": _read_piece,
    "document": _read_document,
    "end": _read_end,
}


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"
