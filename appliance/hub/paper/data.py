# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What sheets are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Say = Callable[[str], str]
"""The gettext of the sheet's language."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A pupil as a sheet shows them."""

    animal: str
    """Its name."""
    avatar: str
    """OpenMoji hexcode; one that has no picture is left blank."""
    name: str = ""
    """First name; empty while the vault is closed, or when none is kept."""
    badge: str = ""
    """What the badge's QR code holds; empty: no code."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the box stands."""

    school: str = ""
    """Empty: a line to write on."""
    group: str = ""
    """The class's name."""
    address: str = ""
    """Where tablets find the box."""
    box: str = ""
    """The box's name on the network."""
    day: str = ""
    """The day of printing as people write it; empty: a line to write on."""
    named: bool = False
    """First names are kept, sealed."""
    portfolio: bool = False
    """Texts, sounds and pictures too."""
