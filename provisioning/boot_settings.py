# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What ``cartable.toml`` of the boot partition may say (``docs/reference/cartable-toml.md``). Checked whole, then used.

Tables and keys that the box knows too have the names of ``appliance/config.py``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance import config, passphrase
from appliance.errors import BadInput, ConfigError
from appliance.i18n import LANGUAGES

FILE = "cartable.toml"
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_ZONE = re.compile(r"[A-Za-z][\w+-]*(/[A-Za-z][\w+-]*){0,2}")
_KEY = re.compile(r"[\x20-\x7e]{8,63}|[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class BootBox:
    """``[box]``."""

    name: str = ""
    language: str = ""
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class BootSchool:
    """``[school]``."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class BootTeacher:
    """``[teacher]``."""

    passphrase_hash: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Wifi:
    """``[wifi]``: the network that the box joins; without a name, none."""

    name: str = ""
    passphrase: str | None = field(default=None, repr=False)
    """None: the one that is known already for this name. Empty: an open network."""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Cable:
    """``[cable]``."""

    method: str = "dhcp"
    """``dhcp`` or ``static``."""
    address: str = ""
    """With the length of the prefix: ``192.168.1.10/24``."""
    gateway: str = ""
    dns: str = ""
    """Addresses separated by spaces."""


@dataclass(frozen=True, slots=True)
class BootSettings:
    """The whole file."""

    box: BootBox = field(default_factory=BootBox)
    school: BootSchool = field(default_factory=BootSchool)
    teacher: BootTeacher = field(default_factory=BootTeacher)
    wifi: Wifi | None = None
    cable: Cable | None = None


@dataclass(frozen=True, slots=True)
class _Tables:
    """For :func:`appliance.config.build`."""

    box: BootBox = field(default_factory=BootBox)
    school: BootSchool = field(default_factory=BootSchool)
    teacher: BootTeacher = field(default_factory=BootTeacher)
    wifi: Wifi = field(default_factory=Wifi)
    cable: Cable = field(default_factory=Cable)


OWN = ("box", "school", "teacher")
"""The tables that become the box's own keys; the others become networks."""


def checked(tables: Mapping[str, Any], zones: Path) -> BootSettings:
    """The settings in ``tables`` (parsed TOML); ``zones``: the folder of the tz database.

    Raises :class:`ConfigError` or :class:`BadInput` with the first thing that is wrong, and what to write instead.
    """
    _refuse_known_mistakes(tables)
    for table, values in tables.items():
        if not isinstance(values, Mapping):
            raise ConfigError("%(file)s: %(key)s must stand in a [table]", file=FILE, key=table)
    origin = {(table, key): FILE for table in tables for key in ("", *tables[table])}
    found = config.build(_Tables, tables, origin)
    named = {(table, key) for table, values in tables.items() for key in values}
    _check_box(found.box, named, zones)
    _check_texts(found)
    if ("teacher", "passphrase_hash") in named and found.teacher.passphrase_hash:
        _check_hash(found.teacher.passphrase_hash)
    if "wifi" in tables:
        _check_wifi(found.wifi)
    if "cable" in tables:
        _check_cable(found.cable)
    return BootSettings(found.box, found.school, found.teacher, found.wifi if "wifi" in tables else None,
                        found.cable if "cable" in tables else None)  # fmt: skip


def _refuse_known_mistakes(tables: Mapping[str, Any]) -> None:
    for name in ("access_point", "hotspot", "ap"):
        if name in tables:
            raise BadInput("cartable.toml: this release cannot make a Wi-Fi network of its own: remove [%(table)s], "
                           "and connect the box to the school's network by [wifi] or by cable.",
                           table=name)  # fmt: skip
    teacher = tables.get("teacher")
    if isinstance(teacher, Mapping) and "passphrase" in teacher:
        raise _in_clear()


def _in_clear() -> BadInput:
    return BadInput("cartable.toml must not hold the teacher's passphrase itself. Remove it, run cartable provision "
                    "hash on any computer or box, and write what it prints as passphrase_hash.")  # fmt: skip


def _check_box(box: BootBox, named: set[tuple[str, str]], zones: Path) -> None:
    if ("box", "name") in named:
        check_name(box.name)
    if ("box", "language") in named and box.language not in LANGUAGES:
        raise _wrong("box.language", box.language, ", ".join(LANGUAGES))
    if ("box", "time_zone") in named:
        check_zone(box.time_zone, zones)


def check_name(name: str) -> None:
    """Whether a box may have it. Raises :class:`ConfigError`."""
    if not _HOST.fullmatch(name):
        raise _wrong("box.name", name, "cartable-2 (a-z, 0-9, -)")


def check_zone(name: str, zones: Path) -> None:
    """Whether the tz database in ``zones`` has it. Raises :class:`ConfigError`."""
    if not _known_zone(name, zones):
        raise _wrong("box.time_zone", name, "Europe/Paris, Indian/Reunion")


def _known_zone(name: str, zones: Path) -> bool:
    try:
        return bool(_ZONE.fullmatch(name)) and (zones / name).read_bytes().startswith(b"TZif")
    except OSError:
        return False


def _check_texts(found: _Tables) -> None:
    if len(found.school.name) > 100 or not _printable(found.school.name):
        raise _wrong("school.name", found.school.name[:100], "École Jules-Ferry")


def _printable(text: str) -> bool:
    return all(character.isprintable() for character in text)


def _check_hash(phc: str) -> None:
    if not phc.startswith("$"):
        raise _in_clear()
    if not passphrase.usable(phc):
        raise BadInput("cartable.toml: teacher.passphrase_hash cannot be used: it was cut, or another program made it "
                       "in another way. Run cartable provision hash, and copy the whole line.")  # fmt: skip


def _check_wifi(wifi: Wifi) -> None:
    if len(wifi.name.encode()) > 32 or not _printable(wifi.name):
        raise _wrong("wifi.name", wifi.name[:40], "Ecole-Wifi")
    if wifi.passphrase and not _KEY.fullmatch(wifi.passphrase):
        raise BadInput("cartable.toml: wifi.passphrase must have 8 to 63 characters without accents, or be 64 "
                       "hexadecimal digits.")  # fmt: skip


def _check_cable(cable: Cable) -> None:
    if cable.method not in ("dhcp", "static"):
        raise _wrong("cable.method", cable.method, "dhcp, static")
    if cable.method == "dhcp":
        if cable.address or cable.gateway:
            raise BadInput('cartable.toml: with [cable] method = "dhcp" the network gives the address: remove address '
                           'and gateway, or write method = "static".')  # fmt: skip
    else:
        _check_static(cable)
    for address in cable.dns.split():
        _ip("cable.dns", address)


def _check_static(cable: Cable) -> None:
    try:
        own = ipaddress.IPv4Interface(cable.address)
    except ValueError:
        raise _wrong("cable.address", cable.address, "192.168.1.10/24") from None
    network = own.network
    if "/" not in cable.address or not 8 <= network.prefixlen <= 30 or own.ip in (network[0], network[-1]):
        raise _wrong("cable.address", cable.address, "192.168.1.10/24")
    if cable.gateway and (_ip("cable.gateway", cable.gateway) not in network or cable.gateway == str(own.ip)):
        raise _wrong("cable.gateway", cable.gateway, str(network[1]))


def _ip(key: str, text: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        raise _wrong(key, text, "192.168.1.1") from None


def _wrong(key: str, value: str, example: str) -> ConfigError:
    return ConfigError("cartable.toml: %(key)s cannot be “%(value)s”. Write for example: %(example)s",
                       key=key, value=value, example=example)  # fmt: skip
