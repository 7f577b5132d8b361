# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the studio is made of, for its views."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from appliance.client import Client
from appliance.studio.captions import Captions
from appliance.studio.player import Player
from appliance.studio.source import Source


@dataclass(frozen=True, slots=True)
class Studio:
    """The service's parts."""

    source: Source
    player: Player
    captions: Captions
    hub: Client
    language: str
    """Of what is said to somebody who is not known yet."""


STUDIO = web.AppKey("studio", Studio)
