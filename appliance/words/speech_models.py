# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What ``cartable speech models`` does: each method is an action and returns the exit code."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from appliance.config import Config
from appliance.errors import BadInput, Busy, Damaged, NotFound, TooLarge
from appliance.formats.archive import Archive
from appliance.i18n import N_
from appliance.ports import Limits
from appliance.speech import models
from appliance.store import durable
from appliance.sync import transfer
from appliance.words.terminal import Meter, printable

LOAD_LIMIT_S = 120.0
NO_GRAMMAR = 3
"""Exit code of :mod:`appliance.drivers.speech_check`."""
LIMITS = Limits(max_bytes=models.MAX_BYTES, max_files=models.MAX_FILES, max_ratio=50)


class Models:
    """The models in the state folder of ``config``."""

    def __init__(self, args: argparse.Namespace, config: Config, meter: Meter) -> None:
        self._args = args
        self._folder = config.models
        self._keep_free = config.library.keep_free_mb << 20
        self._meter = meter

    def show(self) -> int:
        """One line each: state, name, language, size, licence, where it comes from."""
        here = {model.name: model for model in models.installed(self._folder)}
        yes, no = self._meter.gettext(N_("installed")), self._meter.gettext(N_("can be installed"))
        for row in models.known():
            state = yes if row.name in here else no
            print(f"{state}  {row.name}  {row.language}  {row.bytes / 1e6:.0f} MB  {row.licence}  {row.url}")
        for model in here.values():
            if model.name not in {row.name for row in models.known()}:
                print(printable(f"{yes}  {model.name}  {model.language}  {model.bytes / 1e6:.0f} MB"))
        return 0

    def install(self) -> int:
        """Download, check, put in place."""
        row = models.named(self._args.name)
        digest = self._args.sha256 or row.sha256
        if not digest:
            raise BadInput(
                "Nobody has verified the file of %(name)s for this release: give the SHA-256 that its publisher says "
                "with --sha256, or bring the model on a USB stick.",
                name=row.name,
            )  # fmt: skip
        self._meter.what = row.name
        part = self._folder / ".downloads" / f"{row.name}.zip"
        part.parent.mkdir(parents=True, exist_ok=True)
        transfer.fetch(
            self._args.url or row.url, part, expected_sha256=digest.lower(), max_bytes=models.MAX_BYTES,
            keep_free=self._keep_free + row.unpacked,
            progress=lambda done, _: self._meter.progress(done, N_("Downloading")),
        )  # fmt: skip
        try:
            self._unpack(part, row.name, row.language)
        finally:
            part.unlink()
        return 0

    def take(self) -> int:
        """From a folder or a ZIP file of the technician's."""
        path = self._args.path
        name = models.checked_name(self._args.name or (path.stem if path.suffix.lower() == ".zip" else path.name))
        language = self._args.language or models.language_of(name)
        self._meter.what = name
        if path.is_dir():
            with self._staging() as staging:
                self._copy(models.root(path), staging / "model")
                self._settle(staging / "model", name, language)
            return 0
        if not path.is_file():
            raise NotFound("There is no file in %(path)s.", path=path)
        self._same(path)
        self._unpack(path, name, language)
        return 0

    def remove(self) -> int:
        """Off the box."""
        models.remove(self._folder, self._args.name)
        return 0

    def _same(self, path: Path) -> None:
        if self._args.sha256:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != self._args.sha256.lower():
                raise Damaged("“%(name)s” is not the file that was meant: its SHA-256 is %(found)s.",
                              name=path.name[:80], found=found)  # fmt: skip

    def _unpack(self, path: Path, name: str, language: str) -> None:
        with self._staging() as staging, Archive(path, LIMITS) as archive:
            durable.check_free(staging, sum(archive.members.values()), self._keep_free)
            (staging / "unpacked").mkdir()
            archive.extract(staging / "unpacked", self._meter.progress)
            self._settle(models.root(staging / "unpacked"), name, language)

    def _copy(self, source: Path, target: Path) -> None:
        """Regular files only: a stick may hold links that lead into the box."""
        files = [path for path in sorted(source.rglob("*")) if path.is_file() and not path.is_symlink()]
        total = sum(path.stat().st_size for path in files)
        if len(files) > models.MAX_FILES or total > models.MAX_BYTES:
            raise TooLarge("The model is larger than %(limit)s MB.", limit=models.MAX_BYTES // 1_000_000)
        durable.check_free(self._folder, total, self._keep_free)
        for number, path in enumerate(files, 1):
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place, follow_symlinks=False)
            self._meter.progress(number / len(files), N_("Copying"))

    def _settle(self, source: Path, name: str, language: str) -> None:
        self._loads(source, name)
        model = models.settle(source, self._folder, name, language)
        self._meter.clear()
        print(printable(f"{model.name}  {model.language}  {model.bytes / 1e6:.0f} MB"))

    def _loads(self, folder: Path, name: str) -> None:
        command = [sys.executable, "-m", "appliance.drivers.speech_check", str(folder)]
        try:
            code = subprocess.run(command, capture_output=True, timeout=LOAD_LIMIT_S).returncode
        except subprocess.TimeoutExpired as error:
            raise Busy("%(name)s takes too long to load on this computer.", name=name) from error
        if code == NO_GRAMMAR:
            raise BadInput("%(name)s cannot be told what to expect: choose a small model.", name=name)
        if code:
            raise Damaged("%(name)s does not load: its files are damaged or of another program.", name=name)

    @contextlib.contextmanager
    def _staging(self) -> Iterator[Path]:
        """A folder on the same disk, empty, gone afterwards."""
        folder = self._folder / ".staging"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
