# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The sequences that come with the box: below the hub's static files, so that the wheel and the card carry them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

import appliance
from appliance.errors import NotFound, Unreachable
from appliance.sequences import pictures, reader
from appliance.sequences.package import DOCUMENT
from appliance.sequences.sequence import Sequence

STATIC = Path(appliance.__file__).parent / "hub/static"
FOLDER = STATIC / "english"
"""One folder each, named by its id; served below ``/static/english/``."""


@functools.cache
def stock() -> Mapping[str, str]:
    """Every picture that the box has for items: OpenMoji code -> ``<symbol>``. Raises :class:`Unreachable`."""
    found = sorted(STATIC.glob("vendor/openmoji-[0-9]*/english.svg"))
    if not found:
        raise Unreachable("The pictures of the sequences are missing: install Cartable again.")
    return pictures.symbols(found[-1].read_text(encoding="utf-8"))


@functools.cache
def ids() -> tuple[str, ...]:
    """Of every ready sequence, sorted."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob(f"*/{DOCUMENT}")))


@functools.lru_cache(maxsize=64)
def sequence(name: str) -> Sequence:
    """One of them. Raises :class:`NotFound`, :class:`appliance.errors.Unreachable` when its file cannot be read."""
    if name not in ids():
        raise NotFound("There is no sequence “%(id)s” on this box.", id=name[:60])
    try:
        return reader.read((FOLDER / name / DOCUMENT).read_bytes())
    except OSError as error:
        raise Unreachable("The sequence “%(id)s” cannot be read: install Cartable again.", id=name) from error


def sequences() -> Iterator[Sequence]:
    """All of them, in the order of their ids."""
    return map(sequence, ids())
