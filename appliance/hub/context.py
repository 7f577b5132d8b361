# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the hub's pages work with; ``box`` fills it, pages reach it by :func:`hub`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from appliance.config import Config
from appliance.hub.anonymous import Anonymous
from appliance.hub.imports import Library
from appliance.hub.live_sessions import LiveSessions
from appliance.hub.noise import Noise
from appliance.hub.oral_models import Models
from appliance.hub.pace import Pace
from appliance.hub.passing import Passing
from appliance.hub.presence import PresenceCode
from appliance.hub.room import Room
from appliance.hub.search import Search
from appliance.hub.spoken import Spoken
from appliance.hub.trail import Trail
from appliance.hub.upload import Turns
from appliance.hub.vaults import Vaults
from appliance.ports import Clock, Machine
from appliance.sequences.dictionary import Dictionary
from appliance.store.db import Database
from appliance.store.own_sequences import OwnSequences
from appliance.store.records import Records

MEDIA_AT_ONCE = 1


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub's parts, started and ready."""

    config: Config
    db: Database
    library: Library
    search: Search
    clock: Clock
    presence: PresenceCode
    secret: bytes
    """Signs cookies and tokens; made at first start, kept in the state folder."""
    records: Records
    machine: Machine
    vaults: Vaults
    """Which classes' names and texts can be read now."""
    trail: Trail
    """Writes the audit."""
    live: LiveSessions = field(default_factory=LiveSessions)
    """Who of the staff is signed in."""
    room: Room = field(default_factory=Room)
    anonymous: Anonymous = field(default_factory=Anonymous)
    pace: Pace = field(default_factory=Pace)
    """How many answers come from one pupil."""
    noise: Noise = field(default_factory=Noise)
    """What tablets that listen hear of the class."""
    passing: Passing = field(default_factory=Passing)
    """Photos and voices that no file keeps."""
    media_turns: Turns = field(default_factory=lambda: Turns(MEDIA_AT_ONCE + 2))
    """Of those that arrive: a picture that is opened takes much memory."""
    spoken: Spoken = field(default_factory=Spoken)
    """What the box says aloud; nothing, without voices."""
    own_sequences: OwnSequences = field(default_factory=OwnSequences)
    """Of spoken English, made by teachers."""
    dictionary: Dictionary = field(default_factory=Dictionary)
    """How English words are said."""
    models: Models = field(default_factory=Models)
    """Makes the sounds of teachers' own sequences."""


def hub() -> Hub:
    """The parts behind the current request."""
    return cast(Hub, current_app.extensions["cartable"])
