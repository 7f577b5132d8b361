# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the class pages do, without their forms: classes made, pupils added, names sealed."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from appliance.connectors.roster import typed
from appliance.errors import BadInput, Conflict, Locked
from appliance.hub import animals, class_access, roles
from appliance.hub.class_list import Changes
from appliance.hub.context import hub
from appliance.model import Lesson, Pupil
from appliance.store import classes, merging, people, rewrite, times, vault
from appliance.store.classes import SchoolClass
from appliance.store.db import Connection
from appliance.store.erasure import Erasure


@dataclass(frozen=True, slots=True)
class Wanted:
    """A class to be made. ``names``: one for each pupil, or nothing but their number in ``count``."""

    name: str
    level: str = ""
    regime: str = classes.ANIMALS
    names: Sequence[str] = field(default=(), repr=False)
    count: int = 0


def make(wanted: Sequence[Wanted]) -> list[str]:
    """All of these, or none; returns their ids. Raises :class:`BadInput`."""
    holders = class_access.holders()
    with hub().db.writing() as conn:
        return [_make(conn, each, holders) for each in wanted]


def _make(conn: Connection, wanted: Wanted, holders: Mapping[str, bytes]) -> str:
    count = len(wanted.names) or wanted.count
    seats = animals.free((), count)
    regime = wanted.regime if holders else classes.ANIMALS
    group_id = classes.add(conn, wanted.name, regime=regime, level=wanted.level)
    if holders:
        vault.put_class_keys(conn, group_id, holders)
    pupils = classes.add_pupils(conn, group_id, seats)
    if holders and regime != classes.ANIMALS:
        seal_names(conn, dict(zip(pupils, wanted.names, strict=False)))
    return group_id


def seal_names(conn: Connection, names: Mapping[str, str]) -> None:
    """Pupil id -> first name, sealed; an empty one is left out."""
    for pupil_id, name in names.items():
        if name:
            hub().vaults.keep_in(conn, pupil_id, vault.NAME, name.encode())


def add(group: SchoolClass, text: str, count: int) -> int:
    """More pupils, by their typed first names or by their number; returns how many. Raises :class:`BadInput`."""
    names = typed.names(text)
    seated = {pupil.avatar for pupil in classes.pupils(hub().db, group.id)}
    seats = animals.free(seated, len(names) or count)
    with hub().db.writing() as conn:
        pupils = classes.add_pupils(conn, group.id, seats)
        if keeps_names(group):
            seal_names(conn, dict(zip(pupils, names, strict=False)))
    return len(pupils)


def keeps_names(group: SchoolClass) -> bool:
    """Whether first names may be sealed for a class: it says so, and has keys."""
    return group.regime != classes.ANIMALS and vault.has_keys(hub().db.reading(), group.id)


def is_locked(group_id: str) -> bool:
    """Whether names are kept that nobody here can read now."""
    conn = hub().db.reading()
    return not hub().vaults.is_open(group_id) and bool(vault.sealed_names(conn, group_id))


def names(group_id: str) -> Mapping[str, str]:
    """Pupil id -> first name while the vault is open to whoever asks, else nothing."""
    try:
        return roles.names(group_id)
    except Locked:
        return {}


def change(group: SchoolClass, *, name: str, level: str, regime: str, names_shown: bool) -> None:
    """Settings of a class; what it no longer keeps (names, texts, media) is erased, from the card too.

    Raises :class:`BadInput`, :class:`Conflict`.
    """
    keyed = vault.has_keys(hub().db.reading(), group.id)
    if regime != classes.ANIMALS and regime != group.regime and not keyed:
        raise Conflict("Names can be kept once you have a passphrase of your own: make your account first.")
    with hub().db.writing() as conn:
        classes.change(conn, group.id, name=name, regime=regime, level=level, names_shown=names_shown)
        before = conn.total_changes
        if not group.is_need_group:
            for pupil in people.pupils(hub().db, group.id):
                for each in (pupil.id, *merging.formers(conn, pupil.id)):
                    _forget_unkept(conn, each, regime)
        if conn.total_changes > before:
            rewrite.mark(conn)
    Erasure(hub().records).begin()  # its keys are still here: what a page or the log kept could be read


def _forget_unkept(conn: Connection, pupil_id: str, regime: str) -> None:
    if regime == classes.ANIMALS:
        vault.forget_items(conn, [item.id for item in vault.items(conn, pupil_id, vault.NAME)])
    if regime != classes.PORTFOLIO:
        vault.forget_older(conn, pupil_id)


def under(lesson: Lesson) -> dict[str, str]:
    """Pupil id -> what stands below the animal on the grid: the first name, where the class wants it, its vault is
    open and its own teacher opened the lesson; else, where a need group has an animal twice, the class."""
    if not lesson.kept:
        return {}
    group, seated = classes.get(hub().db, lesson.group), classes.pupils(hub().db, lesson.group)
    shown = _names_of(lesson, seated) if group.names_shown else {}
    counts = collections.Counter(pupil.avatar for pupil in seated)
    homes = {each.id: each.name for each in people.groups(hub().db, archived=True)} if group.is_need_group else {}
    return {pupil.id: homes.get(pupil.group, "") for pupil in seated if counts[pupil.avatar] > 1} | shown


def _names_of(lesson: Lesson, seated: Sequence[Pupil]) -> dict[str, str]:
    """A substitute's lesson has none, even while the teacher is signed in elsewhere."""
    own = set(vault.granted(hub().db.reading(), lesson.opened_by))
    found = hub().vaults.names(lesson.group, own.__contains__) if hub().vaults.is_open(lesson.group) else {}
    return {pupil.id: found[pupil.id] for pupil in seated if pupil.id in found}


def change_list(group: SchoolClass, changes: Changes) -> None:
    """What a new list of the class asks for, all of it or nothing. Raises :class:`BadInput`: the class is full."""
    seated = classes.pupils(hub().db, group.id)
    taken = {each.avatar for each in seated if each.id not in changes.left}
    if len(taken) + len(changes.added) > classes.MOST_PUPILS:
        raise BadInput("A class holds at most %(most)s pupils: make two of it.", most=classes.MOST_PUPILS)
    seats = animals.free(taken, len(changes.added)) if changes.added else []
    at = now() if hub().clock.now().trusted else ""
    with hub().db.writing() as conn:
        seal_names(conn, changes.renamed)
        for pupil_id in changes.left:
            classes.leave(conn, pupil_id, at)
        seal_names(conn, dict(zip(classes.add_pupils(conn, group.id, seats), changes.added, strict=True)))


def unite(kept: Pupil, other: Pupil) -> None:
    """Two pupils of a class are one child. Who has no first name takes the other's, if it can be read."""
    known = names(kept.group)
    with hub().db.writing() as conn:
        merging.merge(conn, kept.id, other.id, now())
        if kept.id not in known and other.id in known:
            seal_names(conn, {kept.id: known[other.id]})


def rename(group: SchoolClass, pupil_id: str, name: str) -> None:
    """Seal another first name. Raises :class:`BadInput`, or :class:`Conflict` in a class of animals."""
    cleaned = typed.names(name)
    if len(cleaned) > 1:
        raise BadInput("Type one first name only.")
    with hub().db.writing() as conn:
        if not cleaned:
            vault.forget_items(conn, [item.id for item in vault.items(conn, pupil_id, vault.NAME)])
        elif keeps_names(group):
            seal_names(conn, {pupil_id: cleaned[0]})
        else:
            raise Conflict("This class keeps animals only: choose “first names” in its settings first.")


def move(group: SchoolClass, pupil: Pupil, to: str) -> None:
    """To another class, with the name. Raises :class:`Conflict` while it is locked, as :func:`classes.move`."""
    if not class_access.may_use(to) or classes.get(hub().db, to).is_need_group:
        raise BadInput("There is no such class on the box: reload the page, then choose again.")
    taken = {each.avatar for each in classes.pupils(hub().db, to)}
    animal = (pupil.avatar, pupil.alias) if pupil.avatar not in taken else animals.free(taken, 1)[0]
    private = hub().vaults.private(group.id) if hub().vaults.is_open(group.id) else None
    with hub().db.writing() as conn:
        classes.move(conn, pupil.id, to, animal, private)


def now() -> str:
    """This moment, as rows keep it."""
    return times.rfc3339(hub().clock.now().wall)
