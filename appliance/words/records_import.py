# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable records import``: an export read line by line, compressed or not, whole or damaged."""

from __future__ import annotations

import collections
import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from appliance.errors import BadInput, reason
from appliance.i18n import N_
from appliance.store import durable, record_lines
from appliance.words.records_access import Access
from appliance.words.terminal import Meter

BATCH_LINES, BATCH_BYTES = 500, 1 << 20
REST = 1 << 20
"""Bytes that are read at once of a line that is too long."""
GZIP = b"\x1f\x8b"


class Taking:
    """One import: what was read, and what became of it."""

    def __init__(self, access: Access, meter: Meter) -> None:
        self._access = access
        self._meter = meter
        self._counts: collections.Counter[str] = collections.Counter()
        self._taken: collections.Counter[str] = collections.Counter()
        self._damaged: list[dict[str, Any]] = []
        self._damaged_lines = 0
        self._broken = ""
        self._ended = False

    def take(self, path: Path) -> None:
        """Send everything in ``path``, batch after batch. Raises :class:`BadInput` for a file that is no export."""
        self._meter.what = path.name
        with durable.open_regular(path) as source:
            size = path.stat().st_size or 1
            lines = self._lines(source)
            header = next(lines, b"")
            record_lines.read_header(header)
            batch: list[bytes] = []
            number, held = 2, 0
            for line in lines:
                batch.append(line)
                held += len(line)
                if len(batch) >= BATCH_LINES or held >= BATCH_BYTES:
                    self._send(header, batch, number)
                    number, held = number + len(batch), 0
                    batch = []
                    self._meter.progress(min(1.0, source.tell() / size), "")
            self._send(header, batch, number)

    def _lines(self, source: BinaryIO) -> Iterator[bytes]:
        """Each with its line feed. A damaged compressed file ends where it cannot be read any more."""
        compressed = source.read(2) == GZIP
        source.seek(0)
        stream = gzip.GzipFile(fileobj=source) if compressed else source
        while True:
            try:
                line = stream.readline(record_lines.LONGEST + 2)
                while len(line) > record_lines.LONGEST and not line.endswith(b"\n"):  # it is refused: skip its rest
                    if not (rest := stream.readline(REST)) or rest.endswith(b"\n"):
                        break
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                self._broken = str(error)
                return
            except OSError as error:
                raise BadInput("%(path)s cannot be read: %(why)s", path=source.name, why=reason(error)) from error
            if not line:
                return
            yield line if line.endswith(b"\n") else line + b"\n"

    def _send(self, header: bytes, batch: list[bytes], first: int) -> None:
        if not batch:
            return
        done = self._access.take(header, batch, first)
        self._taken.update(done["taken"])
        self._counts.update({name: done[name] for name in ("known", "erased", "set_aside")})
        self._damaged += done["damaged"]
        self._damaged_lines += done["damaged_lines"]
        self._ended = self._ended or done["end"] is not None

    def tell(self) -> int:
        """What became of it, damage last; the exit code."""
        self._tell_taken()
        if not self._taken.total():
            self._say(self._meter.gettext(N_("Nothing in it is new.")))
        self._tell_rest()
        self._tell_damage()
        return int(bool(self._damaged_lines or self._counts["set_aside"]) or not self._ended)

    def _tell_taken(self) -> None:
        ngettext, n = self._meter.ngettext, self._taken
        for count, text in (
            (n["tombstones"], ngettext("%(count)s erasure taken in.", "%(count)s erasures taken in.", n["tombstones"])),
            (n["statements"], ngettext("%(count)s statement taken in.", "%(count)s statements taken in.",
                                     n["statements"])),
            (n["attachments"], ngettext("%(count)s attachment taken in.", "%(count)s attachments taken in.",
                                      n["attachments"])),
            (n["documents"], ngettext("%(count)s document taken in.", "%(count)s documents taken in.", n["documents"])),
        ):  # fmt: skip
            self._say(text, count)

    def _tell_rest(self) -> None:
        ngettext, n = self._meter.ngettext, self._counts
        for count, text in (
            (n["known"], ngettext("%(count)s was here already.", "%(count)s were here already.", n["known"])),
            (n["erased"], ngettext("%(count)s stays out: it was erased.", "%(count)s stay out: they were erased.",
                                 n["erased"])),
            (n["set_aside"], ngettext(
                "%(count)s set aside, because this box has another of the same name: see cartable records quarantine.",
                "%(count)s set aside, because this box has others of the same name: see cartable records quarantine.",
                n["set_aside"])),
        ):  # fmt: skip
            self._say(text, count)

    def _tell_damage(self) -> None:
        for item in self._damaged:
            line = self._meter.gettext(N_("line %(line)s: %(why)s"))
            print(line % item, file=sys.stderr)
        self._say(
            self._meter.ngettext(
                "%(count)s line is damaged and was left out. The rest is in; import a whole copy of the file to get "
                "it.",
                "%(count)s lines are damaged and were left out. The rest is in; import a whole copy of the file to get "
                "them.",
                self._damaged_lines,
            ),
            self._damaged_lines,
        )
        if not self._ended:
            self._say(self._meter.gettext(N_("The file was cut short: its end is missing. What it held is in; import "
                                             "a whole copy of the file to get the rest.")))  # fmt: skip

    def _say(self, text: str, count: int | None = None) -> None:
        """A sentence in the reader's language; none for a count of 0."""
        if count == 0:
            return
        self._meter.clear()
        print(text if count is None else text % {"count": count}, file=sys.stderr, flush=True)
