# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Checks of what the box holds, and of the service that gives it out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.errors import CartableError
from appliance.facts import DatabaseFacts, RecordsFacts
from appliance.health.check import Check, Group, Subject, said
from appliance.i18n import N_

HUB = Subject("hub", Group.BOX, N_("Pages"))
CONFIG = Subject("config", Group.BOX, N_("Configuration"))
STATE = Subject("state", Group.CARD, N_("State folder"))
DATABASE = Subject("database", Group.CONTENT, N_("Database"))
INTEGRITY = Subject("integrity", Group.CONTENT, N_("Soundness of the database"))
LIBRARY = Subject("library", Group.CONTENT, N_("Library"))
SEARCH = Subject("search", Group.CONTENT, N_("Search"))
RECORDS = Subject("records", Group.CONTENT, N_("Learning records"))

PROVISIONED = Subject("provisioning", Group.CONTENT, N_("Settings and identity of this card"))

AS_ROOT = said("Type the command as root: sudo cartable doctor")
_SHOWN = 5


def config(error: CartableError | None) -> Check:
    """``error``: what the configuration, or a driver that it names, raised."""
    if error is None:
        return CONFIG.fine(said("can be used"))
    return CONFIG.wrong(error, said("Correct this line, then restart the box; meanwhile this check uses what the "
                                    "program has by itself."))  # fmt: skip


def state(folder: Path, *, there: bool, readable: bool, writable: bool) -> Check:
    """The folder that holds everything; ``readable`` and ``writable`` by this process."""
    told = str(folder)
    if not there:
        return STATE.wrong(
            said("%(folder)s is not there", folder=told),
            said("Start the box once, which makes it; or name its folder with --state, before the other words."),
        )
    if not readable:
        return STATE.unknown(said("%(folder)s cannot be read by this user", folder=told),
                             AS_ROOT)  # fmt: skip
    if not writable:
        return STATE.wrong(
            said("%(folder)s cannot be written", folder=told),
            said("Check that the card is not locked or worn out, then restart the box."),
        )
    return STATE.fine(said("in place"), told)


def provisioned(told: str, *, copied: bool) -> Check:
    """``told``: the message about ``cartable.toml`` of the card; ``copied``: the card seems to be a copy in use."""
    if copied:
        return PROVISIONED.wrong(
            said("this card seems to be a copy: two boxes may sign with the same name"),
            said("If the other one is no longer used: sudo cartable provision moved. If it is, write the image to "
                 "this card again."),
        )  # fmt: skip
    if told:
        return PROVISIONED.wrong(
            said("cartable.toml on the card could not be used"),
            said(
                "Switch the box off, put the card into a computer, read cartable-erreur.txt on it, correct "
                "cartable.toml."
            ),
            figure=" ".join(told.split()),
        )
    return PROVISIONED.fine(said("in use"))


def hub(error: CartableError | None) -> Check:
    """``error``: why the hub did not answer on its socket."""
    if error is None:
        return HUB.fine(said("answer"))
    return HUB.wrong(
        said("do not answer: the box is not started, or its hub has stopped"),
        said("Switch the box off and on. A technician types: systemctl restart cartable-hub"),
        str(error),
    )


def hub_closed() -> Check:
    """Its socket lets this user in no more than a pupil."""
    return HUB.unknown(said("this user may not ask"), AS_ROOT)


def database(found: DatabaseFacts | CartableError) -> Check:
    """Whether it can be opened and written, by this release."""
    if isinstance(found, CartableError):
        return DATABASE.wrong(found, said("Restore the last backup."))
    figure = f"{found.size // 1000} KB"
    if found.pending:
        return DATABASE.wrong(
            said("made by an earlier release"),
            said("Restart the box, which brings it up to date. A technician types: cartable migrate"),
            f"{figure}, pending: {', '.join(found.pending)}",
        )
    if not found.writable:
        return DATABASE.wrong(
            said("read-only"), said("Check that the card is not locked or worn out, then restart the box."), figure
        )
    later = f", later: {', '.join(found.later)}" if found.later else ""
    return DATABASE.fine(said("writable"), figure + later)


def integrity(sound: bool | None, wrong: str) -> Check:
    """``sound`` None: the look took too long, or could not be taken; ``wrong``: SQLite's own words."""
    if sound is None:
        return INTEGRITY.unknown(said("not looked at to the end"), None, wrong)
    if sound:
        return INTEGRITY.fine(said("every page is in order"))
    return INTEGRITY.wrong(said("some pages are damaged"), said("Restore the last backup."), wrong)


def library(count: int, damaged: Sequence[str], *, alive: bool) -> Check:
    """``damaged``: titles of the resources that are; ``alive``: imports go on."""
    detail = said("%(count)s resources, %(damaged)s damaged", count=count, damaged=len(damaged))
    if not alive:
        return LIBRARY.wrong(
            detail, said("Imports have stopped: restart the box; what was being imported goes on.")
        )  # fmt: skip
    if damaged:
        names = ", ".join(damaged[:_SHOWN])
        return LIBRARY.wrong(detail, said("Add the damaged resources again: %(names)s", names=names))
    return LIBRARY.fine(detail)


def search(error: CartableError | None) -> Check:
    """``error``: what a search raised."""
    if error is None:
        return SEARCH.fine(said("answers"))
    return SEARCH.wrong(error, said("It restarts by itself: wait a minute."))


def records(found: RecordsFacts | CartableError) -> Check:
    """What is kept of lessons."""
    if isinstance(found, CartableError):
        return RECORDS.wrong(found, said("Restore the last backup."))
    figure = f"{found.statements} statements, {found.held} held, {found.set_aside} set aside, " \
             f"{found.attachments} attachments"  # fmt: skip
    if found.key is False:
        return RECORDS.wrong(
            said("the key with which the box signs is damaged"), said("Restore the last backup."), figure
        )
    if found.attachments is None:
        return RECORDS.wrong(
            said("the folder of attachments cannot be read"), said("Restart the box, which repairs the card."), figure
        )
    if found.held:
        return RECORDS.fine(said("kept; some wait for the right time: %(count)s", count=found.held), figure)
    return RECORDS.fine(said("kept"), figure)
