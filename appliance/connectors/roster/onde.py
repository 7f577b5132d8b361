# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""ONDE, the register of France's primary schools: ``CSVExtraction.csv``.

The layout is that of the export "Listes & documents, Extractions": columns are found by their titles, since a space
stands before "Cycle", titles changed with ONDE 2, and schools move columns in their spreadsheet before they import.
Dates (both forms), INE and addresses are passed over.
"""

from __future__ import annotations

from appliance.connectors.roster.rows import Roster
from appliance.connectors.roster.tables import Table
from appliance.connectors.roster.text import plain

_OWN = {"ine", "cycle", "niveau", "identifiant classe", "libelle classe", "date naissance", "date de naissance",
        "nom d'usage eleve", "attestation fournie", "decision de passage", "autorisation photo"}  # fmt: skip
_ENOUGH = 3
"""Titles of ONDE's own beside the first name and the class."""


def recognises(table: Table) -> bool:
    """Whether ONDE wrote it: first name, class, and enough of its other titles."""
    if not table.titled or table.guess.first_name is None or table.guess.group is None:
        return False
    titles = {plain(cell) for cell in table.lines[0]}
    return any("eleve" in title for title in titles) and len(titles & _OWN) >= _ENOUGH


def read(table: Table) -> Roster:
    """Its pupils. Raises :class:`BadInput` when it holds no first name."""
    return table.chosen(table.guess, source="onde")
