# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Damaged copies of every kind of file: refused with our errors or imported, never anything else, never for long."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.formats import samples
from tests.formats.rig import CORPUS, DATA

ROOT = Path(__file__).parents[2]
COPIES = 1500 if os.environ.get("CARTABLE_SOAK") else 30
SECONDS = 60 + COPIES * 1.5

MADE: dict[str, Callable[[Path], object]] = {
    "a.zim": samples.zim,
    "2.epub": lambda path: samples.epub(path, "2.0"),
    "3.epub": samples.epub,
    "a.zip": samples.web_bundle,
    "a.pdf": samples.pdf,
    "a.docx": samples.docx,
    "a.odt": samples.odt,
    "a.mp4": samples.film,
    "a.webm": lambda path: samples.film(path, "libvpx", "libopus"),
    "a.mp3": lambda path: samples.recording(path, "libmp3lame"),
    "a.m4a": lambda path: samples.recording(path, "aac"),
    "a.opus": lambda path: samples.recording(path, "libopus"),
    "a.flac": lambda path: samples.recording(path, "flac"),
    "a.wav": lambda path: samples.recording(path, "pcm_s16le"),
    "a.png": lambda path: path.write_bytes(samples.picture("PNG")),
    "a.jpg": lambda path: path.write_bytes(samples.picture("JPEG")),
    "a.gif": lambda path: path.write_bytes(samples.picture("GIF")),
    "a.webp": lambda path: path.write_bytes(samples.picture("WEBP")),
    "a.svg": lambda path: path.write_text('<svg xmlns="http://www.w3.org/2000/svg"><title>x</title></svg>'),
    "a.rtf": lambda path: path.write_text("{\\rtf1 Bonjour}"),
    "a.csv": lambda path: path.write_text("a;b\n1;2\n"),
}
REAL = sorted(
    path
    for path in (*CORPUS.iterdir(), *(DATA / "zim").glob("*.zim"))
    if path.stat().st_size < 600_000 and path.suffix != ".vtt"
)


def fuzz(path: Path, tmp_path: Path) -> None:
    """In a process of its own, as in the library: a C library that falls over must be seen here."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-W", "error", "-m", "tests.formats.fuzz_worker", str(path), "0", str(COPIES)]
    environment = {**os.environ, "TMPDIR": str(scratch)}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert run.returncode == 0, (run.returncode, run.stdout[-100:], run.stderr[-2000:])
    assert run.stdout.splitlines()[-1].startswith("fine")


@pytest.mark.parametrize("name", MADE)
def test_damaged_copies(name: str, tmp_path: Path) -> None:
    MADE[name](tmp_path / name)
    fuzz(tmp_path / name, tmp_path)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_damaged_copies_of_real_files(path: Path, tmp_path: Path) -> None:
    fuzz(path, tmp_path)
