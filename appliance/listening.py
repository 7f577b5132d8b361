# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How a service of one process begins and ends: its Unix socket, what it tells systemd, whoever started it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import Conflict

HELD_BY_PARENT = "CARTABLE_HELD_BY_PARENT"
"""Environment variable: the read end of a pipe that whoever started us keeps open while it lives. We end with it."""
BACKLOG = 128
MODE = 0o660
"""Of a socket: owner and group (nginx's)."""
_FIRST_HANDED = 3


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that listens."""

    socket: socket.socket
    handed: bool
    """By systemd, which goes on listening when we leave."""


def listening(path: Path) -> Listening:
    """The socket that systemd hands over (sd_listen_fds(3)), else one made at ``path`` for owner and group.

    Raises :class:`appliance.errors.Conflict` when something answers there.
    """
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
            os.environ.pop(name, None)
        os.set_inheritable(_FIRST_HANDED, False)
        return Listening(socket.socket(fileno=_FIRST_HANDED), True)
    free(path)
    made = socket.socket(socket.AF_UNIX)
    before = os.umask(0o777 & ~MODE)
    try:
        made.bind(str(path))
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    made.listen(BACKLOG)
    return Listening(made, False)


def free(path: Path) -> None:
    """Make room for a socket at ``path``: folder made, a dead socket removed.

    Raises :class:`appliance.errors.Conflict` when something answers there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            path.unlink(missing_ok=True)
            return
    raise Conflict("Another process already answers on %(socket)s: stop it first.", socket=path)


def notify(state: str) -> None:
    """Tell systemd, if it started us (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect("\0" + address[1:] if address.startswith("@") else address)
        out.send(state.encode())


def watchdog_interval() -> float | None:
    """Seconds between two signs of life that satisfy the unit's WatchdogSec; None when it has none."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2e6 if microseconds.isdecimal() else None


def end_with_parent() -> None:
    """From now on, SIGTERM to ourselves when whoever started us (:data:`HELD_BY_PARENT`) is gone."""
    held = os.environ.get(HELD_BY_PARENT, "")
    if held.isdecimal():
        os.set_inheritable(int(held), False)
        threading.Thread(target=_follow, args=(int(held),), name="parent", daemon=True).start()


def _follow(pipe: int) -> None:
    select.select([pipe], [], [])
    os.kill(os.getpid(), signal.SIGTERM)
