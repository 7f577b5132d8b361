# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What runs here, and which version of it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from appliance.facts import MachineFacts
from appliance.i18n import N_

_NAMES = {
    "model": N_("Computer"),
    "image": N_("Image of the card"),
    "system": N_("System"),
    "kernel": N_("Kernel"),
}
_LIBRARIES = ("libzim", "tantivy", "av", "pypdfium2", "granian", "zeroconf")


def told(facts: MachineFacts, sqlite: str) -> list[tuple[str, str, str]]:
    """(name for people, a message id; name for programs; version), the box's own first."""
    libraries = [(name, name, _version(name)) for name in _LIBRARIES]
    return [
        ("Cartable", "cartable", _version("cartable")),
        *((_NAMES[what], what, found) for what, found in facts.versions if what in _NAMES),
        ("Python", "python", platform.python_version()),
        ("SQLite", "sqlite", sqlite),
        *(library for library in libraries if library[2]),
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
