# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Making accounts and signing people in: what the staff pages do, without their pages."""

from __future__ import annotations

import datetime
import functools
import hashlib
import secrets
import zoneinfo
from pathlib import Path

from flask import request

from appliance import passphrase, sealing
from appliance.errors import BadInput, Busy, Refused
from appliance.hub import roles
from appliance.hub.context import hub
from appliance.hub.recovery_sheet import PRINTED
from appliance.hub.roles import Person, Role
from appliance.ports import Now
from appliance.store import audit, devices, settings, staff, times, vault
from appliance.store.db import Connection

SIGNED_IN_S = 12 * 3600
DAY_S = 24 * 3600
DEVICE_COOKIE = "cartable_appareil"
WORDS_PROPOSED = 4
_TAKEN_UP = "passphrase_hash_taken_up"
"""Setting: SHA-256 of the configured hash whose passphrase has an account."""


@functools.cache
def _words() -> tuple[str, ...]:
    return tuple(Path(__file__).with_name("words_fr.txt").read_text(encoding="utf-8").split())


def proposed_words() -> str:
    """Four of 2,048 words: 44 bits, each guess of which costs an Argon2id."""
    return " ".join(secrets.choice(_words()) for _ in range(WORDS_PROPOSED))


def takes_passphrase() -> bool:
    """Whether any passphrase opens anything."""
    return hub().presence.takes_passphrase or staff.anybody(hub().db.reading())


def judge(words: str) -> staff.Opened | None:
    """Whose passphrase this is; the configured one makes its teacher's account when it is typed first."""
    found = staff.find(hub().db.reading(), words)
    if found is not None or not (mark := _configured(words)):
        return found
    return make(staff.TEACHER, "", words, mark)


def make(role: str, name: str, words: str, taken_up: str = "") -> staff.Opened:
    """An account; the first teacher takes the classes that have no keys. Raises :class:`appliance.errors.BadInput`."""
    at = times.rfc3339(hub().clock.now().wall)
    with hub().db.writing() as conn:
        first = role == staff.TEACHER and not staff.any_teacher(conn)
        opened = staff.add(conn, role, name, words, at=at)
        if first:
            _adopt(conn, opened.staff)
        if taken_up:
            conn.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (_TAKEN_UP, taken_up))
        hub().trail.note_in(conn, "account made", who=opened.staff.id, role=role)
    return opened


def _adopt(conn: Connection, first: staff.Staff) -> None:
    for group_id in vault.without_keys(conn):
        vault.put_class_keys(conn, group_id, {first.id: first.public})


def _configured(words: str) -> str:
    """What marks the configured passphrase as taken up, where it is this one, and no account has it."""
    kept = hub().config.teacher.passphrase_hash
    mark = hashlib.sha256(kept.encode()).hexdigest()
    if not kept or settings.get(hub().db, _TAKEN_UP) == mark or not passphrase.matches(kept, words):
        return ""
    return mark


def enter(opened: staff.Opened, *, how: str) -> None:
    """Sign an account in, and open what it may."""
    until = hub().clock.now().monotonic + SIGNED_IN_S
    account = opened.staff
    name = roles.begin(Person(account.id, Role(account.role)), until, account.public)
    hub().vaults.enter(account.id, opened.private, name, until)
    roles.note("signed in", how)


def enter_with_code() -> None:
    """Sign in who read the box's code: until midnight, at most a day, once the box has a teacher."""
    now = hub().clock.now()
    role = Role.SUBSTITUTE if staff.any_teacher(hub().db.reading()) else Role.PRESENCE
    roles.begin(
        Person("", role), now.monotonic + (min(DAY_S, to_midnight(now)) if role is Role.SUBSTITUTE else SIGNED_IN_S)
    )
    roles.note("signed in", "code")


def enter_with_recovery(pair: sealing.Pair) -> None:
    """Sign the director in. Raises :class:`Refused` for another box's key."""
    if vault.recovery_holder(hub().db.reading()).get(vault.RECOVERY) != pair.public:
        raise Refused("This recovery key is not this box's, or was replaced by another.")
    settings.once(hub().db, PRINTED, lambda: times.rfc3339(hub().clock.now().wall))  # who types it has it
    until = hub().clock.now().monotonic + 3600
    name = roles.begin(Person(vault.RECOVERY, Role.DIRECTOR), until, pair.public)
    hub().vaults.enter(vault.RECOVERY, pair.private, name, until)
    roles.note("signed in", "recovery key")


def to_midnight(now: Now) -> float:
    """Seconds until the day ends at the box's place; half a day where the clock cannot be believed."""
    if not now.trusted:
        return float(SIGNED_IN_S)
    here = datetime.datetime.fromtimestamp(now.wall, zoneinfo.ZoneInfo(hub().config.box.time_zone))
    return float(DAY_S - (here.hour * 3600 + here.minute * 60 + here.second))


def check_words(staff_id: str, words: str) -> None:
    """Raises :class:`BadInput` unless these are the account's; :class:`Busy` as for a sign-in."""

    def owner(given: str) -> staff.Opened | None:
        return staff.find(hub().db.reading(), given)

    found = hub().presence.judged(words, _address(), owner) if words.strip() else None
    if found is None or found.staff.id != staff_id:
        roles.note("sign-in", "passphrase", audit.FAILED)
        raise BadInput("This is not your present passphrase.")


def check_pin(staff_id: str, pin: str) -> None:
    """Raises :class:`BadInput` unless it is the account's on this device; :class:`Busy` as for a sign-in."""
    found = with_pin(pin)
    if found is None or found.staff.id != staff_id:
        roles.note("sign-in", "pin", audit.FAILED)
        raise BadInput("This is not the PIN of this device.")


def _address() -> str:
    return request.headers.get("X-Forwarded-For", "")


def with_pin(pin: str) -> staff.Opened | None:
    """Whose device and PIN these are. Raises :class:`Busy` while tries from the device, or the address, are suspended.

    What comes from no device that was enrolled is refused before anything is computed or written.
    """
    device_id, secret = device()
    if not secret or devices.get(hub().db.reading(), device_id) is None:
        hub().presence.refuse(_address())
        return None
    with hub().presence.hashing():
        with hub().db.writing() as conn:
            wait = devices.begin(conn, device_id, hub().clock.now())
        if wait > 0:
            raise Busy("Too many wrong codes: wait %(seconds)s seconds, then try again.", seconds=int(wait) + 1)
        found = devices.opened(hub().db.reading(), device_id, secret, pin)
        with hub().db.writing() as conn:
            (devices.right if found else devices.wrong)(conn, device_id)
    return found


def device() -> tuple[str, bytes]:
    """(id, secret) of the cookie of this device; empty for one that was never enrolled."""
    identity, _, secret = request.cookies.get(DEVICE_COOKIE, "").partition(".")
    try:
        return identity, bytes.fromhex(secret)
    except ValueError:
        return "", b""


def known_device() -> staff.Staff | None:
    """Who enrolled this device."""
    identity, secret = device()
    conn = hub().db.reading()
    found = devices.get(conn, identity) if secret else None
    return staff.get(conn, found.staff) if found else None
