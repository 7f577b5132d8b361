# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The address that a tool on the LAN sends its statements to."""

from __future__ import annotations

from appliance import box
from appliance.config import BoxConfig, Config

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def endpoint(config: Config, served: str | None) -> str:
    """``served``: the base address that the running box shows, when it shows one; else the configuration says it."""
    return f"{(served or _configured(config)).rstrip('/')}/xapi"


def _configured(config: Config) -> str:
    """Behind nginx on the box, behind the edge of ``cartable dev`` elsewhere."""
    if config.box.run == BoxConfig().run:
        return f"http://{config.box.name}.local"
    return f"http://{_host(config)}:{config.edge.port}"


def _host(config: Config) -> str:
    """The name when one is published for every address; else an address."""
    listening = config.edge.address
    if listening not in EVERYWHERE:
        return f"[{listening}]" if ":" in listening else listening
    if config.drivers.advert != "simulated":
        return f"{config.box.name}.local"
    return next((addresses[0] for addresses in box.networks().values()), "127.0.0.1")
