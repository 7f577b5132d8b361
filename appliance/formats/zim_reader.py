# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a browser asks of a stored ZIM (see :class:`appliance.ports.ContentReader`)."""

from __future__ import annotations

import weakref
from functools import partial
from pathlib import Path

from libzim.reader import Archive, Item

from appliance.errors import BadInput, Damaged, NotFound
from appliance.formats.zim import LIBZIM_ERRORS, main_path, open_archive
from appliance.formats.zim_layout import ZimLayout
from appliance.ports import Body, Content, Redirect

DIRENTS = 512
"""Directory entries that libzim keeps for one archive."""

SMALL = 1 << 18
"""Bytes over which an uncompressed item is read from the file: libzim would map the whole of it for each slice."""


class ZimReader:
    """Opens the ``original.zim`` of a blob."""

    def open(self, blob: Path) -> Content:
        """Raises :class:`NotFound` when the blob is no ZIM, :class:`Damaged` when libzim refuses it."""
        path = blob / "original.zim"
        if not path.is_file():
            raise NotFound("There is nothing at this address.")
        try:
            archive = open_archive(path)
            archive.dirent_cache_max_size = DIRENTS
            return ZimContent(archive, ZimLayout(path))
        except BadInput as error:
            raise Damaged("“%(name)s” is damaged: import it again.", name=path.name) from error


class ZimContent:
    """One archive. libzim locks itself; paths of old archives keep their namespace (``A/Soleil.html``)."""

    def __init__(self, archive: Archive, layout: ZimLayout) -> None:
        self._archive = archive
        self._layout = layout
        weakref.finalize(self, layout.close)

    def get(self, path: str) -> Body | Redirect | None:
        """See :class:`appliance.ports.Content`."""
        try:
            return self._get(path)
        except LIBZIM_ERRORS as error:
            raise Damaged("“%(name)s” is damaged: import it again.", name=path[:80]) from error

    def _get(self, path: str) -> Body | Redirect | None:
        if not path:
            main = main_path(self._archive)
            return Redirect(main) if main else None
        try:
            entry = self._archive.get_entry_by_path(path)
        except (KeyError, UnicodeError):
            return None
        if entry.is_redirect:
            return Redirect(entry.get_redirect_entry().path)
        if entry.path != path:  # an old archive asked without its namespace
            return Redirect(entry.path)
        item = entry.get_item()
        place = self._layout.place_of(item._index) if item.size > SMALL else None
        return Body(item.mimetype, item.size, partial(self._read, item, place, path))

    def _read(self, item: Item, place: tuple[int, int] | None, path: str, offset: int, length: int) -> bytes:
        try:
            if place is not None:
                return self._layout.read(place[0] + offset, length)
            data = bytes(item.content[offset : offset + length])
        except LIBZIM_ERRORS as error:
            raise Damaged("“%(name)s” is damaged: import it again.", name=path[:80]) from error
        if len(data) != length:
            raise Damaged("“%(name)s” is damaged: import it again.", name=path[:80])
        return data
