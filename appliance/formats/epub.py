# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""EPUB 2 and 3 books without digital locks."""

from __future__ import annotations

from pathlib import Path

from appliance.errors import BadInput, Unsupported
from appliance.formats.archive import Archive, names
from appliance.formats.cover import write_cover
from appliance.formats.epub_package import CONTAINER, Package, read_package
from appliance.formats.html_text import MAX_HTML, read_html
from appliance.formats.words import pieces
from appliance.formats.xml_text import local, parse_xml
from appliance.i18n import N_
from appliance.model import Imported, Section
from appliance.ports import Limits, Progress, SectionSink

_FONTS_ONLY = {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}
_LOCKS = ("META-INF/rights.xml", "META-INF/license.lcpl", "META-INF/sinf.xml")
_LOCKED = N_("The book is locked by its seller (DRM): ask for one without a lock.")
MAX_TOC = 1000


class EpubFormat:
    """A book, extracted to ``files/``; ``entry`` is its first chapter there, anchors are spine positions from 0.

    ``details``: ``chapters`` [{"href" (below ``files/``), "title"}] in reading order, ``toc`` [{"title", "href"
    (with fragment), "level" from 0}], ``package`` (the OPF file below ``files/``), ``version``.
    """

    name = "epub"
    suffixes: tuple[str, ...] = (".epub",)
    media_types: tuple[str, ...] = ("application/epub+zip",)

    def recognises(self, head: bytes, path: Path) -> bool:
        """The ``mimetype`` member (EPUB 3.3 §4.2.4), or the container file where a tool put it elsewhere."""
        if not head.startswith(b"PK\x03\x04"):
            return False
        return b"mimetypeapplication/epub+zip" in head[:200] or CONTAINER in names(path)

    def suffix(self, head: bytes, path: Path) -> str:
        """Always ``.epub``."""
        return self.suffixes[0]

    def import_into(
        self, source: Path, directory: Path, sections: SectionSink, limits: Limits, progress: Progress
    ) -> Imported:
        """Extract the book, index its chapters. See :class:`appliance.ports.ResourceFormat`."""
        with Archive(source, limits) as archive:
            _refuse_locks(archive)
            package = read_package(archive)
            files = directory / "files"
            archive.extract(files, lambda done, what: progress(done * 0.5, what))
        titles = _index(package, files, sections, progress)
        chapters = [{"href": href, "title": title} for href, title in zip(package.spine, titles, strict=True)]
        details = {
            "chapters": chapters,
            "toc": [{"title": e.title, "href": e.href, "level": e.level} for e in package.toc[:MAX_TOC]],
            "package": package.path,
            "version": package.version,
        }
        cover = write_cover(files / package.cover, directory) if package.cover else None
        return Imported(self.name, package.card, f"files/{package.spine[0]}", cover, details)


def _refuse_locks(archive: Archive) -> None:
    """Fonts may be obfuscated (EPUB 3.3 §4.4); any other encryption is a lock."""
    if any(lock in archive.members for lock in _LOCKS):
        raise Unsupported(_LOCKED)
    if "META-INF/encryption.xml" in archive.members:
        root = parse_xml(archive.read("META-INF/encryption.xml"), "encryption.xml")
        methods = {e.get("Algorithm", "") for e in root.iter() if local(e.tag) == "EncryptionMethod"}
        if methods - _FONTS_ONLY:
            raise Unsupported(_LOCKED)


def _index(package: Package, files: Path, sections: SectionSink, progress: Progress) -> list[str]:
    """Add every chapter's text; returns their titles."""
    listed = {}
    for line in reversed(package.toc):
        listed[line.href.partition("#")[0]] = line.title
    titles = []
    for number, href in enumerate(package.spine):
        path = files / href
        if not path.is_file():
            raise BadInput("The chapter “%(name)s” is missing from the book: it is damaged.", name=href[:80])
        with path.open("rb") as file:
            page = read_html(file.read(MAX_HTML))
        titles.append(listed.get(href) or ("" if page.title == package.card.title else page.title))
        for piece in pieces(page.text):
            sections.add(Section(str(number), titles[-1], piece))
        progress(0.5 + 0.5 * (number + 1) / len(package.spine), N_("Reading chapters"))
    return titles
