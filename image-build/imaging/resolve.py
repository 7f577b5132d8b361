# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``make image-lock``: apt resolves packages.toml into packages.lock.

apt works on an empty status of its own (apt.conf(5), ``Dir::State``), so the build machine's packages play no part; its
proxy settings do. ``CARTABLE_MIRROR`` takes another mirror of the archive than deb.debian.org.
"""

from __future__ import annotations

import datetime
import email.utils
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

from imaging.lock import Deb, Lock, render

HOST = "http://deb.debian.org"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirror(archive: str) -> str:
    """Where an archive is fetched from: the environment's ``CARTABLE_MIRROR`` or Debian's own name."""
    return f"{os.environ.get('CARTABLE_MIRROR', HOST).rstrip('/')}/{archive}"


class Resolver:
    """An apt of one architecture, in a folder of its own."""

    def __init__(self, folder: Path, architecture: str, suite: str, components: list[str]) -> None:
        self.folder, self.architecture = folder, architecture
        for name in ("lists/partial", "archives/partial", "parts"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").write_text("")
        (folder / "sources.list").write_text(_sources(architecture, suite, components))
        self.packages: dict[tuple[str, str], Deb] = {}

    def _apt(self, *words: str) -> str:
        options = {
            "APT::Architecture": self.architecture, "APT::Architectures": self.architecture,
            "APT::Install-Recommends": "false", "APT::Sandbox::User": "root",
            "Acquire::Languages": "none", "Acquire::GzipIndexes": "false",
            "Dir::State": str(self.folder), "Dir::State::lists": f"{self.folder}/lists",
            "Dir::State::status": f"{self.folder}/status", "Dir::Cache": str(self.folder),
            "Dir::Cache::archives": f"{self.folder}/archives", "Dir::Etc::sourcelist": f"{self.folder}/sources.list",
            "Dir::Etc::sourceparts": f"{self.folder}/parts", "Dir::Etc::preferencesparts": f"{self.folder}/parts",
        }  # fmt: skip
        flags = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        run = subprocess.run(["apt-get", *flags, *words], capture_output=True, text=True, env=_environment())
        if run.returncode:
            raise SystemExit(f"apt-get {' '.join(words)}: {run.stderr.strip()}")
        return run.stdout

    def update(self) -> dict[str, str]:
        """Fetch the indexes. Returns the moment of each archive, that of its newest suite."""
        self._apt("update", "-qq")
        lists = [p for p in (self.folder / "lists").iterdir() if p.is_file()]
        for path in lists:
            if path.name.endswith("_Packages"):
                self._index(path)
        moments: dict[str, str] = {}
        for path in (p for p in lists if p.name.endswith("Release")):
            archive = _archive(path)
            moments[archive] = max(moments.get(archive, ""), _date(path.read_text()))
        return moments

    def _index(self, path: Path) -> None:
        for paragraph in path.read_text().split("\n\n"):
            fields = dict(re.findall(r"(?m)^(Package|Version|Architecture|Size|SHA256|Filename): (.+)$", paragraph))
            if fields:
                key = fields["Package"], fields["Version"]
                self.packages[key] = Deb(
                    "", *key, fields["Architecture"], _archive(path), int(fields["Size"]), fields["SHA256"],
                    fields["Filename"],
                )  # fmt: skip

    def install(self, wanted: list[str]) -> list[Deb]:
        """All packages that an installation of ``wanted`` on nothing brings, dependencies included."""
        answer = self._apt("install", "-s", "-y", *wanted)
        found = re.findall(r"(?m)^Inst (\S+) \((\S+) ", answer)
        return [self.packages[name.split(":")[0], version] for name, version in found]


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def _sources(architecture: str, suite: str, components: list[str]) -> str:
    words = f"[arch={architecture} signed-by={KEYRING}]"
    parts = " ".join(components)
    return (
        f"deb {words} {mirror('debian')} {suite} {parts}\n"
        f"deb {words} {mirror('debian')} {suite}-updates {parts}\n"
        f"deb {words} {mirror('debian-security')} {suite}-security {parts}\n"
    )


def _archive(path: Path) -> str:
    return "debian-security" if "debian-security_dists" in path.name else "debian"


def _date(release: str) -> str:
    match = re.search(r"(?m)^Date: (.+)$", release)
    if match is None:
        raise SystemExit("a Release file without Date")
    moment = email.utils.parsedate_to_datetime(match[1].replace("UTC", "+0000"))
    return moment.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")


def resolve(recipe: dict[str, Any], folder: Path) -> Lock:
    """Resolve the sets of ``packages.toml``; ``folder`` keeps apt's indexes."""
    resolvers: dict[str, Resolver] = {}
    moments: dict[str, str] = {}
    for architecture in sorted({recipe[name]["architecture"] for name in ("image", "payload", "tools")}):
        resolver = Resolver(folder / architecture, architecture, recipe["suite"], recipe["components"])
        for archive, moment in resolver.update().items():
            moments[archive] = max(moments.get(archive, ""), moment)
        resolvers[architecture] = resolver
    debs = [
        *_set("image", recipe, resolvers, essential=True),
        *_payload(recipe, resolvers),
        *_set("tools", recipe, resolvers, essential=False),
    ]
    return Lock(tuple(debs), moments)


def _set(name: str, recipe: dict[str, Any], resolvers: dict[str, Resolver], essential: bool) -> list[Deb]:
    part = recipe[name]
    wanted = [*part["install"], *(["?essential"] if essential else [])]
    debs = resolvers[part["architecture"]].install(wanted)
    return [_as(name, deb) for deb in debs if deb.name not in part.get("without", [])]


def _payload(recipe: dict[str, Any], resolvers: dict[str, Resolver]) -> list[Deb]:
    """Only the packages named, and the kernel that ``linux-image-arm64`` stands for: none is installed."""
    part = recipe["payload"]
    debs = resolvers[part["architecture"]].install(part["install"])
    kept = [deb for deb in debs if deb.name in part["install"] or re.match(r"linux-image-\d", deb.name)]
    return [_as("payload", deb) for deb in kept if deb.name != "linux-image-arm64"]


def _as(name: str, deb: Deb) -> Deb:
    return Deb(name, deb.name, deb.version, deb.architecture, deb.archive, deb.size, deb.sha256, deb.path)


def main(here: Path, build: Path) -> None:
    """Write packages.lock beside packages.toml."""
    recipe = tomllib.loads((here / "packages.toml").read_text())
    lock = resolve(recipe, build / "apt")
    (here / "packages.lock").write_text(render(lock))
    for name in ("image", "payload", "tools"):
        debs = lock.of(name)
        print(f"{name}: {len(debs)} packages, {sum(d.size for d in debs) / 1e6:.0f} MB")
