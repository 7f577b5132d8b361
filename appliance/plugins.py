# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Plug-ins are entry points, the bundled ones registered like anyone else's (groups: HOUSE, *Plug-in points*)."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from appliance.errors import ConfigError


def names(group: str) -> list[str]:
    """What can be chosen in ``appliance.<group>``, sorted."""
    return sorted({point.name for point in entry_points(group=f"appliance.{group}")})


def load(group: str, name: str) -> Any:
    """The class registered as ``name`` in ``appliance.<group>``; raises :class:`ConfigError` naming the choices."""
    for point in entry_points(group=f"appliance.{group}", name=name):
        return point.load()
    raise ConfigError(
        "No %(group)s is called %(name)s; there are: %(known)s", group=group, name=name, known=", ".join(names(group))
    )
