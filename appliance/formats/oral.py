# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A sequence as one file, ``.oral``: a ZIP of its folder (format: ``docs/reference/sequences.md``)."""

from __future__ import annotations

import os
import re
from pathlib import Path

from appliance.formats import quiz_medium
from appliance.formats.archive import Archive
from appliance.ports import Limits

LIMITS = Limits(max_bytes=40_000_000, max_files=600, max_ratio=200)
MOST_BYTES = 512 * 1024
"""Of one member."""
_DOCUMENT = "sequence.toml"
_TAKEN = re.compile(r"sequence\.toml|sounds\.json|sounds/[a-z0-9-]+\.mp3|pictures/[a-z0-9_-]+\.(?:png|jpg|webp)")


def unpack(path: Path) -> dict[str, bytes]:
    """The members that a sequence may have, by name; whatever else is there is not even read.

    A ZIP that was made of the folder itself (all names below one) is as good. Raises what :class:`Archive` raises,
    :class:`appliance.errors.TooLarge` for a member over :data:`MOST_BYTES`.
    """
    with Archive(path, LIMITS) as archive:
        tops = {name.partition("/")[0] for name in archive.members}
        below = f"{tops.pop()}/" if len(tops) == 1 and _DOCUMENT not in archive.members else ""
        names = {name.removeprefix(below): name for name in archive.members if name.startswith(below)}
        return {
            short: archive.read(name, MOST_BYTES) for short, name in sorted(names.items()) if _TAKEN.fullmatch(short)
        }


def taken(data: bytes) -> tuple[bytes, dict[str, float]]:
    """:func:`unpack` for the bounded process that reads a file from elsewhere: its members, one after the other, and
    the length of each, in order. Pictures are made anew, as JPEG, whatever their names.

    Raises what :func:`unpack` and :func:`.quiz_medium.picture` raise.
    """
    with os.fdopen(os.memfd_create("oral", os.MFD_CLOEXEC), "wb") as file:
        file.write(data)
        file.flush()
        members = unpack(Path(f"/proc/self/fd/{file.fileno()}"))
    made = {name: quiz_medium.picture(body)[0] if name.startswith("pictures/") else body
            for name, body in members.items()}  # fmt: skip
    return b"".join(made.values()), {name: len(body) for name, body in made.items()}
