# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The studio's part of the wiring (:mod:`appliance.box`): its devices by their configured names, its service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from appliance import plugins
from appliance.config import Config

if TYPE_CHECKING:
    from appliance.ports import Loudspeaker, Microphone


def microphone(config: Config) -> Microphone:
    """The box's own. Raises :class:`appliance.errors.ConfigError`."""
    driver: Microphone = plugins.load("microphones", config.drivers.microphone)(config.drivers.microphone_device)
    return driver


def loudspeaker(config: Config) -> Loudspeaker:
    """The box's own. Raises :class:`appliance.errors.ConfigError`, :class:`appliance.errors.BadInput`."""
    driver: Loudspeaker = plugins.load("loudspeakers", config.drivers.loudspeaker)(config.drivers.loudspeaker_device)
    return driver


def simulating_sound(config: Config) -> Config:
    """For a computer of one's own: a microphone or loudspeaker that Linux cannot find is simulated."""
    drivers = config.drivers
    if drivers.microphone == "alsa" and not microphone(config).present():
        drivers = replace(drivers, microphone="simulated", microphone_device="")
    if drivers.loudspeaker == "alsa" and not loudspeaker(config).present():
        drivers = replace(drivers, loudspeaker="simulated", loudspeaker_device="")
    return replace(config, drivers=drivers)


def studio(config: Config) -> int:
    """The studio, until it is told to end; returns the exit code. Raises :class:`appliance.errors.Conflict`."""
    from appliance.client import Client
    from appliance.drivers.sound_decoder import decode
    from appliance.listening import listening
    from appliance.studio import app
    from appliance.studio.parts import Studio
    from appliance.studio.player import Player
    from appliance.studio.source import Source

    source, player = Source(microphone(config)), Player(loudspeaker(config), decode)
    parts = Studio(source, player, Client(config.hub_socket), config.box.language)
    return app.run(app.create_app(parts), listening(config.studio_socket))
