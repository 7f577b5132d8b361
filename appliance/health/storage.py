# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Checks of the card: its wear, the room on it, the partition of the box's data."""

from __future__ import annotations

from appliance.facts import Card, MachineFacts
from appliance.health.check import Bytes, Check, Group, Said, Subject, said
from appliance.i18n import N_

FEW_FILES = 50
"""One in so many inodes left: the end is near."""
UNUSED = 20
"""One part in so many of the card that no partition uses: it was not grown."""
OLD, OUTLIVED = 90, 100
"""Percent of an eMMC's life."""
MOSTLY_USED, USED_UP = 2, 3
"""Of its reserve."""

CARD = Subject("card", Group.CARD, N_("Card"))
DISK = Subject("disk", Group.CARD, N_("Disk"))
PARTITION = Subject("partition", Group.CARD, N_("Data partition"))


def card(facts: MachineFacts) -> Check:
    """Read-only, damaged or worn; what it is."""
    found, part = facts.card, facts.partition
    figure = _figure(facts)
    replace = said("Copy the card to a new one while it can be read, and use the new one.")
    if part.read_only or (found and found.locked):
        return CARD.wrong(
            said("nothing can be written on it"),
            said("Switch the box off, check that the card is not locked, then switch on. If it comes back, the card is "
                 "worn out: copy it to a new one."),
            figure,
        )  # fmt: skip
    if part.errors:
        return CARD.wrong(
            said("damaged: errors found in its files: %(count)s", count=part.errors),
            said("Restart the box, which repairs the card. If it comes back, copy the card to a new one."),
            figure,
        )
    if found and ((found.life_used or 0) > OUTLIVED or (found.spare or 0) >= USED_UP):
        return CARD.wrong(said("worn out"), replace, figure)
    if found and ((found.life_used or 0) >= OLD or (found.spare or 0) >= MOSTLY_USED):
        return CARD.wrong(said("nearly worn out"), replace, figure)
    return CARD.unknown(figure=figure) if found is None else CARD.fine(_name(found), figure)


def _name(found: Card) -> Said:
    name = " ".join(part for part in (found.maker, found.name) if part) or found.device
    if found.size is None:
        return Said("%(name)s", {"name": name})
    return Said("%(name)s, %(size)s", {"name": name, "size": Bytes(found.size)})


def _figure(facts: MachineFacts) -> str:
    found, part = facts.card, facts.partition
    told = [found.device, found.kind, found.made] if found else []
    told += [] if found is None or found.life_used is None else [f"life {found.life_used} %"]
    told += [] if found is None or found.spare is None else [f"pre-EOL {found.spare}"]
    told += [] if found is None or found.io_errors is None else [f"ioerr_cnt={found.io_errors}"]
    told += [] if part.errors is None else [f"errors_count={part.errors}"]
    told += [] if found is None or found.written is None else [f"written {found.written // 10**6} MB"]
    return ", ".join(word for word in told if word)


def disk(facts: MachineFacts, keep_free: int) -> Check:
    """Room for bytes, and for files."""
    part = facts.partition
    if part.total is None or part.free is None:
        return DISK.unknown()
    detail = said("%(free)s free of %(total)s", free=Bytes(part.free), total=Bytes(part.total))
    mend = said("Remove resources that are no longer used, or take a larger card.")
    figure = "" if part.inodes is None else f"inodes {part.inodes_free}/{part.inodes}"
    if part.free < keep_free:
        return DISK.wrong(detail, mend, figure)
    if part.inodes is not None and (part.inodes_free or 0) * FEW_FILES < part.inodes:
        return DISK.wrong(said("no room for more files"), mend, figure)
    return DISK.fine(detail, figure)


def partition(facts: MachineFacts) -> Check:
    """On a card of ours: there, and as large as the card allows."""
    part, size = facts.partition, facts.card.size if facts.card else None
    figure = f"{part.kind}" + ("" if part.unused is None else f", unused {part.unused // 10**6} MB")
    mend = said("Restart the box: it makes room at its start. If it comes back, flash the card again.")
    if part.own is None:
        return PARTITION.unknown()
    if facts.image and not part.own:
        return PARTITION.wrong(said("not there: answers would be lost"), mend, figure)
    if facts.image and size and part.unused and part.unused * UNUSED > size:
        return PARTITION.wrong(said("%(unused)s of the card are not used", unused=Bytes(part.unused)), mend, figure)
    return PARTITION.fine(said("mounted") if part.own else said("on this computer's own disk"), figure)
