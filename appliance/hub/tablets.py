# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What to type on a tablet to reach this box."""

from __future__ import annotations

import contextlib
import re
import socket
from urllib.parse import urlsplit

from flask import request
from markupsafe import Markup


def tablet_address() -> str:
    """Where tablets find this box: as the teacher's browser did, unless that is this very computer."""
    parts = urlsplit(request.host_url)
    if parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        return request.host_url
    port = f":{parts.port}" if parts.port else ""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: asks the kernel which of our addresses it would use
        return f"{parts.scheme}://{probe.getsockname()[0]}{port}/"
    return request.host_url


def broken(address: str) -> Markup:
    """The address, where a narrow screen may break it."""
    return Markup("<wbr>").join(re.split(r"(?<=//)|(?<=\.)|(?=:\d)", address))
