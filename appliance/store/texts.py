# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What pupils wrote in their own words: sealed in the transaction of the statement that tells of it, or not kept."""

from __future__ import annotations

import sqlite3

from appliance.store import vault

PORTFOLIO = "portfolio"
"""The regime of the classes whose texts are kept (``group_detail.regime``)."""


def kept_of(conn: sqlite3.Connection, pupil: str) -> bool:
    """Whether texts and media of a pupil are kept: the class keeps a portfolio, and the pupil has keys."""
    row = conn.execute(
        "SELECT 1 FROM pupil JOIN group_detail USING (school_group) JOIN pupil_key ON pupil_key.pupil = pupil.id "
        "WHERE pupil.id = ? AND regime = ?", (pupil, PORTFOLIO),
    ).fetchone()  # fmt: skip
    return row is not None


def keep(conn: sqlite3.Connection, pupil: str, words: str, *, item: str, about: str, at: str) -> bool:
    """Seal ``words`` as ``item`` (an id), about a statement; returns whether they are kept.

    ``at``: see :func:`vault.seal`.
    """
    if not kept_of(conn, pupil):
        return False
    vault.seal(conn, pupil, vault.TEXT, words.encode(), about=about, at=at, item_id=item)
    return True
