# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Which format a file is, whatever its name says; and when it is none, what it is and what to do."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from appliance.errors import BadInput, Unsupported
from appliance.formats.archive import names
from appliance.formats.office_kind import OLE, ole_streams
from appliance.formats.words import decode
from appliance.ports import ResourceFormat

HEAD = 4096
_HTML = re.compile(r"\s*(<!doctype html|<html|<head|<body|<\?xml[^>]*\?>\s*<!doctype html)", re.IGNORECASE)
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
_ARCHIVES = (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_TAR = (257, b"ustar")


def detect(path: Path, formats: Iterable[ResourceFormat]) -> ResourceFormat:
    """The format among ``formats`` that recognises the content of ``path``.

    Raises :class:`BadInput` for an empty or incomplete file, :class:`Unsupported` for any other kind; both say which.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise BadInput("The file is empty: copy or download it again.")
    for candidate in formats:
        if candidate.recognises(head, path):
            return candidate
    raise explain(head, path) or Unsupported(
        "The library does not take this kind of file (%(name)s).", name=path.name[:80]
    )


def explain(head: bytes, path: Path) -> BadInput | None:
    """What a file that no format recognises is, and what to do; None when nothing is known of it."""
    if not head.strip(b"\0"):
        return BadInput("The file holds only zeros: copy or download it again.")
    if head.startswith(b"PK"):
        return _zip_diagnosis(path)
    if head.startswith(OLE) and "EncryptedPackage" in ole_streams(path):
        return Unsupported("The document is protected by a password: save it without one.")
    if head.startswith(_PROGRAMS):
        return Unsupported("This is a program: the library takes documents, films, sounds, pictures and web pages.")
    if head.startswith(_ARCHIVES) or head[_TAR[0] :].startswith(_TAR[1]):
        return Unsupported("This kind of archive is not read: unpack it, then make an ordinary Zip file.")
    text = decode(head, cut=True)
    if text and text.startswith("WEBVTT"):
        return Unsupported("These are captions: give them together with their film or recording.")
    if text and _HTML.match(text):
        return Unsupported(
            "This is a single web page, perhaps the error page of a failed download: download the file again, or put "
            "the page in a Zip file as index.html."
        )
    return None


def _zip_diagnosis(path: Path) -> BadInput:
    inside = names(path)
    if not inside:
        if zipfile.is_zipfile(path):
            return BadInput("The archive is empty or damaged: make it again.")
        return BadInput("The archive is not complete: copy or download it again.")
    if "h5p.json" in inside:
        return Unsupported("H5P activities come with a later release.")
    if "imsmanifest.xml" in inside or any(name.endswith("/imsmanifest.xml") for name in inside):
        return Unsupported("SCORM packages come with a later release.")
    if "cmi5.xml" in inside:
        return Unsupported("cmi5 courses come with a later release: export it as xAPI (Tin Can) or as web pages.")
    if "AndroidManifest.xml" in inside or "META-INF/MANIFEST.MF" in inside:
        return Unsupported("This is a program: the library takes documents, films, sounds, pictures and web pages.")
    if _locked(path):
        return Unsupported("The archive is protected by a password: make it again without one.")
    return Unsupported("There is no index.html at the top of this archive: add one, or give its files one by one.")


def _locked(path: Path) -> bool:
    with zipfile.ZipFile(path) as zipped:
        return any(info.flag_bits & 1 for info in zipped.infolist())
