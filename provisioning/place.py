# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Where a box is provisioned: its folders, its user, its machine. A test gives others than the running system's."""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from appliance.config import BoxConfig, Config
from appliance.errors import NotFound
from appliance.identity_file import Machine

USER = "cartable"
BOOT = Path("/boot/firmware")


@dataclass(frozen=True, slots=True)
class Place:
    """What the steps work on."""

    config: Config
    boot: Path
    """The boot partition, mounted; may be missing."""
    owner: tuple[int, int]
    """User and group id of the services."""
    root: Path = Path("/")
    """Where ``proc``, ``sys`` and ``usr`` are found."""

    @property
    def state(self) -> Path:
        """What survives."""
        return self.config.box.state

    @property
    def settings(self) -> Path:
        """The box's own keys."""
        return self.state / "cartable.toml"

    @property
    def networks(self) -> Path:
        """NetworkManager's files: root's, for nobody else."""
        return self.state / "network"

    @property
    def zones(self) -> Path:
        """The tz database."""
        return self.root / "usr/share/zoneinfo"

    def machine(self) -> Machine:
        """Read from the device tree and from the card that holds the state."""
        device = self.state.stat().st_dev
        partition = self.root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}"
        return Machine(
            _digest(self.root / "proc/device-tree/serial-number"), _digest(partition.resolve().parent / "device/cid")
        )


def of_system(config: Config, boot: Path) -> Place:
    """The running box. Raises :class:`NotFound` without its user. State elsewhere (``--state``) keeps its owner."""
    if config.box.state != BoxConfig().state:
        found = config.box.state.stat()
        return Place(config, boot, (found.st_uid, found.st_gid))
    try:
        return Place(config, boot, (pwd.getpwnam(USER).pw_uid, grp.getgrnam(USER).gr_gid))
    except KeyError as error:
        raise NotFound("There is no user %(name)s: run systemd-sysusers.", name=USER) from error


def _digest(path: Path) -> str:
    """Never the number itself: what is compared need not be readable. Empty where there is none."""
    try:
        number = path.read_bytes().strip(b"\0\n ")
    except OSError:
        return ""
    return hashlib.sha256(b"cartable " + number).hexdigest() if number.strip(b"0") else ""
