# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a statement says of its attachments (Data 2.4.11). Their bytes are checked where they arrive."""

from __future__ import annotations

from typing import Any

from appliance.errors import BadInput
from appliance.xapi import checking, values


def _media_type(value: Any) -> None:
    if not isinstance(value, str) or not values.media_type(value):
        raise BadInput("%(place)s must be an Internet media type, such as image/png.", place="")


def _length(value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadInput("%(place)s must be a whole number of bytes, without quotes.", place="")


def _sha2(value: Any) -> None:
    if not isinstance(value, str) or not values.sha2(value):
        raise BadInput("%(place)s must be a SHA-2 sum in hexadecimal: 64 digits for SHA-256.", place="")


attachments = checking.each(
    checking.members(
        {
            "usageType": checking.iri,
            "display": checking.language_map,
            "description": checking.language_map,
            "contentType": _media_type,
            "length": _length,
            "sha2": _sha2,
            "fileUrl": checking.iri,
        },
        ("usageType", "display", "contentType", "length", "sha2"),
    )
)
"""Rule: the list of attachments of a statement."""
