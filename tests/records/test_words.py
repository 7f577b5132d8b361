# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable records`` as a person types it, with and without a hub."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.client import Client
from appliance.store import record_lines
from tests.faults import disks
from tests.records.boxes import Box, SetClock, body_of, fill
from tests.records.erased import ZOE, class_of, found_in

pytestmark = pytest.mark.system


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A stopped box with records, two Renards and a wolf."""
    (tmp_path / "english.toml").write_text("[box]\nlanguage = 'en'\n", encoding="utf-8")
    box = Box(tmp_path / "state")
    class_of(box, ZOE, "zoe-9", "ali-2")
    fill(box)
    box.close()
    return box.folder


def command(state: Path, *words: str) -> list[str]:
    config = ["--config", str(state.parent / "english.toml"), "--state", str(state)]
    return [sys.executable, "-m", "appliance", *config, *words]


def records(state: Path, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(state, "records", *words), input=answer, capture_output=True, text=True, timeout=100, check=False
    )


@contextlib.contextmanager
def hub_running(state: Path) -> Iterator[None]:
    process = subprocess.Popen(command(state, "hub"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not answers(state):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def answers(state: Path) -> bool:
    try:
        return Client(state / "run" / "hub.sock").request("GET", "/api/records").status == 200
    except OSError:
        return False


@pytest.fixture(params=["alone", "hub"])
def place(request: pytest.FixtureRequest, state: Path) -> Iterator[Path]:
    """The same words, whichever way the records are reached."""
    if request.param == "alone":
        yield state
        return
    with hub_running(state):
        yield state


def test_the_life_of_a_key(place: Path) -> None:
    assert "There is no key" in records(place, "key", "list").stderr
    made = records(place, "key", "add", "Moodle du collège", "--scope", "state", "--scope", "statements/write")
    assert made.returncode == 0, made.stderr
    endpoint, key, secret, header = made.stdout.splitlines()
    assert endpoint == "endpoint  http://cartable.local:8080/xapi"
    nameless = records(place, "key", "add", " ")
    assert (nameless.returncode, "Name the tool that the key is for" in nameless.stderr) == (1, True)
    key, secret = key.split()[1], secret.split()[1]
    assert header == "Authorization: Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()
    assert "shown once" in made.stderr
    listed = records(place, "key", "list").stdout
    assert listed.startswith(key)
    assert listed.endswith("  Moodle du collège  (state, statements/write)\n")
    assert found_in(place, secret) == []
    twice = records(place, "key", "add", "Moodle du collège")
    assert (twice.returncode, twice.stdout) == (1, "")
    assert "already called Moodle du collège" in twice.stderr
    assert "Unknown scope everything" in records(place, "key", "add", "x", "--scope", "everything").stderr
    assert records(place, "key", "revoke", "Moodle du collège").returncode == 0
    assert "[revoked " in records(place, "key", "list").stdout
    gone = records(place, "key", "revoke", "Moodle du collège")
    assert (gone.returncode, gone.stderr.strip()) == (1, "cartable: There is no key Moodle du collège: see the list of "
                                                        "keys.")  # fmt: skip


def test_export_and_import(place: Path, tmp_path: Path) -> None:
    plain, packed = tmp_path / "out.jsonl", tmp_path / "out.jsonl.gz"
    done = records(place, "export", str(packed))
    assert done.returncode == 0, done.stderr
    assert "13 statements are in " in done.stderr
    assert [line.split()[0] for line in done.stderr.splitlines()[:-1]] == ["0%", "29%", "57%", "86%", "100%"]
    assert records(place, "export", str(plain)).returncode == 0
    piped = records(place, "export", "-")
    assert piped.stdout.count("\n") == plain.read_text().count("\n")
    assert body_of(gzip.decompress(packed.read_bytes())) == body_of(plain.read_bytes())
    assert body_of(piped.stdout.encode()) == body_of(plain.read_bytes())
    again = records(place, "import", str(packed))
    assert (again.returncode, again.stdout) == (0, "")
    assert "Nothing in it is new." in again.stderr
    assert "1 was here already" not in again.stderr
    other = tmp_path / "other" / "state"
    taken = records(state_of(tmp_path, other), "import", str(packed))
    assert taken.returncode == 0, taken.stderr
    assert "13 statements taken in." in taken.stderr
    assert "2 attachments taken in." in taken.stderr
    back = records(other, "export", "-")
    assert body_of(back.stdout.encode()) == body_of(plain.read_bytes())


def state_of(tmp_path: Path, state: Path) -> Path:
    state.parent.mkdir()
    (state.parent / "english.toml").write_bytes((tmp_path / "english.toml").read_bytes())
    return state


def test_an_erasure_asks_first(place: Path) -> None:
    asked = records(place, "erase", ZOE, answer="no\n")
    assert asked.returncode == 1
    assert f"Zoe ({ZOE}): 6 statements and 2 documents will be erased for good." in asked.stderr
    assert "2 of these statements were made by others, or together with others" in asked.stderr
    assert "The pupil leaves the class list." in asked.stderr
    assert "Nothing was erased." in asked.stderr
    assert records(place, "erase", ZOE).returncode == 1  # nobody there to answer
    assert found_in(place, "voice of zoe-1")
    done = records(place, "erase", ZOE, answer="yes\n")
    assert done.returncode == 0, done.stderr
    assert "Erased: 6 statements, 2 documents." in done.stderr
    assert found_in(place, ZOE, "voice of zoe-1") == []
    told = records(place, "erased").stdout
    assert told.count("for good") == 2
    gone = records(place, "erase", ZOE)
    assert (gone.returncode, "There is no pupil and no agent zoe-1 here." in gone.stderr) == (1, True)


def test_whom_it_means(place: Path) -> None:
    both = records(place, "erase", "zoe", "--yes")
    assert (both.returncode, "Several pupils are called zoe: give one of these: zoe-1, zoe-9" in both.stderr) == (
        1,
        True,
    )
    assert records(place, "erase", "ALI", "--yes", "--stays").returncode == 0
    assert found_in(place, "ali-2")  # still in the class list
    done = records(place, "erase", "mailto:ali@exemple.fr", "--yes")
    assert "Erased: 4 statements" in done.stderr
    agent = json.dumps({"account": {"homePage": "http://e.fr/", "name": "x"}})
    assert "0 statements" in records(place, "erase", agent, "--yes").stderr
    for nonsense in ('{"mbox": "x"}', "{", '{"objectType": "Group", "member": []}'):
        refused = records(place, "erase", nonsense, "--yes")
        assert refused.returncode == 1
        assert refused.stderr.startswith("cartable: ")


def test_rebuild_and_quarantine(place: Path) -> None:
    done = records(place, "rebuild")
    assert (done.returncode, "Everything was made again from 13 statements." in done.stderr) == (0, True), done.stderr
    none = records(place, "quarantine")
    assert (none.returncode, none.stdout, none.stderr) == (0, "", "No statement is set aside.\n")
    assert records(place, "erased").stderr == "Nothing was ever erased.\n"


def test_what_was_set_aside_can_be_read_and_forgotten(place: Path, tmp_path: Path) -> None:
    exported = records(place, "export", "-").stdout.splitlines()
    number = next(n for n, line in enumerate(exported) if "Moitié" in line)
    line = json.loads(exported[number])
    line["body"] = (
        line["body"].replace('"response": "a"', '"response": "z"').replace('"response":"a"', '"response":"z"')
    )
    line["sha256"] = hashlib.sha256(line["body"].encode()).hexdigest()
    changed = tmp_path / "changed.jsonl"
    changed.write_text("\n".join([*exported[:number], json.dumps(line), *exported[number + 1 :], ""]), encoding="utf-8")
    taken = records(place, "import", str(changed))
    assert taken.returncode == 1, taken.stderr
    assert "1 set aside, because this box has another of the same name" in taken.stderr
    listed = records(place, "quarantine").stdout.splitlines()
    assert [row.split()[0] for row in listed] == ["1"]
    shown = records(place, "quarantine", "show", "1").stdout
    aside, kept = shown.split("Kept by this box:\n")
    assert json.loads(aside.partition("Set aside:\n")[2]) == json.loads(line["body"])
    assert json.loads(kept) == json.loads(json.loads(exported[number])["body"])
    for words in (("show", "2"), ("drop", "2"), ("drop", str(10**30))):
        absent = records(place, "quarantine", *words)
        assert (absent.returncode, absent.stdout, "was set aside" in absent.stderr) == (1, "", True), absent.stderr
    assert records(place, "quarantine", "drop", "1").returncode == 0
    assert records(place, "quarantine").stdout == ""


@pytest.mark.parametrize(
    "words",
    [("key", "list"), ("key", "add", "x"), ("key", "revoke", "x"), ("export", "-"), ("rebuild",), ("erase", "x"),
     ("erased",), ("quarantine",), ("quarantine", "drop", "1")],
)  # fmt: skip
def test_a_folder_without_a_box_is_left_alone(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "english.toml").write_text("[box]\nlanguage = 'en'\n", encoding="utf-8")
    absent = tmp_path / "typo"
    done = records(absent, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"There is no box in {absent}: name its folder with --state" in done.stderr
    assert not absent.exists()
    assert "There is no file" in records(absent, "import", str(tmp_path / "nothing.jsonl")).stderr
    assert not absent.exists()
    absent.mkdir()
    assert records(absent, *words).returncode == 1
    assert not [*absent.iterdir()]


def test_what_cartable_dev_shows_is_the_endpoint(state: Path) -> None:
    with hub_running(state):
        (state / "run" / "address").write_text("http://cartable-2.local:9000/\n", encoding="utf-8")
        made = records(state, "key", "add", "running").stdout
    assert made.startswith("endpoint  http://cartable-2.local:9000/xapi\n")
    stopped = records(state, "key", "add", "stopped").stdout
    assert stopped.startswith("endpoint  http://cartable.local:8080/xapi\n")


@pytest.mark.parametrize(
    ("configured", "where"),
    [
        ("[edge]\nport = 9000\n", "cartable.local:9000"),
        ("[edge]\naddress = '192.0.2.7'\n", "192.0.2.7:8080"),
        ("[edge]\naddress = 'fd00::7'\n", "[fd00::7]:8080"),
        ("[box]\nname = 'salle-3'\n", "salle-3.local:8080"),
        ("[drivers]\nadvert = 'simulated'\n", r"(\d+\.){3}\d+:8080"),
    ],
)
def test_the_endpoint_is_the_configured_one(state: Path, configured: str, where: str) -> None:
    file = state.parent / "english.toml"
    file.write_text(configured + ("" if "[box]" in configured else "[box]\n") + "language = 'en'\n", encoding="utf-8")
    made = records(state, "key", "add", "x").stdout.splitlines()[0]
    assert made == f"endpoint  http://{where}/xapi" or re.fullmatch(f"endpoint  http://{where}/xapi", made)


def test_the_command_line_is_refused_in_the_reader_s_language(state: Path) -> None:
    assert records(state, "key").stderr.startswith("usage: cartable records key")
    (state.parent / "english.toml").write_text("[box]\nlanguage = 'fr'\n", encoding="utf-8")
    for words in (("key",), ("other",), ("key", "add"), ("key", "add", "a", "b"), ("quarantine", "show", "x")):
        refused = records(state, *words)
        assert refused.returncode == 2
        for english in ("usage", "error", "required", "choose", "unrecognized", "invalid"):
            assert english not in refused.stderr
    shown = records(state, "--help").stdout
    assert "options" in shown
    assert "show this help" not in shown
    assert "learning records" not in shown


def test_a_damaged_file_is_taken_as_far_as_it_goes(place: Path, tmp_path: Path) -> None:
    source = Box(tmp_path / "source", SetClock(1.7e9))
    fill(source)
    lines = source.export().splitlines(keepends=True)
    source.close()
    lines[3] = lines[3].replace(b"fractions", b"multiples")
    lines[5] = b'{"statement":"\xe9"}\n'
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"".join(lines[:-3]))
    done = records(place, "import", str(bad))
    assert done.returncode == 1
    assert "line 4: The statement is not the one that was exported: its SHA-256 differs." in done.stderr
    assert "line 6: The line is not UTF-8 text." in done.stderr
    assert "2 lines are damaged and were left out." in done.stderr
    assert "The file was cut short" in done.stderr
    assert "11 statements taken in." in done.stderr
    packed = tmp_path / "bad.gz"
    packed.write_bytes(gzip.compress(b"".join(lines))[:-2000])
    cut = records(place, "import", str(packed))
    assert (cut.returncode, "The file was cut short" in cut.stderr) == (1, True)
    assert records(place, "export", "-").returncode == 0


def test_a_line_longer_than_any_costs_itself_only(place: Path, tmp_path: Path) -> None:
    path = tmp_path / "long"
    done = records(place, "export", str(path))
    assert done.returncode == 0, done.stderr
    lines = path.read_bytes().splitlines(keepends=True)
    lines.insert(4, b'{"statement":"' + b"x" * (record_lines.LONGEST + 3_000_000) + b'"}\n')
    path.write_bytes(b"".join([*lines, b" " * (record_lines.LONGEST + 1)]))
    for number, target in enumerate((state_of(tmp_path, tmp_path / "other" / "state"), place)):
        done = records(target, "import", str(path))
        assert f"line 5: The line is longer than any that a box writes: {record_lines.LONGEST} bytes" in done.stderr
        assert "2 lines are damaged and were left out." in done.stderr
        assert number or "13 statements taken in." in done.stderr


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not an export"), (b"{}\n", "not an export"), (b"PK\x03\x04" * 100, "not an export"),
        ("é".encode("latin-1") * 50, "not an export"), (b"\x1f\x8bnot gzip at all", "not an export"),
        (b'{"format":"cartable-records","version":7}\n', "later version"), (b"\n" * 1000, "not an export"),
    ],
)  # fmt: skip
def test_another_file_is_refused(state: Path, tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    done = records(state, "import", str(path))
    assert (done.returncode, done.stdout, why in done.stderr) == (1, "", True), done.stderr


def test_places_that_cannot_be(state: Path, tmp_path: Path) -> None:
    for words, why in (
        (("import", str(tmp_path / "absent")), "There is no file"),
        (("import", str(tmp_path)), "is not a file"),
        (("export", str(tmp_path)), "is a folder"),
        (("export", str(tmp_path / "absent" / "x")), "No such file or directory"),
        (("export", str(state / "x.jsonl")), "in the box's own folder"),
    ):
        done = records(state, *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert why in done.stderr, done.stderr
        assert done.stderr.count("\n") <= 2


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    state = state_of_new(tmp_path)
    state.mkdir()
    (state / "cartable.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 100)
    for words in (
        ("key", "list"),
        ("export", "-"),
        ("erase", "x", "--yes"),
        ("rebuild",),
        ("erased",),
        ("quarantine",),
    ):
        done = records(state, *words)
        assert (done.returncode, "is damaged: restore the last backup" in done.stderr) == (1, True), done.stderr


def state_of_new(tmp_path: Path) -> Path:
    (tmp_path / "english.toml").write_text("[box]\nlanguage = 'en'\n", encoding="utf-8")
    return tmp_path / "fresh"


def test_a_locked_card_is_said(state: Path) -> None:
    for words in (("key", "add", "x"), ("erase", ZOE, "--yes")):
        done = subprocess.run(disks.read_only(state, command(state, "records", *words)), capture_output=True, text=True,
                              timeout=60, check=False)  # fmt: skip
        assert done.returncode == 1
        assert "cannot be written: check that the card is not locked" in done.stderr


def test_a_full_disk_is_said_and_loses_nothing(state: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    fill_it = f'head -c 900k /dev/zero > {small}/ballast; exec "$@"'
    export = command(state, "records", "export", str(small / "out.jsonl"))
    done = subprocess.run(disks.full(small, 1, ["sh", "-c", fill_it, "sh", *export]), capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip
    assert done.returncode == 1
    assert "The disk is full" in done.stderr
    assert not (small / "out.jsonl").exists()


def test_wrong_words_are_exit_code_2(state: Path) -> None:
    for words in ((), ("key",), ("key", "add"), ("export",), ("erase",), ("other",)):
        assert records(state, *words).returncode == 2


def test_a_reader_that_leaves_is_no_error_message(state: Path) -> None:
    words = command(state, "records", "export", "-")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        export.stdout.close()
        assert export.wait(60) == 1
        assert export.stderr.read() == b""
