# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The machine's clock, and whether to believe it.

A Raspberry Pi has no clock of its own: after a power cut it starts in the past. The kernel knows whether something
(NTP, a GPS, a real-time clock driver) disciplines it: ``adjtimex(2)``, status bit STA_UNSYNC.
"""

from __future__ import annotations

import ctypes
import time
from pathlib import Path

from appliance.ports import Now

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""random(4): made anew at each start of the kernel."""
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


class _Timex(ctypes.Structure):
    """Head of ``struct timex`` (64-bit Linux), as far as ``status``; the rest is reserved room."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    ]


class SystemClock:
    """Port :class:`appliance.ports.Clock`."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._boot = _BOOT_ID.read_text(encoding="ascii").strip()

    def now(self) -> Now:
        """A reading; never raises."""
        return Now(time.time(), self._disciplined(), time.monotonic(), self._boot)

    def _disciplined(self) -> bool:
        state = _Timex()
        result = self._libc.adjtimex(ctypes.byref(state))
        return result not in (-1, _TIME_ERROR) and not state.status & _STA_UNSYNC
