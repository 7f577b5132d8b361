# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""First names that somebody typed or pasted."""

from __future__ import annotations

import re

from appliance.connectors.roster.rows import clean_name, told_apart
from appliance.errors import TooLarge

MOST = 200
_NUMBERED = re.compile(r"^\s*(?:\d{1,3}\s*[.):-]?|[-*•])\s*")


def names(text: str) -> list[str]:
    """One for each line or between commas, semicolons or tabs; a list's numbers and dashes taken off, told apart.

    Raises :class:`TooLarge` for more than :data:`MOST`.
    """
    pieces = [clean_name(_NUMBERED.sub("", piece)) for piece in re.split(r"[\r\n,;\t]+", text)]
    found = [piece for piece in pieces if piece]
    if len(found) > MOST:
        raise TooLarge("This table is larger than a school: give a list of at most %(lines)d pupils.", lines=MOST)
    return told_apart(found, [""] * len(found))
