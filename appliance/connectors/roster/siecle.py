# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""SIECLE, the register of France's secondary schools: ``ElevesSansAdresses.xml``, bare or in its ZIP.

``BEE_ELEVES/DONNEES/ELEVES/ELEVE`` holds ``PRENOM`` and ``NOM_DE_FAMILLE``;
``BEE_ELEVES/DONNEES/STRUCTURES/STRUCTURES_ELEVE`` tells by the same ``ELEVE_ID`` the divisions (``TYPE_STRUCTURE``
"D").
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from appliance.connectors.roster import levels
from appliance.connectors.roster.rows import Found, Roster, roster
from appliance.errors import BadInput, TooLarge, Unsupported

MAX_PUPILS = 5000
_DIVISION = "D"


def looks_like_xml(content: bytes) -> bool:
    """Whether it begins as XML does, in an encoding that schools use."""
    head = content[:200].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\0", b"")
    return bool(re.match(rb"<(\?xml|[A-Za-z!])", head))


@dataclass(slots=True)
class _Pupils:
    names: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    divisions: dict[str, str] = field(default_factory=dict)


def read(content: bytes) -> Roster:
    """Raises :class:`BadInput` (damaged, no pupil), :class:`Unsupported` (another XML), :class:`TooLarge`."""
    pupils = _Pupils()
    try:
        for element in _whole(content):
            _take(element, pupils)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput("This XML is damaged or not complete: export it again from SIECLE.") from None
    found = (_found(pupils.divisions.get(key, ""), *name) for key, name in pupils.names.items())
    return roster("siecle", found)


def _found(division: str, first_name: str, surname: str) -> Found:
    return Found(first_name, surname, division, levels.level(division))


def _whole(content: bytes) -> Iterator[Element]:
    """Pupils and their divisions as they end; what was read is let go."""
    root: Element | None = None
    for event, element in iterparse(io.BytesIO(content), events=("start", "end"), forbid_dtd=True):
        if root is None:
            root = element
            if element.tag != "BEE_ELEVES":
                raise Unsupported("This XML is not SIECLE's list of pupils: export “ElevesSansAdresses” and give that.")
        elif event == "end" and element.tag in ("ELEVE", "STRUCTURES_ELEVE"):
            yield element
            element.clear()


def _take(element: Element, pupils: _Pupils) -> None:
    key = element.get("ELEVE_ID") or element.get("ELENOET") or ""
    if element.tag == "STRUCTURES_ELEVE":
        for structure in element.iter("STRUCTURE"):
            if _text(structure, "TYPE_STRUCTURE") == _DIVISION:
                pupils.divisions[key] = _text(structure, "CODE_STRUCTURE")
        return
    if len(pupils.names) >= MAX_PUPILS:
        raise TooLarge("This table is larger than a school: give a list of at most %(lines)d pupils.", lines=MAX_PUPILS)
    surname = _text(element, "NOM_USAGE") or _text(element, "NOM_DE_FAMILLE") or _text(element, "NOM")
    pupils.names[key or str(len(pupils.names))] = (_text(element, "PRENOM"), surname)


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()
