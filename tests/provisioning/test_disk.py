# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The data partition: made once, on any card, whenever the plug is pulled; never twice."""

from __future__ import annotations

import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.errors import StorageError
from provisioning import disk, mbr
from provisioning.mbr import Entry
from tests.provisioning import cards
from tests.provisioning.cards import MB, card, provision


def types(path: Path) -> list[str]:
    return [entry["type"] for entry in cards.table(path)]


def first_sector(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(512)


@pytest.mark.parametrize("megabytes", [4_000, 8_000, 128_000])
def test_a_card_gets_its_partitions(tmp_path: Path, megabytes: int) -> None:
    path = card(tmp_path / "card", megabytes)
    before = cards.image_sum(path)
    assert provision(path).returncode == 0
    boot, root, second, data = cards.table(path)
    assert cards.image_sum(path) == before
    assert (boot["start"], boot["bootable"], root["size"]) == (2048, True, 1200 * 2048)
    assert second["size"] == root["size"]
    assert types(path) == ["c", "83", "83", "83"]
    for entry in (second, data):
        assert entry["start"] % (4 * 2048) == 0
    assert data["start"] >= second["start"] + second["size"]
    assert megabytes * 2048 - (data["start"] + data["size"]) < 4 * 2048
    assert path.stat().st_blocks * 512 < 64 * MB  # what a slow card has to write
    cards.check(path)


def test_again_writes_nothing(tmp_path: Path) -> None:
    path = card(tmp_path / "card", 4_000)
    assert provision(path).returncode == 0
    before, whole = path.stat(), cards.data_sum(path)
    path.chmod(0o444)
    assert provision(path).returncode == 0
    after = path.stat()
    assert (after.st_mtime_ns, after.st_blocks) == (before.st_mtime_ns, before.st_blocks)
    assert cards.data_sum(path) == whole


def test_the_table_is_written_as_one_sector_and_flushed_before_anything_else(tmp_path: Path) -> None:
    path, trace = card(tmp_path / "card", 4_000), tmp_path / "trace"
    subprocess.run(["strace", "-y", "-f", "-o", trace, "-e", "trace=write,pwrite64,fsync,execve", sys.executable, "-m",
                    "appliance", "provision", "disk", "--disk", path], check=True, capture_output=True)  # fmt: skip
    calls = []
    for line in trace.read_text().splitlines():
        call = line.split(maxsplit=1)[1]
        if "mke2fs" in call and call.startswith("execve") and call.endswith("= 0"):
            calls.append("mke2fs")
        elif f"<{path}>" in call and call.startswith("pwrite64") and call.endswith("512, 0) = 512"):
            calls.append("table")
        elif f"<{path}>" in call and call.startswith("fsync"):
            calls.append("flush")
    assert calls[:3] == ["table", "flush", "mke2fs"]
    assert calls[-3:] == ["flush", "table", "flush"]
    assert calls.count("table") == 2


def steps(tmp_path: Path) -> list[str]:
    log = tmp_path / "steps"
    path = card(tmp_path / "counted", 4_000)
    assert provision(path, CARTABLE_FAIL_AT=f"0:{log}").returncode == 0
    path.unlink()
    return log.read_text().splitlines()


def test_a_plug_pulled_between_any_two_steps(tmp_path: Path) -> None:
    """Also when what was written and not flushed is gone."""
    names = steps(tmp_path)
    assert len(names) >= 8
    for number, name in enumerate(names, 1):
        for lost in (False, True) if name.startswith("flush") else (False,):
            path, log = card(tmp_path / f"card-{number}-{lost}", 4_000), tmp_path / f"log-{number}-{lost}"
            image, sector = cards.image_sum(path), first_sector(path)
            killed = provision(path, CARTABLE_FAIL_AT=f"{number}:{log}")
            assert killed.returncode == 137, name
            if lost:
                lose(path, name, sector)
            assert provision(path).returncode == 0, name
            assert types(path) == ["c", "83", "83", "83"], name
            assert cards.image_sum(path) == image
            cards.check(path)
            path.unlink()


def lose(path: Path, name: str, sector: bytes) -> None:
    """What had no flush: the table as it was before this write, or much of the new file system."""
    if "table" in name:
        found = first_sector(path)
        before = sector if found[446 + 48 + 4] == mbr.RAW else found[: 446 + 48 + 4] + bytes([mbr.RAW]) + found[499:]
        with path.open("r+b") as file:
            file.write(before)
    else:
        start = cards.table(path)[3]["start"] * 512
        spoil(path, start, random.Random(name))


def spoil(path: Path, start: int, chance: random.Random) -> None:
    """Blocks of a half-written file system: some as before, some of another."""
    with path.open("r+b") as file:
        for _ in range(200):
            file.seek(start + chance.randrange(0, 40 * MB // 4096) * 4096)
            file.write(chance.choice([bytes(4096), chance.randbytes(4096)]))


@pytest.mark.parametrize("after_blocks", [2_000, 30_000, 60_000])
def test_a_plug_pulled_while_it_is_formatted(tmp_path: Path, after_blocks: int) -> None:
    """mke2fs is killed with us after so many sectors reached the file."""
    path = card(tmp_path / "card", 4_000)
    image, base = cards.image_sum(path), path.stat().st_blocks
    process = subprocess.Popen([sys.executable, "-m", "appliance", "provision", "disk", "--disk", str(path)],
                               start_new_session=True)  # fmt: skip
    deadline = time.monotonic() + 30
    while path.stat().st_blocks - base < after_blocks and process.poll() is None:
        assert time.monotonic() < deadline
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if types(path)[3] == "da":
        spoil(path, cards.table(path)[3]["start"] * 512, random.Random(after_blocks))
    assert provision(path).returncode == 0
    assert types(path) == ["c", "83", "83", "83"]
    assert cards.image_sum(path) == image
    cards.check(path)


def test_a_filled_or_broken_data_partition_is_never_touched(tmp_path: Path) -> None:
    path = card(tmp_path / "card", 4_000)
    assert provision(path).returncode == 0
    start = cards.table(path)[3]["start"] * 512
    spoil(path, start, random.Random(4))
    cards.mark(path, start + 100 * MB)
    before = cards.data_sum(path)
    assert provision(path).returncode == 0
    assert cards.data_sum(path) == before


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "holds no partition table"),
        ("label: gpt\n2048,256M\n,1200M\n", "(GPT)"),
        ("label: dos\n2048,256M,83\n,1200M,83\n", "does not hold Cartable's image"),
        ("label: dos\n2048,256M,c\n", "does not hold Cartable's image"),
        (cards.IMAGE + "/dev/x4 : start=5447680, size=204800, type=7\n", "Partition 4 of"),
        (cards.IMAGE + "/dev/x4 : start=6447680, size=204800, type=da\n", "Partition 4 of"),
        (cards.IMAGE + "/dev/x3 : start=4000000, size=204800, type=83\n", "Partition 3 of"),
    ],
    ids=["garbage", "gpt", "no-fat", "one", "windows", "raw-elsewhere", "third"],
)
def test_a_card_of_somebody_else_stays_as_it_is(tmp_path: Path, table: str, said: str) -> None:
    path = card(tmp_path / "card", 4_000, table)
    before = path.stat().st_mtime_ns, first_sector(path)
    refused = provision(path, CARTABLE_CONFIG=str(english(tmp_path)))
    assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
    assert (path.stat().st_mtime_ns, first_sector(path)) == before


def english(folder: Path) -> Path:
    path = folder / "english.toml"
    path.write_text('[box]\nlanguage = "en"\n')
    return path


def test_a_card_that_is_too_small(tmp_path: Path) -> None:
    path = card(tmp_path / "card", 3_100)
    before = first_sector(path)
    refused = provision(path)
    assert (refused.returncode, "La carte est trop petite" in refused.stderr) == (1, True), refused.stderr
    assert first_sector(path) == before


def test_a_broken_configuration_does_not_keep_the_card_from_its_partitions(tmp_path: Path) -> None:
    path, broken = card(tmp_path / "card", 4_000), tmp_path / "broken.toml"
    broken.write_text("[nonsense")
    run = cards.run(sys.executable, "-m", "appliance", "--config", broken, "provision", "disk", "--disk", path)
    assert run.returncode == 0, run.stderr
    assert types(path)[3] == "83"


@pytest.mark.parametrize("kind", ["missing", "folder", "short"])
def test_what_is_no_card(tmp_path: Path, kind: str) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "card"
    if kind == "short":
        path.write_bytes(b"x" * 100)
    assert provision(path).returncode == 1


def test_a_failing_mke2fs_is_said_and_tried_again(tmp_path: Path) -> None:
    """Here: no room for what it writes."""
    path, tools = card(tmp_path / "card", 4_000), tmp_path / "bin"
    tools.mkdir()
    (tools / "mke2fs").write_text('#!/bin/sh\nulimit -f 1\nexec /usr/sbin/mke2fs "$@"\n')
    (tools / "mke2fs").chmod(0o755)
    failed = provision(path, PATH=f"{tools}:{os.environ['PATH']}")
    assert (failed.returncode, "n’a pas pu être formatée" in failed.stderr) == (1, True), failed.stderr
    assert types(path)[3] == "da"
    assert provision(path).returncode == 0
    cards.check(path)


@pytest.mark.system
def test_on_a_block_device(tmp_path: Path) -> None:
    """Through the kernel's partitions, the disk being in use."""
    path, log = card(tmp_path / "card", 4_000), tmp_path / "log"
    with cards.loop(path) as device:
        assert provision(device, CARTABLE_FAIL_AT=f"7:{log}").returncode == 137
        assert provision(device).returncode == 0
        inode = device.stat().st_mtime_ns
        assert provision(device).returncode == 0
        assert device.stat().st_mtime_ns == inode
    assert log.read_text().splitlines()[3:5] == ["tell the kernel of partition 3", "tell the kernel of partition 4"]
    assert types(path) == ["c", "83", "83", "83"]
    cards.check(path)


def test_no_card_fills_more_than_a_table_can_say() -> None:
    table = (Entry(0x0C, 2048, 524288), Entry(0x83, 526336, 2457600), Entry(), Entry())
    data = disk.entered(table, 2**33)[3]
    assert data.end <= mbr.LAST_SECTOR
    with pytest.raises(StorageError, match=r"\d+ MB are missing"):
        disk.entered(table, 0)


def test_untouched_entries_keep_their_bytes() -> None:
    entry = struct.pack("<B3sB3sII", 0x80, b"\1\2\3", 0x0C, b"\4\5\6", 2048, 524288)
    sector = os.urandom(446) + entry + bytes(48) + b"\x55\xaa"
    table = mbr.read(sector)
    assert table is not None
    changed = mbr.written(sector, (table[0], Entry(0x83, 526336, 100), Entry(), Entry()))
    assert changed[: 446 + 16] == sector[: 446 + 16]
    assert changed[446 + 32 :] == sector[446 + 32 :]
    assert mbr.read(changed) == (table[0], Entry(0x83, 526336, 100), Entry(), Entry())


@pytest.mark.parametrize("sector", [b"", b"\x55\xaa", bytes(512), os.urandom(510) + b"\xaa\x55", bytes(511)])
def test_nonsense_is_no_table(sector: bytes) -> None:
    assert mbr.read(sector) is None


def test_the_tools_are_there() -> None:
    assert all(shutil.which(name, path=cards.TOOLS["PATH"]) for name in ("sfdisk", "mke2fs", "e2fsck", "strace"))
