# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable.toml`` of the boot partition, applied: once, and again when somebody has changed it.

Order: networks, then the box's own keys with the fingerprint of the file (from there on it counts as applied), then the
secrets in it are overwritten where they stand, then left out of it. A death anywhere leaves a live secret, hence a file
to apply again, or none, and nothing to do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from appliance import power_cut
from appliance.errors import BadInput, CartableError, ConfigError
from appliance.i18n import LANGUAGES, N_, translator
from provisioning import boot_settings, boot_text, networks, own_settings
from provisioning.boot_settings import FILE
from provisioning.boot_text import BootText
from provisioning.place import Place

ERRORS = "cartable-erreur.txt"
_TOLD = N_(
    "The box could not use cartable.toml, and has changed nothing:\n\n%(what)s\n\nCorrect the file, put the card back "
    "into the box, switch it on: this message disappears when all is well.\n"
)
Told = Callable[[CartableError], None]


class BootFile:
    """The step. ``tell``: hears what is wrong with the file; the box starts all the same."""

    def __init__(self, tell: Told) -> None:
        self._tell = tell

    def done(self, place: Place) -> bool:
        """Whether what the file says was applied, and no secret stands in it."""
        if not place.boot.is_dir():
            return True
        try:
            found = _read(place)
        except CartableError:
            return False
        if found is None:
            return not _said(place)
        return (
            own_settings.applied(place) == boot_text.fingerprint(found)
            and not boot_text.secrets(found.text)
            and not _said(place)
        )

    def apply(self, place: Place) -> None:
        """Raises :class:`OSError`, and :class:`appliance.errors.ConfigError` for the box's own file."""
        language = place.config.box.language
        try:
            found = _read(place)
            if found is not None:
                language = _language(found, language)
                self._use(place, found)
        except (BadInput, ConfigError) as error:
            self._tell(error)
            _say(place, error, language)
            return
        if found is not None:
            _wipe(place, found)
        _unsay(place)

    def _use(self, place: Place, found: BootText) -> None:
        tables = boot_text.tables(found, _known(place))
        wanted = boot_settings.checked(tables, place.zones)
        files = networks.files(wanted.wifi, wanted.cable, place)
        networks.write(place, files)
        named = {table: dict(tables[table]) for table in boot_settings.OWN if tables.get(table)}
        own_settings.merge(place, named, boot_text.fingerprint(found))


def _known(place: Place) -> dict[tuple[str, str], str]:
    """The secrets that the box has already."""
    return {("teacher", "passphrase_hash"): own_settings.passphrase_hash(place),
            ("wifi", "passphrase"): networks.passphrase(place)}  # fmt: skip


def _read(place: Place) -> BootText | None:
    path = place.boot / FILE
    try:
        with path.open("rb") as file:
            return boot_text.read(file.read(boot_text.LARGEST + 1))
    except FileNotFoundError:
        if (place.boot / f"{FILE}.txt").exists():
            raise BadInput("The file is called cartable.toml.txt: take the .txt off its name (Windows hides it until "
                           "file name extensions are shown).") from None  # fmt: skip
        return None


def _language(found: BootText, default: str) -> str:
    """The one that the file asks for, if that much of it can be understood."""
    try:
        asked = boot_text.tables(found, {}).get("box", {}).get("language")
    except (CartableError, AttributeError):
        return default
    return asked if asked in LANGUAGES else default


def _wipe(place: Place, found: BootText) -> None:
    """Overwrite the secrets in place, then leave them out. What a flash card keeps elsewhere is beyond reach."""
    path = place.boot / FILE
    if boot_text.live(found.text):
        power_cut.step("overwrite the secrets")
        with path.open("r+b", buffering=0) as file:
            for offset, stars in boot_text.stars(found):
                os.pwrite(file.fileno(), stars, offset)
            power_cut.step("flush the secrets")
            os.fsync(file.fileno())
    if boot_text.secrets(found.text):
        power_cut.sweep(place.boot)
        power_cut.replace(path, found.encoded(boot_text.cleaned(found.text)), mode=None)


def _say(place: Place, error: CartableError, language: str) -> None:
    """In the language of the box, so that Notepad shows it."""
    gettext = translator(language)
    text = gettext(_TOLD) % {"what": error.localized(gettext)}
    body = text.replace("\n", "\r\n").encode("utf-8-sig")
    beside, kept = _places(place)
    if not kept.exists() or power_cut.small(kept) != body:  # for cartable doctor, which does not see the boot partition
        power_cut.replace(kept, body, owner=place.owner)
    if not beside.exists() or beside.read_bytes() != body:
        power_cut.sweep(place.boot)
        power_cut.replace(beside, body, mode=None)


def _unsay(place: Place) -> None:
    for path in _said(place):
        power_cut.step("remove the message")
        path.unlink()
        power_cut.sync_folder(path.parent)


def _places(place: Place) -> tuple[Path, Path]:
    return place.boot / ERRORS, place.config.boot_errors


def _said(place: Place) -> list[Path]:
    """Where a message stands."""
    return [path for path in _places(place) if path.exists()]
