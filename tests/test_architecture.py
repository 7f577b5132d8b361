# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The house stands as drawn: floors, one home per library, one writer per table, every key read, every page listed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from appliance import config
from appliance.store import db, migrations

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for package in ("appliance", "provisioning") for path in (ROOT / package).rglob("*.py"))

HOMES = {
    "pocketsphinx": ("appliance.drivers",),
    "webrtcvad": ("appliance.speech.detector",),
    "libzim": ("appliance.formats",),
    "pypdfium2": ("appliance.formats",),
    "av": ("appliance.formats", "appliance.drivers"),
    "PIL": ("appliance.formats", "appliance.hub.covers", "appliance.hub.photos", "appliance.hub.quiz_sheet"),
    "tantivy": ("appliance.store",),
    "sqlite3": ("appliance.store",),
    "sqlite_utils": ("appliance.store",),
    "cryptography": ("appliance.xapi", "appliance.store.identity", "appliance.sealing"),
    "argon2": ("appliance.passphrase",),
    "fpdf": ("appliance.hub.paper",),
    "fontTools": ("appliance.hub.paper",),
    "flask": ("appliance.hub", "appliance.speech", "appliance.box"),
    "waitress": ("appliance.speech.serving",),
    "babel": ("appliance.hub.language",),
    "aiohttp": ("appliance.edge", "appliance.dev", "appliance.studio"),
    "zeroconf": ("appliance.drivers",),
    "granian": ("appliance.serve",),
    "urllib3": ("appliance.sync",),
    "segno": ("appliance.hub", "appliance.dev", "appliance.words.console"),
}
"""Library -> the only packages that may import it."""


def test_floors() -> None:
    """import-linter's contracts (pyproject.toml) hold; a module without a floor fails them."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("appliance", include_external_packages=True, cache_dir=None)


@pytest.mark.parametrize("library", HOMES)
def test_each_library_has_one_home(graph: grimp.ImportGraph, library: str) -> None:
    if library not in graph.modules:
        pytest.fail(f"nobody imports {library} any more: take it off the list and out of pyproject.toml")
    importers = graph.find_modules_that_directly_import(library)
    strays = [name for name in importers if not name.startswith(HOMES[library])]
    assert not strays


def test_every_table_has_an_owner(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    migrations.migrate(path)
    conn = db.connect(path, db.Role.READER)
    assert set(migrations.schema(conn)) == set(db.OWNERS)
    conn.close()


def test_every_configuration_key_is_read() -> None:
    """A key that nobody reads is an error."""
    text = "\n".join(path.read_text() for path in SOURCES if path.name != "config.py")
    own = (ROOT / "appliance/config.py").read_text()
    unread = [
        key
        for key in config.keys()  # noqa: SIM118 - a function, not a dict
        if not re.search(rf"\.{key.partition('.')[2]}\b", text) and not re.search(rf"self\.{key}\b", own)
    ]
    assert not unread


def test_no_blanket_except() -> None:
    """Errors are caught where something is done about them."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    ]
    assert not found


def test_files_stay_small() -> None:
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text().splitlines())) > 400}
    assert not long


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("appliance.hub.search_worker", ("flask", "libzim", "aiohttp", "zeroconf", "av", "PIL")),
        ("appliance.serve", ("flask", "libzim", "aiohttp", "tantivy", "av")),
        ("appliance.speech.serving", ("av", "webrtcvad", "aiohttp", "pocketsphinx", "sqlite3", "cryptography")),
        ("appliance.studio.app", ("av", "flask", "sqlite3", "granian")),
        ("appliance.cli", ("importlib.metadata",)),
        ("appliance.box", ("importlib.metadata", "appliance.ports")),
        ("appliance.store.released", ("sqlite_utils",)),
        ("appliance.formats.zim_reader", ("PIL",)),
        (
            "appliance.hub.app",
            ("tantivy", "av", "PIL", "pypdfium2", "sqlite_utils", "aiohttp", "zeroconf", "cryptography", "argon2"),
        ),
    ],
)
def test_what_an_import_must_not_load(module: str, heavy: tuple[str, ...]) -> None:
    """Memory on a Pi is spent by imports nobody asked for."""
    code = f"import sys, {module}; print(sorted({set(heavy)!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
