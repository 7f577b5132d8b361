# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Text, language and licence words as files carry them, made fit for cards and for the index."""

from __future__ import annotations

import re
from collections.abc import Iterator

PIECE = 20_000
"""Characters of text kept in one section."""

_ISO_639_TABLE = """
fra:fr fre:fr eng:en deu:de ger:de spa:es ita:it por:pt nld:nl dut:nl ron:ro rum:ro tur:tr ara:ar ukr:uk
rus:ru pol:pl ces:cs cze:cs slk:sk slo:sk hun:hu ell:el gre:el bul:bg hrv:hr srp:sr slv:sl lit:lt lav:lv
est:et fin:fi swe:sv dan:da nor:no nob:nb nno:nn isl:is ice:is gle:ga cym:cy wel:cy bre:br oci:oc cat:ca
eus:eu baq:eu cos:co lat:la epo:eo zho:zh chi:zh jpn:ja kor:ko vie:vi tha:th hin:hi ben:bn tam:ta urd:ur
fas:fa per:fa heb:he arm:hy hye:hy kat:ka geo:ka sqi:sq alb:sq mkd:mk mac:mk wol:wo ful:ff bam:bm lin:ln
swa:sw mlg:mg som:so amh:am hau:ha yor:yo ibo:ig hat:ht ltz:lb roh:rm tah:ty
"""
_ISO_639 = dict(pair.split(":") for pair in _ISO_639_TABLE.split())
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_SPACES = re.compile(r"\s+")
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_CC = re.compile(r"\bCC[ -]?(BY(?:-(?:NC|ND|SA)){0,2})[ -]?v?([1-4]\.[05])?", re.IGNORECASE)
_CC_URL = re.compile(r"creativecommons\.org/licenses/(by(?:-(?:nc|nd|sa)){0,2})/([1-4]\.[05])", re.IGNORECASE)
_KNOWN = (
    ("creativecommons.org/publicdomain/zero", "CC0-1.0"),
    ("cc0", "CC0-1.0"),
    ("creativecommons.org/publicdomain/mark", "Public domain"),
    ("domaine public", "Public domain"),
    ("public domain", "Public domain"),
    ("gnu free documentation", "GFDL-1.3-or-later"),
    ("gfdl", "GFDL-1.3-or-later"),
)


def clean(text: str, limit: int = PIECE) -> str:
    """``text`` on one line, without control characters or anything UTF-8 refuses, at most ``limit`` characters."""
    return _SPACES.sub(" ", _UNFIT.sub("", text[: limit * 4])).strip()[:limit]


def pieces(text: str) -> Iterator[str]:
    """``text`` cleaned and cut into pieces of at most :data:`PIECE` characters, between words where possible."""
    text = clean(text, max(len(text), 1))
    start = 0
    while start < len(text):
        end = start + PIECE
        if end < len(text):
            end = max(text.rfind(" ", start + PIECE // 2, end), 0) or end
        yield text[start:end].strip()
        start = end


def language(code: str) -> str:
    """The BCP 47 tag of an ISO 639 code, of a tag, or of the first of a list (ZIM: ``fra,eng``); "" if unknown.

    >>> language("fra"), language("fr_FR"), language("eng,fra"), language("French")
    ('fr', 'fr-FR', 'en', '')
    """
    first = re.split(r"[,;\s]", code.strip(), maxsplit=1)[0].replace("_", "-")
    if not _TAG.fullmatch(first):
        return ""
    head, _, rest = first.partition("-")
    head = _ISO_639.get(head.lower(), head.lower())
    return "" if head in ("und", "zxx", "mul", "mis") else f"{head}-{rest}" if rest else head


def licence(text: str) -> str:
    """The SPDX identifier of the licences schools meet most; else the holder's words, cleaned.

    >>> licence("https://creativecommons.org/licenses/by-sa/4.0/deed.fr"), licence("CC-BY"), licence("© Dupont")
    ('CC-BY-SA-4.0', 'CC-BY', '© Dupont')
    """
    text = clean(text, 300)
    if match := _CC_URL.search(text) or _CC.search(text.replace("CC ", "CC-").replace(" SA", "-SA")):
        return f"CC-{match[1].upper()}" + (f"-{match[2]}" if match[2] else "")
    lower = text.lower()
    return next((spdx for words, spdx in _KNOWN if words in lower), text)


def clock(seconds: float) -> str:
    """``1:02:03`` or ``0:12``.

    >>> clock(12.7), clock(3723)
    ('0:12', '1:02:03')
    """
    minutes, second = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def decode(data: bytes, *, cut: bool = False) -> str | None:
    """Text of unknown encoding: BOM, then UTF-8, then Windows-1252; None when it is no text at all.

    ``cut``: the bytes may stop in the middle of a character.
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _decoded(data, name, cut)
    text = _decoded(data, "utf-8", cut)
    if text is None:
        text = _decoded(data, "cp1252", cut)
    return None if text is None or re.search("[\x00-\x08\x0e-\x1a\x1c-\x1f]", text) else text


def _decoded(data: bytes, encoding: str, cut: bool) -> str | None:
    for size in range(len(data), max(len(data) - (4 if cut else 1), -1), -1):
        try:
            return data[:size].decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(data) - 4:
                return None
    return None
