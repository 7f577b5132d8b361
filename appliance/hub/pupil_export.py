# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The files of a pupil's export: a page that any browser reads offline, the same as JSON, and the media."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from typing import Any

from flask import render_template

from appliance.errors import Damaged, NotFound
from appliance.hub import trace_lines
from appliance.hub.context import hub
from appliance.model import Pupil
from appliance.store import merging, people, settings, times, vault
from appliance.store.record_queries import Query
from appliance.store.vault import Item

READ = 200
"""Statements in memory at a time."""
FORMAT = 1


Made = list[tuple[str, bytes]]
"""(path, bytes)."""
Waiting = list[tuple[str, Item]]
"""(path, medium)."""


def files(pupil: Pupil) -> tuple[Made, Waiting]:
    """Page and data, and the media, which are not read yet. The pupil's class is open, if it has keys."""
    texts, media = _texts(pupil), _media(pupil)
    statements: list[Any] = []
    lines: list[trace_lines.Line] = []
    for found in _pages(pupil):
        statements += [json.loads(each.body) for each in found]
        lines += trace_lines.lines(found)
    group = next((each.name for each in people.groups(hub().db) if each.id == pupil.group), "")
    name = _name(pupil)
    page = render_template(
        "pupil_export.html", pupil=pupil, name=name, group=group, days=trace_lines.days(lines), texts=texts,
        media=media, made=times.rfc3339(hub().clock.now().wall)[:10],
    )  # fmt: skip
    told = {
        "format": FORMAT, "box": settings.box_id(hub().db), "pupil": pupil.id, "first_name": name,
        "animal": pupil.alias,
        "class": group, "texts": texts, "media": [{"file": path, "about": item.about, "at": item.at}
                                                 for path, item in media], "statements": statements,
    }  # fmt: skip
    data = json.dumps(told, ensure_ascii=False, indent=1)
    return [("index.html", page.encode()), ("donnees.json", data.encode())], media


def _pages(pupil: Pupil) -> Iterator[list[Any]]:
    for agent in merging.agents(hub().db.reading(), settings.box_id(hub().db), pupil.id):
        yield from _pages_of(agent)


def _pages_of(agent: str) -> Iterator[list[Any]]:
    cursor: str | None = None
    while True:
        page = hub().records.query(Query(agent=agent, limit=READ, cursor=cursor))
        yield list(page.found)
        cursor = page.next
        if cursor is None:
            return


def _name(pupil: Pupil) -> str:
    if not hub().vaults.is_open(pupil.group):
        return ""
    return hub().vaults.names(pupil.group).get(pupil.id, "")


def _texts(pupil: Pupil) -> list[dict[str, str]]:
    found = []
    for item in sealed(pupil, vault.TEXT):
        body = _read(pupil, item)
        if body is not None:
            found.append({"text": body.decode("utf-8", "replace"), "about": item.about, "at": item.at})
    return found


def _media(pupil: Pupil) -> Waiting:
    items = sealed(pupil, vault.MEDIA)
    return [(f"media/{number:03d}{_suffix(item)}", item) for number, item in enumerate(items, 1)]


def sealed(pupil: Pupil, kind: str) -> list[Item]:
    """What is sealed to the pupil, and to the former ones who count under the same."""
    conn = hub().db.reading()
    every = (pupil.id, *merging.formers(conn, pupil.id))
    return sorted((item for each in every for item in vault.items(conn, each, kind)), key=lambda item: item.at)


def _suffix(item: Item) -> str:
    return _SUFFIXES.get(item.media_type) or mimetypes.guess_extension(item.media_type) or ".bin"


_SUFFIXES = {"audio/webm": ".webm", "audio/mp4": ".m4a", "audio/ogg": ".ogg", "audio/wav": ".wav"}
"""What players know them by."""


def _read(pupil: Pupil, item: Item) -> bytes | None:
    """None for one that is damaged: the others are still worth having."""
    try:
        return hub().vaults.read(pupil.group, item.id)
    except (Damaged, NotFound):
        return None
