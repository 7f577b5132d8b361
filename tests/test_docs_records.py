# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The reference of the learning records says what the code does."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import cli
from appliance.hub.openapi.document import ERRORS
from appliance.hub.xapi import call, credentials, documents, receiving, statements
from appliance.store import db, migrations, record_keys, record_lines, times

PAGE = (Path(__file__).parents[1] / "docs/reference/records.md").read_text()
CLASS = (Path(__file__).parents[1] / "docs/reference/class-tables.md").read_text()
OTHERS = {"resource", "import_job", "school_group", "pupil", "lesson", "activity", "setting"}
"""Tables that are not records."""


@pytest.mark.parametrize("table", sorted(set(db.OWNERS) - OTHERS))
def test_each_column_is_explained(table: str, tmp_path: Path) -> None:
    migrations.migrate(tmp_path / "x.sqlite")
    conn = db.connect(tmp_path / "x.sqlite", db.Role.MIGRATE)
    columns = {row["name"] for row in conn.execute("SELECT name FROM pragma_table_info(?)", (table,))}
    conn.close()
    section = re.search(rf"^### `{table}`\n(.*?)(?=^##)", PAGE + CLASS, re.M | re.S)
    assert section, f"{table} is not documented"
    assert set(re.findall(r"^\| `(\w+)` \|", section[1], re.M)) == columns


def _words(parser: argparse.ArgumentParser, before: str) -> Iterator[str]:
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield before
    for action in below:
        for name, inner in action.choices.items():
            yield from _words(inner, f"{before} {name}")


def test_each_word_is_explained() -> None:
    [whole] = [action for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction)]
    words = list(_words(whole.choices["records"], "cartable records"))
    assert len(words) >= 8
    assert not [word for word in words if not re.search(rf"^\| `{word}\b", PAGE, re.M)]


def test_each_scope_and_line_and_status_is_explained() -> None:
    for scope in record_keys.SCOPES:
        assert re.search(rf"^\| `{re.escape(scope)}` \|", PAGE, re.M), scope
    for scope in record_keys.DEFAULT_SCOPES:
        assert re.search(rf"^\| `{re.escape(scope)}` \| .*given unless", PAGE, re.M), scope
    assert f'"{record_lines.FORMAT}"), `version` ({record_lines.VERSION})' in PAGE
    statuses = set(re.findall(r"\d{3}", "".join(re.findall(r"^\| (\d{3}[^|]*)\|", PAGE, re.M))))
    assert {str(status) for status in ERRORS} - {"415", "500"} == statuses


def test_limits_are_those_of_the_code() -> None:
    sizes = (call.MOST_BYTES, receiving.MOST_JSON_BYTES, documents.MOST_BYTES, call.MOST_FORM_BYTES)
    assert [size >> 20 for size in sizes] == [64, 8, 8, 8]
    assert (
        "64 MiB with attachments; statements as JSON 8 MiB; a document 8 MiB; a form (alternate syntax) 8 MiB" in PAGE
    )
    assert f"| {statements.MOST}, and {statements.MOST_PAGE_BYTES >> 20} MiB;" in PAGE
    assert f"as JSON | {receiving.MOST_LAUNCHED_BYTES >> 10} KiB |" in PAGE
    assert f"| line of an export | {record_lines.LONGEST >> 20} MiB:" in PAGE
    assert f"pieces of {record_lines.PIECE >> 10} KiB" in PAGE
    assert times.text(times.BELIEVABLE).startswith("2046-01-01T00:00:00")
    assert f"up to\n  {times.text(times.BELIEVABLE)[:4]}" in PAGE
    assert f"| {call.MOST_PARAMETERS}, each once |" in PAGE
    assert f"| {documents.LONGEST_NAME:,} characters |" in PAGE
    assert receiving.AGES in PAGE
    assert credentials.READ_MINE in PAGE
