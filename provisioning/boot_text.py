# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable.toml`` as it comes from somebody's computer: its encoding, and the secrets in it. Pure."""

from __future__ import annotations

import codecs
import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance import config
from appliance.errors import BadInput, TooLarge

LARGEST = 64 << 10
"""Bytes."""
Known = Mapping[tuple[str, str], str]
SECRETS = (("teacher", "passphrase_hash"), ("wifi", "passphrase"))
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TABLE = re.compile(r"[ \t]*\[[ \t]*([\w-]+)[ \t]*\][ \t]*(?:#.*)?")
_LINE = re.compile(r"""[ \t]*(?P<key>[\w-]+)[ \t]*=[ \t]*(?P<value>"(?:[^"\\]|\\.)*"|'[^']*')[ \t]*(?:\#.*)?""")
_STARS = re.compile(r"\*+")
_GONE = "# %s : enregistré dans la boîte, effacé ici / kept by the box, removed here"


@dataclass(frozen=True, slots=True)
class BootText:
    """The file, understood."""

    mark: bytes
    encoding: str
    text: str

    def encoded(self, text: str) -> bytes:
        """``text`` as this file writes it."""
        return self.mark + text.encode(self.encoding)


def read(data: bytes) -> BootText:
    """Raises :class:`TooLarge`; :class:`BadInput` for what is neither UTF-8, UTF-16 with its mark, nor Latin-1."""
    if len(data) > LARGEST:
        raise TooLarge("cartable.toml is larger than %(limit)s KB: it is not the file meant for this box.",
                       limit=LARGEST >> 10)  # fmt: skip
    mark, encoding = next((known for known in _MARKS if data.startswith(known[0])), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        if mark:
            raise _no_text() from error
        text, encoding = data.decode("cp1252", errors="replace"), "cp1252"
    if "\0" in text or "\ufffd" in text:
        raise _no_text()
    return BootText(mark, encoding, text)


def _no_text() -> BadInput:
    return BadInput("cartable.toml is no text file: write it again with a plain text editor, in UTF-8.")


def tables(found: BootText, known: Known) -> dict[str, Any]:
    """The TOML of the file. A secret that was wiped, wholly or by half, counts as not there.

    ``known``: the secrets that the box has, to tell what is left of one from another one.

    Raises :class:`BadInput` with the line, and for a secret that could not be wiped where it stands.
    """
    try:
        parsed = config.parsed(found.text.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:  # ValueError alone: a number of thousands of digits
        raise BadInput("cartable.toml is not valid TOML: %(why)s", why=error) from error
    spans = secrets(found.text)
    for table, key in SECRETS:
        values = parsed.get(table)
        value = values.get(key) if isinstance(values, dict) else None
        if not isinstance(values, dict) or not isinstance(value, str) or not value:
            continue
        if value not in [secret for where, secret, _, _ in spans if where == (table, key)]:
            raise BadInput("cartable.toml: write %(key)s on a line of its own below [%(table)s], between one pair of "
                           "quotation marks.", key=key, table=table)  # fmt: skip
        if _wiped(value, known.get((table, key), "")):
            del values[key]
    return parsed


def _wiped(value: str, known: str) -> bool:
    """A plug pulled while it was overwritten leaves a sector with stars beside one without."""
    left = len(value) == len(known) and all(a in ("*", b) for a, b in zip(value, known, strict=True))
    return bool(_STARS.fullmatch(value)) or left


def secrets(text: str) -> list[tuple[tuple[str, str], str, int, int]]:
    """((table, key), value, first character, behind the last) of each secret between its quotation marks."""
    found, table, position = [], "", 0
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        if heading := _TABLE.fullmatch(bare):
            table = heading[1]
        elif (entry := _LINE.fullmatch(bare)) and (table, entry["key"]) in SECRETS:
            value = _value(entry["value"])
            if value:
                start, end = entry.span("value")
                found.append(((table, entry["key"]), value, position + start + 1, position + end - 1))
        position += len(line)
    return found


def _value(quoted: str) -> str:
    try:
        return str(tomllib.loads(f"x = {quoted}")["x"])
    except tomllib.TOMLDecodeError:
        return ""


def live(text: str) -> bool:
    """Whether a secret stands in ``text``."""
    return any(not _STARS.fullmatch(value) for _, value, _, _ in secrets(text))


def stars(found: BootText) -> list[tuple[int, bytes]]:
    """What to write over the secrets: (offset in the file, as many bytes of ``*``)."""
    wiped = []
    for _, _, start, end in secrets(found.text):
        offset = len(found.encoded(found.text[:start]))
        size = len(found.text[start:end].encode(found.encoding))
        star = "*".encode(found.encoding)
        wiped.append((offset, star * (size // len(star))))
    return wiped


def cleaned(text: str) -> str:
    """``text`` with a remark in the place of each secret. Cleaning twice changes nothing."""
    places = [start for _, _, start, _ in secrets(text)]
    lines, position = [], 0
    for line in text.splitlines(keepends=True):
        bare, end = line.rstrip("\r\n"), position + len(line)
        secret = any(position <= place < end for place in places)
        lines.append(_GONE % bare.split("=")[0].strip() + line[len(bare) :] if secret else line)
        position = end
    return "".join(lines)


def fingerprint(found: BootText) -> str:
    """Names what the file says, its secrets left out: the same before, while and after they are wiped."""
    return hashlib.sha256(cleaned(found.text).encode()).hexdigest()
