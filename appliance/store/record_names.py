# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What statements call an agent."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from appliance.errors import BadInput
from appliance.xapi.terms import agent_value

LOOKED_AT = 200
"""The newest statements that name the agent: names further back are forgotten."""
MOST_BYTES = 1 << 20
"""Of the statements that are read for it; a larger one is passed over."""
_IDENTIFIERS = {"mbox", "mbox_sha1sum", "openid", "account"}


def names(conn: sqlite3.Connection, value: str) -> list[str]:
    """The names of the agent ``value`` (:func:`appliance.xapi.terms.agent_value`), the newest first, each once."""
    found: list[str] = []
    looked_at, room = 0, MOST_BYTES
    for table in ("posting_fresh", "posting"):  # the newer first
        rows = conn.execute(
            f"SELECT s.row, length(s.body) AS size FROM {table} p CROSS JOIN statement s ON s.row = p.row "  # noqa: S608 - our own names
            "WHERE p.term = (SELECT id FROM term WHERE kind = 'any_agent' AND value = ?) AND p.via = 0 "
            "AND NOT s.voided AND NOT s.erased ORDER BY p.row DESC LIMIT ?",
            (value, LOOKED_AT - looked_at),
        )
        for row in rows:
            looked_at += 1
            if row["size"] <= room:
                room -= row["size"]
                body = conn.execute("SELECT body FROM statement WHERE row = ?", (row["row"],)).fetchone()["body"]
                found += dict.fromkeys(_named(json.loads(body), value))
    return list(dict.fromkeys(found))


def _named(part: Any, value: str) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _named(item, value)
    elif isinstance(part, dict):
        if _IDENTIFIERS & part.keys() and isinstance(part.get("name"), str) and _is(part, value):
            yield part["name"]
        for item in part.values():
            if isinstance(item, dict | list):
                yield from _named(item, value)


def _is(part: dict[str, Any], value: str) -> bool:
    """Also for what only looks like an agent, in an extension."""
    try:
        return agent_value(part) == value
    except (BadInput, KeyError, TypeError, AttributeError):
        return False
