# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What ``cartable library`` does, whichever way the library is reached."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from appliance.config import Config
from appliance.errors import CartableError, NotFound
from appliance.i18n import N_
from appliance.sync import transfer
from appliance.words.access import POLL_S
from appliance.words.library_access import Access
from appliance.words.terminal import Meter

CAPTION_SUFFIXES = (".vtt", ".srt")
HARMS = {"missing": N_("missing"), "damaged": N_("damaged"), "extra": N_("does not belong there")}


class Actions:
    """One method per action of ``cartable library``; each returns the exit code."""

    def __init__(self, args: argparse.Namespace, config: Config, meter: Meter) -> None:
        self._args = args
        self._config = config
        self._meter = meter
        self._failed = False

    def list(self, access: Access) -> int:
        """One line each: id, format, size, title; a sentence beside them (stderr) when there is none."""
        found = access.list()
        if not found:
            none = self._meter.gettext(N_("No resource in %(folder)s"))
            print(none % {"folder": self._config.library_folder}, file=sys.stderr)
        damaged = self._meter.gettext(HARMS["damaged"])
        for resource in found:
            size = f"{resource['size'] / 1e6:.1f} MB" if resource["blob"] else "-"
            state = "" if resource["state"] == "ready" else f" [{damaged}]"
            print(f"{resource['id']}  {resource['format']:<10} {size:>10}  {resource['card']['title']}{state}")
        return 0

    def verify(self, access: Access) -> int:
        """One line for each damaged file."""
        damages = access.verify(self._meter.progress)
        self._meter.clear()
        titles = {resource["id"]: resource["card"]["title"] for resource in access.list()}
        for damage in damages:
            harm = self._meter.gettext(HARMS[damage["harm"]])
            print(f"{damage['resource']}  {titles.get(damage['resource'], '')}: {damage['path']}: {harm}")
        if not damages:
            self._meter.say(N_("Every file is as it was stored."))
        return 1 if damages else 0

    def remove(self, access: Access) -> int:
        """Each is tried, whatever became of the one before."""
        for resource_id in self._args.id:
            self._attempt(lambda resource_id=resource_id: access.remove(resource_id))
        return int(self._failed)

    def export(self, access: Access) -> int:
        """Prints the path of the file written."""
        print(access.export(self._args.id, self._args.folder))
        return 0

    def add(self, access: Access) -> int:
        """One line for each resource; what cannot be added is said, then the next is tried."""
        card = {"title": self._args.title} if self._args.title else {}
        targets = [target for what in self._args.what for target in _targets(what)]
        for number, target in enumerate(targets, 1):
            self._meter.prefix = f"({number}/{len(targets)}) " if len(targets) > 1 else ""
            self._attempt(lambda target=target: self._add(access, target, card))
        return int(self._failed)

    def _attempt(self, act: Any) -> None:
        try:
            act()
        except CartableError as error:
            self._failed = True
            self._meter.clear()
            print(f"cartable: {error.localized(self._meter.gettext)}", file=sys.stderr)

    def _add(self, access: Access, target: str | Path, card: dict[str, object]) -> None:
        if isinstance(target, Path):
            captions = [*self._args.captions, *captions_beside(target)]
            self._follow(access, access.add(target, target.name, card, captions, False), target.name)
        elif self._args.link:
            link = access.add_link(target, card)
            self._meter.clear()
            print(f"{link['id']}  {link['card']['title']}")
        else:
            self._download(access, target, card)

    def _download(self, access: Access, url: str, card: dict[str, object]) -> None:
        folder = self._config.library_folder / "downloads" / hashlib.sha256(url.encode()).hexdigest()[:16]
        self._meter.what = url
        got = transfer.fetch(
            url,
            folder / "download",
            expected_sha256=self._args.sha256,
            max_bytes=self._config.library.max_upload_mb << 20,
            keep_free=self._config.library.keep_free_mb << 20,
            progress=lambda done, _: self._meter.progress(done, N_("Downloading")),
        )
        job = access.add(got.path, got.filename, {"source": url[:500], **card}, self._args.captions, True)
        shutil.rmtree(folder, ignore_errors=True)
        self._follow(access, job, got.filename)

    def _follow(self, access: Access, job_id: str, name: str) -> None:
        self._meter.what = name
        while (job := access.job(job_id))["state"] not in ("done", "failed"):
            self._meter.progress(job["progress"], job["step"])
            time.sleep(POLL_S)
        self._meter.clear()
        if job["state"] == "failed":
            self._failed = True
            print(f"cartable: {name}: {job['error']}", file=sys.stderr)
            return
        known = self._meter.gettext(N_("already in the library"))
        note = f" ({known})" if job["existing"] else ""
        print(f"{job['resource']}  {name}{note}")


def _targets(what: str) -> Iterator[str | Path]:
    """What one argument stands for: an address, a file, or every file of a folder but the captions."""
    if what.startswith(("http://", "https://")):
        yield what
        return
    path = Path(what)
    if not path.is_dir():
        yield path
        return
    found = [
        p
        for p in sorted(path.rglob("*"))
        if p.is_file() and not any(part.startswith(".") for part in p.relative_to(path).parts)
    ]
    taken = {caption for p in found for caption in captions_beside(p)}
    kept = [p for p in found if p not in taken]
    if not kept:
        raise NotFound("There is no file in %(path)s.", path=path)
    yield from kept


def captions_beside(path: Path) -> Sequence[Path]:
    """``film.fr.vtt`` and ``film.vtt`` beside ``film.mp4``."""
    if path.suffix.lower() in CAPTION_SUFFIXES or not path.parent.is_dir() or not path.stem:
        return []
    beside = (p for p in path.parent.iterdir() if p.suffix.lower() in CAPTION_SUFFIXES and p.is_file())
    return sorted(p for p in beside if p.stem == path.stem or p.stem.rpartition(".")[0] == path.stem)
