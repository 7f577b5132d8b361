# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable provision`` as it is typed, and the file that the image brings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from appliance import config, passphrase
from tests.provisioning import boxes

ROOT = Path(__file__).parents[2]
TEMPLATE = (ROOT / "image-build/boot/cartable.toml").read_text(encoding="utf-8")


def cartable(*words: object, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "appliance", *map(str, words)],
                          input=typed, capture_output=True, text=True, check=False, timeout=60)  # fmt: skip


def test_a_hash_that_the_box_takes() -> None:
    made = cartable("provision", "hash", typed="Agrafe cheval  école batterie\n")
    assert made.returncode == 0
    assert passphrase.matches(made.stdout.strip(), "agrafe cheval école batterie")


@pytest.mark.parametrize("typed", ["", "\n", "trois petits mots\n", "mot " * 200])
def test_too_weak_a_passphrase(typed: str) -> None:
    refused = cartable("provision", "hash", typed=typed)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "au moins quatre mots" in refused.stderr


def test_moved_says_when_there_was_no_doubt(tmp_path: Path) -> None:
    assert "n’est pas une copie" in cartable("--state", tmp_path, "provision", "moved").stdout


def test_a_wrong_file_does_not_keep_the_box_from_starting(tmp_path: Path) -> None:
    (tmp_path / "boot").mkdir()
    (tmp_path / "boot/cartable.toml").write_text("[box]\nnom = 1\n")
    done = cartable("--state", tmp_path / "state", "provision", "box", "--boot", tmp_path / "boot")
    assert done.returncode == 0
    assert "box.nom est inconnu" in done.stderr


def test_the_disk_that_is_full(tmp_path: Path) -> None:
    box = boxes.new(tmp_path / "box", boxes.WHOLE)
    run = subprocess.run(["prlimit", "--fsize=64", sys.executable, "-m", "tests.provisioning.boxes", str(box.folder)],
                         capture_output=True, text=True, check=False)  # fmt: skip
    assert "could not be prepared" in run.stderr
    assert not list(box.state.rglob("*.part"))
    assert box.provision() == []


def test_the_host_name(tmp_path: Path) -> None:
    code = (
        "import socket; from tests.provisioning.boxes import Folders; from provisioning import steps; "
        f"steps._tried(Folders(__import__('pathlib').Path({str(tmp_path)!r})).place(), steps.HostName()); "
        "print(socket.gethostname())"
    )
    run = subprocess.run(["unshare", "--uts", sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "cartable\n"


def test_the_template_asks_for_nothing(tmp_path: Path) -> None:
    box = boxes.new(tmp_path / "box", TEMPLATE)
    assert box.provision() == []
    assert config.load([box.state / "cartable.toml"]) == config.Config()
    assert not list((box.state / "network").iterdir())
    assert box.file.read_text() == TEMPLATE


def test_each_line_of_the_template_can_be_used(tmp_path: Path) -> None:
    text = re.sub(r"^#(?=\S+ =|\[)", "", TEMPLATE, flags=re.M)
    text = text.replace("la clé du réseau", "la cle du reseau")
    text = re.sub(r'"\$argon2id.*"', f'"{boxes.PHC}"', text)
    box = boxes.new(tmp_path / "box", text)
    assert box.provision() == []
    assert len(list((box.state / "network").iterdir())) == 2
    assert config.load([box.state / "cartable.toml"]).school.name == "École Jules-Ferry"


def test_the_reference_names_every_key() -> None:
    page = (ROOT / "docs/reference/cartable-toml.md").read_text()
    keys = set(re.findall(r"`((?:box|school|teacher|wifi|cable)\.\w+)`", page))
    table, named = "", set()
    for line in TEMPLATE.splitlines():
        if heading := re.match(r"#\[(\w+)\]", line):
            table = heading[1]
        elif key := re.match(r"#(\w+) =", line):
            named.add(f"{table}.{key[1]}")
    assert named == keys


def test_the_doctor_says_what_is_wrong_with_the_file_until_it_is_right(tmp_path: Path) -> None:
    (tmp_path / "boot").mkdir()
    file, box = tmp_path / "boot/cartable.toml", ["--state", tmp_path / "state"]
    file.write_text("[box]\nnom = 1\n")
    cartable(*box, "provision", "box", "--boot", tmp_path / "boot")
    told = cartable(*box, "doctor").stdout
    assert "cartable.toml, sur la carte, n’a pas pu être utilisé" in told
    assert "box.nom est inconnu" in told
    file.write_text('[box]\nname = "boite"\n')
    cartable(*box, "provision", "box", "--boot", tmp_path / "boot")
    assert "✓ Réglages et identité de cette carte" in cartable(*box, "doctor").stdout


@pytest.mark.parametrize("text", [b"[box\n", b"\xff\xfe", b"[box]\nunknown = 1\n", b"x = " + b"1" * 5000])
def test_damaged_settings_of_its_own_are_set_aside(tmp_path: Path, text: bytes) -> None:
    """Nobody signs in on a box whose services do not start."""
    box = boxes.new(tmp_path / "box", boxes.WHOLE)
    own = box.state / "cartable.toml"
    own.write_bytes(text)
    words = ("--config", own, "--state", box.state, "provision", "box", "--boot", box.boot)
    done = cartable(*words)
    assert (done.returncode, done.stderr.count("cartable:")) == (0, 1), done.stderr
    assert own.with_name("cartable.toml.damaged").read_bytes() == text
    assert config.load([own]).box.name == "cartable-2"
    assert cartable(*words).stderr == ""


def test_a_wrong_file_elsewhere_is_said(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[box\n")
    words = ("--config", tmp_path / "other.toml", "--state", tmp_path, "provision", "box", "--boot", tmp_path / "none")
    assert cartable(*words).returncode == 1
    assert not (tmp_path / "identity.json").exists()
