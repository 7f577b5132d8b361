# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pictures of items: emoji become codes of OpenMoji, the pictures of a sequence become one sheet of ``<symbol>``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping

from appliance.errors import BadInput

MOST = 3
"""Pictures of one item: more is not seen from the back of a class."""
OWN = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}\.(?:png|jpg|webp)")
"""A teacher's own picture, below ``pictures/``. No SVG: it may carry a script."""
_CODE = re.compile(r"[0-9A-F]{2,6}(?:-[0-9A-F]{2,6})*")
_SYMBOL = re.compile(r'<symbol id="([0-9A-F-]+)" viewBox="[\d ]+">.*?</symbol>', re.S)
_VARIANT = "\N{VARIATION SELECTOR-16}"
_KEYCAP = "\N{COMBINING ENCLOSING KEYCAP}"


def parse(value: str) -> tuple[str, ...]:
    """``"👋 🌙"`` -> ``("1F44B", "1F319")``; codes and names of own files stay. Raises :class:`BadInput`."""
    found = tuple(_one(token) for token in value.split())
    if len(found) > MOST:
        raise BadInput("There are %(count)d pictures: three at most, with spaces between.", count=len(found))
    return found


def _one(token: str) -> str:
    if OWN.fullmatch(token):
        return token
    typed = show(token) if _CODE.fullmatch(token) and all(map(_is_letter, token.split("-"))) else token
    letters = [letter for letter in typed if letter != _VARIANT]
    if not 0 < len(letters) <= 10 or any(map(_is_none, letters)) or (
        any(letter.isascii() for letter in letters) and _KEYCAP not in letters
    ):  # fmt: skip
        raise BadInput("“%(token)s” is no picture: give an emoji, or a file name in small letters that ends in "
                       ".png, .jpg or .webp.", token=token[:40])  # fmt: skip
    return "-".join(f"{ord(letter):04X}" for letter in letters)


def _is_none(letter: str) -> bool:
    """Whether it is a space or a control character, which no picture has."""
    return letter.isspace() or letter < " "


def _is_letter(part: str) -> bool:
    """Whether these hexadecimal digits are of a character that can be shown."""
    number = int(part, 16)
    return number <= sys.maxunicode and not 0xD800 <= number <= 0xDFFF


def is_own(picture: str) -> bool:
    """Whether it is a file of the sequence, and no OpenMoji code."""
    return "." in picture


def show(picture: str) -> str:
    """The emoji of a code, as a person types it; the name of an own file."""
    return picture if is_own(picture) else "".join(chr(int(part, 16)) for part in picture.split("-"))


def symbols(sheet: str) -> dict[str, str]:
    """Code -> its whole ``<symbol>``, out of a sheet."""
    return {found[1]: found[0] for found in _SYMBOL.finditer(sheet)}


def sheet(codes: Iterable[str], stock: Mapping[str, str]) -> str:
    """One SVG of the pictures ``codes``, sorted, each once. Raises :class:`BadInput` for one not in ``stock``."""
    parts = []
    for code in sorted(set(codes)):
        if code not in stock:
            raise BadInput("The box has no picture “%(picture)s”: choose another one.", picture=show(code))
        parts.append(stock[code])
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "\n".join(parts) + "</svg>\n"
