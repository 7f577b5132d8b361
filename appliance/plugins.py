# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Plug-ins are entry points, the bundled ones registered like anyone else's (groups: HOUSE, *Plug-in points*)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from appliance.errors import ConfigError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints


def _points(group: str) -> EntryPoints:
    from importlib.metadata import entry_points  # slow to load: not for words that plug nothing in

    return entry_points(group=f"appliance.{group}")


def names(group: str) -> list[str]:
    """What can be chosen in ``appliance.<group>``, sorted."""
    return sorted({point.name for point in _points(group)})


def load(group: str, name: str) -> Any:
    """The class registered as ``name`` in ``appliance.<group>``; raises :class:`ConfigError` naming the choices."""
    for point in _points(group):
        if point.name == name:
            return point.load()
    raise ConfigError(
        "No %(group)s is called %(name)s; there are: %(known)s", group=group, name=name, known=", ".join(names(group))
    )
