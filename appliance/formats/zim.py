# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""ZIM archives (Wikipedia, Vikidia…): checked, indexed, their media copied out to be served with Range."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from libzim.reader import Archive, set_cluster_cache_max_size

from appliance.errors import BadInput, TooLarge
from appliance.formats.archive import create, safe_name
from appliance.formats.cover import write_cover
from appliance.formats.html_text import read_html
from appliance.formats.words import PIECE, clean, language, licence
from appliance.formats.zim_layout import CHUNK, MAGIC, Dirent, ZimLayout
from appliance.i18n import N_
from appliance.model import Card, Imported, Section
from appliance.ports import Limits, Progress, SectionSink

CLUSTER_CACHE = 16_000_000
"""Bytes of decompressed clusters that libzim may keep."""
LIBZIM_ERRORS = (RuntimeError, KeyError, IndexError, ValueError, OverflowError, UnicodeError)
"""What the binding raises over damaged files."""

_MEDIA = re.compile(r"\.(?:mp4|m4v|webm|ogv|mp3|m4a|ogg|oga|opus|wav|flac)$")
"""As in the routing table: a file of another name would never be asked for."""
_DAMAGED = N_("The ZIM file is damaged at “%(name)s”: copy or download it again.")


class ZimFormat:
    """An archive read in place; ``entry`` is the path of its main page, anchors are ZIM paths.

    ``details``: ``articles``, ``has_fulltext``, ``media`` (files copied out), ``date``.
    """

    name = "zim"
    suffixes: tuple[str, ...] = (".zim",)
    media_types: tuple[str, ...] = ("application/x-zim",)

    def recognises(self, head: bytes, path: Path) -> bool:
        """The magic number."""
        return head.startswith(MAGIC)

    def suffix(self, head: bytes, path: Path) -> str:
        """Always ``.zim``."""
        return self.suffixes[0]

    def import_into(
        self, source: Path, directory: Path, sections: SectionSink, limits: Limits, progress: Progress
    ) -> Imported:
        """Checksum, media, text of every article. See :class:`appliance.ports.ResourceFormat`."""
        with ZimLayout(source) as layout:
            layout.verify(lambda done, what: progress(done * 0.2, what))
            archive = open_archive(source)
            pages, media = _sorted_out(layout, archive)
            copied = _copy_media(layout, archive, media, directory / "files", limits, progress)
            _index(archive, pages, sections, progress)
        try:
            details = {
                "articles": len(pages),
                "has_fulltext": archive.has_fulltext_index,
                "media": copied,
                "date": _word(archive, "Date"),
            }
            return Imported(self.name, _card(archive), main_path(archive), _cover(archive, directory), details)
        except LIBZIM_ERRORS as error:
            raise _damage(error, "metadata") from error


def open_archive(path: Path) -> Archive:
    """libzim's archive, its caches bounded. Raises :class:`BadInput` when libzim refuses the file."""
    set_cluster_cache_max_size(CLUSTER_CACHE)
    try:
        archive = Archive(path)
        if archive.is_multipart:
            raise BadInput("The ZIM file is one part of several: join them into one file first.")
    except LIBZIM_ERRORS as error:
        raise _damage(error, path.name) from error
    return archive


def main_path(archive: Archive) -> str:
    """Where the archive's main page really stands; "" when it has none."""
    if not archive.has_main_entry:
        return ""
    entry = archive.main_entry
    for _ in range(50):
        if not entry.is_redirect:
            return str(entry.path)
        entry = entry.get_redirect_entry()
    return ""


def _damage(error: Exception, name: str) -> BadInput:
    return error if isinstance(error, BadInput) else BadInput(_DAMAGED, name=name[:80])


def _sorted_out(layout: ZimLayout, archive: Archive) -> tuple[list[int], list[Dirent]]:
    """The indexes of article pages, ordered so that each cluster is decompressed once; and the media items."""
    new = archive.has_new_namespace_scheme
    pages: list[tuple[int, int, int]] = []
    media, front = [], None
    for item in layout.items():
        if new and item.namespace == "X" and item.path == "listing/titleOrdered/v1":
            front = layout.front_articles(item)
        if item.namespace not in ("C" if new else "AI-J"):
            continue
        if item.media_type.startswith("text/html") and item.namespace in "CA":
            pages.append((item.cluster, item.blob, item.index))
        elif item.media_type.startswith(("video/", "audio/")) and _MEDIA.search(item.path):
            media.append(item)
    if front:
        pages = [page for page in pages if page[2] in front]
    return [index for _, _, index in sorted(pages)], media


def _copy_media(
    layout: ZimLayout, archive: Archive, items: Iterable[Dirent], files: Path, limits: Limits, progress: Progress
) -> int:
    """Copy films and sounds below ``files`` under the path their pages ask for; returns how many."""
    copied, written = 0, 0
    for item in items:
        path = item.path if archive.has_new_namespace_scheme else f"{item.namespace}/{item.path}"
        try:
            name = safe_name(path)
        except BadInput:
            continue  # served from inside the archive instead
        place = layout.place(item.cluster, item.blob)
        if name != path or place is None:
            continue
        written += place[1]
        if written > limits.max_bytes or copied >= limits.max_files:
            raise TooLarge(
                "The films inside this ZIM file are over the limit of %(limit)d MB.",
                limit=limits.max_bytes // 1_000_000,
            )
        progress(0.2 + 0.2 * min(written / layout.size, 1.0), N_("Copying films and sounds"))
        with create(files, name).open("xb") as out:
            for offset in range(place[0], sum(place), CHUNK):
                out.write(layout.read(offset, min(CHUNK, sum(place) - offset)))
        copied += 1
    return copied


def _index(archive: Archive, pages: list[int], sections: SectionSink, progress: Progress) -> None:
    for done, index in enumerate(pages):
        path = str(index)
        try:
            entry = archive._get_entry_by_id(index)
            path = entry.path
            page = read_html(bytes(entry.get_item().content[: PIECE * 20]))
            title = entry.title
        except LIBZIM_ERRORS as error:
            raise _damage(error, path) from error
        if page.text:
            sections.add(Section(path, clean(title or page.title, 300), clean(page.text)))
        progress(0.4 + 0.6 * (done + 1) / len(pages), N_("Reading articles"))


def _word(archive: Archive, key: str) -> str:
    if key not in archive.metadata_keys:
        return ""
    return clean(archive.get_metadata(key).decode("utf-8", "replace"), 1000)


def _card(archive: Archive) -> Card:
    """Metadata as https://openzim.org/wiki/Metadata defines it."""
    return Card(
        title=_word(archive, "Title")[:300],
        description=_word(archive, "LongDescription") or _word(archive, "Description"),
        language=language(_word(archive, "Language")),
        licence=licence(_word(archive, "License")),
        author=_word(archive, "Creator")[:300],
        source=(_word(archive, "Source") or _word(archive, "Publisher"))[:300],
    )


def _cover(archive: Archive, directory: Path) -> str | None:
    size = next((size for size in (96, 48) if archive.has_illustration(size)), None)
    if size is not None:
        return write_cover(bytes(archive.get_illustration_item(size).content), directory)
    for path in ("-/favicon", "I/favicon.png"):
        if not archive.has_new_namespace_scheme and archive.has_entry_by_path(path):
            return write_cover(bytes(archive.get_entry_by_path(path).get_item().content), directory)
    return None
