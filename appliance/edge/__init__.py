# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The edge of ``cartable dev``: two listeners, hub and content, driven by the routing table and by nothing else.

It answers as nginx does with ``systemd/nginx.conf``; one test suite runs on both.
"""

from appliance.edge.server import Edge

__all__ = ["Edge"]
