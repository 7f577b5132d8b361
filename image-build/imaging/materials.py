# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What is in the image: the bill of materials (CycloneDX 1.6, JSON) and the size of every part."""

from __future__ import annotations

import json
import re
import tomllib
import uuid
from collections.abc import Iterable, Sequence
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from imaging.lock import Deb
from imaging.wheels import Wheel

SPACE = uuid.UUID("0ca27ab1-0000-5000-8000-000000000001")
CARD_SITE = "usr/lib/cartable/venv/lib/python3.13/site-packages"


def bill(debs: Sequence[Deb], wheels: Sequence[Wheel], root: Path, vendored: Path, version: str, moment: str) -> str:
    """The bill. ``root`` is the assembled root, where the licences are read; ``moment`` is ISO 8601."""
    site = root / CARD_SITE
    metadata = {_key(info): _metadata(info / "METADATA") for info in sorted(site.glob("*.dist-info"))}
    components = [
        *(_deb(deb, root) for deb in sorted(debs)),
        *(_wheel(wheel, metadata.get(wheel.name, {})) for wheel in sorted(wheels)),
        *_vendored(vendored),
    ]
    body = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {
            "timestamp": moment,
            "component": {
                "type": "firmware", "name": "cartable", "version": version, "bom-ref": "cartable",
                "licenses": [{"license": {"id": "AGPL-3.0-or-later"}}],
            },
        },
        "components": components,
    }  # fmt: skip
    serial = uuid.uuid5(SPACE, json.dumps(body, sort_keys=True))
    return json.dumps({**body, "serialNumber": f"urn:uuid:{serial}"}, indent=1, ensure_ascii=False) + "\n"


def _key(info: Path) -> str:
    return re.sub(r"[-_.]+", "-", info.name.split("-")[0]).lower()


def _metadata(path: Path) -> dict[str, str]:
    message = HeaderParser().parsestr(path.read_text())
    licence = message["License-Expression"] or next(
        (c.split(" :: ")[-1] for c in message.get_all("Classifier", []) if c.startswith("License ::")), None
    )
    return {"licence": str(licence or (message["License"] or "").split("\n")[0] or "see the package")}


def _component(name: str, version: str, purl: str, licences: Iterable[str], sha256: str | None) -> dict[str, Any]:
    return {
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        "licenses": [{"license": {"name": licence}} for licence in licences],
        **({"hashes": [{"alg": "SHA-256", "content": sha256}]} if sha256 else {}),
    }  # fmt: skip


def _deb(deb: Deb, root: Path) -> dict[str, Any]:
    version = deb.version.replace("+", "%2B").replace(":", "%3A")
    purl = f"pkg:deb/debian/{deb.name.replace('+', '%2B')}@{version}?arch={deb.architecture}&distro=trixie"
    return _component(deb.name, deb.version, purl, licences(root, deb.name), deb.sha256)


def licences(root: Path, name: str) -> list[str]:
    """The short names in a package's machine-readable copyright file (DEP 5), or that it is to be read."""
    path = root / "usr/share/doc" / name / "copyright"
    text = path.read_text(errors="replace") if path.is_file() else ""
    found = {word.strip() for word in re.findall(r"(?m)^License: *(\S.*)$", text)}
    return sorted(found) or [f"see /usr/share/doc/{name}/copyright"]


def _wheel(wheel: Wheel, metadata: dict[str, str]) -> dict[str, Any]:
    purl = f"pkg:pypi/{wheel.name}@{wheel.version}"
    return _component(wheel.name, wheel.version, purl, [metadata.get("licence", "see the package")], wheel.sha256)


def _vendored(path: Path) -> list[dict[str, Any]]:
    """Front-end libraries, which come with our own wheel."""
    found = []
    for row in tomllib.loads(path.read_text())["library"]:
        purl = f"pkg:npm/{row['name'].replace('@', '%40')}@{row['version']}"
        found.append(_component(row["name"], row["version"], purl, [row["licence"]], None))
    return found


def sizes(root: Path, boot: Path) -> dict[str, int]:
    """Bytes of each Debian package, wheel and other part of the assembled root and boot partition."""
    found: dict[str, int] = {f"boot: {path.name}": path.stat().st_size for path in boot.iterdir()}
    owners = _owners(root)
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            part = _part(path.relative_to(root).as_posix(), owners)
            found[part] = found.get(part, 0) + path.stat().st_size
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _owners(root: Path) -> dict[str, str]:
    """Path -> Debian package, from dpkg's lists; merged /usr folded."""
    found = {}
    for listing in (root / "var/lib/dpkg/info").glob("*.list"):
        package = listing.name.removesuffix(".list").split(":")[0]
        for line in listing.read_text().splitlines():
            found[re.sub(r"^(bin|sbin|lib)/", r"usr/\1/", line.lstrip("/"))] = package
    return found


def _part(path: str, owners: dict[str, str]) -> str:
    if path.startswith(CARD_SITE + "/"):
        return f"python: {re.split(r'[-.]', path.removeprefix(CARD_SITE + '/').split('/')[0])[0]}"
    if path.startswith("usr/lib/modules/"):
        return "kernel modules"
    if package := owners.get(path):
        return f"debian: {package}"
    if "__pycache__" in path:
        return "compiled: Python's own modules"
    return "other"


def size_report(found: dict[str, int], files: dict[str, int]) -> str:
    """The sizes as text, in MB (10^6 bytes), largest first; ``files`` are those of the release."""
    total = {"all parts": sum(found.values())}
    rows = [f"{size / 1e6:9.2f}  {name}\n" for name, size in {**files, **total, **found}.items()]
    return "MB, of the files delivered and of each part of the image\n" + "".join(rows)
