# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The recovery key: who may make one, and when it counts.

A key that was shown is pending: it opens nothing, and another may be shown, until somebody says that it is printed. A
page that was lost (a tab closed, a plug pulled) costs nothing. Classes are given to it by who has them open: the
teacher who says so, their own; the director, all that the former key opened.
"""

from __future__ import annotations

from appliance import sealing
from appliance.errors import Damaged, Refused
from appliance.hub.context import hub
from appliance.hub.roles import Role, person
from appliance.store import settings, staff, times, vault
from appliance.store.db import Connection

PRINTED = "recovery_printed"
"""Setting: when somebody said that the recovery key was printed; without it, the key may still be replaced."""
PENDING = "recovery_pending"
"""Setting: ``<holder>:<public key, hex>`` of the key that was shown last."""


def may_make() -> bool:
    """Whether this person may have a sheet shown: the director; the first teacher until one is printed.

    With a sheet of their own, any other teacher would open the classes that colleagues make.
    """
    return person().role is Role.DIRECTOR or (
        person().role is Role.TEACHER
        and settings.get(hub().db, PRINTED) is None
        and staff.first_teacher(hub().db.reading()) == person().id
    )


def show(session: str) -> str:
    """A key to print, told here and never again; it counts once :func:`acknowledge` is called.

    Raises :class:`Refused` for who may make none, :class:`appliance.errors.Locked`.
    """
    holder, _ = hub().vaults.holder(session)
    if not may_make():
        raise Refused("There is a recovery sheet already: only the director, who holds it, can make another.")
    written = sealing.recovery_key()
    settings.put(hub().db, PENDING, f"{holder}:{public_of(written)}")
    return written


def public_of(written: str) -> str:
    """The public half, hex: what the page that shows the key sends back. Raises :class:`BadInput`."""
    return sealing.recovery_pair(written).public.hex()


def is_known(written: str) -> bool:
    """Whether the key is this box's, or the one shown last. Raises :class:`BadInput` for what is none."""
    public = public_of(written)
    known = vault.recovery_holder(hub().db.reading()).get(vault.RECOVERY, b"").hex()
    return public in (known, (settings.get(hub().db, PENDING) or "").partition(":")[2])


def acknowledge(session: str, public: str) -> None:
    """The key shown last is printed: it counts from now on, and is the only one.

    In one transaction each class that the session's holder has is sealed to it; told again of the key that counts
    already, nothing changes. Raises :class:`Refused` for another
    key than the one shown last, :class:`Damaged` when the director cannot open a class: then nothing has changed.
    """
    holder, private = hub().vaults.holder(session)
    with hub().db.writing() as conn:
        if public and public == _value(conn, vault.RECOVERY_SETTING):
            return  # tapped twice
        if _value(conn, PENDING) != f"{holder}:{public}" or not may_make():
            raise Refused("This is not the sheet that was shown last: make another recovery sheet.")
        vault.put_recovery(conn, bytes.fromhex(public), _classes(conn, holder, private))
        conn.execute("DELETE FROM setting WHERE key = ?", (PENDING,))
        conn.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (PRINTED, times.rfc3339(hub().clock.now().wall)))
        hub().trail.note_in(conn, "recovery key made", who=person().id, role=str(person().role))


def missing() -> list[str]:
    """The classes of this teacher that the recovery sheet does not open."""
    conn = hub().db.reading()
    if not vault.recovery_holder(conn):
        return []
    return [group for group in vault.granted(conn, person().id) if not vault.holds(conn, vault.RECOVERY, group)]


def entrust(session: str) -> None:
    """A teacher gives the sheet their own classes: nobody else does it for them. Raises as :func:`acknowledge`."""
    holder, private = hub().vaults.holder(session)
    with hub().db.writing() as conn:
        for group, key in _classes(conn, holder, private).items():
            vault.heal(conn, group, key)
        hub().trail.note_in(conn, "classes put on the sheet", who=person().id, role=str(person().role))


def _classes(conn: Connection, holder: str, private: bytes) -> dict[str, bytes]:
    """Class -> its private key. A teacher's damaged class is left out: the sheet is for the others all the same."""
    found = {}
    for group in vault.granted(conn, holder):
        try:
            found[group] = vault.open_grant(conn, group, holder, private)
        except Damaged:
            if holder == vault.RECOVERY:
                raise
    return found


def _value(conn: Connection, key: str) -> str:
    row = conn.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
    return "" if row is None else str(row["value"])
