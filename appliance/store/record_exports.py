# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Every learning record as lines of text, and those lines as a file that is whole or is not there."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import os
import sqlite3
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from appliance.errors import BadInput, Damaged, reason
from appliance.ports import Now
from appliance.store import durable, record_lines, times, tombstones
from appliance.store.attachments import Attachments
from appliance.store.db import Database, Role, connect, translated
from appliance.store.durable import step
from appliance.store.identity import identity
from appliance.store.record_lines import Document, End, Header, Held, Piece, Statement, pieces
from appliance.xapi.definitions import Defines

_STATEMENTS = """
SELECT id, origin, sequence, stored, trusted, given, body, sha256, voided, erased, defines, boot, monotonic, age
FROM statement LEFT JOIN held ON held.row = statement.row ORDER BY statement.row
"""


def count(db: Database) -> int:
    """How many statements an export would hold, empty shells included."""
    return int(db.reading().execute("SELECT count(*) FROM statement").fetchone()[0])


def lines(db: Database, attachments: Attachments, now: Now) -> Generator[bytes, None, None]:
    """The lines of an export, line feeds included, as the database stands at the first one.

    Memory: one statement, or one piece of an attachment. Raises :class:`Damaged` when the card gives no bytes.
    """
    own = identity(db)
    with translated(db.path), contextlib.closing(connect(db.path, Role.READER)) as conn:
        conn.execute("BEGIN")  # one view of the database, however long the reading takes
        yield record_lines.write_header(Header(own.box, own.key, times.rfc3339(now.wall), _keys(conn)))
        counts = [0, 0, 0, 0]
        for tombstone in tombstones.every(conn):
            counts[0] += 1
            yield record_lines.write(tombstone)
        for row in conn.execute(_STATEMENTS):
            counts[1] += 1
            yield record_lines.write(_statement(row))
        for sha2 in _attachments(conn, attachments):
            counts[2] += 1
            yield from _pieces(sha2, attachments)
        for document in _documents(conn):
            counts[3] += 1
            yield record_lines.write(document)
        yield record_lines.write(End(*counts))


def _keys(conn: sqlite3.Connection) -> dict[str, str]:
    """The keys of the other boxes whose tombstones are here."""
    found = {tombstone.box: tombstone.key for tombstone in tombstones.every(conn)}
    own = conn.execute("SELECT value FROM setting WHERE key = 'box_id'").fetchone()["value"]
    return {box: found[box] for box in sorted(found) if box != own}


def _statement(row: sqlite3.Row) -> Statement:
    held = None if row["boot"] is None else Held(row["boot"], row["monotonic"], row["age"])
    shell = Statement(row["id"], row["origin"], row["sequence"], row["stored"], bool(row["trusted"]),
                      voided=bool(row["voided"]))  # fmt: skip
    if row["erased"]:
        return shell
    return dataclasses.replace(
        shell,
        given=row["given"],
        body=bytes(row["body"]),
        sha256=bytes(row["sha256"]).hex(),
        defines=Defines(row["defines"]),
        held=held,
    )


def _attachments(conn: sqlite3.Connection, attachments: Attachments) -> Iterator[str]:
    """In the order in which statements first named them; those whose bytes never came have no file."""
    rows = conn.execute("SELECT sha256, min(row) AS first FROM statement_attachment GROUP BY sha256 ORDER BY 2, 1")
    return (row["sha256"] for row in rows if attachments.path(row["sha256"]).is_file())


def _pieces(sha2: str, attachments: Attachments) -> Iterator[bytes]:
    path = attachments.path(sha2)
    try:
        with path.open("rb") as source:
            size = os.fstat(source.fileno()).st_size
            for part in range(1, pieces(size) + 1):
                data = source.read(record_lines.PIECE)
                yield record_lines.write(Piece(sha2, size, part, pieces(size), data))
    except OSError as error:
        raise Damaged("%(path)s cannot be read: %(why)s", path=path, why=reason(error)) from error


def _documents(conn: sqlite3.Connection) -> Iterator[Document]:
    rows = conn.execute("SELECT * FROM document ORDER BY kind, activity, agent, registration, name")
    for row in rows:
        yield Document(row["kind"], row["activity"], row["agent"], row["registration"], row["name"],
                       row["content_type"], row["etag"], row["updated"], bytes(row["body"]))  # fmt: skip


def write_file(path: Path, made: Iterator[bytes]) -> None:
    """Write the lines to ``path``, compressed when its name ends in ``.gz``; the file appears whole, and durable.

    A file that was there is replaced. Raises :class:`BadInput`, :class:`StorageError`; then it is as it was before.
    """
    if path.is_dir():
        raise BadInput("%(path)s is a folder: name a file in it.", path=path)
    work = path.with_name(f".{path.name}.part")
    try:
        with durable.disk_errors(path):
            step("create export")
            with work.open("wb") as out:
                _fill(out, made, compressed=path.suffix == ".gz")
                out.flush()
                step("sync export")
                os.fsync(out.fileno())
            step("publish export")
            work.replace(path)
            durable.sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):  # there already, or nothing there to remove
            work.unlink()


def _fill(out: BinaryIO, made: Iterator[bytes], *, compressed: bool) -> None:
    whole = False
    with contextlib.ExitStack() as stack:
        target = out
        if compressed:  # no name and no time in it: the same records make the same file
            packed = gzip.GzipFile("", "wb", 6, out, mtime=0)
            target = cast(BinaryIO, stack.enter_context(packed))
        for line in made:
            whole = line.startswith(b'{"end":')
            target.write(line)
    if not whole:
        raise BadInput("The export stopped before its end: try again.")
