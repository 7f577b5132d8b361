# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable library`` as a person types it, with the installed formats; with and without a hub."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import box
from tests.library.shelf import config_for
from tests.sync.servers import served

pytestmark = pytest.mark.system


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "free.toml").write_text("[library]\nkeep_free_mb = 0\n[box]\nlanguage = 'en'\n", encoding="utf-8")
    return tmp_path / "state"


def command(state: Path, *words: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "appliance",
        "--config",
        str(state.parent / "free.toml"),
        "--state",
        str(state),
        *words,
    ]


def cartable(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(state, "library", *words), capture_output=True, text=True, timeout=100, check=False)


def sound(path: Path, seconds: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(os.urandom(16000 * seconds))
    return path


@contextlib.contextmanager
def hub_running(state: Path) -> Iterator[None]:
    process = subprocess.Popen(command(state, "hub"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 40
        # The socket first: the word itself would take the lock that the starting hub needs.
        while not (state / "run" / "hub.sock").exists() or cartable(state, "list").returncode:
            assert process.poll() is None
            assert time.monotonic() < deadline
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture(params=["alone", "hub"])
def place(request: pytest.FixtureRequest, state: Path) -> Iterator[Path]:
    """The same words, whichever way the library is reached."""
    if request.param == "alone":
        yield state
        return
    assert subprocess.run(command(state, "migrate"), capture_output=True, check=False).returncode == 0
    with hub_running(state):
        yield state


def test_the_life_of_a_resource(place: Path, tmp_path: Path) -> None:
    path = sound(tmp_path / "in" / "cri du hibou.wav")
    added = cartable(place, "add", str(path), "--title", "La chouette")
    assert added.returncode == 0, added.stderr
    resource, name = added.stdout.strip().split("  ")
    assert name == "cri du hibou.wav"
    assert "%" in added.stderr
    listed = cartable(place, "list").stdout
    assert listed.split()[:2] == [resource, "audio"]
    assert listed.strip().endswith("La chouette")
    again = cartable(place, "add", str(path))
    assert (again.returncode, again.stdout.strip()) == (0, f"{resource}  {name} (already in the library)")
    assert cartable(place, "verify").returncode == 0
    out = tmp_path / "out"
    out.mkdir()
    exported = cartable(place, "export", resource, str(out))
    assert exported.stdout.strip() == str(out / name), exported.stderr
    assert (out / name).read_bytes() == path.read_bytes()
    (original,) = (place / "library" / "blobs").glob("*/original.wav")
    original.write_bytes(original.read_bytes()[:-2] + b"??")
    damaged = cartable(place, "verify")
    assert damaged.returncode == 1, damaged.stderr
    assert damaged.stdout.strip() == f"{resource}  La chouette: original.wav: damaged", damaged.stderr
    assert cartable(place, "remove", resource).returncode == 0
    gone = cartable(place, "remove", resource, "../x")
    assert (gone.returncode, gone.stderr.count("There is no such resource")) == (1, 2)
    nothing = cartable(place, "list")
    assert nothing.stdout == ""
    assert nothing.stderr == f"No resource in {place / 'library'}\n"


def test_a_folder_with_a_bad_file_and_captions(state: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    sound(folder / "a.wav")
    sound(folder / "sous dossier" / "b.wav")
    (folder / "a.fr.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:00.900\nBonjour\n", encoding="utf-8")
    (folder / "broken.wav").write_bytes(b"RIFF")
    (folder / ".hidden").write_bytes(b"x")
    done = cartable(state, "add", str(folder))
    assert done.returncode == 1
    assert sorted(line.split("  ")[1] for line in done.stdout.splitlines()) == ["a.wav", "b.wav"]
    assert "broken.wav is damaged, or is not a real .wav file." in done.stderr
    assert "(3/3)" in done.stderr
    assert len(list((state / "library" / "blobs").glob("*/captions/fr.vtt"))) == 1
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "There is no file in" in cartable(state, "add", str(empty)).stderr


def test_an_address_is_downloaded(state: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    sound(root / "poème.wav")
    with served(root, tmp_path / "nginx") as port:
        url = f"http://127.0.0.1:{port}/plain/po%C3%A8me.wav"
        done = cartable(state, "add", url)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip().endswith("  poème.wav")
        refused = cartable(state, "add", url, "--sha256", "0" * 64)
        assert refused.returncode == 1
        assert "not the one expected" in refused.stderr
        assert "There is nothing at" in cartable(state, "add", url + "x").stderr
    linked = cartable(state, "add", "--link", "https://exemple.fr/")
    assert linked.stdout.strip().endswith("exemple.fr")
    assert not [p for p in (state / "library" / "downloads").rglob("*") if p.is_file() and p.stat().st_size]


@pytest.mark.parametrize("words", [("list",), ("verify",), ("remove", "x"), ("export", "x", "/tmp")])
def test_a_folder_without_a_box_is_left_alone(state: Path, words: tuple[str, ...]) -> None:
    done = cartable(state, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == f"cartable: There is no box in {state}: name its folder with --state, before the other words.\n"
    )
    assert not state.exists()


def test_two_commands_at_once_take_turns(state: Path, tmp_path: Path) -> None:
    results: list[subprocess.CompletedProcess[str]] = []
    paths = [sound(tmp_path / "in" / f"{n}.wav", 4) for n in range(3)]
    threads = [
        threading.Thread(target=lambda path: results.append(cartable(state, "add", str(path))), args=(path,))
        for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.returncode for r in results] == [0, 0, 0], [r.stderr for r in results]
    assert len(cartable(state, "list").stdout.splitlines()) == 3


def test_a_command_waits_for_its_turn_and_says_so(state: Path, tmp_path: Path) -> None:
    path = sound(tmp_path / "a.wav")
    with box.hub_lock(config_for(state)):
        waiting = subprocess.Popen(
            command(state, "library", "add", str(path)), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert waiting.stderr is not None
        assert b"Another command is using the library: waiting." in waiting.stderr.readline()
    _, errors = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, errors


def test_a_terminal_gets_a_bar(state: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        command(state, "library", "add", str(sound(tmp_path / "a.wav"))),
        stderr=theirs,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    os.close(theirs)
    seen = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "[........................]   0% a.wav" in seen
    assert seen.endswith("\r\x1b[K")


def test_wrong_words_are_exit_code_2(state: Path) -> None:
    assert cartable(state).returncode == 2
    assert cartable(state, "add").returncode == 2


def test_errors_come_in_the_configured_language(state: Path) -> None:
    done = cartable(state, "add", "/absent")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().endswith("cartable: There is no file /absent.")
