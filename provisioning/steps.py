# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What ``cartable provision box`` does, in order. A step says whether it is done by looking at its result."""

from __future__ import annotations

import dataclasses
import socket
from typing import Protocol

from appliance import config, power_cut
from appliance.errors import CartableError, StorageError, reason
from provisioning import boot_settings
from provisioning.boot_file import BootFile, Told
from provisioning.identity import Identity
from provisioning.place import Place


class Step(Protocol):
    """One thing to do, as often as it takes."""

    def done(self, place: Place) -> bool:
        """Whether there is nothing to do."""
        ...

    def apply(self, place: Place) -> None:
        """Do it; may be cut off anywhere, and is then done again. Raises :class:`OSError`."""
        ...


class Sweep:
    """What deaths left in the state folder."""

    def done(self, place: Place) -> bool:
        """Whether there is such a folder at all."""
        return not place.state.exists()

    def apply(self, place: Place) -> None:
        """Remove it."""
        power_cut.sweep(place.state)


class HostName:
    """The name under which the box is found. The kernel forgets it at each boot."""

    def done(self, place: Place) -> bool:
        """Whether the kernel knows it."""
        return socket.gethostname() == place.config.box.name

    def apply(self, place: Place) -> None:
        """Only root can. Raises :class:`ConfigError`: a service may have written the name."""
        boot_settings.check_name(place.config.box.name)
        socket.sethostname(place.config.box.name)


class TimeZone:
    """``<state>/localtime``: ``/etc/localtime`` of the image leads there."""

    def done(self, place: Place) -> bool:
        """Whether it leads to the right zone."""
        path = place.state / "localtime"
        return path.is_symlink() and str(path.readlink()) == _zone(place)

    def apply(self, place: Place) -> None:
        """Replace the link. Raises :class:`ConfigError`: a service may have written a path to anywhere."""
        boot_settings.check_zone(place.config.box.time_zone, place.zones)
        part = place.state / ".localtime.part"
        part.unlink(missing_ok=True)
        power_cut.step("link the time zone")
        part.symlink_to(_zone(place))
        power_cut.step("rename the time zone")
        part.replace(place.state / "localtime")
        power_cut.sync_folder(place.state)


def _zone(place: Place) -> str:
    return f"/usr/share/zoneinfo/{place.config.box.time_zone}"


def provision(place: Place, tell: Told, *, host_name: bool = True) -> None:
    """Every step that is not done yet. ``tell`` hears what is wrong with ``cartable.toml``; the rest goes on.

    A step that fails (a boot partition that is full, damaged or read-only) does not keep the others from being taken;
    then raises the first one's error: :class:`StorageError` when the disk fails or is full.
    """
    failed = [_tried(place, Sweep()), _tried(place, Identity()), _tried(place, BootFile(tell))]
    place = dataclasses.replace(place, config=_configured(place))
    failed.append(_tried(place, TimeZone()))
    if host_name:
        failed.append(_tried(place, HostName()))
    for error in failed:
        if error is not None:
            raise error


def _tried(place: Place, step: Step) -> CartableError | None:
    """What went wrong."""
    try:
        power_cut.step(type(step).__name__)
        if not step.done(place):
            step.apply(place)
    except CartableError as error:
        return error
    except OSError as error:
        failed = StorageError("The box could not be prepared: %(path)s: %(why)s",
                              path=error.filename or place.state, why=reason(error))  # fmt: skip
        failed.__cause__ = error
        return failed
    return None


def _configured(place: Place) -> config.Config:
    """As the services will find it now; what the command line said of folders stays."""
    box = {"state": place.state, "run": place.config.box.run}
    return config.load((config.SYSTEM_FILES[0], place.settings), {"box": box})
