# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The two families of the specification that the box speaks."""

from __future__ import annotations

import enum


class Version(enum.StrEnum):
    """The value is what the box answers in ``X-Experience-API-Version``."""

    V1 = "1.0.3"
    V2 = "2.0.0"
