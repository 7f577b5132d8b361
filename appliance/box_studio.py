# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The studio's part of the wiring (:mod:`appliance.box`): its devices by their configured names, its service."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from appliance import plugins
from appliance.config import Config, environment, from_environment

if TYPE_CHECKING:
    from appliance.ports import CaptionEngine, Loudspeaker, Microphone

ENDS_FIRST = "800"
"""Of 1000 (proc(5), oom_score_adj): where memory runs short, captions end before a verdict does, and before the hub."""


def microphone(config: Config) -> Microphone:
    """The box's own. Raises :class:`appliance.errors.ConfigError`."""
    driver: Microphone = plugins.load("microphones", config.drivers.microphone)(config.drivers.microphone_device)
    return driver


def loudspeaker(config: Config) -> Loudspeaker:
    """The box's own. Raises :class:`appliance.errors.ConfigError`, :class:`appliance.errors.BadInput`."""
    driver: Loudspeaker = plugins.load("loudspeakers", config.drivers.loudspeaker)(config.drivers.loudspeaker_device)
    return driver


def caption_engine(config: Config) -> CaptionEngine:
    """Who writes captions, not loaded yet. Raises :class:`appliance.errors.ConfigError`."""
    engine: CaptionEngine = plugins.load("caption_engines", config.drivers.captions)(
        config.models, config.captions.language
    )
    return engine


def can_caption(config: Config) -> bool:
    """Whether it has what it needs. At once."""
    from appliance.drivers.speech_vosk import installed

    return config.drivers.captions != "vosk" or installed(config.models, config.captions.language) is not None


def captions_worker(arguments: Sequence[str]) -> int:
    """The process that writes captions (see ``studio/captions_worker.py``)."""
    from appliance.studio import captions_worker as worker

    config = from_environment()
    Path("/proc/self/oom_score_adj").write_text(ENDS_FIRST, encoding="ascii")
    return worker.main(int(arguments[0]), lambda: caption_engine(config), config.captions.memory_mb << 20)


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
    from appliance.studio.captions import Captions
    from appliance.studio.parts import Studio
    from appliance.studio.player import Player
    from appliance.studio.source import Source

    source, player = Source(microphone(config)), Player(loudspeaker(config), decode)
    os.environ.update(environment(config))  # for the captions' worker
    captions = Captions(source, (sys.executable, "-m", "appliance", "captions-worker"), lambda: can_caption(config))
    parts = Studio(source, player, captions, Client(config.hub_socket), config.box.language)
    return app.run(app.create_app(parts), listening(config.studio_socket))
