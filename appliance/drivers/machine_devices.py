# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What is plugged in, from ``/sys/class`` and ``/proc/asound``: seen without opening any device, which has one owner.

Formats: :mod:`appliance.drivers.sound_cards`; kernel documentation ``ABI/testing/sysfs-class-net``,
``userspace-api/media`` (video4linux), ``gpu/drm-uapi.rst``.
"""

from __future__ import annotations

import re

from appliance.drivers import sound_cards
from appliance.drivers.machine_tree import Tree
from appliance.facts import Devices, Link

_NO_CAMERAS = ("bcm2835-codec", "bcm2835-isp", "rpivid", "rpi-hevc", "pispbe", "hevc")
"""Video nodes of a Raspberry Pi that decode or scale."""


def devices(tree: Tree) -> Devices:
    """Never raises."""
    return Devices(
        cameras=_cameras(tree),
        microphones=_sounds(tree, "capture"),
        loudspeakers=_sounds(tree, "playback"),
        serial_ports=_serial_ports(tree),
        links=_links(tree),
        screens=_screens(tree),
    )


def _class(tree: Tree, name: str) -> list[str] | None:
    """Entries of a class, none when no driver made it; None where ``/sys`` itself cannot be seen."""
    found = tree.names(f"sys/class/{name}")
    return found if found is not None else ([] if tree.names("sys/class") else None)


def _cameras(tree: Tree) -> tuple[str, ...] | None:
    """One name for each camera: its further nodes (metadata) have an index above 0."""
    nodes = _class(tree, "video4linux")
    if nodes is None:
        return None
    found = []
    for node in nodes:
        name = tree.text(f"sys/class/video4linux/{node}/name") or node
        if node.startswith("video") and not name.startswith(_NO_CAMERAS):
            found += [sound_cards.readable(name)] if not tree.number(f"sys/class/video4linux/{node}/index") else []
    return tuple(found)


def _sounds(tree: Tree, direction: str) -> tuple[str, ...] | None:
    """Sound cards that record (``capture``) or play (``playback``)."""
    found = sound_cards.cards(tree, direction)
    return None if found is None else tuple(card.name for card in found)


def _serial_ports(tree: Tree) -> tuple[str, ...] | None:
    ports = _class(tree, "tty")
    return None if ports is None else tuple(name for name in ports if re.fullmatch(r"tty(USB|ACM)\d+", name))


def _links(tree: Tree) -> tuple[Link, ...] | None:
    """Real interfaces: those with a device below them."""
    names = _class(tree, "net")
    if names is None:
        return None
    return tuple(_link(tree, name) for name in names if tree.there(f"sys/class/net/{name}/device"))


def _link(tree: Tree, name: str) -> Link:
    place = f"sys/class/net/{name}"
    wifi = tree.there(f"{place}/phy80211") or tree.there(f"{place}/wireless")
    return Link(name, wifi, bool(tree.flag(f"{place}/carrier")))  # not readable while the interface is down


def _screens(tree: Tree) -> tuple[bool, ...] | None:
    """Connectors are called ``card1-HDMI-A-1``; a writeback is no socket."""
    names = _class(tree, "drm")
    if names is None:
        return None
    sockets = [name for name in names if re.fullmatch(r"card\d+-.+", name) and "Writeback" not in name]
    return tuple(tree.text(f"sys/class/drm/{name}/status") == "connected" for name in sockets)
