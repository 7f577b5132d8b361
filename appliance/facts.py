# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What can be known of the machine that a box is. None: this machine cannot tell. No serial number, no address, no
network's name is ever among them: these facts reach a page that pupils may open."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Power:
    """Whether the supply is strong enough."""

    low_now: bool | None = None
    low_before: bool | None = None
    """Since the machine started."""
    slowed_now: bool | None = None
    """The processor is held back: too hot, or too little current."""
    slowed_before: bool | None = None
    flags: int | None = None
    """The firmware's own word, where it gives one."""


@dataclass(frozen=True, slots=True)
class Card:
    """The card or disk on which the state folder stands."""

    device: str
    """The kernel's name for it: ``mmcblk0``."""
    kind: str = ""
    """``SD``, ``MMC`` (soldered, eMMC), or empty for another disk."""
    maker: str = ""
    name: str = ""
    """The product's."""
    made: str = ""
    """Month and year, ``09/2021``."""
    size: int | None = None
    """Bytes."""
    life_used: int | None = None
    """Percent of its life, rounded up to the next ten; over 100: outlived. Only eMMC tells."""
    spare: int | None = None
    """Reserve of an eMMC: 1 normal, 2 mostly used, 3 used up."""
    locked: bool | None = None
    """The kernel lets nobody write: a write-protect switch, or a card that went read-only by itself."""
    io_errors: int | None = None
    """Commands that failed since the machine started; only USB and SATA disks tell, and harmless ones count too."""
    written: int | None = None
    """Bytes since the machine started."""


@dataclass(frozen=True, slots=True)
class Partition:
    """The file system that holds the state folder."""

    kind: str = ""
    read_only: bool | None = None
    """For everybody: mounted so, or by ext4 itself after an error."""
    sheltered: bool | None = None
    """Read-only for this process alone, by its sandbox: that says nothing of the card."""
    errors: int | None = None
    """Damage that ext4 found since it was last repaired."""
    own: bool | None = None
    """Mounted by itself, not a folder of the system's."""
    total: int | None = None
    free: int | None = None
    """Bytes, for a user who is not root."""
    inodes: int | None = None
    inodes_free: int | None = None
    """How many more files there may be; ``inodes`` is None where there is no limit."""
    unused: int | None = None
    """Bytes of the card that no partition uses."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes."""

    available: int | None = None
    total: int | None = None
    killed: int | None = None
    """Processes that the kernel ended for want of memory since the machine started."""


@dataclass(frozen=True, slots=True)
class Link:
    """A network interface of the machine's own."""

    name: str
    wifi: bool
    up: bool
    """A cable with something at its end, or a Wi-Fi joined or offered."""


@dataclass(frozen=True, slots=True)
class Devices:
    """What is plugged in, by the names that people know; None: this process cannot look."""

    cameras: tuple[str, ...] | None = None
    microphones: tuple[str, ...] | None = None
    loudspeakers: tuple[str, ...] | None = None
    serial_ports: tuple[str, ...] | None = None
    """``ttyUSB0``, ``ttyACM0``: robots and boards."""
    links: tuple[Link, ...] | None = None
    screens: tuple[bool, ...] | None = None
    """For each HDMI (or other) socket, whether a screen is at its end."""


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """Everything at one moment."""

    power: Power = field(default_factory=Power)
    temperature: float | None = None
    """Degrees Celsius of the processor."""
    card: Card | None = None
    partition: Partition = field(default_factory=Partition)
    own_clock: bool | None = None
    """A clock that goes on without power (RTC)."""
    built: float | None = None
    """Seconds since 1970: when the image was made; it cannot be earlier now."""
    image: str = ""
    """Identifier of the card's image; empty on a computer that was not started from one."""
    memory: Memory = field(default_factory=Memory)
    devices: Devices = field(default_factory=Devices)
    versions: tuple[tuple[str, str], ...] = ()
    """(what, version): ``model``, ``system``, ``kernel``, ``image``."""


@dataclass(frozen=True, slots=True)
class Service:
    """A unit of the box, as systemd sees it."""

    name: str
    """Without its suffix."""
    state: str
    """``active``, ``activating``, ``failed``, ``inactive``…"""
    lasting: bool
    """Meant to run all the time."""
    result: str = ""
    """Why it ended: ``success``, ``exit-code``, ``oom-kill``, ``watchdog``…"""
    restarts: int = 0
    """Times that systemd had to start it again."""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The database file, looked at without changing it."""

    pending: tuple[str, ...] = ()
    """Migrations of this release that it has not had."""
    later: tuple[str, ...] = ()
    """Those that a later release made."""
    writable: bool = True
    """By this process; root may write what the box's own user may not."""
    size: int = 0
    """Bytes, the write-ahead log included."""


@dataclass(frozen=True, slots=True)
class RecordsFacts:
    """The learning records, counted."""

    statements: int
    held: int
    """Those that came while nobody knew the time, and wait for it."""
    set_aside: int
    """Refused because another with the same id was there."""
    key: bool | None
    """Whether the key with which the box signs can be used; None: not made yet."""
    attachments: int | None
    """Files; None: the folder cannot be read."""
