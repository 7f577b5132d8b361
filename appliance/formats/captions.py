# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Captions beside a film or a recording: WebVTT (W3C) kept, SubRip converted.

They stand in ``captions/`` of the blob, named ``<language>.vtt`` or ``<name>.<language>.vtt`` (``.srt`` likewise).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import BadInput, TooLarge
from appliance.formats.words import clean, clock, decode, language
from appliance.model import Section
from appliance.ports import SectionSink

FOLDER = "captions"
MAX_BYTES = 5_000_000
STRETCH = 20.0
"""Seconds of captions that make one section of the index."""

_TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]\d)[.,](\d{3})"
_TIMING = re.compile(rf"\s*{_TIME}\s+-->\s+{_TIME}(\s.*)?")
_MARKUP = re.compile(r"<[^>\n]{0,200}>|\{\\[^}\n]{0,50}\}")


@dataclass(frozen=True, slots=True)
class Cue:
    """Shown from ``start`` to ``end`` (seconds)."""

    start: float
    end: float
    text: str


def take_captions(directory: Path, sections: SectionSink) -> list[dict[str, str]]:
    """Check, convert and index the captions below ``directory``; returns ``[{"language", "path"}]``.

    Raises :class:`BadInput` naming the file and the line that is wrong.
    """
    found = []
    for path in sorted((directory / FOLDER).glob("*.*")):
        if path.suffix.lower() not in (".vtt", ".srt"):
            raise BadInput("%(name)s is not a captions file: give WebVTT (.vtt) or SubRip (.srt).", name=path.name)
        cues, text = _read(path)
        kept = path.with_suffix(".vtt")
        kept.write_text(text, encoding="utf-8", newline="\n")
        if kept != path:
            path.unlink()
        for section in _stretches(cues):
            sections.add(section)
        found.append({"language": language(kept.stem.rsplit(".", 1)[-1]), "path": f"{FOLDER}/{kept.name}"})
    return found


def parse(text: str, name: str) -> list[Cue]:
    """The cues of WebVTT or SubRip text. Raises :class:`BadInput` at the first wrong timing line, or without cues."""
    cues: list[Cue] = []
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        if "-->" not in lines[at]:
            at += 1
            continue
        start, end = _timing(lines[at], name, at + 1)
        body = []
        at += 1
        while at < len(lines) and lines[at].strip() and "-->" not in lines[at]:
            body.append(lines[at])
            at += 1
        cues.append(Cue(start, end, clean(_MARKUP.sub("", " ".join(body)))))
    if not cues:
        raise BadInput("The captions %(name)s hold no timed text: give WebVTT (.vtt) or SubRip (.srt).", name=name)
    return cues


def _read(path: Path) -> tuple[list[Cue], str]:
    """The cues, and the WebVTT text to keep."""
    if path.is_symlink() or path.stat().st_size > MAX_BYTES:
        raise TooLarge("The captions %(name)s are larger than %(limit)d MB.", name=path.name, limit=5)
    text = decode(path.read_bytes())
    if text is None:
        raise BadInput("The captions %(name)s are not text: give WebVTT (.vtt) or SubRip (.srt).", name=path.name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    is_vtt = re.match(r"WEBVTT(?=[ \t\n]|$)", text) is not None
    if not is_vtt and path.suffix.lower() == ".vtt":
        raise BadInput("The captions %(name)s do not begin with the word WEBVTT: export them again.", name=path.name)
    cues = parse(text, path.name)
    return cues, text if is_vtt else _as_vtt(cues)


def _timing(line: str, name: str, number: int) -> tuple[float, float]:
    match = _TIMING.fullmatch(line)
    if match:
        start, end = _seconds(match.groups()[:4]), _seconds(match.groups()[4:8])
        if end >= start:
            return start, end
    raise BadInput("The captions %(name)s have a wrong time on line %(line)d: mend it.", name=name, line=number)


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def _as_vtt(cues: list[Cue]) -> str:
    blocks = [f"{_stamp(cue.start)} --> {_stamp(cue.end)}\n{cue.text.replace('-->', '→')}" for cue in cues if cue.text]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _stamp(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def _stretches(cues: list[Cue]) -> Iterator[Section]:
    start = cues[0].start
    texts: list[str] = []
    for cue in cues:
        if texts and cue.start - start >= STRETCH:
            yield _section(start, texts)
            texts = []
        if not texts:
            start = cue.start
        texts.append(cue.text)
    yield _section(start, texts)


def _section(start: float, texts: list[str]) -> Section:
    return Section(f"{start:g}" if start < 100_000 else str(int(start)), clock(start), clean(" ".join(texts)))
