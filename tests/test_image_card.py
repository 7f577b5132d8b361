# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A small card made by the image's own tools is right, and the same twice; so are the scripts that it starts with."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from imaging import bmap, card, cpio, fetch, lock, rootfs, tools
from provisioning import disk, mbr
from tests import units

HERE = Path(__file__).parents[1] / "image-build"
LOCK = lock.load(HERE / "packages.lock")
SCRIPTS = [HERE / "init.sh", HERE / "overlay/usr/lib/cartable/clock", HERE / "choose.sh"]
CARD_TOOLS = (
    "dosfstools", "e2fsprogs", "fdisk", "libblkid1", "libc6", "libcom-err2", "libext2fs2t64", "libfdisk1",
    "libreadline8t64", "libsmartcols1", "libss2", "libtinfo6", "libuuid1", "mtools",
)  # fmt: skip
"""Of the locked tools: those that make a card."""
EPOCH = 1_700_000_000


@pytest.fixture(scope="module")
def toolbox(tmp_path_factory: pytest.TempPathFactory) -> tools.Tools:
    """The locked tools that make a card, fetched and unpacked."""
    folder = tmp_path_factory.mktemp("tools")
    wanted = [deb for deb in LOCK.of("tools") if deb.name in CARD_TOOLS]
    assert len(wanted) == len(CARD_TOOLS)
    got = fetch.debs(LOCK, wanted, HERE.parent / "build/image/cache/debs")
    tools.unpack(list(got.values()), folder / "tree")
    return tools.Tools(folder / "tree")


def _payload(folder: Path) -> Path:
    """What the two packages bring, in small."""
    for name in (
        *(
            f"usr/lib/raspi-firmware/{n}"
            for n in ("bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat")
        ),
        "boot/vmlinuz-6.12-arm64",
        "usr/lib/linux-image-6.12-arm64/broadcom/bcm2837-rpi-3-b.dtb",
        "usr/lib/linux-image-6.12-arm64/broadcom/bcm2711-rpi-4-b.dtb",
        "usr/lib/linux-image-6.12-arm64/broadcom/bcm2837-rpi-zero-2-w.dtb",
        "usr/lib/linux-image-6.12-arm64/broadcom/bcm4708-linksys.dtb",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def _make(folder: Path, toolbox: tools.Tools) -> Path:
    """A small card, in a folder of its own, from files whose times are those of this moment."""
    root = folder / "root"
    for name in ("usr/bin/tool", "etc/machine-id", *(f"usr/share/many/{n}" for n in range(200))):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name * 50)
    (root / "bin").symlink_to("usr/bin")
    for path in (root, *root.rglob("*")):
        os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
    card.boot_files(_payload(folder / "payload"), HERE, b"initrd", folder / "boot")
    card.make_boot(folder / "boot", folder / "boot.fat", 64 * card.MIB, toolbox, EPOCH)
    card.make_root(root, folder / "root.ext4", toolbox, EPOCH)
    card.assemble(folder / "boot.fat", folder / "root.ext4", folder / "card.img", toolbox)
    return folder / "card.img"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, toolbox: tools.Tools) -> Path:
    """A small card made by the recipe."""
    return _make(tmp_path_factory.mktemp("card"), toolbox)


def test_the_partition_table_is_what_the_first_boot_expects(small: Path) -> None:
    with small.open("rb") as file:
        table = mbr.read(file.read(mbr.SECTOR))
    assert table is not None
    boot, root, third, data = table
    assert (boot.type, root.type, third, data) == (0x0C, mbr.LINUX, mbr.Entry(), mbr.Entry())
    assert [entry.start % disk.ALIGNMENT for entry in (boot, root)] == [0, 0]
    assert (boot.size, root.size) == (512 << 11, 2048 << 11)
    assert disk.plan(table, 8_000_000_000 // mbr.SECTOR, small) is disk.Next.ENTER
    assert small.stat().st_size < root.end * mbr.SECTOR


def test_the_boot_partition_holds_what_its_settings_name(small: Path, toolbox: tools.Tools, tmp_path: Path) -> None:
    names = toolbox.run("usr/bin/mdir", "-b", "-i", f"{small}@@{card.BOOT_START}").split()
    held = {name.removeprefix("::/") for name in names}
    settings = (HERE / "boot/config.txt").read_text()
    assert set(re.findall(r"(?m)^(?:kernel=|initramfs )(\S+)", settings)) <= held
    assert {"bootcode.bin", "start.elf", "start4.elf", "bcm2711-rpi-4-b.dtb", "bcm2837-rpi-zero-2-w.dtb"} <= held
    assert not [name for name in held if "linksys" in name]
    toolbox.run("usr/bin/mcopy", "-i", f"{small}@@{card.BOOT_START}", "::/cmdline.txt", tmp_path / "c")
    words = (tmp_path / "c").read_text().split()
    assert f"root=LABEL={card.ROOT_LABEL}" in words
    assert {"ro", "panic=10"} <= set(words)
    assert not [w for w in words if "debug" in w or w.startswith(("init=", "console=ttyS", "console=ttyAMA"))]


def test_the_root_is_a_clean_file_system_with_its_files(small: Path, toolbox: tools.Tools, tmp_path: Path) -> None:
    root = small.with_name("root.ext4")
    toolbox.run("usr/sbin/e2fsck", "-f", "-n", root)
    toolbox.run("usr/sbin/debugfs", "-R", f"dump /usr/bin/tool {tmp_path}/tool", root)
    assert (tmp_path / "tool").read_text() == "usr/bin/tool" * 50
    said = toolbox.run("usr/sbin/debugfs", "-R", "stats", root)
    assert card.ROOT_UUID in said
    assert "has_journal" not in said
    with small.open("rb") as file:
        file.seek(card.ROOT_START + 1024)
        label = struct.unpack("16s", file.read(1024)[120:136])[0]
    assert label.rstrip(b"\0").decode() == card.ROOT_LABEL


def test_the_same_files_make_the_same_card(small: Path, toolbox: tools.Tools, tmp_path: Path) -> None:
    assert fetch.sha256(_make(tmp_path, toolbox)) == fetch.sha256(small)


def test_front_end_files_stand_where_nginx_looks() -> None:
    assert f" root {rootfs.STATIC};" in (HERE.parent / "systemd/nginx.conf").read_text()
    assert f"{rootfs.VENV}/bin/cartable hub" in (HERE.parent / "systemd/cartable-hub.service").read_text()


def test_a_root_that_does_not_fit_is_refused(
    toolbox: tools.Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card, "ROOT_PARTITION", 8 * card.MIB)
    (tmp_path / "root").mkdir()
    with pytest.raises(SystemExit, match="the root needs"):
        card.make_root(tmp_path / "root", tmp_path / "image", toolbox, EPOCH)


def test_a_tool_that_fails_is_told(toolbox: tools.Tools, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"mkfs\.vfat"):
        toolbox.run("usr/sbin/mkfs.vfat", tmp_path / "missing/card")


def test_the_block_map_covers_what_is_not_zero(small: Path) -> None:
    text = bmap.render(small)
    tree = ET.fromstring(text)
    found = [(r.text or "", r.get("chksum")) for r in tree.iter("Range")]
    data = small.read_bytes()
    covered = bytearray(len(data))
    for stretch, checksum in found:
        first, _, last = stretch.partition("-")
        part = slice(int(first) * bmap.BLOCK, (int(last or first) + 1) * bmap.BLOCK)
        assert hashlib.sha256(data[part]).hexdigest() == checksum
        covered[part] = data[part]
    assert covered == data
    own = re.search(r"<BmapFileChecksum>(\w{64})<", text)
    assert own is not None
    assert hashlib.sha256(text.replace(own[1], "0" * 64).encode()).hexdigest() == own[1]


def test_the_first_archive_is_one_that_linux_reads() -> None:
    """Field by field, by the kernel's description."""
    data = cpio.archive([cpio.folder("bin"), cpio.program("init", b"#!x")])
    names, at = [], 0
    while at < len(data):
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        size, length = fields[6], fields[11]
        names.append((data[at + 110 : at + 110 + length - 1].decode(), oct(fields[1]), size))
        body = at + (110 + length + 3) // 4 * 4
        if names[-1][0] == "init":
            assert data[body : body + size] == b"#!x"
        at = body + (size + 3) // 4 * 4
    assert names == [("bin", "0o40755", 0), ("init", "0o100755", 3), ("TRAILER!!!", "0o0", 0)]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_parse_and_may_be_run(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True)
    assert script.read_text().startswith(("#!/bin/sh\n", "#!/bin/busybox sh\n"))


@pytest.mark.parametrize(
    ("bearing", "slot", "mode", "chosen", "status"),
    [
        (["sda2", "mmcblk0p2"], True, None, "mmcblk0p2", 0),
        (["sda2", "mmcblk0p2"], True, 1, "mmcblk0p2", 0),
        (["sda2", "mmcblk0p2"], True, 4, "sda2", 0),
        (["sda2"], True, None, "sda2", 2),
        (["sda2"], True, 4, "sda2", 0),
        (["sda2"], False, None, "sda2", 0),
        (["vda2"], False, None, "vda2", 0),
        (["mmcblk1p2"], True, 4, "mmcblk1p2", 0),
        ([], True, None, "", 1),
    ],
)
def test_the_card_in_the_slot_comes_before_a_stick_of_the_same_label(
    tmp_path: Path, bearing: list[str], slot: bool, mode: int | None, chosen: str, status: int
) -> None:
    for name in ("mmcblk0p1", "mmcblk0p2", "mmcblk1p2", "sda1", "sda2", "vda2"):
        (tmp_path / "dev" / name).parent.mkdir(exist_ok=True)
        label = card.ROOT_LABEL if name in bearing else "other"
        (tmp_path / "dev" / name).write_bytes(bytes(1144) + label.encode().ljust(16, b"\0"))
    (tmp_path / "sys/class/mmc_host").mkdir(parents=True)
    if slot:
        (tmp_path / "sys/class/mmc_host/mmc0").touch()
    if mode is not None:
        (tmp_path / "tree/chosen/bootloader").mkdir(parents=True)
        (tmp_path / "tree/chosen/bootloader/boot-mode").write_bytes(mode.to_bytes(4, "big"))
    environ = {"PATH": "/usr/bin:/bin"} | {k.upper(): f"{tmp_path}/{k}" for k in ("dev", "tree", "sys")}
    done = subprocess.run(["sh", SCRIPTS[2], card.ROOT_LABEL], capture_output=True, text=True, env=environ)
    assert (done.stdout.strip().removeprefix(f"{tmp_path}/dev/"), done.returncode) == (chosen, status)


def test_the_clock_never_goes_back(tmp_path: Path) -> None:
    """A note of the past changes nothing; one is left when the box stops."""
    note = tmp_path / "clock"
    environment = {"CARTABLE_CLOCK_NOTE": str(note), "PATH": "/usr/bin:/bin"}
    for word in ("start", "save", "start"):
        subprocess.run(["sh", SCRIPTS[1], word], check=True, env=environment)
    assert note.exists()
    os.utime(note, (EPOCH, EPOCH))
    subprocess.run(["sh", SCRIPTS[1], "start"], check=True, env=environment)
    assert subprocess.run(["sh", SCRIPTS[1]], env=environment, stderr=subprocess.DEVNULL).returncode == 2


def test_the_clock_follows_nothing_that_a_service_left(tmp_path: Path) -> None:
    note, other = tmp_path / "clock", tmp_path / "other"
    other.write_text("kept")
    os.utime(other, (EPOCH, EPOCH))
    note.symlink_to(other)
    for word in ("start", "save", "start"):
        subprocess.run(
            ["sh", SCRIPTS[1], word], check=True, env={"CARTABLE_CLOCK_NOTE": str(note), "PATH": "/usr/bin:/bin"}
        )
    assert (other.read_text(), int(other.stat().st_mtime)) == ("kept", EPOCH)
    assert note.is_file()
    assert not note.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clock", "other"]


def test_systemd_has_nothing_to_say_of_the_card_s_own_units(tmp_path: Path) -> None:
    folder = units.install(tmp_path)
    shutil.copytree(HERE / "overlay/usr", tmp_path / "usr", dirs_exist_ok=True)
    ours = [path.name for path in (HERE / "overlay/usr/lib/systemd/system").glob("cartable-*")]
    assert ours
    assert folder.exists()
    done = units.analyze(tmp_path, "verify", "--man=no", *ours)
    assert (units.complaints(done.stderr), done.returncode) == ([], 0)


def test_no_program_of_the_card_gives_rights(tmp_path: Path) -> None:
    for name, mode in (("su", 0o4755), ("wall", 0o2755), ("ls", 0o755)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal").chmod(0o2755)
    (tmp_path / "link").symlink_to("su")
    assert rootfs.unprivileged(tmp_path) == ["su", "wall"]
    modes = {path.name: path.lstat().st_mode & 0o7777 for path in tmp_path.iterdir() if not path.is_symlink()}
    assert modes == {"su": 0o755, "wall": 0o755, "ls": 0o755, "journal": 0o2755}
