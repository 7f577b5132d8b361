# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Web bundles: a zip of HTML pages with ``index.html`` at its root or in its only folder (Kolibri's "HTML5 zip").

With ``tincan.xml`` there (an xAPI package), the page that it names opens, and the details say which activity reports.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from appliance.errors import BadInput
from appliance.formats.archive import Archive, names
from appliance.formats.bundle_card import card_from
from appliance.formats.cover import write_cover
from appliance.formats.html_text import HtmlText, read_html
from appliance.formats.tincan import Package, read_package, top_of
from appliance.formats.words import pieces
from appliance.i18n import N_
from appliance.model import Imported, Section
from appliance.ports import Limits, Progress, SectionSink

PAGES = (".html", ".htm", ".xhtml")
_INDEX = ("index.html", "index.htm", "index.xhtml")
_COVERS = (
    "cover.jpg",
    "cover.png",
    "cover.jpeg",
    "cover.webp",
    "cover.svg",
    "thumbnail.jpg",
    "thumbnail.png",
    "thumbnail.webp",
)
_OTHERS = {"h5p.json", "imsmanifest.xml", "META-INF/container.xml", "[Content_Types].xml"}
MAX_PAGE = 4_000_000


class WebBundleFormat:
    """Pages with their own scripts; ``entry`` is ``files/…/index.html``, anchors are paths below its folder."""

    name = "web_bundle"
    suffixes: tuple[str, ...] = (".zip",)
    media_types: tuple[str, ...] = ("application/zip",)

    def recognises(self, head: bytes, path: Path) -> bool:
        """A zip with an index page, and none of the files that make it an H5P, a SCORM, a book or a document."""
        if not head.startswith(b"PK\x03\x04"):
            return False
        inside = names(path)
        if top_of(inside) is not None:  # some tools write a SCORM manifest beside it
            return not inside & (_OTHERS - {"imsmanifest.xml"})
        return not inside & _OTHERS and index_of(inside) is not None

    def suffix(self, head: bytes, path: Path) -> str:
        """Always ``.zip``."""
        return self.suffixes[0]

    def import_into(
        self, source: Path, directory: Path, sections: SectionSink, limits: Limits, progress: Progress
    ) -> Imported:
        """Extract everything, index every page. See :class:`appliance.ports.ResourceFormat`."""
        with Archive(source, limits) as archive:
            index, top = index_of(archive.members), top_of(archive.members)
            if index is None and top is None:
                raise BadInput("There is no index.html at the top of the archive: add one.")
            archive.extract(directory / "files", lambda done, what: progress(done * 0.7, what))
        root = directory / "files" / (posixpath.dirname(index or "") if top is None else top)
        package = read_package(root)
        entry = (root / package.page if package else directory / "files" / (index or "")).relative_to(directory)
        front = read_html((directory / entry).read_bytes()[:MAX_PAGE])
        card = card_from(_titled(front, package), root)
        cover = _cover(root, directory / "files", front, directory)
        pages = sorted(path for path in root.rglob("*") if path.suffix.lower() in PAGES and path.is_file())
        for done, path in enumerate(pages):
            _add(path, root, sections)
            progress(0.7 + 0.3 * (done + 1) / len(pages), N_("Reading pages"))
        details: dict[str, object] = {"pages": len(pages), "root": root.relative_to(directory).as_posix()}
        if package:
            details["xapi"] = {"activity": package.activity, "launch": entry.as_posix(), "query": package.query}
        return Imported(self.name, card, entry.as_posix(), cover, details)


def index_of(inside: Collection[str]) -> str | None:
    """The index page: at the root, or in the top folder when there is only one; None if there is none."""
    tops = {name.split("/", 1)[0] for name in inside if not name.startswith("__MACOSX/")}
    folders = ["", *(f"{top}/" for top in tops if len(tops) == 1)]
    return next((folder + page for folder in folders for page in _INDEX if folder + page in inside), None)


def _titled(front: HtmlText, package: Package | None) -> HtmlText:
    """An authoring tool's page says little: the package's own words go first."""
    if package is None:
        return front
    return replace(
        front,
        title=package.title or front.title,
        description=package.description or front.description,
        language=front.language or package.language,
    )


def _add(path: Path, root: Path, sections: SectionSink) -> None:
    with path.open("rb") as file:
        page = read_html(file.read(MAX_PAGE))
    for piece in (*pieces(page.text), *pieces(page.keywords)):
        sections.add(Section(path.relative_to(root).as_posix(), page.title, piece))


def _cover(root: Path, top: Path, front: HtmlText, directory: Path) -> str | None:
    candidates = [root / name for name in _COVERS]
    if front.image and ":" not in front.image and "\0" not in front.image:
        named = (root / front.image.lstrip("/")).resolve()
        if named.is_relative_to(top.resolve()):
            candidates.insert(0, named)
    return next((cover for path in candidates if path.is_file() and (cover := write_cover(path, directory))), None)
