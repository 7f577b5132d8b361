# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""An erasure ends with the file written anew: no gap of a page holds a byte of what is gone, whatever happens."""

from __future__ import annotations

import os
import random
import resource
import sqlite3
import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance.errors import StorageError
from appliance.store import erasure, rewrite
from appliance.store.db import Role, connect
from tests.faults import disks, records_disks
from tests.records.boxes import Box, SetClock
from tests.records.conftest import Made
from tests.records.deaths import dying
from tests.records.erased import found_in

SEEDS = 600 if os.environ.get("CARTABLE_SOAK") == "1" else 24
MARK = "ERASEMARK"
DENIED = r"not authorized|authorization denied"


def mixed(box: Box, seed: int) -> str:
    """Statements of five pupils, with terms and definitions of their own, those of the first one full of :data:`MARK`;
    its name is returned. Sizes are such that pages split and join when one goes."""
    chance = random.Random(seed)
    names = [f"eleve-{uuid.UUID(int=chance.getrandbits(128))}" for _ in range(5)]
    count, big = chance.choice([60, 150, 400, 800]), chance.choice([10, 100, 900])
    values = []
    for _ in range(count):
        who = chance.randrange(5) if chance.random() < 0.6 else 0
        word = "keepmark" if who else MARK
        about = {"name": {"fr": word + "x" * chance.randrange(big)}}
        values.append({
            "actor": box.pupil(names[who]),
            "verb": {"id": f"http://v.fr/{word}{chance.randrange(9)}", "display": {"fr": word}},
            "object": {"id": f"http://e.fr/{chance.randrange(10**6):06d}{word}", "definition": about},
            "result": {"response": word * chance.randrange(1, 2 + big // 5)},
        })  # fmt: skip
    for first in range(0, count, 200):
        box.add(*values[first : first + 200])
    return names[0]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_gap_of_a_page_keeps_a_byte(make: Made, seed: int) -> None:
    box = make()
    name = mixed(box, seed)
    assert found_in(box.folder, MARK, name)
    box.erasure.erase([box.agent(name)], final=bool(seed % 2))
    assert found_in(box.folder, MARK, name) == []
    assert found_in(box.folder, "keepmark")
    assert erasure.unfinished(box.db) is None
    assert box.db.reading().execute("PRAGMA integrity_check").fetchone()[0] == "ok"


@pytest.mark.timeout(300)
def test_a_death_at_any_step_is_made_good_at_the_next_start(tmp_path: Path) -> None:
    box = Box(tmp_path / "template")
    name = mixed(box, 12)  # without the rewrite, this one leaves bytes in gaps
    box.close()

    def erase(folder: Path) -> None:
        dying_box = Box(folder, SetClock(1.8e9))
        dying_box.erasure.erase([dying_box.agent(name)])

    seen = []
    for step, folder in dying(box.folder, tmp_path, erase):
        seen.append(step)
        again = Box(folder, SetClock(1.9e9))
        if found_in(folder, name):
            assert step not in ("unmark", "rewrite", "rewritten", "erased")
            again.erasure.erase([again.agent(name)])
        assert found_in(folder, name, MARK) == [], step
        assert erasure.unfinished(again.db) is None
        again.close()
    assert {"unmark", "rewrite", "rewritten", "truncate log", "erased"} <= set(seen)


def test_a_file_in_which_an_earlier_release_erased_is_written_anew_at_start(box: Box) -> None:
    name = mixed(box, 3)
    box.erasure.erase([box.agent(name)])
    with box.db.writing() as conn:
        conn.execute("DELETE FROM setting WHERE key = 'rewriting'")
        conn.execute("INSERT INTO setting VALUES ('x', ?)", (MARK * 5000,))
        conn.execute("DELETE FROM setting WHERE key = 'x'")
    again = box.again()
    assert rewrite.never(again.db.reading()) is False
    assert erasure.unfinished(again.db) is None
    assert found_in(again.folder, MARK) == []
    again.close()


def test_erasures_at_the_same_time_are_each_true(box: Box) -> None:
    names = [f"eleve-{number}-{uuid.uuid4()}" for number in range(6)]
    box.add(*(box.answer(name, "ab"[n % 2]) for n in range(20) for name in names))

    def erase(name: str) -> list[str]:
        box.erasure.erase([box.agent(name)])
        return found_in(box.folder, name)

    with ThreadPoolExecutor(5) as threads:
        left = list(threads.map(erase, names[:5]))
    assert left == [[]] * 5
    assert erasure.unfinished(box.db) is None
    assert {body["actor"]["account"]["name"] for body in box.bodies()} == {names[5]}


def test_a_thread_that_never_read_reads_while_the_file_is_written_anew(box: Box) -> None:
    box.add(box.answer("ali-2"))
    seen: list[int] = []
    reader = threading.Thread(target=lambda: seen.append(len(box.bodies())), daemon=True)
    with box.db.turn():
        reader.start()
        reader.join(20)
    assert seen == [1]


def test_the_copy_stands_beside_the_database_and_has_no_name(box: Box) -> None:
    with rewrite.Rewrite(box.db, box.records.commit, 1).connected() as conn:
        conn.execute("PRAGMA cache_size = 10")
        conn.execute("ATTACH '' AS vacuum_test")
        conn.execute("CREATE TABLE vacuum_test.x (y)")
        conn.execute("INSERT INTO vacuum_test.x VALUES (zeroblob(3000000))")
        opened = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        unnamed = [name for name in opened if name.endswith(" (deleted)") and "etilqs_" in name]
    assert [Path(name).parent for name in unnamed] == [box.folder.resolve()]
    assert not list(box.folder.glob("etilqs_*"))


def test_who_rewrites_may_do_nothing_else(box: Box, tmp_path: Path) -> None:
    conn = connect(box.path, Role.REWRITE)
    for statement in ("DELETE FROM pupil", "INSERT INTO setting VALUES ('a', 'b')", "DROP TABLE pupil",
                      "CREATE TABLE x (y)", "PRAGMA writable_schema = 1", f"ATTACH '{tmp_path}/x' AS vacuum_x",
                      f"VACUUM INTO '{tmp_path}/x'"):  # fmt: skip
        with pytest.raises(sqlite3.DatabaseError, match=DENIED):
            conn.execute(statement)
    conn.execute("VACUUM")
    conn.close()
    assert not (tmp_path / "x").exists()
    for role in (Role.HUB, Role.READER):
        conn = connect(box.path, role)
        with pytest.raises(sqlite3.DatabaseError, match=DENIED):
            conn.execute("VACUUM")
        conn.close()


def test_a_write_that_fails_half_way_leaves_the_old_file_and_is_tried_again(box: Box) -> None:
    """A limit on the size of files lets the copy be made, and refuses the last pages of the log."""
    name = mixed(box, 3)
    box.erasure.erase(["mbox mailto:personne@exemple.fr"])
    bodies = len(box.bodies())
    with box.db.writing() as conn:
        rewrite.mark(conn)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (box.path.stat().st_size // 2, limits[1]))
    try:
        with pytest.raises(StorageError):
            box.erasure.resume()
        assert erasure.unfinished(box.db) is not None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (box.folder / "cartable.sqlite-wal").stat().st_size == 0
    assert len(box.bodies()) == bodies
    box.erasure.erase([box.agent(name)])
    assert found_in(box.folder, MARK, name) == []


@pytest.mark.system
def test_a_card_without_room_is_told_and_the_next_start_makes_good(tmp_path: Path) -> None:
    if not disks.namespace():
        pytest.skip("nobody may mount a small disk here")
    box = Box(tmp_path / "state")
    name = mixed(box, 3)
    box.close()
    (tmp_path / "english.toml").write_text("[box]\nlanguage = 'en'\n", encoding="utf-8")
    (small := tmp_path / "small").mkdir()
    words = f"{sys.executable} -m appliance --config {tmp_path}/english.toml --state {small} records"
    script = f"""
        {words} erase {name} --yes; echo "status $?"
        {words} export - | grep -c {name}
        {words} erased 2>&1 >&- | sed 's/^/before: /'
        rm {small}/ballast
        {words} erased 2>&1 >&- | sed 's/^/after: /'
        """
    command = records_disks.nearly_full(small, box.folder, 4 << 20, 32 << 20, tmp_path / "out", ["sh", "-c", script])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.startswith("status 1\n0\n"), done
    assert "before: Remains of what was erased may still be inside the database file." in done.stdout
    assert " MB are free: make room on the card." in done.stderr
    assert "after:" not in done.stdout
    assert found_in(tmp_path / "out", MARK, name) == []
