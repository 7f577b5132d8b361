# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``tincan.xml``: what makes a web bundle an xAPI package, which reports what a pupil does in it.

Format: https://github.com/RusticiSoftware/TinCanSchema (tincan.xsd). The first activity that has a page is the one
that opens.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from appliance.errors import BadInput, Unsupported
from appliance.formats.words import clean, language
from appliance.formats.xml_text import local, parse_xml

NAME = "tincan.xml"
CMI5 = "cmi5.xml"
MAX_XML = 4_000_000


@dataclass(frozen=True, slots=True)
class Package:
    """The activity that opens. Empty string: not said."""

    activity: str
    """Its IRI."""
    page: str
    """The page to open, a path from the folder of ``tincan.xml``."""
    query: str
    """What the package wants behind the page's address, besides the launch parameters."""
    title: str = ""
    description: str = ""
    language: str = ""


def read_package(folder: Path) -> Package | None:
    """What ``folder`` says of itself; None when there is no ``tincan.xml`` in it.

    Raises :class:`BadInput` when the file cannot be used, :class:`Unsupported` for an activity that is elsewhere and
    for a cmi5 course, which starts in another way.
    """
    path = folder / NAME
    if not path.is_file():
        if (folder / CMI5).is_file():
            raise Unsupported("cmi5 courses come with a later release: export it as xAPI (Tin Can) or as web pages.")
        return None
    if path.stat().st_size > MAX_XML:
        raise BadInput("tincan.xml names no activity with a page to open: export the package again.")
    root = parse_xml(path.read_bytes(), NAME)
    activity = next((each for each in root.iter() if _opens(each)), None)
    if activity is None:
        raise BadInput("tincan.xml names no activity with a page to open: export the package again.")
    return _package(activity, folder)


def top_of(inside: Collection[str]) -> str | None:
    """The folder of ``tincan.xml``, "" or ending with a slash: the root, or the only folder; None without one."""
    tops = {name.split("/", 1)[0] for name in inside if not name.startswith("__MACOSX/")}
    folders = ["", *(f"{top}/" for top in tops if len(tops) == 1)]
    return next((folder for folder in folders if folder + NAME in inside), None)


def _opens(element: Element) -> bool:
    return local(element.tag) == "activity" and bool(element.get("id", "").strip()) and bool(_words(element, "launch"))


def _package(activity: Element, folder: Path) -> Package:
    address = urlsplit(_words(activity, "launch"))
    if address.scheme or address.netloc:
        raise Unsupported("This package opens a page on the internet: export it with its pages inside.")
    page = posixpath.normpath(unquote(address.path).lstrip("/") or ".")
    if page.startswith("..") or "\0" in page or not (folder / page).is_file():
        raise BadInput("tincan.xml opens “%(page)s”, which is not in the package: export it again.", page=page[:80])
    iri = activity.get("id", "").strip()
    if not urlsplit(iri).scheme or any(mark.isspace() for mark in iri):
        raise BadInput("The activity in tincan.xml is not named by an address (IRI): export the package again.")
    said = next((child.get("lang", "") for child in activity if local(child.tag) == "launch"), "")
    return Package(
        iri,
        page,
        address.query,
        _words(activity, "name")[:300],
        _words(activity, "description"),
        language(said) if said else "",
    )


def _words(activity: Element, name: str) -> str:
    found = (child for child in activity if local(child.tag) == name)
    return next((text for child in found if (text := clean("".join(child.itertext()), 1000))), "")
