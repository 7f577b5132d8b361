# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Request headers read as RFC 9110 says, whatever is sent: nothing here raises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_MOST = 2000
"""Characters of a header that are looked at."""


def accepts_gzip(header: str) -> bool:
    """Whether ``Accept-Encoding`` lets gzip be sent (§12.5.3): named or ``*``, and not with ``q=0``."""
    starred = False
    for coding, quality in _weighted(header):
        if coding in ("gzip", "x-gzip"):
            return quality > 0
        if coding == "*":
            starred = quality > 0
    return starred


def prefers(header: str, languages: Sequence[str]) -> str:
    """The one of ``languages`` that ``Accept-Language`` ranks first (§12.5.4); the first of them when it names none."""
    best, rank = languages[0], 0.0
    for tag, quality in _weighted(header):
        language = tag.split("-", 1)[0]
        if language in languages and quality > rank:
            best, rank = language, quality
    return best


def ranked(header: str) -> list[str]:
    """The tags of ``Accept-Language`` in lower case, the one wanted most first; ``*`` stands for any (§12.5.4)."""
    weighted = sorted(_weighted(header), key=lambda item: -item[1])
    return [tag for tag, quality in weighted if quality > 0]


def matches(header: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` names ``etag`` (weak comparison, §13.1.2)."""
    if header is None:
        return False
    return header.strip() == "*" or any(part.strip().removeprefix("W/") == etag for part in header[:_MOST].split(","))


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """The half-open span that ``Range`` asks of ``size`` bytes (§14.1.2).

    None: malformed, of another unit, or several ranges, so the whole is sent; an empty span: not satisfiable (416).
    """
    unit, equals, ranges = header.partition("=")
    first, dash, last = ranges.strip().partition("-")
    if unit.strip().lower() != "bytes" or not equals or not dash or not (first or last):
        return None
    if any(part and not (part.isascii() and part.isdigit() and len(part) < 19) for part in (first, last)):
        return None
    if not first:
        return (max(size - int(last), 0), size) if int(last) else (size, size)
    start, end = int(first), int(last) + 1 if last else size
    if end <= start and last:
        return None
    return min(start, size), min(end, size)


def _weighted(header: str) -> Iterator[tuple[str, float]]:
    for part in header[:_MOST].split(","):
        word, *parameters = part.split(";")
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                quality = _quality(value.strip())
        if word.strip():
            yield word.strip().lower(), quality


def _quality(value: str) -> float:
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
