# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The front end as files: linted for old tablets, licensed, stamped, small, translated. Behaviour: tests/browser."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.drivers.sentences import plain
from appliance.hub import oral_verdict
from appliance.i18n import LANGUAGES, translator
from appliance.sequences import kinds
from appliance.speech import feedback

ROOT = Path(__file__).parents[1]
HUB = ROOT / "appliance/hub"
STATIC = HUB / "static"
TEMPLATES = sorted((HUB / "templates").rglob("*.html"))
LINT = ROOT / "tools/lint"
SCRIPTS_OF_EVERY_PUPIL_PAGE = ("outbox.js",)
SCRIPTS_OF_ONE_PAGE = ("quiz.js", "shelf.js", "reading.js")


def gz(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


@pytest.fixture(scope="session")
def eslint() -> list[str]:
    """The command; installed from the lock file into build/lint once. Without Node: skipped, except on CI."""
    if not (shutil.which("node") and shutil.which("npm")):
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs node and npm")
        pytest.skip("node and npm are not installed: apt-get install nodejs npm")
    folder = ROOT / "build/lint"
    folder.mkdir(parents=True, exist_ok=True)
    lock = (LINT / "package-lock.json").read_bytes()
    done = folder / "installed"
    for name in ("package.json", "package-lock.json", "eslint.config.mjs"):
        shutil.copy(LINT / name, folder / name)
    if not done.exists() or done.read_bytes() != lock:
        run = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(run, cwd=folder, check=True, timeout=300)
        done.write_bytes(lock)
    return ["node", "build/lint/node_modules/eslint/bin/eslint.js", "--config", "build/lint/eslint.config.mjs"]


@pytest.mark.system
@pytest.mark.timeout(400)
def test_scripts_are_fit_for_old_browsers(eslint: list[str]) -> None:
    run = subprocess.run([*eslint, str(STATIC)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.system
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app/new.js", '"use strict";\nwindow.a = window.b?.c;\n'),
        ("app/new.js", '"use strict";\nwindow.a = [1].at(-1);\n'),
        ("readers/new.js", "window.a = window.b ?? 1;\n"),
        ("vendor/new.js", "class A { #x = 1; }\nnew A();\n"),
    ],
)
def test_the_linter_refuses_what_old_browsers_lack(eslint: list[str], name: str, text: str) -> None:
    command = [*eslint, "--stdin", "--stdin-filename", f"appliance/hub/static/{name}"]
    run = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr


def test_vendored_files_are_listed_with_their_digest() -> None:
    vendor = STATIC / "vendor"
    libraries = tomllib.loads((vendor / "VENDORED.toml").read_text(encoding="utf-8"))["library"]
    listed = {file["path"]: file["sha256"] for library in libraries for file in library["files"]}
    present = {
        path.relative_to(vendor).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.is_file() and path.parent != vendor and path.suffix != ".gz"
    }
    assert listed == present
    assert sum((vendor / path).stat().st_size for path in listed) < 6_000_000


def test_vendored_libraries_bring_their_licence() -> None:
    libraries = tomllib.loads((STATIC / "vendor/VENDORED.toml").read_text(encoding="utf-8"))["library"]
    for library in libraries:
        folder = library["files"][0]["path"].split("/")[0]
        assert library["version"] in folder
        assert len((STATIC / "vendor" / folder / "LICENSE").read_text(encoding="utf-8")) > 400, library["name"]


def test_readers_name_the_current_files() -> None:
    run = subprocess.run([sys.executable, ROOT / "tools/stamp_readers.py", "--check"], capture_output=True, text=True,
                         check=False)  # fmt: skip
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("sheet", ["app/app.css", "app/fonts.css", "readers/reader.css"])
def test_style_sheets_name_files_that_exist(sheet: str) -> None:
    path = STATIC / sheet
    for named in re.findall(r"url\(([^)]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / named).is_file(), named


def test_budgets_of_scripts_and_styles() -> None:
    assert gz(STATIC / "app/app.css") <= 12_000
    common = sum(gz(STATIC / "app" / name) for name in SCRIPTS_OF_EVERY_PUPIL_PAGE)
    for name in SCRIPTS_OF_ONE_PAGE:
        assert common + gz(STATIC / "app" / name) <= 8_000, name


FILES_TO_TAKE_AWAY = {"pupil_export.html"}
"""Written into a ZIP and opened without the box, which is not there to give them a style sheet: no policy applies."""


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_obey_the_content_security_policy(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    if template.name not in FILES_TO_TAKE_AWAY:
        assert "<style" not in text
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"(?:src|href)=\"https?:", text), "nothing is loaded from outside the box"


def _icons() -> Iterator[str]:
    for path in [*TEMPLATES, HUB / "labels.py"]:
        text = path.read_text(encoding="utf-8")
        for call in re.findall(r"icon\(([^()]*)\)", text):
            yield from re.findall(r'"([a-z0-9-]+)"', call)
    from appliance.hub.labels import FORMAT_ICONS

    yield from FORMAT_ICONS.values()


def test_every_icon_is_in_the_sheet() -> None:
    sheet = next(STATIC.glob("vendor/lucide-static-*/icons.svg")).read_text(encoding="utf-8")
    known = set(re.findall(r'<symbol id="([^"]+)"', sheet))
    assert known >= set(_icons())


def test_there_are_animals_for_a_class() -> None:
    sheet = next(STATIC.glob("vendor/openmoji-*/animals.svg")).read_text(encoding="utf-8")
    codes = json.loads((ROOT / "tools/vendor/animals.json").read_text(encoding="utf-8"))
    assert re.findall(r'<symbol id="([^"]+)"', sheet) == codes
    assert len(set(codes)) >= 28
    described = tomllib.loads((ROOT / "demonstration/class.toml").read_text(encoding="utf-8"))
    assert {pupil["avatar"] for pupil in described["pupil"]} <= set(codes)


def test_spoken_instructions() -> None:
    """Each sentence has its clip in both languages, light and playable by Safari 13, and says what the page shows."""
    listed = tomllib.loads((ROOT / "tools/sounds.toml").read_text(encoding="utf-8"))
    quizzes = tomllib.loads((ROOT / "demonstration/class.toml").read_text(encoding="utf-8"))["quiz"]
    asked = {
        f"{quiz['id']}-{q['id']}": q["prompt"] for quiz in quizzes if quiz.get("read_aloud") for q in quiz["question"]
    }
    said = json.loads((STATIC / "sounds/sentences.json").read_text(encoding="utf-8"))
    for language in LANGUAGES:
        wanted = {key: translator(language)(words) for key, words in listed.items()}
        wanted |= asked if language == "fr" else {}
        assert said[language] == {plain(words): f"{key}.mp3" for key, words in wanted.items()}, "tools/render_sounds.py"
        clips = {path.name: path for path in (STATIC / "sounds" / language).glob("*.mp3")}
        assert clips.keys() == set(said[language].values())
        for path in clips.values():
            head = path.read_bytes()
            assert head[0] == 0xFF, "an MPEG frame"
            assert head[1] & 0xE6 == 0xE2, "MPEG audio, layer 3"
            assert len(head) <= 28 * 1024
    pages = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    pages += "".join(f'"{words}"' for words in kinds.ACTIVITIES.values())
    said_of_a_voice = (*oral_verdict.SPOKEN.values(), *feedback.REASONS.values(), *feedback.TIPS.values())
    pages += "".join(f'"{words}"' for words in said_of_a_voice)
    pages += "".join(path.read_text(encoding="utf-8") for path in (ROOT / "appliance/speech").glob("room*.py"))
    assert not [words for words in listed.values() if f'"{words}"' not in pages], "nobody says this"
