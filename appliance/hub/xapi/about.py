# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/xapi/about`` (2.8): for anybody, whatever version the request names."""

from __future__ import annotations

from flask import Response

from appliance.hub.xapi import answers
from appliance.xapi.version import Version


def get() -> Response:
    """The latest patch version of each family."""
    return answers.content(answers.encode({"version": [version.value for version in Version]}))
