# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The ``/xapi`` resources over HTTP (xAPI 1.0.3 part three; IEEE 9274.1.1-2023, "2.0")."""

from appliance.hub.xapi.app import create_xapi

__all__ = ["create_xapi"]
