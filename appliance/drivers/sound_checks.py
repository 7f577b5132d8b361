# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What every loudspeaker refuses."""

from __future__ import annotations

from appliance.errors import BadInput, Conflict

RATES = range(4_000, 192_001)


def checked_sound(pcm: bytes, rate: int) -> None:
    """Raises :class:`BadInput` for half a sample, and for a rate that no sound has."""
    if len(pcm) % 2:
        raise BadInput("The sound is damaged: it ends in the middle of a sample.")
    if rate not in RATES:
        raise BadInput("No sound has %(rate)s samples a second.", rate=rate)


def already_playing() -> Conflict:
    """What a second sound is told."""
    return Conflict("Another sound is playing: wait until it ends, or stop it.")
