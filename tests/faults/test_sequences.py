# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a kill or a full disk does to a teacher's own sequences: the old one or the new one is there, whole."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.store.own_sequences import OwnSequences
from tests.faults import disks
from tests.faults.inside_sequences import NAME, state

SOAK = os.environ.get("CARTABLE_SOAK") == "1"
SAMPLE = 7


def inside(folder: Path, order: str) -> list[str]:
    return [sys.executable, "-m", "tests.faults.inside_sequences", str(folder), order]


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def prepared(folder: Path) -> Path:
    OwnSequences(folder).save(NAME, state(1)[1])
    return folder


def found(folder: Path) -> int:
    """Which state is there, whole; 0: none. Nothing else lies about."""
    own = OwnSequences(folder)
    own.recover()
    assert {path.name for path in folder.iterdir()} <= {NAME}
    if NAME not in own.ids():
        return 0
    which = int(own.get(NAME).title_fr[-1])
    kept = {str(path.relative_to(folder / NAME)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert kept == state(which)[1]
    return which


@pytest.mark.system
@pytest.mark.parametrize(("order", "after"), [("save", 2), ("accept", 2), ("remove", 0)])
def test_a_kill_at_any_side_effect_leaves_the_old_one_or_the_new_one(tmp_path: Path, order: str, after: int) -> None:
    log = tmp_path / "log"
    done = run(inside(prepared(tmp_path / "count"), order), CARTABLE_FAIL_AT=f"0:{log}")
    assert done.returncode == 0, done.stderr
    assert found(tmp_path / "count") == after
    names = log.read_text(encoding="utf-8").splitlines()
    every = range(1, len(names) + 1)
    chosen = (
        every if SOAK or len(names) <= SAMPLE else sorted({*random.Random(order).sample(every, SAMPLE), *every[-4:]})
    )
    states = []
    for n in chosen:
        folder = prepared(tmp_path / str(n))
        killed = run(inside(folder, order), CARTABLE_FAIL_AT=f"{n}:{tmp_path / f'log{n}'}")
        assert killed.returncode == 137, names[n - 1]
        states.append(found(folder))
    assert set(states) == {1, after}, "some points lie before the change, some after it"
    assert states == sorted(states, key=(1, after).index), "once changed, it stays so"


@pytest.mark.system
def test_a_full_disk_keeps_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    script = (
        "from pathlib import Path; from tests.faults.test_sequences import prepared, found; import sys\n"
        "from tests.faults import inside_sequences as inside\n"
        f"folder = prepared(Path({str(folder)!r}) / 'x')\n"
        "inside.PICTURE = bytes(900_000)\n"
        "code = inside.main(folder, 'save')\n"
        "inside.PICTURE = b'\\xff\\xd8\\xff' + bytes(400_000)\n"
        "assert found(folder) == 1\n"
        "sys.exit(10 + code)\n"
    )
    done = run(disks.full(folder, 1, [sys.executable, "-c", script]))
    if disks.namespace():
        assert done.returncode == 11, done.stdout + done.stderr
        assert "StorageError The disk is full" in done.stdout


def test_what_is_broken_is_told_apart_and_too_much_is_refused(tmp_path: Path) -> None:
    from appliance.errors import BadInput, NotFound

    own = OwnSequences(prepared(tmp_path))
    assert own.ids() == (NAME,)
    for name in ("", ".zoo.old", "../zoo", "zoo/..", "Zoo", "zoo\0", "z" * 300):
        assert not own.has(name)
        with pytest.raises(NotFound):
            own.get(name)
        with pytest.raises(NotFound):
            own.taken(name)
    with pytest.raises(BadInput, match="larger than"):
        own.save(NAME, {**state(2)[1], "pictures/b.jpg": bytes(16_000_000)})
    assert found(tmp_path) == 1
    (tmp_path / NAME / "sequence.toml").write_bytes(b"\xff")
    with pytest.raises(NotFound, match="changed its file"):
        own.get(NAME)
    assert own.ids() == (NAME,)
    assert own.readable() == ()
    with pytest.raises(NotFound):
        OwnSequences().save(NAME, {})
    assert OwnSequences().ids() == ()


def test_sounds_are_added_to_the_sequence_that_they_were_made_for(tmp_path: Path) -> None:
    own = OwnSequences(prepared(tmp_path))
    document = state(1)[1]["sequence.toml"]
    assert own.add(NAME, {"sounds/ship-slow.mp3": b"slow"}, document)
    own.save(NAME, {**state(2)[1], "sounds/ship.mp3": tmp_path / NAME / "sounds/ship.mp3"})
    assert (tmp_path / NAME / "sounds/ship.mp3").read_bytes() == b"ship 1", "linked, not written again"
    assert not own.add(NAME, {"sounds/ship-slow.mp3": b"late"}, document)
    assert not (tmp_path / NAME / "sounds/ship-slow.mp3").exists()
    own.remove(NAME)
    assert not own.add(NAME, {"sounds/ship-slow.mp3": b"late"}, document)
    assert not list(tmp_path.iterdir())
