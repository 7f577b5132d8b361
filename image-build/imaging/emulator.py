# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A card in QEMU, as a board that Debian's kernel knows: started, asked over TCP, looked into, counted, killed.

The image has no way in. The emulator has the kernel start systemd's own debug shell on a line of its own
(systemd-debug-generator(8)): whoever holds a card can do so, by its ``cmdline.txt``.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imaging import card
from imaging.tools import ENVIRONMENT, Tools

MEMORY_MB = 1024
"""That of a Pi 3; a Zero 2 W has half, see ``CARTABLE_IMAGE_MEMORY``."""
PROMPT = "end-of-answer"


def plug(image: Path, target: Path, size: int = 8_000_000_000) -> Path:
    """A card of ``size`` bytes with the image on it, as a sparse file."""
    with target.open("wb") as file:
        for offset, data in card.chunks(image):
            file.seek(offset)
            file.write(data)
        file.truncate(size)
    return target


def boot_file(image: Path, name: str, target: Path, tools: Tools) -> Path:
    """Copy a file from the image's boot partition, the very one that a Pi would start."""
    target.unlink(missing_ok=True)
    tools.run("usr/bin/mcopy", "-i", f"{image}@@{card.BOOT_START}", f"::/{name}", target)
    return target


class Machine:
    """One run of the emulator. ``port`` of this machine leads to port 80 of the card."""

    def __init__(
        self, tools: Tools, disk: Path, boot: Path, log: Path, memory: int = MEMORY_MB, shell: bool = True
    ) -> None:
        self.folder = log.parent
        self.port = _free_port()
        self.started = time.monotonic()
        command_line = (boot / "cmdline.txt").read_text().strip() if (boot / "cmdline.txt").exists() else ""
        words = f"{command_line} console=ttyAMA0 systemd.show_status=yes"
        if shell:
            words += " systemd.debug_shell=hvc0"
        for name in ("shell", "qmp"):
            (self.folder / name).unlink(missing_ok=True)
        command = [
            *tools.command("usr/bin/qemu-system-aarch64"), "-M", "virt", "-cpu", "cortex-a53", "-smp", "2",
            "-m", str(memory), "-accel", "tcg,thread=multi", "-display", "none", "-nodefaults", "-no-reboot",
            "-rtc", "base=1970-01-02T00:00:00",  # a Pi has no clock
            "-L", str(tools.root / "usr/share/qemu"), "-kernel", str(boot / "vmlinuz"), "-initrd", str(boot / "initrd"),
            "-append", words,
            "-drive", f"file={disk},if=none,id=card,format=raw,cache=writeback",
            "-device", "virtio-blk-device,drive=card",
            "-netdev", f"user,id=lan,hostfwd=tcp:127.0.0.1:{self.port}-:80", "-device", "virtio-net-device,netdev=lan",
            "-object", "rng-random,filename=/dev/urandom,id=rng", "-device", "virtio-rng-device,rng=rng",
            "-serial", f"file:{log}", "-device", "virtio-serial-device",
            "-chardev", f"socket,id=shell,path={self.folder}/shell,server=on,wait=off",
            "-device", "virtconsole,chardev=shell",
            "-qmp", f"unix:{self.folder}/qmp,server=on,wait=off",
        ]  # fmt: skip
        self.errors = (self.folder / "qemu.log").open("wb")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors, env=ENVIRONMENT
        )
        self._lines: socket.socket | None = None

    def get(self, path: str = "/", timeout: float = 30) -> tuple[int, bytes]:
        """Ask the card for a page. :raises OSError: no answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()

    def first_page(self, path: str = "/", limit: float = 600) -> float:
        """Seconds from the start to the first page with status 200. :raises TimeoutError: none within ``limit``."""
        while time.monotonic() - self.started < limit:
            if self.process.poll() is not None:
                raise TimeoutError(f"the emulator ended with status {self.process.returncode}")
            with contextlib.suppress(OSError):
                if self.get(path, timeout=5)[0] == 200:
                    return time.monotonic() - self.started
            time.sleep(0.25)
        raise TimeoutError(f"no page within {limit:.0f} s")

    def shell(self, command: str, limit: float = 120) -> str:
        """What a command run by the card's root says. :raises TimeoutError: it does not come back."""
        if self._lines is None:
            self._greet(limit)
        return self._answer(command, limit)

    def _greet(self, limit: float) -> None:
        """What is said before the shell is there is lost: say it until it answers."""
        self._lines = _connect(self.folder / "shell")
        deadline = time.monotonic() + limit
        while True:
            try:
                self._lines.sendall(b"\nstty -echo; PS1=; PS2=\n")
                self._answer("true", 5)
            except TimeoutError:
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def _answer(self, command: str, limit: float) -> str:
        assert self._lines is not None
        mark = f"{PROMPT}-{time.monotonic_ns()}"
        # The mark is written in two parts, so that an echo of the command is not taken for it.
        self._lines.sendall(f"{{ {command}\n}} 2>&1; echo; echo {mark[:4]}''{mark[4:]}\n".encode())
        text, deadline = "", time.monotonic() + limit
        while mark not in text:
            self._lines.settimeout(max(0.1, deadline - time.monotonic()))
            data = self._lines.recv(65536)
            if not data or time.monotonic() > deadline:
                raise TimeoutError(f"no answer to {command!r}: {text[-500:]}")
            text += data.decode(errors="replace")
        # An answer that came late, to a command given up, is not this one's.
        text = re.split(rf"{PROMPT}-\d+\r?\n", text.split(mark)[0])[-1]
        return re.sub(r"\x1b\[[0-9;?:]*[A-Za-z]|\r", "", text).strip()

    def written(self) -> int:
        """Bytes that the card was written since the start."""
        with contextlib.closing(_connect(self.folder / "qmp")) as line, line.makefile("rw") as stream:
            stream.readline()
            _ask(stream, "qmp_capabilities")
            stats = _ask(stream, "query-blockstats")
            return sum(int(device["stats"]["wr_bytes"]) for device in stats)

    def stop(self, limit: float = 180) -> None:
        """Shut down as the teacher's button does. :raises subprocess.TimeoutExpired: it does not within ``limit``."""
        assert self._lines is not None
        self._lines.sendall(b"systemctl poweroff\n")
        self.process.wait(limit)

    def kill(self) -> None:
        """Pull the plug."""
        self.process.kill()
        self.process.wait()
        if self._lines is not None:
            self._lines.close()
        self.errors.close()


def _ask(stream: Any, command: str) -> Any:
    stream.write(json.dumps({"execute": command}) + "\n")
    stream.flush()
    while True:
        answer = json.loads(stream.readline())
        if "return" in answer:
            return answer["return"]
        if "error" in answer:
            raise OSError(answer["error"]["desc"])


@contextlib.contextmanager
def running(tools: Tools, disk: Path, boot: Path, log: Path, **options: Any) -> Iterator[Machine]:
    """A machine that is gone at the end, whatever happens."""
    machine = Machine(tools, disk, boot, log, **options)
    try:
        yield machine
    finally:
        machine.kill()


def _connect(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    deadline = time.monotonic() + 30
    while True:
        try:
            line.connect(str(path))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return line


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
