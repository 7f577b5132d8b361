# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Speech models: those that can be had (``models.toml``), those that are installed (one folder each)."""

from __future__ import annotations

import functools
import re
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import BadInput, NotFound

TABLE = Path(__file__).with_name("models.toml")
LANGUAGES = ("en", "fr")
MAX_BYTES = 600_000_000
"""Unpacked: larger ones need more memory than a small board has."""
MAX_FILES = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


@dataclass(frozen=True, slots=True)
class Known:
    """One row of the table."""

    name: str
    language: str
    url: str
    bytes: int
    unpacked: int
    licence: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on this box."""

    name: str
    language: str
    path: Path
    bytes: int


@functools.cache
def known() -> Sequence[Known]:
    """The table."""
    return tuple(Known(**row) for row in tomllib.loads(TABLE.read_text(encoding="utf-8"))["model"])


def named(name: str) -> Known:
    """The row ``name``. Raises :class:`NotFound` naming the others."""
    for row in known():
        if row.name == name:
            return row
    names = ", ".join(row.name for row in known())
    raise NotFound("No speech model is called %(name)s; there are: %(known)s", name=name[:80], known=names)


def installed(folder: Path) -> Sequence[Installed]:
    """What stands in ``folder``/<language>/<name>."""
    found = [
        path
        for language in LANGUAGES
        if (folder / language).is_dir()
        for path in sorted((folder / language).iterdir())
        if path.is_dir() and _NAME.fullmatch(path.name)
    ]
    return tuple(Installed(path.name, path.parent.name, path, size(path)) for path in found)


def size(folder: Path) -> int:
    """Bytes of its files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def root(folder: Path) -> Path:
    """The model's own folder in what was unpacked or plugged in. Raises :class:`BadInput` when there is none.

    Layout: https://alphacephei.com/vosk/models, "Model structure" (the older one has ``final.mdl`` at its root).
    """
    for path in (folder, *sorted(p for p in folder.iterdir() if p.is_dir() and not p.is_symlink())):
        if (path / "am" / "final.mdl").is_file() or (path / "final.mdl").is_file():
            return path
    raise BadInput("“%(name)s” holds no Vosk model: there is no final.mdl in it.", name=folder.name[:80])


def checked_name(name: str) -> str:
    """``name`` when it may be a folder's. Raises :class:`BadInput`."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            "“%(name)s” cannot be the name of a model: use letters, digits, dots and dashes.", name=name[:80]
        )
    return name


def language_of(name: str) -> str:
    """By its name (``vosk-model-small-fr-0.22``). Raises :class:`BadInput` when that does not tell."""
    found = [part for part in name.lower().split("-") if part in LANGUAGES]
    if not found:
        raise BadInput("The language of “%(name)s” is not known: give --language en or fr.", name=name[:80])
    return found[0]


def settle(source: Path, folder: Path, name: str, language: str) -> Installed:
    """Move the whole model ``source`` (on the same disk) into its place; one of that name before is replaced."""
    target = folder / language / checked_name(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.with_name(f".{name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    source.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return Installed(name, language, target, size(target))


def remove(folder: Path, name: str) -> None:
    """Take it off the box. Raises :class:`NotFound`."""
    found = [model for model in installed(folder) if model.name == name]
    if not found:
        raise NotFound("No speech model called %(name)s is installed.", name=name[:80])
    for model in found:
        shutil.rmtree(model.path)
