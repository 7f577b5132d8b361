# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The files of a sequence: a folder on the box, one ``.oral`` file (ZIP) to share."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.errors import BadInput
from appliance.sequences import pictures, reader, sounds
from appliance.sequences.sequence import Sequence

DOCUMENT = "sequence.toml"
SHEET = "pictures.svg"
LICENCES = "LICENCES.txt"
SUFFIX = ".oral"
MOST_SOUND, MOST_PICTURE = 256 * 1024, 512 * 1024
"""Bytes of one file."""
_MAGIC = {"png": (b"\x89PNG\r\n\x1a\n",), "jpg": (b"\xff\xd8\xff",), "webp": (b"RIFF",),
          "mp3": (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"ID3")}  # fmt: skip
_PACKED = (".toml", ".json", ".svg", ".txt")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first day of a ZIP: the same sequence gives the same bytes."""
_CREDIT = """\
{title} ({id})
Text: {authors}, {licence}.
Pictures by code: OpenMoji contributors, HfG Schwäbisch Gmünd, https://openmoji.org, CC-BY-SA-4.0.
Sounds: made by a program with the voices that sounds.json names, CC0-1.0.
"""


@dataclass(frozen=True, slots=True)
class Package:
    """A sequence with its own files."""

    sequence: Sequence
    sounds: Mapping[str, bytes] = field(default_factory=dict)
    """Name below ``sounds/`` -> MP3; some may be missing: a voice of the box says those."""
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """A teacher's own, by name below ``pictures/``."""
    clips: bytes = b""
    """``sounds.json``, as it came."""


def wanted(sequence: Sequence) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the sounds and of the own pictures that it may have: nothing else is taken from a file."""
    return (
        frozenset(sounds.name(item.slug, speed) for item in sequence.items for speed in sounds.SPEEDS),
        frozenset(name for item in sequence.items for name in item.pictures if pictures.is_own(name)),
    )


def unpacked(files: Mapping[str, bytes], stock: Mapping[str, str]) -> Package:
    """The package in the files of a ZIP; what it does not need is left out, an SVG above all (it may carry a script).

    Raises :class:`BadInput` for a document that cannot be read, an own picture that is missing or is none, a picture
    that ``stock`` (:func:`.pictures.symbols`) lacks, a sound that is none.
    """
    if DOCUMENT not in files:
        raise BadInput("There is no sequence.toml in this file: it is no sequence.")
    sequence = reader.read(files[DOCUMENT])
    heard, seen = wanted(sequence)
    for item in sequence.items:
        pictures.sheet((code for code in item.pictures if not pictures.is_own(code)), stock)
    for name in sorted(seen):
        if f"pictures/{name}" not in files:
            raise BadInput("The picture “%(name)s” is missing from the file.", name=name)
    return Package(
        sequence,
        {name: _checked(files, f"sounds/{name}", MOST_SOUND) for name in sorted(heard) if f"sounds/{name}" in files},
        {name: _checked(files, f"pictures/{name}", MOST_PICTURE) for name in sorted(seen)},
        files.get(sounds.LIST, b""),
    )


def _checked(files: Mapping[str, bytes], path: str, most: int) -> bytes:
    content = files[path]
    if len(content) > most:
        raise BadInput("“%(name)s” is too large: %(most)d kB at most.", name=path, most=most // 1024)
    if not content.startswith(_MAGIC[path.rsplit(".", 1)[-1]]):
        raise BadInput("“%(name)s” is not what its name says: save it again in that format.", name=path)
    return content


def files(package: Package, document: bytes, stock: Mapping[str, str]) -> dict[str, bytes]:
    """What goes into the file to share: ``document`` (:func:`.writer.write`, or the teacher's own), sheet, sounds."""
    sequence = package.sequence
    codes = (code for item in sequence.items for code in item.pictures if not pictures.is_own(code))
    credit = _CREDIT.format(
        title=sequence.title_fr, id=sequence.id, authors=", ".join(sequence.authors), licence=sequence.licence
    )
    return {
        DOCUMENT: document,
        LICENCES: credit.encode(),
        SHEET: pictures.sheet(codes, stock).encode(),
        **({sounds.LIST: package.clips} if package.clips else {}),
        **{f"sounds/{name}": content for name, content in sorted(package.sounds.items())},
        **{f"pictures/{name}": content for name, content in sorted(package.pictures.items())},
    }


def pack(files: Mapping[str, bytes]) -> bytes:
    """The ``.oral`` file of ``files``; the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED if name.endswith(_PACKED) else zipfile.ZIP_STORED
            zipped.writestr(member, files[name])
    return out.getvalue()
