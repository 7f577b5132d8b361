# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Stand-ins for devices and networks, chosen by name in the configuration: whole, so users and tests share them."""

from __future__ import annotations

from collections.abc import Iterable


class SimulatedAdvert:
    """Port ``Advert`` that publishes nothing; names in ``taken`` (without ``.local``) belong to other boxes."""

    def __init__(self, taken: Iterable[str] = (), addresses: Iterable[str] = ("192.0.2.1",)) -> None:
        self._taken = {name.lower() for name in taken}
        self._reachable = tuple(addresses)
        self._name: str | None = None

    @property
    def name(self) -> str:
        """The name taken; empty while there is none."""
        return self._name or ""

    def start(self, name: str, port: int) -> str:
        """The first of ``name``, ``name-2``, … that is not taken, with ``.local``."""
        label, number = name.lower(), 1
        while label in self._taken:
            number += 1
            label = f"{name.lower()}-{number}"
        self._name = f"{label}.local"
        return self._name

    def addresses(self) -> Iterable[str]:
        """What was given, while started."""
        return list(self._reachable) if self._name else []

    def stop(self) -> None:
        """Forget the name; harmless when not started."""
        self._name = None
