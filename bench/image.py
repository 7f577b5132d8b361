# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""`make bench NAME=image`: the image beside bare Debian with nginx on one emulator, in turn; sizes, times, idle cost.

After `make image`, and `make image-test` for what an idle box costs. As root, like both.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
from pathlib import Path

from bench.measure import Table
from imaging import card, emulator, peer
from imaging.build import Build
from imaging.tools import Tools

CHECKOUT = Path(__file__).parents[1]
ROUNDS = int(os.environ.get("CARTABLE_BENCH_ROUNDS", "3"))


def main() -> None:
    """Measure everything; print and write the table."""
    build = Build(CHECKOUT, CHECKOUT / "build/image")
    tools = Tools(card.only(build.stages.folder, "tools-*") / "tree")
    table = Table("image")
    made(table, build)
    boots(table, build, tools)
    idle(table, build)
    print(f"\nwritten to {table.write()}")


def made(table: Table, build: Build) -> None:
    """What the last build took and gave."""
    times = json.loads((build.out / "times.json").read_text())
    kept = "kept" in next(row["note"] for row in times if row["step"] == "debian")
    bound, label = (25, "warm") if kept else (60, "cold")
    table.add(
        f"make image, {label}: minutes", sum(row["seconds"] for row in times) / 60, unit="min",
        target=f"<= {bound} min", met=lambda ours, _: ours <= bound,
    )  # fmt: skip
    for name, size in json.loads((build.out / "sizes.json").read_text())["files"].items():
        if not name.endswith(".img"):
            table.add(
                f"compressed image (.{name.rsplit('.', 1)[-1]})", size / 1e6, unit="MB", target="<= 1000 MB",
                met=lambda ours, _: ours <= 1000,
            )  # fmt: skip


def boots(table: Table, build: Build, tools: Tools) -> None:
    """Start to first page, in turn; both cards have started once before, for what is done once."""
    folder = build.folder / "bench"
    ours = card.only(build.folder / "work", "cartable-*.img")
    theirs = peer.make(build, tools, folder)
    for name in ("vmlinuz", "initrd", "cmdline.txt"):
        emulator.boot_file(ours, name, folder / name, tools)
    cards = {name: emulator.plug(image, folder / f"{name}.card") for name, image in (("ours", ours), ("peer", theirs))}
    firsts = {name: _boot(tools, disk, folder) for name, disk in cards.items()}
    table.add("first boot to first page", firsts["ours"], firsts["peer"], unit="s", peer_name="bare Debian")
    seconds: dict[str, list[float]] = {name: [] for name in cards}
    for _ in range(ROUNDS):
        for name, disk in cards.items():
            seconds[name].append(_boot(tools, disk, folder))
    table.add(
        f"boot to first page, median of {ROUNDS}", statistics.median(seconds["ours"]),
        statistics.median(seconds["peer"]), unit="s", peer_name="bare Debian", target="<= 1.5 x bare Debian",
        met=lambda _, ratio: ratio <= 1.5,
    )  # fmt: skip


def _boot(tools: Tools, disk: Path, folder: Path) -> float:
    with emulator.running(tools, disk, folder, folder / "serial") as machine:
        seconds = machine.first_page()
        with contextlib.suppress(TimeoutError):
            machine.shell("sync")
            machine.stop()
        return seconds


def idle(table: Table, build: Build) -> None:
    """What `make image-test` found."""
    found = json.loads((build.out / "image-test.json").read_text())
    table.add(
        "private memory of all services, idle", found["memory_mb"], unit="MB", target="<= 300 MB",
        met=lambda ours, _: ours <= 300,
    )  # fmt: skip
    table.add(
        "writes to the card, one idle hour", found["written_mb_per_hour"], unit="MB", target="<= 5 MB",
        met=lambda ours, _: ours <= 5,
    )  # fmt: skip


if __name__ == "__main__":
    main()
