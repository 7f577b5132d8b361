# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Class lists as schools have them: bytes in, first names, classes and levels out; nothing else leaves this package.

Known by their content, whatever the file is called: ONDE's CSV, OneRoster 1.1 and 1.2 CSV (ZIP), SIECLE's XML (bare or
in its ZIP), any other table as text, of which a person chooses the columns. Nothing is written, logged or repeated in
an error. A surname is looked at for its first letter, and only where two pupils of a class share a first name.
"""

from __future__ import annotations

from appliance.connectors.roster import kinds, onde, oneroster, siecle, tables, text, zipped
from appliance.connectors.roster.rows import Roster, Row
from appliance.connectors.roster.tables import Columns, Table
from appliance.errors import BadInput, TooLarge

__all__ = ["MAX_BYTES", "Columns", "Roster", "Row", "Table", "read"]

MAX_BYTES = 8 << 20
"""A school of a thousand pupils is a tenth of it."""


def read(content: bytes) -> Roster | Table:
    """The pupils of a class list, or a table whose columns must be chosen (:meth:`Table.chosen`).

    Raises :class:`BadInput`, :class:`appliance.errors.Unsupported` (a kind of file that is no list) or
    :class:`TooLarge`; each sentence says what to do, and none repeats what the file holds.
    """
    if len(content) > MAX_BYTES:
        raise TooLarge("This file is too large for a class list (%(limit)d MB at most): export the classes only.",
                       limit=MAX_BYTES >> 20)  # fmt: skip
    if not content.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise BadInput("This file is empty: export the list again, then give the new file.")
    if zipped.is_zip(content):
        return _unpacked(zipped.Members(content))
    kinds.refuse_others(content)
    if siecle.looks_like_xml(content):
        return siecle.read(content)
    return _table(content)


def _unpacked(members: zipped.Members) -> Roster | Table:
    kinds.refuse_office(members.names)
    if members.find("users.csv"):
        return oneroster.read(members)
    inside = members.only(".xml", ".csv", ".txt", ".tsv")
    content = members.read(inside)
    kinds.refuse_others(content)
    return siecle.read(content) if siecle.looks_like_xml(content) else _table(content)


def _table(content: bytes) -> Roster | Table:
    table = tables.parse(text.decode(content))
    return onde.read(table) if onde.recognises(table) else table
