# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The smallest real resource format: plain text, one section per paragraph. First line: what it should do.

``python -m tests.library.texts <request>`` is an import worker that knows this format alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from appliance.errors import BadInput
from appliance.hub import import_worker
from appliance.model import Card, Imported, Section
from appliance.ports import Limits, Progress, ResourceFormat, SectionSink
from appliance.store.durable import step

COMMAND = (sys.executable, "-m", "tests.library.texts")


class TextFormat:
    """``TEXT <order>`` on the first line; the other lines are the text."""

    name = "text"
    suffixes: tuple[str, ...] = (".text",)
    media_types: tuple[str, ...] = ("text/plain",)

    def recognises(self, head: bytes, path: Path) -> bool:
        return head.startswith(b"TEXT")

    def suffix(self, head: bytes, path: Path) -> str:
        return ".text"

    def import_into(
        self, source: Path, directory: Path, sections: SectionSink, limits: Limits, progress: Progress
    ) -> Imported:
        first, _, body = source.read_text(encoding="utf-8").partition("\n")
        self._obey(first.removeprefix("TEXT").strip(), directory)
        paragraphs = body.split("\n\n")
        for number, text in enumerate(paragraphs):
            progress(number / len(paragraphs), "Reading")
            sections.add(Section(str(number), f"Paragraph {number}", text))
        (directory / "files").mkdir()
        step("write derived")
        (directory / "files" / "derived.txt").write_text(body.upper(), encoding="utf-8")
        return Imported(
            self.name, Card(title=paragraphs[0][:50].strip()), source.name, None, {"count": len(paragraphs)}
        )

    def _obey(self, order: str, directory: Path) -> None:
        if order == "refuse":
            raise BadInput("Page %(page)s is damaged.", page=7)
        if order == "crash":
            ctypes.string_at(0)
        if order == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if order == "wait":
            time.sleep(60)
        if order == "eat":
            blocks = [bytearray(100 << 20) for _ in range(100)]
            raise AssertionError(len(blocks))
        if order == "fill":
            with (directory / "big").open("wb") as out:
                while True:
                    out.write(bytes(1 << 20))
        if order == "link":
            (directory / "link").symlink_to("/etc/passwd")
        if order == "many":
            for number in range(30):
                (directory / f"many{number}").write_bytes(b"x")
        if order == "print":
            print("noise of a C library")


FORMATS: list[ResourceFormat] = [TextFormat()]

if __name__ == "__main__":
    sys.exit(import_worker.main(sys.argv[1:], FORMATS))
