# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Content-addressed folders of the library: immutable, whole or absent.

``<library>/blobs/<sha256>/`` holds ``original<suffix>``, what its format derived from it, and ``manifest.json`` with
the size and SHA-256 of every file. ``staging/<job>/`` is where one is made, ``trash/`` where one goes to die; each
move between the three is one rename.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import BadInput, Damaged, NotFound
from appliance.model import Card, Imported
from appliance.ports import Progress
from appliance.store import durable
from appliance.store.durable import step

MANIFEST = "manifest.json"
SECTIONS = "sections.jsonl.gz"
CAPTIONS = "captions"
"""Folder of a blob: what its format made of the caption files that came with it."""


class Harm(enum.StrEnum):
    """What ``scrub`` found wrong with a file."""

    MISSING = "missing"
    DAMAGED = "damaged"
    EXTRA = "extra"
    """Not in the manifest. The resource still works, but someone wrote where nobody should."""


@dataclass(frozen=True, slots=True)
class Damage:
    """One file of a blob that is not as it was stored."""

    blob: str
    path: str
    harm: Harm
    resource: str = ""
    """Id of the resource, once known."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a blob holds."""

    imported: Imported
    filename: str
    files: Mapping[str, tuple[int, str]]
    """Relative path -> bytes, SHA-256."""

    @property
    def size(self) -> int:
        """Bytes of all the files."""
        return sum(size for size, _ in self.files.values())


def key_of(sha256: str, captions: Sequence[tuple[str, str]]) -> str:
    """The name of the blob made of a file and its captions (name, SHA-256)."""
    if not captions:
        return sha256
    lines = [sha256, *(f"{name} {digest}" for name, digest in captions)]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def files_below(folder: Path) -> Iterator[Path]:
    """Every regular file below ``folder``, in a fixed order; raises :class:`BadInput` for a link or a device."""
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.is_dir(follow_symlinks=False):
            yield from files_below(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        else:
            raise BadInput("%(name)s is a link or a device: only files and folders are kept.", name=entry.name)


def seal(folder: Path, imported: Imported, filename: str, known: Mapping[str, str]) -> Manifest:
    """Write the manifest of a finished folder and make all of it durable; ``known``: digests already computed."""
    files = {}
    for path in files_below(folder):
        name = path.relative_to(folder).as_posix()
        if name != MANIFEST:
            files[name] = (path.stat().st_size, known.get(name) or durable.sha256_of(path))
    manifest = Manifest(imported, filename, files)
    step("write manifest")
    durable.write(folder / MANIFEST, _dump(manifest))
    step("sync tree")
    with durable.disk_errors(folder):
        durable.sync_tree(folder)
    return manifest


def _dump(manifest: Manifest) -> bytes:
    files = {name: {"size": size, "sha256": digest} for name, (size, digest) in manifest.files.items()}
    whole = {"imported": dataclasses.asdict(manifest.imported), "filename": manifest.filename, "files": files}
    return json.dumps(whole, ensure_ascii=False).encode()


def read_manifest(folder: Path) -> Manifest:
    """Raises :class:`Damaged` when it is missing or not one."""
    try:
        raw = json.loads((folder / MANIFEST).read_bytes())
        found = raw["imported"]
        imported = Imported(
            found["format"], card_of(found["card"]), found["entry"], found["cover"], dict(found["details"])
        )
        files = {str(name): (int(f["size"]), str(f["sha256"])) for name, f in raw["files"].items()}
        return Manifest(imported, str(raw["filename"]), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged("A resource is damaged: add its file again.") from error


def card_of(raw: Mapping[str, Any]) -> Card:
    """A card from its JSON; raises TypeError for an unknown field."""
    return Card(**{**raw, "levels": tuple(raw.get("levels", ()))})


class Blobs:
    """The folders below ``<state>/library``. Safe to use from several threads of one process, not from two."""

    def __init__(self, library: Path) -> None:
        self.library = library
        self.staging = library / "staging"
        self.trash = library / "trash"
        self._blobs = library / "blobs"

    def prepare(self) -> None:
        """Make the folders; raises :class:`StorageError` when the disk refuses."""
        with durable.disk_errors(self.library):
            for folder in (self._blobs, self.staging, self.trash):
                folder.mkdir(parents=True, exist_ok=True)

    def path(self, blob: str) -> Path:
        """Where ``blob`` stands, or would."""
        return self._blobs / blob

    def names(self) -> set[str]:
        """Every blob on the disk."""
        return {entry.name for entry in self._blobs.iterdir()}

    def has(self, blob: str) -> bool:
        """Whether it stands there, whole as far as its name tells."""
        return (self.path(blob) / MANIFEST).is_file()

    def new_staging(self, job: str) -> Path:
        """The folder where ``job`` works."""
        folder = self.staging / job
        with durable.disk_errors(folder):
            step("make staging")
            folder.mkdir()
            durable.sync_folder(self.staging)
        return folder

    def publish(self, work: Path, blob: str, *, replace: bool = False) -> None:
        """Make a sealed folder visible under its name. A complete blob that is already there wins unless ``replace``.

        Durable on return. Raises :class:`StorageError`.
        """
        target = self.path(blob)
        if target.exists():
            if not replace and self.has(blob):
                return
            durable.discard(target, self.trash)
        with durable.disk_errors(target):
            step("publish")
            work.rename(target)
            step("sync blobs")
            durable.sync_folder(self._blobs)

    def remove(self, blob: str) -> None:
        """Take a blob away; absent already is fine. A death half-way is finished at the next :meth:`collect`."""
        durable.discard(self.path(blob), self.trash)

    def drop_staging(self, job: str) -> None:
        """Remove what a job left; absent already is fine."""
        durable.discard(self.staging / job, self.trash)

    def collect(self, jobs: set[str]) -> None:
        """At start: finish removals, drop the staging of jobs not in ``jobs``."""
        durable.empty(self.trash)
        for entry in list(self.staging.iterdir()):
            if entry.name not in jobs:
                self.drop_staging(entry.name)

    def scrub(self, blob: str, progress: Progress | None = None) -> list[Damage]:
        """Read every file of a blob again and compare. Memory: one manifest and one block."""
        folder = self.path(blob)
        try:
            manifest = read_manifest(folder)
        except Damaged:
            harm = Harm.DAMAGED if (folder / MANIFEST).exists() else Harm.MISSING
            return [Damage(blob, MANIFEST, harm)]
        found: list[Damage] = []
        total, done = manifest.size or 1, 0
        for name, (size, digest) in manifest.files.items():
            harmed = _harm(folder / name, size, digest)
            if harmed:
                found.append(Damage(blob, name, harmed))
            done += size
            if progress:
                progress(done / total, name)
        return found + [Damage(blob, name, Harm.EXTRA) for name in _extra(folder, manifest)]

    def original(self, blob: str) -> Path:
        """The file that the blob was made of. Raises :class:`NotFound`."""
        for name in read_manifest(self.path(blob)).files:
            if name.startswith("original.") and "/" not in name:
                return self.path(blob) / name
        raise NotFound("The original file of this resource was not kept.")


def _harm(path: Path, size: int, digest: str) -> Harm | None:
    try:
        if path.is_symlink() or path.stat().st_size != size or durable.sha256_of(path) != digest:
            return Harm.DAMAGED
    except FileNotFoundError:
        return Harm.MISSING
    except OSError:  # the card gives an I/O error instead of the bytes
        return Harm.DAMAGED
    return None


def _extra(folder: Path, manifest: Manifest) -> list[str]:
    found = []
    for root, _, names in os.walk(folder):
        relative = Path(root).relative_to(folder)
        found += [name for name in ((relative / n).as_posix() for n in names) if name not in manifest.files]
    return sorted(name for name in found if name != MANIFEST)
