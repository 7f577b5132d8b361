# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``make image``: from the locks and the checkout to what is released, in ``build/image/out``."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from imaging import base, bmap, card, fetch, initramfs, lock, materials, rootfs, tools, wheels
from imaging.stages import Stages, digest
from imaging.tools import Tools

OURS = ("appliance", "provisioning", "tools/compress_static.py", "pyproject.toml", "README.md", "LICENSES")
"""What our own wheel is made of, of the files that git tracks."""


class Build:
    """One build of the checkout, in its folder ``build/image`` (or another)."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.checkout, self.here, self.folder = checkout, checkout / "image-build", folder
        self.lock = lock.load(self.here / "packages.lock")
        self.wheels = wheels.parse((self.here / "wheels.lock").read_text())
        self.stages = Stages(folder / "stage")
        newest = max(self.lock.moments.values())
        self.moment = int(datetime.datetime.strptime(f"{newest}+0000", "%Y%m%dT%H%M%SZ%z").timestamp())
        self.epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or self._git("log", "-1", "--format=%ct"))
        self.version = str(tomllib.loads((checkout / "pyproject.toml").read_text())["project"]["version"])
        self.out = folder / "out"
        self.cache = Path(os.environ.get("CARTABLE_IMAGE_CACHE", folder / "cache")).absolute()

    def _git(self, *words: str) -> str:
        command = ["git", "-C", str(self.checkout), "-c", f"safe.directory={self.checkout}", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def run(self, release: bool) -> Path:
        """Everything. Returns the compressed image."""
        tools.require_root()
        os.umask(0o022)
        with self.stages.step("download"):
            debs = fetch.debs(self.lock, self.lock.debs, self.cache / "debs")
            files = wheels.fetch(self.wheels, self.cache / "wheels")
        toolbox = self.toolbox(debs)
        payload = self.stages.kept(
            "payload", self._key("payload"), lambda tree: tools.unpack(self._files("payload", debs), tree)
        )
        debian = self.stages.kept(
            "debian", self._key("image", "base.py", "emulation.py"), lambda t: self._debian(debs, t)
        )
        venv = self.stages.kept("venv", self._venv_key(), lambda tree: self._venv(files, tree, toolbox))
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        with self.stages.step("root"):
            self._root(debian, payload, venv, work, toolbox)
        image = self._card(payload, work, toolbox)
        return self._deliver(image, work, toolbox, release)

    def toolbox(self, debs: dict[lock.Deb, Path]) -> Tools:
        """The locked tools, unpacked."""
        tree = self.stages.kept("tools", self._key("tools"), lambda t: tools.unpack(self._files("tools", debs), t))
        return Tools(tree)

    def _files(self, name: str, debs: dict[lock.Deb, Path]) -> list[Path]:
        return [debs[deb] for deb in self.lock.of(name)]

    def _key(self, name: str, *sources: str) -> str:
        return digest(self.lock.of(name), *(self.here / "imaging" / s for s in ("tools.py", *sources)))

    def _debian(self, debs: dict[lock.Deb, Path], tree: Path) -> str:
        emulator = self.stages.folder / f"tools-{self._key('tools')}" / "tree/usr/bin/qemu-aarch64"
        said = base.build(self._files("image", debs), tree, emulator, self.moment)
        base.strip(tree)
        return said

    def _ours(self) -> list[Path]:
        names = self._git("ls-files", "-z", "--", *OURS).split("\0")
        return [self.checkout / name for name in names if name and (self.checkout / name).exists()]

    def _venv_key(self) -> str:
        ours = [(path.relative_to(self.checkout).as_posix(), digest(path)) for path in self._ours()]
        return digest(self.here / "wheels.lock", self.here / "imaging/wheels.py", ours, self.lock.of("tools"))

    def _venv(self, files: dict[wheels.Wheel, Path], tree: Path, toolbox: Tools) -> None:
        source = tree.parent / "source"
        for path in self._ours():
            target = source / path.relative_to(self.checkout)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        for catalogue in sorted(source.glob("appliance/translations/*/LC_MESSAGES/*.po")):
            babel = [sys.executable, "-m", "babel.messages.frontend", "-q", "compile"]
            subprocess.run([*babel, "-i", catalogue, "-o", catalogue.with_suffix(".mo")], check=True)
        subprocess.run([sys.executable, source / "tools/compress_static.py"], check=True, stdout=subprocess.DEVNULL)
        builder = next(path for wheel, path in files.items() if wheel.use == "build")
        ours = wheels.build_ours(source, builder, tree.parent / "wheel", self.epoch)
        tree.mkdir()
        wheels.install([*(p for w, p in files.items() if w.use == "card"), ours], tree, rootfs.VENV, toolbox)

    def _root(self, debian: Path, payload: Path, venv: Path, work: Path, toolbox: Tools) -> None:
        root = work / "root"
        subprocess.run(["cp", "-a", debian, root], check=True)
        rootfs.kernel(payload, root)
        initramfs.index(root, self._release(payload), toolbox)
        rootfs.program(venv, root, toolbox)
        rootfs.units(self.checkout, self.here, root, toolbox, self.epoch)
        rootfs.read_only(root, self.version)
        rootfs.unprivileged(root)
        made = digest(self.lock.of("image", "payload"), self._venv_key(), self.checkout / "systemd", self.here)
        rootfs.named(root, f"{self.version} {made}")

    @staticmethod
    def _release(payload: Path) -> str:
        return card.only(payload / "usr/lib/modules", "*").name

    def _card(self, payload: Path, work: Path, toolbox: Tools) -> Path:
        with self.stages.step("card"):
            plain = work / "initrd.cpio"
            plain.write_bytes(
                initramfs.build(
                    work / "root", self._release(payload), payload / "usr/bin/busybox", self.here / "init.sh", toolbox
                )
            )
            toolbox.run("usr/bin/zstd", "-q", "-19", plain, "-o", work / "initrd")
            card.boot_files(payload, self.here, (work / "initrd").read_bytes(), work / "boot")
            card.make_boot(work / "boot", work / "boot.fat", card.BOOT_SIZE, toolbox, self.epoch)
            rootfs.settle(work / "root", self.moment, self.epoch)
            card.make_root(work / "root", work / "root.ext4", toolbox, self.epoch)
            image = work / f"cartable-{self.version}-arm64.img"
            card.assemble(work / "boot.fat", work / "root.ext4", image, toolbox)
        return image

    def _deliver(self, image: Path, work: Path, toolbox: Tools, release: bool) -> Path:
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        packed = self.out / (image.name + (".xz" if release else ".zst"))
        with self.stages.step("compress"):
            if release:
                toolbox.run("usr/bin/xz", "-6", "-T2", "-k", "-c", image, output=packed)
            else:
                toolbox.run("usr/bin/zstd", "-q", "-9", "-T2", image, "-o", packed)
        with self.stages.step("papers"):
            self._papers(image, packed, work)
        self.stages.write(self.out / "times.json")
        return packed

    def _papers(self, image: Path, packed: Path, work: Path) -> None:
        (self.out / f"{image.name}.bmap").write_text(bmap.render(image))
        moment = datetime.datetime.fromtimestamp(self.epoch, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        vendored = self.checkout / "appliance/hub/static/vendor/VENDORED.toml"
        cards = [wheel for wheel in self.wheels if wheel.use == "card"]
        bill = materials.bill(self.lock.of("image", "payload"), cards, work / "root", vendored, self.version, moment)
        (self.out / f"{image.stem}.cdx.json").write_text(bill)
        found = materials.sizes(work / "root", work / "boot")
        delivered = {packed.name: packed.stat().st_size, image.name: image.stat().st_size}
        (self.out / "sizes.json").write_text(json.dumps({"files": delivered, "parts": found}, indent=1) + "\n")
        (self.out / "sizes.txt").write_text(materials.size_report(found, delivered))
        names = sorted(p.name for p in self.out.iterdir() if p.name.startswith("cartable-"))
        sums = [f"{fetch.sha256(self.out / name)}  {name}\n" for name in names]
        sums.append(f"{fetch.sha256(image)}  {image.name}\n")
        (self.out / "SHA256SUMS").write_text("".join(sums))
