# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Our Python environment on the card: the wheels of requirements.lock for its processor, and ours from the checkout.

``wheels.lock`` names the file chosen for each line of requirements.lock, so that nobody's idea of the best wheel
changes the image, plus the one that builds our own.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from imaging.fetch import sha256
from imaging.lock import LockError
from imaging.tools import Tools

PYTHON = "3.13"
GLIBC = 41
"""Minor version of the card's glibc 2.x: wheels for it and for any older one run (PEP 600)."""
CARD = {
    "python_version": "3.13", "python_full_version": "3.13.5", "sys_platform": "linux", "os_name": "posix",
    "platform_machine": "aarch64", "platform_system": "Linux", "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}  # fmt: skip
"""The card's environment, for the lock's markers."""
BUILDER = "setuptools==84.2.1"
HEADER = """\
# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# Written by `make image-lock` from requirements.lock, for aarch64 and CPython 3.13. use size sha256 file
"""
_LINE = re.compile(
    r"(card|build) ([1-9][0-9]*) ([0-9a-f]{64}) "
    r"([A-Za-z0-9_.+]+-[A-Za-z0-9_.+!]+-(?:py3|py2\.py3|cp3\d+)-[a-z0-9_]+-[a-z0-9_.]+\.whl)"
)


@dataclasses.dataclass(frozen=True, order=True)
class Wheel:
    """One file. ``use``: ``card`` (installed) or ``build`` (makes our own wheel). ``size`` in bytes."""

    use: str
    file: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """Normalised project name (PEP 503)."""
        return re.sub(r"[-_.]+", "-", self.file.split("-")[0]).lower()

    @property
    def version(self) -> str:
        """As in the file's name (PEP 427)."""
        return self.file.split("-")[1]

    @property
    def platforms(self) -> list[str]:
        """The platform tags (PEP 425)."""
        return self.file.removesuffix(".whl").split("-")[-1].split(".")


def parse(text: str) -> list[Wheel]:
    """Read wheels.lock. :raises LockError: a line that is no wheel for the card."""
    wheels = []
    for number, line in enumerate(text.splitlines(), 1):
        if line and not line.startswith("#"):
            match = _LINE.fullmatch(line)
            if match is None:
                raise LockError(f"line {number} is no wheel: {line!r}")
            wheel = Wheel(match[1], match[4], int(match[2]), match[3])
            if not any(runs(tag) for tag in wheel.platforms):
                raise LockError(f"line {number} does not run on the card: {wheel.file}")
            wheels.append(wheel)
    return wheels


def runs(platform: str) -> bool:
    """Whether a wheel of this platform tag runs on the card."""
    match = re.fullmatch(r"manylinux_2_(\d+)_aarch64", platform)
    return platform in ("any", "manylinux2014_aarch64") or (match is not None and int(match[1]) <= GLIBC)


def _platforms() -> list[str]:
    names = [f"manylinux_2_{minor}_aarch64" for minor in range(17, GLIBC + 1)]
    return [word for name in [*names, "manylinux2014_aarch64"] for word in ("--platform", name)]


def _for_card() -> list[str]:
    abis = [word for abi in ("cp313", "abi3", "none") for word in ("--abi", abi)]
    return ["--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp", *abis, *_platforms()]


def _pip(*words: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", *map(str, words)]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"pip {words[0]}: {ran.stderr.strip()}")


def on_card(text: str) -> dict[str, tuple[str, list[str]]]:
    """Of the text of requirements.lock, what holds on the card: name -> version and SHA-256s (PEP 508)."""
    found = {}
    for line in re.findall(r"(?m)^[A-Za-z0-9].*$", text.replace("\\\n", " ")):
        requirement = Requirement(line.split(" --hash")[0].strip())
        if requirement.marker is None or requirement.marker.evaluate(CARD):
            hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", line)
            found[canonicalize_name(requirement.name)] = (str(requirement.specifier).removeprefix("=="), hashes)
    return {str(name): value for name, value in found.items()}


def lock(requirements: Path, folder: Path) -> str:
    """Download what requirements.lock asks for on the card. Returns the text of wheels.lock."""
    rows = []
    wanted = folder / "requirements.txt"
    folder.mkdir(parents=True, exist_ok=True)
    wanted.write_text(
        "".join(
            f"{name}=={version} {' '.join(f'--hash=sha256:{digest}' for digest in hashes)}\n"
            for name, (version, hashes) in on_card(requirements.read_text()).items()
        )
    )
    for use, words in (("card", ["--require-hashes", "-r", wanted]), ("build", [BUILDER])):
        target = folder / use
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        _pip("download", "--no-deps", *words, *_for_card(), "-d", target)
        rows += [f"{use} {p.stat().st_size} {sha256(p)} {p.name}\n" for p in sorted(target.iterdir())]
    return HEADER + "".join(rows)


def fetch(wheels: Sequence[Wheel], folder: Path) -> dict[Wheel, Path]:
    """The locked files, from the cache or the package index that pip is set up for.

    :raises SystemExit: one that the index does not give with the right SHA-256.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [wheel for wheel in wheels if not _held(wheel, folder)]
    if missing:
        wanted = folder / "wanted.txt"
        wanted.write_text("".join(f"{w.name}=={w.version} --hash=sha256:{w.sha256}\n" for w in missing))
        _pip("download", "--no-deps", "--require-hashes", "-r", wanted, *_for_card(), "-d", folder)
    if lost := [wheel.file for wheel in wheels if not _held(wheel, folder)]:
        raise SystemExit(f"not found with the right SHA-256: {', '.join(lost)}. Run `make image-lock`.")
    return {wheel: folder / wheel.file for wheel in wheels}


def _held(wheel: Wheel, folder: Path) -> bool:
    path = folder / wheel.file
    return path.exists() and path.stat().st_size == wheel.size and sha256(path) == wheel.sha256


def build_ours(checkout: Path, builder: Path, target: Path, epoch: int) -> Path:
    """Our wheel, of the checkout as it stands, by the locked setuptools; times in it are ``epoch``."""
    tool = target / "builder"
    target.mkdir(parents=True, exist_ok=True)
    _pip("install", "--no-deps", "--no-index", "--target", tool, builder)
    environment = {"PYTHONPATH": str(tool), "SOURCE_DATE_EPOCH": str(epoch), "PATH": "/usr/bin:/bin", "TZ": "UTC"}
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps", "--no-index",
               "--no-build-isolation", "-w", str(target), str(checkout)]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    if ran.returncode:
        raise SystemExit(f"our own wheel: {ran.stderr.strip()}")
    return next(target.glob("cartable-*.whl"))


def install(files: Sequence[Path], venv: Path, prefix: str, tools: Tools) -> None:
    """Lay the wheels out as a virtual environment that will stand at ``prefix``, compiled.

    The compiled files say nothing of the sources' times (PEP 552, unchecked): the root is never written.
    """
    site = venv / f"lib/python{PYTHON}/site-packages"
    _pip("install", "--no-deps", "--no-index", "--no-compile", "--target", site, *_for_card(), *files)
    shutil.rmtree(site / "bin", ignore_errors=True)
    for record in site.glob("*.dist-info/RECORD"):
        _without(record, "../../bin/")  # those scripts: their first line names the build machine's Python
    for origin in site.glob("*.dist-info/direct_url.json"):
        _forget(origin)
    (venv / "bin").mkdir()
    for name in ("python", "python3"):
        (venv / "bin" / name).symlink_to(f"/usr/bin/python{PYTHON}")
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.13\n")
    script = venv / "bin/cartable"
    script.write_text(f"#!{prefix}/bin/python -I\nimport sys\nfrom appliance.__main__ import main\nsys.exit(main())\n")
    script.chmod(0o755)
    compile_all(site, f"{prefix}/lib/python{PYTHON}/site-packages", tools)


def _forget(origin: Path) -> None:
    """Take away the note of where the build machine had a wheel (PEP 610), and its line in the record."""
    origin.unlink()
    _without(origin.with_name("RECORD"), f"{origin.parent.name}/{origin.name},")


def _without(record: Path, start: str) -> None:
    """Take the lines that begin with ``start`` out of an installed package's record."""
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(line for line in lines if not line.startswith(start)))


def compile_all(folder: Path, shown: str, tools: Tools) -> None:
    """Compile all modules below ``folder``, which will stand at ``shown`` (said in tracebacks)."""
    for stale in sorted(folder.rglob("__pycache__")):
        shutil.rmtree(stale)
    tools.python("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", folder, "-p", shown, folder)
