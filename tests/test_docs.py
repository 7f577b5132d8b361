# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The documents say what the code does, or these fail."""

from __future__ import annotations

import dataclasses
import re
import shlex
import typing
from pathlib import Path

import pytest

from appliance import cli, config

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_architecture_names_every_module() -> None:
    page = (ROOT / "docs/explanation/architecture.md").read_text()
    modules = [p.name for p in (ROOT / "appliance").glob("*.py") if p.name != "__init__.py"]
    packages = [f"{p.name}/" for p in (ROOT / "appliance").iterdir() if (p / "__init__.py").exists()]
    first_boot = [p.name for p in (ROOT / "provisioning").glob("*.py") if p.name != "__init__.py"]
    missing = [name for name in modules + packages + first_boot if name not in page]
    assert not missing


def test_architecture_draws_the_floors_that_are_checked() -> None:
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [" | ".join(sorted(layer.split(" | "))) for layer in contracts[0]["layers"]]
    page = " ".join((ROOT / "docs/explanation/architecture.md").read_text().split())
    drawn = re.search(r"Floors, from top to bottom .*?: (.*?)\. ##", page)
    assert drawn
    floors = [floor.strip().replace("`", "") for floor in drawn.group(1).split("·")]
    assert [" | ".join(sorted(floor.split(" | "))) for floor in floors] == layers


def test_configuration_reference_is_complete_and_true() -> None:
    page = (ROOT / "docs/reference/configuration.md").read_text()
    for table, section in typing.get_type_hints(config.Config).items():
        for field in dataclasses.fields(section):
            row = re.search(rf"^\| `{table}\.{field.name}` \| (.*?) \| (.+) \|$", page, re.M)
            assert row, f"{table}.{field.name} is not documented"
            default = "unset" if field.default is None else str(field.default)
            assert row.group(1).strip('`"') == default
    assert set(re.findall(r"^\| `(\w+\.\w+)`", page, re.M)) == set(config.keys())


@pytest.mark.parametrize("word", cli.WORDS)
def test_every_word_of_the_command_line_is_documented(word: str) -> None:
    assert any(re.search(rf"\bcartable (--\S+ \S+ )?{word}\b", page.read_text()) for page in DOCS)


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_make_targets_are_documented() -> None:
    targets = set(re.findall(r"^## make (\w+)", (ROOT / "Makefile").read_text(), re.M))
    text = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    assert not [name for name in targets if f"make {name}" not in text]


def _typed(page: Path) -> list[list[str]]:
    """What follows ``cartable`` on each line of the shell blocks of a page."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.M | re.S)
    lines = (re.match(r"(?:\.venv/bin/)?cartable (.+)", line) for block in blocks for line in block.splitlines())
    return [shlex.split(line[1], comments=True) for line in lines if line]


def test_commands_shown_can_be_typed() -> None:
    shown = [words for page in DOCS for words in _typed(page)]
    assert len(shown) > 10
    for words in shown:
        cli._parser().parse_args(words)  # ends the test with its sentence when it cannot


@pytest.mark.parametrize("page", ["README.md", "docs/howto/add-resources.md"])
def test_a_newcomer_learns_what_to_type_after_make_run(page: str) -> None:
    assert ["--state", "var", "library", "list"] in _typed(ROOT / page)
    assert ".venv/bin/cartable --state var" in (ROOT / page).read_text()
