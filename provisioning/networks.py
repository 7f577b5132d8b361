# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""NetworkManager's files (nm-settings-keyfile(5)) for the networks of ``cartable.toml``, readable by root alone.

The image tells NetworkManager to look in ``/var/lib/cartable/network``.
"""

from __future__ import annotations

import json
import os
import re
import stat
import uuid
from pathlib import Path

from appliance.errors import BadInput, Conflict
from appliance.power_cut import replace, step, sweep, sync_folder
from provisioning.boot_settings import Cable, Wifi
from provisioning.place import Place

WIFI, CABLE = "cartable-wifi.nmconnection", "cartable-cable.nmconnection"
_SPACE = uuid.UUID("6f2f0f0c-3a3e-4b0c-9b57-5b7a1f0d7f10")
_SAID = re.compile(r"# (\{.*\})\n")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def files(wifi: Wifi | None, cable: Cable | None, place: Place) -> dict[str, bytes]:
    """What the files of the networks that are named have to hold; empty: no such file.

    Raises :class:`BadInput` when a Wi-Fi has no passphrase, here or from before.
    """
    wanted = {}
    if wifi is not None:
        wanted[WIFI] = _wifi(_completed(wifi, place.networks / WIFI)) if wifi.name else b""
    if cable is not None:
        wanted[CABLE] = _cable(cable)
    return wanted


def write(place: Place, wanted: dict[str, bytes]) -> None:
    """Make them durable; those that are right already are left alone. Raises :class:`OSError`."""
    folder = _folder(place)
    sweep(folder)
    for name, body in wanted.items():
        path = folder / name
        if not body and path.exists():
            step(f"remove {name}")
            path.unlink()
            sync_folder(folder)
        elif body and not _right(path, body):
            replace(path, body, mode=0o600)


def _folder(place: Place) -> Path:
    """Ours, made when it is missing: one that a service put there is refused."""
    folder = place.networks
    if not folder.is_symlink() and not folder.exists():
        step("make the folder of networks")
        folder.mkdir(mode=0o700)
        sync_folder(folder.parent)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Conflict("%(path)s was not made by the box: remove it, then restart.", path=folder)
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)
    return folder


def _right(path: Path, body: bytes) -> bool:
    try:
        return stat.S_IMODE(path.lstat().st_mode) == 0o600 and path.read_bytes() == body
    except FileNotFoundError:
        return False


def _completed(wifi: Wifi, path: Path) -> Wifi:
    """With the passphrase that is known from before, where the file names none."""
    if wifi.passphrase is not None:
        return wifi
    known = _said(path)
    if known.get("name") != wifi.name:
        raise BadInput('cartable.toml: the passphrase of the Wi-Fi “%(name)s” is missing: write passphrase = "…" below '
                       '[wifi] (passphrase = "" for an open network).', name=wifi.name)  # fmt: skip
    return Wifi(wifi.name, str(known.get("passphrase", "")), wifi.hidden)


def passphrase(place: Place) -> str:
    """That of the Wi-Fi that is known; empty without one."""
    return _said(place.networks / WIFI).get("passphrase", "")


def _said(path: Path) -> dict[str, str]:
    """Name and passphrase, from the remark at the head of the file."""
    try:
        said = _SAID.match(path.read_text(encoding="utf-8"))
        return dict(json.loads(said[1])) if said else {}
    except (FileNotFoundError, UnicodeDecodeError, json.JSONDecodeError):
        return {}


def _wifi(wifi: Wifi) -> bytes:
    said = json.dumps({"name": wifi.name, "passphrase": wifi.passphrase or ""})
    hidden = "hidden=true\n" if wifi.hidden else ""
    security = f"\n[wifi-security]\nkey-mgmt=wpa-psk\npsk={_escaped(wifi.passphrase)}\n" if wifi.passphrase else ""
    return (
        f"# {said}\n{_head('cartable-wifi', 'wifi')}\n[wifi]\nmode=infrastructure\nssid={_ssid(wifi.name)}\n{hidden}"
        f"{security}\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n"
    ).encode()


def _cable(cable: Cable) -> bytes:
    dns = "".join(f"{address};" for address in cable.dns.split())
    lines = ["method=auto"] if cable.method == "dhcp" else ["method=manual", f"address1={_address(cable)}"]
    lines += [f"dns={dns}"] if dns else []
    ipv4 = "\n".join(lines)
    return f"{_head('cartable-cable', 'ethernet')}\n[ipv4]\n{ipv4}\n\n[ipv6]\nmethod=auto\n".encode()


def _address(cable: Cable) -> str:
    return f"{cable.address},{cable.gateway}" if cable.gateway else cable.address


def _head(name: str, kind: str) -> str:
    return f"[connection]\nid={name}\nuuid={uuid.uuid5(_SPACE, name)}\ntype={kind}\n"


def _ssid(name: str) -> str:
    """As text where nothing in it could be taken for anything else, else as bytes."""
    return name if _PLAIN.fullmatch(name) else "".join(f"{byte};" for byte in name.encode())


def _escaped(value: str) -> str:
    """GKeyFile: a backslash is doubled, a space in front is ``\\s``."""
    doubled = value.replace("\\", "\\\\")
    return "\\s" * (len(doubled) - len(doubled.lstrip(" "))) + doubled.lstrip(" ")
