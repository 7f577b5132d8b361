# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``make image-test``: the built image in an emulator, first and second boot, plugs pulled, an idle box counted.

Every check is said with what was found, and all are run: the log is worth more whole.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from imaging import card, emulator
from imaging.build import Build
from imaging.emulator import Machine
from imaging.tools import Tools

SERVICES = ("cartable-hub.service", "cartable-nginx.service")
ONESHOTS = ("cartable-disk.service", "cartable-provision.service", "cartable-migrate.service", "cartable-clock.service")
TITLE = "Kept over the night"
BUDGET_MB = 300
WRITES_MB = 5
IDLE_S = int(os.environ.get("CARTABLE_IMAGE_IDLE", "600"))
CUTS = int(os.environ.get("CARTABLE_IMAGE_CUTS", "3"))
PRIVATE = """
for unit in $(systemctl list-units -t service --state active --no-legend --plain 'cartable-*' | cut -d' ' -f1); do
  for pid in $(cat /sys/fs/cgroup/system.slice/$unit/cgroup.procs 2>/dev/null); do
    awk -v unit=$unit '/^Private_(Clean|Dirty)/ { sum += $2 } END { print unit, sum }' /proc/$pid/smaps_rollup
  done
done
"""


class Trial:
    """The checks of one image; its log is written as it goes."""

    def __init__(self, image: Path, tools: Tools, folder: Path, log: Path) -> None:
        self.image, self.tools, self.folder, self.log = image, tools, folder, log
        self.failed: list[str] = []
        self.found: dict[str, float] = {}
        self.identity = ""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        log.write_text("")
        for name in ("vmlinuz", "initrd", "cmdline.txt"):
            emulator.boot_file(image, name, folder / name, tools)

    def say(self, text: str) -> None:
        """To the screen and the log."""
        print(text, flush=True)
        with self.log.open("a") as file:
            file.write(text + "\n")

    def check(self, what: str, good: bool, found: object) -> None:
        """Note one result."""
        self.say(f"{'ok ' if good else 'NOT'} {what}: {found}")
        if not good:
            self.failed.append(what)

    def card(self, name: str) -> Path:
        """A fresh card of 8 GB."""
        return emulator.plug(self.image, self.folder / name)

    def start(self, disk: Path, name: str) -> Machine:
        """The emulator with this card."""
        memory = int(os.environ.get("CARTABLE_IMAGE_MEMORY", emulator.MEMORY_MB))
        return Machine(self.tools, disk, self.folder, self.folder / f"{name}.serial", memory)

    def boot(self, disk: Path, name: str, work: Callable[[Machine], None], stop: bool = True) -> None:
        """Start, wait for the page, work, shut down."""
        machine = self.start(disk, name)
        try:
            seconds = machine.first_page()
            self.found[name] = seconds
            self.check(f"{name}: first page", True, f"{seconds:.1f} s")
            work(machine)
            if stop:
                machine.stop()
        except (OSError, TimeoutError) as error:
            self.check(f"{name}: the box answers", False, error)
            self.say((self.folder / f"{name}.serial").read_text(errors="replace")[-3000:])
        finally:
            machine.kill()

    def healthy(self, machine: Machine, name: str) -> None:
        """Units, mounts, journal: what holds after every boot."""
        machine.shell("systemctl is-system-running --wait", limit=300)
        failed = machine.shell("systemctl --failed --no-legend --plain")
        self.check(f"{name}: no unit failed", not failed, failed or "none")
        for unit in SERVICES:
            state = machine.shell(f"systemctl is-active {unit}")
            self.check(f"{name}: {unit}", state == "active", state)
        for unit in ONESHOTS:  # a look may have found that there is nothing to do
            result = machine.shell(f"systemctl show --value -p Result {unit}")
            self.check(f"{name}: {unit}", result == "success", result)
        root = machine.shell("findmnt -n -o FSTYPE,OPTIONS /")
        self.check(f"{name}: the root is read-only", bool(re.match(r"ext4 +ro\b", root)), root)
        data = machine.shell("findmnt -n -o SOURCE,FSTYPE,OPTIONS /var/lib/cartable")
        self.check(f"{name}: the data partition is mounted", bool(re.match(r"\S+4 +ext4 +rw\b.*noatime", data)), data)
        journal = machine.shell("ls -d /var/log/journal /run/log/journal 2>/dev/null")
        self.check(f"{name}: the journal is in memory", journal == "/run/log/journal", journal)
        year = machine.shell("date -u +%Y")
        self.check(f"{name}: the clock is not before the image", int(year) >= 2026, year)

    def dressed(self, machine: Machine) -> None:
        """Every front-end file that the first pages name is there."""
        pages = "".join(machine.get(path, timeout=60)[1].decode() for path in ("/", "/etagere"))
        wanted = sorted(set(re.findall(r'"(/static/[^"#]+)', pages)))
        answers = {path: machine.get(path, timeout=60)[0] for path in wanted}
        wrong = {path: status for path, status in answers.items() if status != 200}
        self.check("first boot: front-end files", bool(answers) and not wrong, wrong or f"{len(answers)} files")

    def first(self, machine: Machine) -> None:
        """The first boot: health, memory, something to keep."""
        self.healthy(machine, "first boot")
        self.dressed(machine)
        privileged = machine.shell("find / -xdev -type f -perm /6000", limit=600)
        self.check("first boot: no program gives rights", not privileged, privileged or "none")
        self.limits(machine)
        self.doctor(machine)
        self.memory(machine)
        machine.shell(f"/usr/lib/cartable/venv/bin/cartable library add --link https://example.org/ --title '{TITLE}'")
        self.check("first boot: a resource is on the shelf", TITLE in self.shelf(machine), "over TCP")
        self.identity = machine.shell("cat /var/lib/cartable/identity.json")
        self.check("first boot: the box has an identity", self.identity.startswith("{"), "identity.json")

    def second(self, machine: Machine) -> None:
        """The second boot: all is there."""
        self.healthy(machine, "second boot")
        self.check("second boot: the resource is still there", TITLE in self.shelf(machine), "over TCP")
        identity = machine.shell("cat /var/lib/cartable/identity.json")
        self.check("second boot: the same identity", identity == self.identity, "identity.json")
        self.idle(machine)

    @staticmethod
    def shelf(machine: Machine) -> str:
        """The page that a tablet shows."""
        return machine.get("/etagere", timeout=60)[1].decode()

    def doctor(self, machine: Machine) -> None:
        """``cartable doctor`` finds nothing wrong but what an emulator lacks."""
        said = machine.shell("/usr/lib/cartable/venv/bin/cartable doctor; echo status $?", limit=180)
        self.say(re.sub(r"(?m)^", "    ", said))
        crosses = [line for line in said.splitlines() if "✗" in line]
        self.check("first boot: the doctor finds nothing wrong", not crosses, crosses or "no ✗")

    def memory(self, machine: Machine) -> None:
        """Private memory of all services, some time after the start."""
        machine.shell("sleep 20")
        rows = [line.split() for line in machine.shell(PRIVATE).splitlines() if len(line.split()) == 2]
        total = sum(int(row[1]) for row in rows) / 1024
        self.found["memory_mb"] = total
        self.say("    " + ", ".join(f"{unit} {int(kib) / 1024:.1f} MB" for unit, kib in rows))
        self.check(f"idle memory <= {BUDGET_MB} MB", bool(rows) and total <= BUDGET_MB, f"{total:.0f} MB")

    def limits(self, machine: Machine) -> None:
        """What the units say of memory is what the kernel holds them to."""
        for unit in SERVICES:
            for key, file in (("MemoryHigh", "memory.high"), ("MemoryMax", "memory.max")):
                said = machine.shell(f"systemctl show --value -p {key} {unit}")
                held = machine.shell(f"cat /sys/fs/cgroup/system.slice/{unit}/{file}")
                same = said.isdigit() and held.isdigit() and int(said) // 4096 == int(held) // 4096
                self.check(f"{unit}: {file} is {key}", same, f"{held} bytes, {said} said")

    def note(self) -> None:
        """The figures found so far, for the benchmark."""
        self.log.with_suffix(".json").write_text(json.dumps(self.found, indent=1) + "\n")

    def idle(self, machine: Machine) -> None:
        """Bytes written in a quiet while, as an hour's."""
        machine.shell("sleep 60; sync", limit=120)
        before, since = machine.written(), time.monotonic()
        while time.monotonic() - since < IDLE_S:
            time.sleep(5)
        seconds = time.monotonic() - since
        hour = (machine.written() - before) * 3600 / seconds / 1e6
        self.found["written_mb_per_hour"] = hour
        self.check(f"writes to the card <= {WRITES_MB} MB an idle hour", hour <= WRITES_MB,
                   f"{hour:.2f} MB, from {seconds:.0f} s")  # fmt: skip

    def cuts(self) -> None:
        """The plug is pulled at some moment of the first boot: the next comes up whole."""
        whole = self.found.get("first boot", 60)
        moments = random.Random(4)  # noqa: S311 - no secret
        for number in range(1, CUTS + 1):
            disk, after = self.card("cut.img"), whole * moments.uniform(0.35, 1.1)
            machine = self.start(disk, f"cut {number}")
            time.sleep(after)
            machine.kill()
            name = f"after cut {number} at {after:.0f} s"
            self.boot(disk, name, lambda m, n=name: self.healthy(m, n), stop=False)  # type: ignore[misc]

    def run(self) -> bool:
        """Everything; whether all is well."""
        disk = self.card("card.img")
        self.boot(disk, "first boot", self.first)
        self.boot(disk, "second boot", self.second)
        self.note()
        self.cuts()
        self.say(f"{len(self.failed)} failed" + "".join(f"\n  {name}" for name in self.failed))
        return not self.failed


def main(build: Build) -> bool:
    """Try the image that was built last. Returns whether all is well."""
    images = list((build.folder / "work").glob("cartable-*.img"))
    if not images:
        raise SystemExit("There is no image: run `make image` first.")
    tools = Tools(card.only(build.stages.folder, "tools-*") / "tree")
    return Trial(images[0], tools, build.folder / "trial", build.out / "image-test.log").run()
