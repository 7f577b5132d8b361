# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Results and scores (Data 2.4.5)."""

from __future__ import annotations

from typing import Any

from appliance.errors import BadInput
from appliance.xapi import checking


def _scaled(value: Any) -> None:
    checking.number(value)
    if not -1 <= value <= 1:
        raise BadInput("%(place)s must be between -1 and 1.", place="")


_score_members = checking.members(
    {"scaled": _scaled, "raw": checking.number, "min": checking.number, "max": checking.number}
)


def score(value: Any) -> None:
    """Rule: min < max, and raw between them, whichever of them are given (Data 2.4.5.1)."""
    _score_members(value)
    least, most, raw = value.get("min"), value.get("max"), value.get("raw")
    if least is not None and most is not None and not least < most:
        raise BadInput("%(place)s must be less than max.", place="min")
    if raw is not None and ((least is not None and not least <= raw) or (most is not None and not raw <= most)):
        raise BadInput("%(place)s must be between min and max.", place="raw")


result = checking.members(
    {
        "score": score,
        "success": checking.boolean,
        "completion": checking.boolean,
        "response": checking.text,
        "duration": checking.duration,
        "extensions": checking.extensions,
    }
)
"""Rule: Data 2.4.5."""
