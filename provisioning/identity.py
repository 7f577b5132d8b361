# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who the box is: made at first boot, and a second one offered when the card seems to be a copy.

Which of the two counts is for the store to say (``appliance/store/adoption.py``): it knows whether the first is in use.
"""

from __future__ import annotations

import dataclasses

from appliance import identity_file, power_cut
from appliance.errors import Damaged
from appliance.identity_file import Identities, Kept, Machine, fresh
from provisioning.place import Place


class Identity:
    """The step."""

    def done(self, place: Place) -> bool:
        """Whether the file names this machine, or offers another identity that does."""
        try:
            found = identity_file.read(place.config.identity_file)
        except Damaged:
            return False
        return found is not None and _after(found, place.machine()) == found and _private(place)

    def apply(self, place: Place) -> None:
        """Make or offer one. Raises :class:`OSError`."""
        path = place.config.identity_file
        try:
            found = identity_file.read(path)
        except Damaged:  # the database has it too, and is asked first
            power_cut.step("set the damaged identity aside")
            path.rename(path.with_name(f"{path.name}.damaged"))
            found = None
        machine = place.machine()
        after = Identities(fresh(machine)) if found is None else _after(found, machine)
        identity_file.write(path, after, place.owner)


def moved(place: Place) -> bool:
    """The other box is no longer used: this machine goes on under the old name. False when nothing was in doubt."""
    found = identity_file.read(place.config.identity_file)
    if found is None or found.offered is None:
        return False
    own = dataclasses.replace(found.own, machine=place.machine())
    identity_file.write(place.config.identity_file, Identities(own, None, found.former), place.owner)
    return True


def _after(found: Identities, machine: Machine) -> Identities:
    """What the file has to say on ``machine``."""
    if not machine.holds_copy_of(found.own.machine):
        own = Kept(found.own.box, found.own.seed, _known(machine, found.own.machine))
        return Identities(own, None, found.former)
    if found.offered is not None and not machine.holds_copy_of(found.offered.machine):
        return found
    return Identities(found.own, fresh(machine), found.former)


def _known(now: Machine, before: Machine) -> Machine:
    """What can be read today, else what was known."""
    return Machine(now.board or before.board, now.card or before.card)


def _private(place: Place) -> bool:
    found = place.config.identity_file.lstat()
    return (found.st_mode & 0o777, found.st_uid, found.st_gid) == (0o600, *place.owner)
