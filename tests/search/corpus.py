# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The demonstration's resources, read by the real formats, with the cards of its catalogue."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance import plugins
from appliance.model import Card, Resource, ResourceState, Section
from appliance.ports import Limits, ResourceFormat
from appliance.store.search_index import IndexWriterSession, create

DEMONSTRATION = Path(__file__).parents[2] / "demonstration"
LIMITS = Limits(max_bytes=10**9, max_files=10**5, max_ratio=1000)
CARD_KEYS = ("title", "description", "language", "subject", "duration_minutes", "mode", "licence", "author", "source")


class Sections(list[Section]):
    """A sink that keeps them."""

    def add(self, section: Section) -> None:
        self.append(section)


def build(folder: Path) -> int:
    """An index of the whole catalogue in ``folder``; the resources' ids are their file names. Returns how many."""
    formats = [plugins.load("resource_formats", name)() for name in plugins.names("resource_formats")]
    entries = tomllib.loads((DEMONSTRATION / "catalogue.toml").read_text())["resource"]
    create(folder)
    with IndexWriterSession(folder) as session:
        for entry in entries:
            session.write(*_read(formats, entry))
    return len(entries)


def _read(formats: list[ResourceFormat], entry: Mapping[str, Any]) -> tuple[Resource, Sections]:
    path = DEMONSTRATION / "resources" / entry["file"]
    with path.open("rb") as file:
        head = file.read(4096)
    chosen = next(each for each in formats if each.recognises(head, path))
    sections = Sections()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        source = work / f"original{path.suffix}"
        shutil.copy(path, source)
        (work / "captions").mkdir()
        for caption in entry.get("captions", ()):
            shutil.copy(path.with_name(caption), work / "captions")
        imported = chosen.import_into(source, work, sections, LIMITS, lambda done, what: None)
    edits: dict[str, object] = {key: entry[key] for key in CARD_KEYS if key in entry}
    card: Card = imported.card.overlaid({**edits, "levels": tuple(entry.get("level", ()))})
    resource = Resource(
        id=entry["file"], format=imported.format, card=card, blob="b" * 64, filename=path.name, size=1,
        entry=imported.entry, cover=None, details={}, state=ResourceState.READY, added_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    return resource, sections
