# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turn the French KDE handbooks (DocBook 4) into plain, light HTML."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.entities import name2codepoint
from xml.etree import ElementTree

SIMPLE = {
    "para": "p",
    "simpara": "p",
    "itemizedlist": "ul",
    "orderedlist": "ol",
    "listitem": "li",
    "emphasis": "em",
    "firstterm": "dfn",
    "quote": "q",
    "subscript": "sub",
    "superscript": "sup",
    "programlisting": "pre",
    "screen": "pre",
    "userinput": "code",
    "command": "code",
    "varname": "code",
    "guilabel": "strong",
    "guimenu": "strong",
    "guimenuitem": "strong",
    "guisubmenu": "strong",
    "guibutton": "strong",
    "keycap": "kbd",
    "variablelist": "dl",
    "term": "dt",
    "informaltable": "table",
    "table": "table",
    "row": "tr",
    "entry": "td",
    "note": "blockquote",
    "tip": "blockquote",
    "important": "blockquote",
    "blockquote": "blockquote",
    "mathphrase": "em",
    "sect2": "section",
    "sect3": "section",
    "sect4": "section",
    "screenshot": "figure",
}
HIDDEN = {"indexterm", "sect1info", "sect2info", "textobject", "keywordset", "chapterinfo", "anchor"}
ENTITY = re.compile(r"&([A-Za-z][\w.-]*);")
KEPT = {"amp", "lt", "gt", "quot", "apos"}
NAMES = {
    "kstars": "KStars",
    "kturtle": "KTurtle",
    "turtlescript": "TurtleScript",
    "kappname": "KTurtle",
    "LMB": "bouton gauche de la souris",
    "RMB": "bouton droit de la souris",
    "kde": "KDE",
}


@dataclass
class Page:
    """One page made from one section: its anchor, its title, its body and the pictures it shows."""

    anchor: str
    title: str
    body: str
    pictures: list[str] = field(default_factory=list)


def parse(text: str) -> ElementTree.Element:
    """Parse a DocBook file whose entities are declared elsewhere."""

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in KEPT:
            return match.group(0)
        if name in name2codepoint:
            return chr(name2codepoint[name])
        return html.escape(NAMES.get(name, ""))

    text = re.sub(r"<\?xml.*?\?>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!DOCTYPE.*?\]\s*>", "", text, flags=re.DOTALL)
    return ElementTree.fromstring(f"<root>{ENTITY.sub(replace, text)}</root>")  # noqa: S314 - a package file


def plain(element: ElementTree.Element | None) -> str:
    """Return the text of an element on one line."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


class Converter:
    """Convert sections; the links between them follow a table of anchors to addresses."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self.addresses = addresses
        self.pictures: list[str] = []

    def page(self, section: ElementTree.Element) -> Page:
        """Convert one section into a page."""
        self.pictures = []
        title = plain(section.find("title"))
        body = self._children(section, depth=1, skip_title=True)
        return Page(section.get("id", ""), title, body, self.pictures)

    def _children(self, element: ElementTree.Element, depth: int, skip_title: bool = False) -> str:
        parts = [html.escape(element.text or "")]
        for child in element:
            if not (skip_title and child.tag == "title"):
                parts.append(self._element(child, depth))
            parts.append(html.escape(child.tail or ""))
        return "".join(parts)

    def _element(self, element: ElementTree.Element, depth: int) -> str:
        tag = element.tag
        if tag in HIDDEN:
            return ""
        if tag == "imagedata":
            name = element.get("fileref", "")
            self.pictures.append(name)
            return f'<img src="{html.escape(name)}" alt="">'
        if tag in {"link", "xref"}:
            target = self.addresses.get(element.get("linkend", ""))
            inside = self._children(element, depth)
            return f'<a href="{target}">{inside}</a>' if target and inside.strip() else inside
        if tag == "footnote":
            return f"<small> ({plain(element)})</small>"
        if tag == "title":
            level = min(max(depth, 2), 4)
            return f"<h{level}>{self._children(element, depth)}</h{level}>"
        inside = self._children(element, depth + tag.startswith("sect"))
        if tag == "varlistentry":
            return inside.replace("<li>", "<dd>").replace("</li>", "</dd>")
        name = SIMPLE.get(tag)
        return f"<{name}>{inside}</{name}>" if name else inside
