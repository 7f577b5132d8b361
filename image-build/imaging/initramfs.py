# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The kernel's modules, indexed, and the small initramfs that finds the root."""

from __future__ import annotations

import lzma
import stat
from pathlib import Path

from imaging import cpio
from imaging.tools import Tools

WANTED = (
    "bcm2835_wdt",                        # first: a panic restarts the Pi
    "fixed", "gpio_regulator", "bcm2835", "sdhci_iproc",  # the card: Pi 3 and Zero 2 W, Pi 4
    "reset_raspberrypi", "pcie_brcmstb", "xhci_pci", "phy_generic", "dwc2", "uas", "usb_storage", "sd_mod",  # USB
    "virtio_mmio", "virtio_pci", "virtio_blk",  # an emulator
    "ext4",
)  # fmt: skip


def index(root: Path, version: str, tools: Tools) -> None:
    """Write the index of modules (modules.dep and others), natively."""
    tools.run("usr/sbin/depmod", "-b", root, version)


def modules(root: Path, version: str, tools: Tools) -> list[Path]:
    """The files of ``WANTED`` that are modules, each after those it needs."""
    found: dict[Path, None] = {}
    for name in WANTED:
        for line in tools.run("usr/sbin/modprobe", "-d", root, "-S", version, "--show-depends", name).splitlines():
            words = line.split()
            if words[0] == "insmod":
                path = Path(words[1])
                found[path if path.is_absolute() else root / path] = None
    return list(found)


def build(root: Path, version: str, busybox: Path, init: Path, tools: Tools) -> bytes:
    """The archive, not yet compressed. Modules are unpacked, so that busybox's insmod takes them."""
    members = [cpio.folder(name) for name in ("bin", "dev", "modules", "proc", "root", "sys")]
    members.append(cpio.Member("dev/console", stat.S_IFCHR | 0o600, device=(5, 1)))
    members += [cpio.program("bin/busybox", busybox.read_bytes()), cpio.program("init", init.read_bytes())]
    members.append(cpio.program("choose", init.with_name("choose.sh").read_bytes()))
    order = []
    for path in modules(root, version, tools):
        name = path.name.removesuffix(".xz")
        data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
        members.append(cpio.Member(f"modules/{name}", stat.S_IFREG | 0o644, data))
        order.append(name)
    text = "".join(f"{name}\n" for name in order).encode()
    members.append(cpio.Member("modules/order", stat.S_IFREG | 0o644, text))
    return cpio.archive(members)
