# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance import config
from appliance.errors import ConfigError


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_later_files_overlay_earlier_ones_key_by_key(tmp_path: Path) -> None:
    first = write(tmp_path, "a.toml", '[box]\nname = "salle-12"\nlanguage = "en"\n')
    second = write(tmp_path, "b.toml", '[box]\nlanguage = "fr"\n')
    loaded = config.load([first, second, tmp_path / "absent.toml"])
    assert (loaded.box.name, loaded.box.language) == ("salle-12", "fr")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[box]\nnmae = "x"\n', "box.nmae"),
        ("[boxes]\n", "[boxes]"),
        ('name = "x"\n', "must stand in a [table]"),
        ('[edge]\nport = "8080"\n', "edge.port must be int"),
        ("[edge]\nport = true\n", "edge.port must be int"),
        ("[box\n", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, "cartable.toml", text)
    with pytest.raises(ConfigError, match=r"cartable\.toml") as caught:
        config.load([path])
    assert said in str(caught.value)


def test_latin_1_is_refused_with_the_file_named(tmp_path: Path) -> None:
    path = tmp_path / "cartable.toml"
    path.write_bytes('[box]\nname = "école"\n'.encode("latin-1"))
    with pytest.raises(ConfigError, match="not valid TOML"):
        config.load([path])


def test_a_child_process_gets_the_same_configuration(tmp_path: Path) -> None:
    mine = config.load([], {"box": {"state": tmp_path, "demonstration": tmp_path / "d"}, "search": {"time_limit_s": 1}})
    passed = config.environment(mine)
    assert json.loads(passed["CARTABLE_OVERRIDES"])["box"]["state"] == str(tmp_path)
    assert config.from_environment(passed) == mine


@pytest.mark.parametrize("key", ["state", "run"])
def test_a_file_that_services_write_moves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    system, own = (write(tmp_path, name, f'[box]\n{key} = "/etc"\n') for name in ("system.toml", "own.toml"))
    monkeypatch.setattr(config, "SYSTEM_FILES", (system, own))
    assert getattr(config.load([system]).box, key) == Path("/etc")
    with pytest.raises(ConfigError, match=rf"own\.toml: box\.{key} has to stand in .*system\.toml"):
        config.load([system, own])


def test_a_key_of_thousands_of_parts_is_refused_at_once(tmp_path: Path) -> None:
    """tomllib takes a time that grows with the square of their number."""
    (tmp_path / "c.toml").write_text("[box]\n" + "a." * 30_000 + "a = 1\n")
    with pytest.raises(ConfigError, match="line 2 is longer than 1000 characters"):
        config.load([tmp_path / "c.toml"])
