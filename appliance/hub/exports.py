# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A resource back out as the file it came as."""

from __future__ import annotations

import itertools
from pathlib import Path

from appliance.errors import BadInput, Damaged
from appliance.model import Resource
from appliance.store import blobs, durable
from appliance.store.blobs import Blobs

UNLIMITED = 1 << 62


def export(store: Blobs, resource: Resource, folder: Path) -> Path:
    """Contract: :meth:`appliance.hub.imports.Library.export`."""
    if resource.blob is None:
        raise BadInput("%(title)s is only a link: there is nothing on the box to export.", title=resource.card.title)
    if "\0" in str(folder) or not folder.is_dir():
        raise BadInput("%(path)s is not a folder.", path=folder)
    original = store.original(resource.blob)
    digests = {name: digest for name, (_, digest) in blobs.read_manifest(original.parent).files.items()}
    target = _free_name(folder, resource.filename)
    _copy(original, target, digests[original.name])
    for name in digests:
        if name.startswith(blobs.CAPTIONS + "/"):
            _copy(original.parent / name, _free_name(folder, f"{target.stem}.{Path(name).name}"), digests[name])
    return target


def _free_name(folder: Path, name: str) -> Path:
    first = folder / name
    others = (folder / f"{first.stem} ({number}){first.suffix}" for number in itertools.count(2))
    return next(path for path in itertools.chain([first], others) if not path.exists())


def _copy(source: Path, target: Path, digest: str) -> None:
    part = target.with_name(f".cartable-{digest[:16]}.part")
    try:
        with durable.disk_errors(target):
            part.unlink(missing_ok=True)
            with durable.open_regular(source) as opened:
                copied = durable.copy(
                    opened, part, limit=UNLIMITED, check_room=lambda needed: durable.check_free(part.parent, 0, 0)
                )
            if copied.sha256 != digest:
                raise Damaged("%(name)s is damaged on the box: add its file again.", name=target.name)
            part.rename(target)
            durable.sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)
