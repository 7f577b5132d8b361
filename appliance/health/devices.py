# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Checks of what is plugged in. A device that is not there is no fault: a class may need none of them."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.facts import Devices, Link
from appliance.health.check import Check, Group, Said, Sentence, Subject, said
from appliance.i18n import N_

CAMERA = Subject("camera", Group.DEVICES, N_("Camera"))
MICROPHONE = Subject("microphone", Group.DEVICES, N_("Microphone"))
LOUDSPEAKER = Subject("loudspeaker", Group.DEVICES, N_("Loudspeaker"))
SERIAL = Subject("serial", Group.DEVICES, N_("Robots and boards"))
NETWORK = Subject("network", Group.DEVICES, N_("Network"))
SCREEN = Subject("screen", Group.DEVICES, N_("Screen"))


def device_checks(found: Devices) -> list[Check]:
    """All of them."""
    return [
        _named(CAMERA, found.cameras, said("Plug a USB camera in.")),
        _named(MICROPHONE, found.microphones, said("Plug a USB microphone, or a camera that has one, in.")),
        _named(LOUDSPEAKER, found.loudspeakers, said("Plug a loudspeaker in, or switch the screen's sound on.")),
        _named(SERIAL, found.serial_ports, said("Plug the robot or the board in by USB, and switch it on.")),
        _network(found.links),
        _screen(found.screens),
    ]


def _named(subject: Subject, names: Sequence[str] | None, mend: Sentence) -> Check:
    if names is None:
        return subject.unknown()
    return subject.fine(Said("%(name)s", {"name": ", ".join(names)})) if names else subject.absent(said("none"), mend)


def _network(links: Sequence[Link] | None) -> Check:
    if links is None:
        return NETWORK.unknown()
    figure = ", ".join(f"{link.name} {'up' if link.up else 'down'}" for link in links)
    kinds = {link.wifi for link in links if link.up}
    if not kinds:
        return NETWORK.absent(said("none"), said("Plug a network cable in, or have the box join a Wi-Fi."))
    detail = said("cable and Wi-Fi") if len(kinds) == 2 else said("Wi-Fi") if True in kinds else said("cable")
    return NETWORK.fine(detail, figure)


def _screen(screens: Sequence[bool] | None) -> Check:
    if screens is None:
        return SCREEN.unknown()
    if not any(screens):
        return SCREEN.absent(said("none"), said("Plug the projector or the screen in by HDMI, and switch it on."))
    return SCREEN.fine(said("connected"))
