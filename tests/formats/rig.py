# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Imports one file as the library's worker does, without the library."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from appliance.formats.audio import AudioFormat
from appliance.formats.detect import HEAD, detect
from appliance.formats.epub import EpubFormat
from appliance.formats.image import ImageFormat
from appliance.formats.office import OfficeFormat
from appliance.formats.pdf import PdfFormat
from appliance.formats.video import VideoFormat
from appliance.formats.web_bundle import WebBundleFormat
from appliance.formats.zim import ZimFormat
from appliance.model import Card, Imported, Section
from appliance.ports import Limits, ResourceFormat

LIMITS = Limits(max_bytes=300_000_000, max_files=2_000, max_ratio=100)
CORPUS = Path(__file__).parents[2] / "demonstration" / "resources"
DATA = Path(__file__).parents[1] / "data"


def formats() -> list[ResourceFormat]:
    return [
        OfficeFormat(), WebBundleFormat(), EpubFormat(), PdfFormat(), ZimFormat(), VideoFormat(), AudioFormat(),
        ImageFormat(),
    ]  # fmt: skip


@dataclass
class Found:
    """What an import left."""

    format: str
    directory: Path
    imported: Imported
    sections: list[Section] = field(default_factory=list)
    progress: list[tuple[float, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(section.text for section in self.sections)

    def add(self, section: Section) -> None:
        self.sections.append(section)


def import_file(path: Path, directory: Path, captions: tuple[Path, ...] = (), limits: Limits = LIMITS) -> Found:
    """Detect, store as ``original<suffix>``, import below ``directory`` (made)."""
    directory.mkdir(parents=True)
    chosen = detect(path, formats())
    with path.open("rb") as file:
        source = directory / f"original{chosen.suffix(file.read(HEAD), path)}"
    shutil.copyfile(path, source)
    for caption in captions:
        (directory / "captions").mkdir(exist_ok=True)
        shutil.copyfile(caption, directory / "captions" / caption.name)
    found = Found(chosen.name, directory, Imported("", Card(), ""))
    found.imported = chosen.import_into(
        source, directory, found, limits, lambda done, what: found.progress.append((done, what))
    )
    return found
