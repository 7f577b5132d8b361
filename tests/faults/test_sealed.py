# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A stolen card: no file of a box holds a name, a text or a picture that anybody could read."""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.inside_sealed import ANSWER, MEDIUM, NAMES, TEACHER, WORDS
from tests.media import PLACE

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
SECRETS = (*NAMES, ANSWER, WORDS, "270418", PLACE.decode())
SHORTEST = 5
"""Bytes: fewer are found in any ciphertext."""


def encodings(text: str) -> Iterator[bytes]:
    """As programs write a text: encodings, JSON, addresses, HTML, base64 wherever it begins."""
    for codec in ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "cp437", "utf-32-le"):
        with contextlib.suppress(UnicodeEncodeError):
            yield text.encode(codec)
            yield text.casefold().encode(codec)
            yield from _base64(text.encode(codec))
    yield json.dumps(text)[1:-1].encode()
    yield urllib.parse.quote(text).encode()
    yield urllib.parse.quote_plus(text).encode()
    yield text.encode("ascii", "xmlcharrefreplace")
    yield text.encode().hex().encode()
    yield re.sub(r"[^\x00-\x7f]", lambda found: f"\\u{ord(found[0]):04X}", text).encode()


def _base64(body: bytes) -> Iterator[bytes]:
    """The letters that do not depend on what stands before and after, for each of three beginnings."""
    for before in range(3):
        coded = base64.b64encode(bytes(before) + body)
        inner = coded[(before * 8 + 5) // 6 : (before + len(body)) * 8 // 6]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


def insides(content: bytes) -> Iterator[bytes]:
    """The bytes, and whatever in them is compressed."""
    yield content
    for found in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", content):
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(47).decompress(content[found.start() :], 1 << 22)
    with contextlib.suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            yield archive.read(name)


def wanted() -> dict[bytes, str]:
    """Bytes to look for -> what they are."""
    found = {code: text for text in SECRETS for code in encodings(text) if len(code) >= SHORTEST}
    for start in range(0, len(MEDIUM) - 64, 64):  # a page of the database may begin anywhere in it
        found[MEDIUM[start : start + 24]] = "medium"
        found[MEDIUM[start : start + 24].hex().encode()] = "medium"
        for code in _base64(MEDIUM[start : start + 24]):
            found[code] = "medium"
    return found


def leaks(folder: Path) -> list[tuple[str, str]]:
    """(file, what) of everything that can be read, in names of files too."""
    looked_for = wanted()
    pattern = re.compile(b"|".join(re.escape(code) for code in sorted(looked_for, key=len, reverse=True)))
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        for content in (str(path).encode(), *insides(path.read_bytes())):
            found += [(str(path.relative_to(folder)), looked_for[match]) for match in pattern.findall(content)]
    return found


@pytest.mark.parametrize("made", [
    lambda text: text.encode(), lambda text: b"xx" + base64.b64encode(b"a" + text.encode()),
    lambda text: b"junk" + gzip.compress(text.encode() * 3) + b"more", lambda text: json.dumps({"a": text}).encode(),
    lambda text: text.encode("utf-16"), lambda text: text.encode("latin-1", "replace"),
])  # fmt: skip
def test_the_search_finds_what_it_should(tmp_path: Path, made: object) -> None:
    (tmp_path / "a").write_bytes(made(NAMES[1]))  # type: ignore[operator]
    assert leaks(tmp_path)


def test_no_file_of_a_killed_box_can_be_read(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.inside_sealed", str(state)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "SQLITE_TMPDIR": str(tmp_path)},
    ) as hub:  # fmt: skip
        try:
            assert hub.stdout
            told = json.loads(hub.stdout.readline() or "{}")
        finally:
            os.kill(hub.pid, signal.SIGKILL)
    assert (told["sealed name"], told["sealed text"], told["sealed media"], told["names"]) == (3, 3, 6, 3)
    assert told["export"] > len(MEDIUM), "the teacher reads it all"
    names = {path.name for path in tmp_path.rglob("*")}
    assert {"cartable.sqlite", "cartable.sqlite-wal"} <= names, "killed: the log is still there"
    assert len(list((state / "vault").iterdir())) == 6
    assert leaks(tmp_path) == []
    account = [path for path in tmp_path.rglob("*") if path.is_file() and TEACHER.encode() in path.read_bytes()]
    assert {path.name for path in account} <= {"cartable.sqlite", "cartable.sqlite-wal"}, "no secret: it is on the door"
