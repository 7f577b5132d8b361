# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Devices on which a member of the staff signs in with six digits.

The device keeps a random secret, the person the PIN: neither opens anything alone. Wrong PINs in a row are counted
here, before each is looked at: no restart, and no plug pulled in between, forgives one.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import uuid
from dataclasses import dataclass

from appliance import sealing
from appliance.errors import Refused
from appliance.ports import Now
from appliance.store import staff

FREE = 5
"""Wrong PINs in a row before each costs a wait."""
WAIT_S = 30.0
"""The first; each following is twice as long."""
MOST_WRONG = 10
"""Then the device is no longer enrolled."""


@dataclass(frozen=True, slots=True)
class Device:
    """One that was enrolled."""

    id: str
    staff: str
    label: str
    created_at: str


def enrol(conn: sqlite3.Connection, opened: staff.Opened, pin: str, label: str, *, at: str) -> tuple[str, bytes]:
    """(id, secret) for the device to keep.

    Raises :class:`appliance.errors.BadInput` for a PIN that is none, and as :func:`staff.expect_key`.
    """
    staff.expect_key(conn, opened.staff.id, opened.private)
    device_id, secret = str(uuid.uuid4()), secrets.token_bytes(sealing.DEVICE_SECRET_BYTES)
    params, sealed = sealing.wrap_with_pin(opened.private, secret, pin, device_id)
    conn.execute(
        "INSERT INTO device (id, staff, label, created_at) VALUES (?, ?, ?, ?)",
        (device_id, opened.staff.id, label[:60], at),
    )
    staff.put_wrap(conn, opened.staff.id, _holder(device_id), params, sealed)
    return device_id, secret


def get(conn: sqlite3.Connection, device_id: str) -> Device | None:
    """None: not enrolled, or no longer."""
    row = conn.execute(f"{_DEVICES} WHERE id = ?", (device_id,)).fetchone()
    return None if row is None else Device(**row)


def of(conn: sqlite3.Connection, staff_id: str) -> list[Device]:
    """A person's devices, oldest first."""
    return [Device(**row) for row in conn.execute(f"{_DEVICES} WHERE staff = ? ORDER BY created_at", (staff_id,))]


def drop(conn: sqlite3.Connection, device_id: str) -> None:
    """Not enrolled any more."""
    found = get(conn, device_id)
    if found is not None:
        staff.drop_wrap(conn, found.staff, _holder(device_id))
        conn.execute("DELETE FROM device WHERE id = ?", (device_id,))


def begin(conn: sqlite3.Connection, device_id: str, now: Now) -> float:
    """Count a try as a wrong one, and admit it: 0; else the seconds still to wait, nothing counted.

    A wait begins anew when the machine has been started since.
    """
    row = conn.execute("SELECT failures, waits FROM device WHERE id = ?", (device_id,)).fetchone()
    if row is None:
        return 0.0
    failures, waits = row["failures"], json.loads(row["waits"])
    if failures >= MOST_WRONG:
        drop(conn, device_id)
        return 0.0
    if waits and waits["boot"] != now.boot:
        waits = _until(failures, now)
        conn.execute("UPDATE device SET waits = ? WHERE id = ?", (json.dumps(waits), device_id))
    left = waits["until"] - now.monotonic if waits else 0.0
    if left > 0:
        return float(left)
    waits = _until(failures + 1, now) if failures + 1 >= FREE else {}
    conn.execute(
        "UPDATE device SET failures = failures + 1, waits = ? WHERE id = ?", (json.dumps(waits), device_id)
    )  # fmt: skip
    return 0.0


def opened(conn: sqlite3.Connection, device_id: str, secret: bytes, pin: str) -> staff.Opened | None:
    """Who that is, None for a wrong PIN or a device that is not enrolled. Takes as long as a passphrase."""
    found = get(conn, device_id)
    held = staff.wrap(conn, found.staff, _holder(device_id)) if found else None
    if found is None or held is None:
        return None
    try:
        private = sealing.unwrap_with_pin(*held, secret, pin, device_id)
    except Refused:
        return None
    return staff.Opened(staff.get(conn, found.staff), private)


def right(conn: sqlite3.Connection, device_id: str) -> None:
    """The PIN was right: earlier wrong ones are forgiven."""
    conn.execute("UPDATE device SET failures = 0, waits = '{}' WHERE id = ?", (device_id,))


def wrong(conn: sqlite3.Connection, device_id: str) -> None:
    """It was wrong; the tenth in a row was the last."""
    row = conn.execute("SELECT failures FROM device WHERE id = ?", (device_id,)).fetchone()
    if row is not None and row["failures"] >= MOST_WRONG:
        drop(conn, device_id)


_DEVICES = "SELECT id, staff, label, created_at FROM device"


def _until(failures: int, now: Now) -> dict[str, object]:
    return {"boot": now.boot, "until": now.monotonic + WAIT_S * 2.0 ** (failures - FREE)}


def _holder(device_id: str) -> str:
    return f"device:{device_id}"
