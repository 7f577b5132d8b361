# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The box's units under a real systemd, in namespaces over a copy of a Debian that is thrown away (``boot.sh``).

By default the copied Debian is this machine's. What differs from a card: the data partition is memory, and nobody
partitions anything; the kernel is this machine's (where it keeps the memory controller to itself, limits of memory
are read and not enforced). Needs root.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import private_bytes
from tests.rigs.box import until
from tests.rigs.netns import Computer

SCRIPT = Path(__file__).with_name("boot.sh")
START_S = 60.0
UNPACKED = "CARTABLE_UNITS_DEBIAN"
"""Environment variable: a folder with ``system`` and ``packages``."""
MEMORY_MOUNT = """[Unit]
DefaultDependencies=no
[Mount]
What=tmpfs
Where=/var/lib/cartable
Type=tmpfs
"""
NO_CARD = "[Service]\nEnvironment=CARTABLE=/bin/true\n"
PYTHON_HERE = "[Service]\nEnvironment=LD_LIBRARY_PATH=/usr/lib/cartable/python/lib\n"
"""Where this Python's own library is; the card's is Debian's."""


def cgroups() -> Path:
    """Where the second version of control groups is mounted."""
    lines = Path("/proc/self/mounts").read_text(encoding="ascii").splitlines()
    return next(Path(line.split()[1]) for line in lines if line.split()[2] == "cgroup2")


@dataclass
class Booted:
    """A machine that runs."""

    init: int
    """Process id of its systemd, here."""
    group: Path
    screen: bytearray = field(default_factory=bytearray)
    terminal: int = -1

    def run(self, *command: str, check: bool = True) -> str:
        """Standard output of a command in that machine, as its root."""
        enter = ["nsenter", "-t", str(self.init), "-m", "-p", "-u", "-i", "-n", "-C", "--", *command]
        done = subprocess.run(enter, capture_output=True, text=True, check=False, timeout=60)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def show(self, unit: str, key: str) -> str:
        """A property of a unit, as systemd sees it."""
        return self.run("systemctl", "show", "--value", "-p", key, unit).strip()

    def journal(self, unit: str) -> str:
        """What a unit said, and what systemd says of it."""
        return self.run("journalctl", "--no-pager", "-q", "-b", "-o", "cat", "-u", unit)

    def pids(self, unit: str) -> list[int]:
        """The processes of a service, by their ids here; empty when it does not run."""
        found = list((self.group / "system.slice" / unit).glob("**/cgroup.procs"))
        return [int(pid) for file in found for pid in file.read_text(encoding="ascii").split()]

    def private(self, unit: str) -> int:
        """Bytes of private memory of a service's processes."""
        return private_bytes(self.pids(unit))

    def inside(self, unit: str, code: str) -> str:
        """Output of Python code run by a process that shares the service's control group, and nothing else of it."""
        procs = str(self.group / "system.slice" / unit / "cgroup.procs")
        join = f"import os; open({procs!r}, 'w').write(str(os.getpid()))"
        enter = ["nsenter", "-t", str(self.init), "-n", "--", sys.executable, "-c", f"{join}\n{code}"]
        return subprocess.run(enter, capture_output=True, text=True, check=True, timeout=30).stdout

    def shown(self) -> str:
        """What is on the first terminal since the last clearing of the screen."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.terminal, 65536):
                self.screen += data
        return self.screen.decode("utf-8", "replace").rpartition("\x1b[2J")[2]


@dataclass(frozen=True)
class Debian:
    """What is copied: a system, and a Python (None: its own) with the packages that we need."""

    system: Path = Path("/")
    python: Path | None = Path(sys.base_prefix)
    site: Path = Path(sysconfig.get_path("purelib"))

    @classmethod
    def chosen(cls) -> Debian:
        """This machine, or the one that ``make units-test`` has unpacked."""
        folder = os.environ.get(UNPACKED)
        if not folder:
            return cls()
        [site] = Path(folder).glob("packages/python3.*/site-packages")
        return cls(Path(folder) / "system", None, site)


@contextlib.contextmanager
def booted(
    work: Path, computer: Computer, extra: dict[str, str] | None = None, debian: Debian | None = None
) -> Iterator[Booted]:
    """Boot on the network of ``computer``; ``extra``: files of the machine, by their path in it."""
    debian = debian or Debian.chosen()
    _write(work / "extra", {**_here(), **(extra or {})})
    group = cgroups() / f"cartable-{os.getpid()}"
    group.mkdir()
    terminal, other = os.openpty()
    os.set_blocking(terminal, False)
    arguments = [str(debian.system), str(work), str(debian.python or ""), str(debian.site), os.ttyname(other)]
    flags = ["--mount", "--pid", "--fork", "--uts", "--ipc", "--cgroup", "--kill-child"]
    inside = computer.command(["unshare", *flags, "sh", str(SCRIPT), *arguments])
    join = f'echo $$ >{group}/cgroup.procs && exec "$@"'
    with (work / "log").open("wb") as log:
        command = ["sh", "-c", join, "sh", *inside]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        yield Booted(_init(process, work), group, terminal=terminal)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _empty(group)
        os.close(terminal)
        os.close(other)


def _here() -> dict[str, str]:
    return {
        "etc/systemd/system/var-lib-cartable.mount": MEMORY_MOUNT,
        "usr/lib/systemd/system/cartable-.service.d/90-python.conf": PYTHON_HERE,
        "etc/systemd/system/cartable-disk.service.d/here.conf": NO_CARD,
    }


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = folder / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _init(process: subprocess.Popen[bytes], work: Path) -> int:
    """The process id of systemd, once it is one and listens."""

    def found() -> int:
        assert process.poll() is None, (work / "log").read_text()
        for child in _children(process.pid):
            if (Path(f"/proc/{child}/comm").read_text(encoding="ascii").strip()) == "systemd":
                return child
        return 0

    pid: int = until(found, "systemd does not start", START_S)
    listening = Path(f"/proc/{pid}/root/run/systemd/private")
    until(listening.exists, "systemd does not listen", START_S)
    return pid


def _children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def _empty(group: Path) -> None:
    """Remove the control groups, once the kernel has let go of the processes in them."""
    end = time.monotonic() + 10
    for folder in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
        _remove(folder, end)
    _remove(group, end)


def _remove(folder: Path, end: float) -> None:
    while True:
        try:
            folder.rmdir()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
