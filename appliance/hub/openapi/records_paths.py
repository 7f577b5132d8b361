# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/records``: keys, export, import, erasure, for the box itself."""

from __future__ import annotations

from appliance.hub.openapi.parts import Json


def paths() -> dict[str, Json]:
    """Path -> operations."""
    return {}


def schemas() -> dict[str, Json]:
    """Name -> JSON Schema."""
    return {}
