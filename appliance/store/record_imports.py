# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Taking in the lines of an export, a batch at a time: what is here already stays, so any batch may come again."""

from __future__ import annotations

import collections
import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.errors import BadInput, CartableError
from appliance.store import durable, record_lines, times, tombstones
from appliance.store.documents import etag
from appliance.store.durable import step
from appliance.store.erasure import Erasure, authentic, keeps_out
from appliance.store.identity import key_of, known_key
from appliance.store.record_lines import Document, End, Header, Line, Piece, Statement
from appliance.store.record_terms import chunks
from appliance.store.records import Records
from appliance.store.tombstones import Tombstone

SLACK_S = 86400.0
"""How far the clocks of two boxes may be apart."""
TOLD = 100
"""Damaged lines told one by one in a report; the rest are only counted."""


@dataclass(slots=True)
class Report:
    """What became of a batch."""

    taken: collections.Counter[str] = field(default_factory=collections.Counter)
    """Kind -> lines that brought something new: tombstones, statements, attachments, documents."""
    known: int = 0
    """Lines that brought nothing new."""
    erased: int = 0
    """Statements and documents that stay out: they were erased, here or where the file was made."""
    set_aside: int = 0
    """Statements put in quarantine: this box has another one of the same name."""
    damaged: list[tuple[int, CartableError]] = field(default_factory=list)
    """Number of the line, what is wrong."""
    end: End | None = None
    """The last line, if it was in the batch."""


class Importer:
    """For one header; keeps nothing between two batches."""

    def __init__(self, records: Records, erasure: Erasure, header: Header) -> None:
        """The first file that a box made makes its key known: a later one with another key cannot erase in its name.

        The keys that it gives of other boxes are for the tombstones in it, and believed of nobody.
        """
        self._records = records
        self._erasure = erasure
        self._keys = {**header.keys, header.box: header.key}
        if key_of(records.db, header.box) is None:
            own = known_key(records.db, header.box, header.key)
            records.commit.run(lambda conn: tombstones.drop_forged(conn, header.box, own))

    def take(self, lines: Sequence[bytes], first: int) -> Report:
        """Take in ``lines``, durably; ``first``: the number of the first, for the report.

        Damaged lines are told in the report and leave no trace. Raises :class:`StorageError` when the disk is full;
        the batch may then be partly in, and can be sent again.
        """
        report = Report()
        read = []
        for number, line in enumerate(lines, first):
            try:
                read.append((number, self._read(line)))
            except CartableError as error:
                report.damaged.append((number, error))
        self._tombstones([line for _, line in read if isinstance(line, Tombstone)], report)
        self._statements([(number, line) for number, line in read if isinstance(line, Statement)], report)
        rest: dict[type[Line], Callable[..., None]] = {Piece: self._piece, Document: self._document, End: self._end}
        for number, found in read:
            if type(found) in rest:
                try:
                    rest[type(found)](found, report)
                except BadInput as error:
                    report.damaged.append((number, error))
        return report

    def _read(self, line: bytes) -> Line:
        found = record_lines.read(line)
        if isinstance(found, Tombstone) and not self._authentic(found):
            raise BadInput("A tombstone was not signed by the box that it names: the file was changed.")
        return found

    def _authentic(self, tombstone: Tombstone) -> bool:
        return tombstone.key == self._keys.get(tombstone.box) and authentic(self._records.db, tombstone)

    def _tombstones(self, found: list[Tombstone], report: Report) -> None:
        if found:
            new = self._erasure.apply(found)
            report.taken["tombstones"] += new
            report.known += len(found) - new

    def _statements(self, found: list[tuple[int, Statement]], report: Report) -> None:
        if not found:
            return
        numbers = {line.id: number for number, line in found}
        whole = [line.id for _, line in found if line.body is not None]
        conn = self._records.db.reading()
        before = _known(conn, whole, erased=False)
        done = self._records.merge([line for _, line in found])
        stay_out = len(before & _known(conn, whole, erased=True))
        report.taken["statements"] += done.added
        report.erased += done.erased + stay_out
        report.known += done.known - stay_out
        report.set_aside += done.quarantined
        report.damaged += [(numbers[name], error) for name, error in done.refused]

    def _piece(self, piece: Piece, report: Report) -> None:
        """Pieces come in order; those of a statement that is not here (erased, damaged) are left.

        Bytes that are here are read again at the first piece: damaged ones are replaced.
        """
        attachments, conn = self._records.attachments, self._records.db.reading()
        target = attachments.path(piece.sha2)
        named = conn.execute("SELECT 1 FROM statement_attachment WHERE sha256 = ? LIMIT 1", (piece.sha2,)).fetchone()
        work = attachments.unfinished(piece.sha2)
        if piece.part == 1 and attachments.sound(piece.sha2):
            with durable.disk_errors(work):
                work.unlink(missing_ok=True)
        elif piece.part > 1 and not work.exists() and target.exists():
            pass
        elif named is not None:
            self._write_piece(piece, work, report)
            return
        report.known += 1

    def _write_piece(self, piece: Piece, work: Path, report: Report) -> None:
        step("write piece")
        with durable.disk_errors(work), work.open("r+b" if work.exists() else "xb") as out:
            out.seek((piece.part - 1) * record_lines.PIECE)
            out.write(piece.data)
            out.truncate()
            size = out.tell()
            out.flush()
            if piece.part == piece.parts:
                os.fsync(out.fileno())
        if piece.part == piece.parts:
            if size != piece.size or not self._records.attachments.adopt(piece.sha2, work):
                raise BadInput("The bytes of an attachment are not those of its sha2.")
            report.taken["attachments"] += 1

    def _document(self, document: Document, report: Report) -> None:
        if etag(document.body) != document.etag:
            raise BadInput("A document is not the one that was exported: its SHA-1 differs.")
        if document.updated > self._believed():
            raise BadInput("A document was changed at a time that is still to come: the file is wrong, or the clock "
                           "of the box that wrote it.")  # fmt: skip
        outcome = self._records.commit.run(lambda conn: _keep(conn, document, self._records.box_id))
        report.erased += outcome is None
        report.known += outcome is False
        report.taken["documents"] += outcome is True

    def _believed(self) -> str:
        """The latest time of change: one in the future would stand before every later change here."""
        now = self._records.clock.now()
        return times.text(times.micros(now.wall + SLACK_S) if now.trusted else times.BELIEVABLE)

    def _end(self, end: End, report: Report) -> None:
        report.end = end


def _known(conn: sqlite3.Connection, names: Sequence[str], *, erased: bool) -> set[str]:
    """Those of these ids that have a row; ``erased``: an empty one."""
    return {
        row["id"]
        for chunk in chunks(list(names))
        for row in conn.execute(
            f"SELECT id FROM statement WHERE erased >= ? AND id IN ({','.join('?' * len(chunk))})",  # noqa: S608
            [int(erased), *chunk],
        )
    }


def _keep(conn: sqlite3.Connection, document: Document, own_box: str) -> bool | None:
    """Keep ``document`` unless a later one stands there (False) or its agent was erased (None)."""
    if document.agent and keeps_out(conn, own_box, document.agent, document.updated):
        return None
    place = (document.kind, document.activity, document.agent, document.registration, document.name)
    known = conn.execute(
        "SELECT updated, etag FROM document WHERE kind = ? AND activity = ? AND agent = ? AND registration = ? "
        "AND name = ?", place,
    ).fetchone()  # fmt: skip
    if known is not None and (known["updated"], known["etag"]) >= (document.updated, document.etag):
        return False
    conn.execute(
        "INSERT INTO document (kind, activity, agent, registration, name, content_type, body, etag, updated) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, activity, agent, registration, name) DO UPDATE SET "
        "content_type = excluded.content_type, body = excluded.body, etag = excluded.etag, updated = excluded.updated",
        (*place, document.content_type, document.body, document.etag, document.updated),
    )
    return True
