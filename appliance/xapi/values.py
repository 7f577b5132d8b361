# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The formats of single texts in statements: predicates that never raise, whatever the text.

Each expression is linear in the length of the text: statements come from outside. ``[0-9]`` rather than a digit
class, since that one takes the digits of every script.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Format = Callable[[str], bool]

_HEX = "[0-9a-fA-F]"
_UUID = re.compile(rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}")

_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]*:"
_NOT_IN_IRI = r"#\x00-\x20\x7f-\xa0<>\"{}|\\^`\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff"
_IRI = re.compile(rf"{_SCHEME}(?=.)[^{_NOT_IN_IRI}]*(?:#[^{_NOT_IN_IRI}]*)?")
"""At most one ``#``: what follows it is the fragment, which holds none (RFC 3987, 2.2)."""
_HOSTLESS = re.compile(r"https?:(?!//[^/?#])", re.IGNORECASE)
_URI = re.compile(rf"{_SCHEME}[!-~]+")
_BAD_ESCAPE = re.compile(rf"%(?!{_HEX}{{2}})")

_LETTER = r"[A-Za-z0-9\u00a1-\ud7ff\ue000-\U0010fffd]"
_LABEL = rf"{_LETTER}(?:[A-Za-z0-9\u00a1-\ud7ff\ue000-\U0010fffd\-]*{_LETTER})?"
_MAILTO = rf"mailto:[^{_NOT_IN_IRI}@(),:;?\[\]]+@{_LABEL}(?:\.{_LABEL})*"
"""Compiled by its first use: these letters take as long as all the other expressions ten times over."""

_SHA1 = re.compile(rf"{_HEX}{{40}}")
_SHA2 = re.compile(rf"{_HEX}{{56}}|{_HEX}{{64}}|{_HEX}{{96}}|{_HEX}{{128}}")

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z\-]+"  # noqa: S105 - RFC 2045's word for a name without separators
_QUOTED = r'"(?:[^"\\\x00-\x1f\x7f]|\\[\t -~])*"'
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}(?:[ \t]*;[ \t]*{_TOKEN}=(?:{_TOKEN}|{_QUOTED}))*[ \t]*")

_LANGUAGE = re.compile(
    r"""(?: (?: [a-z]{2,3} (?:-[a-z]{3}){0,3} | [a-z]{4} | [a-z]{5,8} )
            (?: -[a-z]{4} )?                               # script
            (?: -(?:[a-z]{2}|[0-9]{3}) )?                  # region
            (?: -(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}) )*     # variants
            (?: -[0-9a-wy-z] (?:-[a-z0-9]{2,8})+ )*        # extensions
            (?: -x (?:-[a-z0-9]{1,8})+ )?
        | x (?:-[a-z0-9]{1,8})+
        | en-GB-oed | i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)
        | sgn-(?:BE-FR|BE-NL|CH-DE) | art-lojban | cel-gaulish | no-(?:bok|nyn)
        | zh-(?:guoyu|hakka|min(?:-nan)?|xiang) )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_LONGEST_KEPT_TAG = 35
"""RFC 5646, 4.4.1: no tag in use is longer; longer ones are checked, not remembered."""

_LONGEST_KEPT_TIME = 40
_LONGEST_KEPT_IRI = 200
"""Characters: some megabytes in all, whatever is sent."""

_PART = r"[0-9]+(?:[.,][0-9]+)?"
_DURATION = re.compile(
    rf"P(?:{_PART}W|(?!$)(?!.*[.,][0-9]+[YMDHS]T?[0-9])(?:{_PART}Y)?(?:{_PART}M)?(?:{_PART}D)?"
    rf"(?:T(?=[0-9])(?:{_PART}H)?(?:{_PART}M)?(?:{_PART}S)?)?)"
)

_HOUR, _SIXTY = "(?:[01][0-9]|2[0-4])", "[0-5][0-9]"
_FRACTION = r"(?:[.,][0-9]+)?"
_RFC3339 = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt](?:[01][0-9]|2[0-3]):{_SIXTY}:(?:{_SIXTY}|60)(?:\.[0-9]+)?"
    rf"(?:[Zz]|(?!-00:00)[+-](?:[01][0-9]|2[0-3]):{_SIXTY})"
)
_EXTENDED = re.compile(
    rf"[0-9]{{4}}-(?:[0-9]{{2}}-[0-9]{{2}}|W[0-9]{{2}}-[1-7])T{_HOUR}(?::{_SIXTY}(?::(?:{_SIXTY}|60){_FRACTION})?)?"
    rf"(?:Z|(?!-00(?::00)?$)[+-](?:[01][0-9]|2[0-3])(?::{_SIXTY})?)?"
)
_BASIC = re.compile(
    rf"[0-9]{{4}}(?:[0-9]{{4}}|W[0-9]{{2}}[1-7])T{_HOUR}(?:{_SIXTY}(?:(?:{_SIXTY}|60){_FRACTION})?)?"
    rf"(?:Z|(?!-00(?:00)?$)[+-](?:[01][0-9]|2[0-3])(?:{_SIXTY})?)?"
)
_ODD_TIME = re.compile(r"(T)24(?=:?00)|(T[0-9]{2}:?[0-9]{2}:?)60")


def uuid_text(text: str) -> bool:
    """Standard string form (Data 2.4.1, 4.4); any variant, since the specification's own example has another."""
    return _UUID.fullmatch(text) is not None


def iri(text: str) -> bool:
    """RFC 3987 with a scheme, best effort (Data 2.2, 4.3): no relative one, nothing that an IRI must escape."""
    return _known_iri(text) if len(text) <= _LONGEST_KEPT_IRI else _iri(text)


@functools.lru_cache(maxsize=4096)
def _known_iri(text: str) -> bool:
    """Verbs, kinds and activities come again and again."""
    return _iri(text)


def _iri(text: str) -> bool:
    if _IRI.fullmatch(text) is None or _HOSTLESS.match(text):
        return False
    return "%" not in text or _BAD_ESCAPE.search(text) is None


def uri(text: str) -> bool:
    """An IRI in ASCII only (RFC 3986), as openid must be (Data 2.4.2.3)."""
    return iri(text) and _URI.fullmatch(text) is not None


@functools.cache
def _mailto() -> re.Pattern[str]:
    return re.compile(_MAILTO)


def mailto(text: str) -> bool:
    """``mailto:`` and one e-mail address, without header fields (Data 2.4.2.3)."""
    if _mailto().fullmatch(text) is None:
        return False
    return "%" not in text or _BAD_ESCAPE.search(text) is None


def sha1(text: str) -> bool:
    """40 hexadecimal digits (Data 2.4.2.3)."""
    return _SHA1.fullmatch(text) is not None


def sha2(text: str) -> bool:
    """The hexadecimal digits of SHA-224, 256, 384 or 512 (Data 2.4.11)."""
    return _SHA2.fullmatch(text) is not None


def media_type(text: str) -> bool:
    """RFC 2046 type, subtype and parameters (Data 2.4.11)."""
    return _MEDIA_TYPE.fullmatch(text) is not None


def language_tag(text: str) -> bool:
    """A well-formed RFC 5646 tag (Data 2.2, 4.2): the grammar, not the registry."""
    return _known_tag(text) if len(text) <= _LONGEST_KEPT_TAG else _LANGUAGE.fullmatch(text) is not None


@functools.lru_cache(maxsize=1024)
def _known_tag(text: str) -> bool:
    return _LANGUAGE.fullmatch(text) is not None


def duration(text: str) -> bool:
    """ISO 8601:2004 4.4.3.2 (Data 4.6): ``PnYnMnDTnHnMnS`` or ``PnW``, a fraction in the last part only."""
    return _DURATION.fullmatch(text) is not None


def timestamp(text: str, *, rfc3339: bool = False) -> datetime | None:
    """The moment in UTC, or None when the text is not a timestamp (Data 4.5).

    ISO 8601 date and time, basic or extended, calendar or week date; without a zone it is taken as UTC.
    ``rfc3339``: only that profile of it, as xAPI 2.0 asks (IEEE 9274.1.1, 4.2.7). Both refuse an offset of minus
    zero. Digits beyond the microsecond are dropped.
    """
    return _known_timestamp(text, rfc3339) if len(text) <= _LONGEST_KEPT_TIME else _timestamp(text, rfc3339)


@functools.lru_cache(maxsize=1024)
def _known_timestamp(text: str, rfc3339: bool) -> datetime | None:
    """A statement's own is asked for when it is checked, and again when it is filed."""
    return _timestamp(text, rfc3339)


def _timestamp(text: str, rfc3339: bool) -> datetime | None:
    if _RFC3339.fullmatch(text) is None and (
        rfc3339 or (_EXTENDED.fullmatch(text) is None and _BASIC.fullmatch(text) is None)
    ):
        return None
    try:
        return _moment(text.upper())
    except (ValueError, OverflowError):  # 30 February, or before year 1 once in UTC
        return None


def _moment(text: str) -> datetime:
    later = timedelta()
    if odd := _ODD_TIME.search(text):  # 24:00:00 and a leap second, which Python has no notation for
        later = timedelta(days=1) if odd[1] else timedelta(seconds=1)
        text = _ODD_TIME.sub(lambda found: f"{found[1]}00" if found[1] else f"{found[2]}59", text, count=1)
    moment = datetime.fromisoformat(text)
    if odd and odd[1] and (moment.minute or moment.second or moment.microsecond):
        raise ValueError(text)
    if moment.tzinfo is not UTC:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment + later if later else moment
