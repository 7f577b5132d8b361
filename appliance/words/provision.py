# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable provision``: what the box does to itself before its services start."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import Any

from appliance import config as configuration
from appliance import passphrase
from appliance.config import BoxConfig, Config
from appliance.errors import BadInput, CartableError, ConfigError
from appliance.i18n import N_, translator
from appliance.words.terminal import printable

MOVED = N_("This box goes on under the name it had.")
NOT_MOVED = N_("This card is no copy: nothing was changed.")
ASK, ASK_AGAIN = N_("Passphrase (four words): "), N_("Once more: ")


def register(words: Any) -> argparse.ArgumentParser:
    """Declare the word and its options."""
    parser: argparse.ArgumentParser = words.add_parser(
        "provision", help=N_("prepare the box before its services start")
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    disk = actions.add_parser("disk", help=N_("add the data partition to the card, once"))
    disk.add_argument("--disk", type=Path, metavar="DEVICE", help=N_("the card (default: the one we run from)"))
    disk.set_defaults(action=_disk)
    box = actions.add_parser("box", help=N_("make identity, names and networks of this box, as cartable.toml says"))
    box.add_argument("--boot", type=Path, metavar="FOLDER", default=Path("/boot/firmware"),
                     help=N_("where the boot partition is mounted (default: /boot/firmware)"))  # fmt: skip
    box.set_defaults(action=_box)
    moved = actions.add_parser("moved", help=N_("this card is a copy, and the other box is no longer used"))
    moved.set_defaults(action=_moved)
    hashed = actions.add_parser("hash", help=N_("ask for the teacher's passphrase and print its hash"))
    hashed.set_defaults(action=_hash)
    return parser


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it; returns the exit code."""
    done: int = args.action(args, config)
    return done


def unconfigured(args: argparse.Namespace, config: Config, error: ConfigError) -> int:
    """The card is prepared before its configuration can be corrected. The box's own file, damaged, is set aside: nobody
    can mend it on a box that does not start."""
    if args.action in (_disk, _hash):
        return run(args, config)
    if args.action is not _box:
        raise error
    from provisioning import own_settings

    try:
        aside = own_settings.set_aside(config.box.state / "cartable.toml")
    except OSError as failed:
        raise error from failed
    if not aside:
        raise error
    print(printable(f"cartable: {error.localized(translator(config.box.language))}"), file=sys.stderr)
    overrides = {"box": {"state": config.box.state, "run": config.box.run}}
    return run(args, configuration.load(args.config or configuration.SYSTEM_FILES, overrides))


def _disk(args: argparse.Namespace, config: Config) -> int:
    from provisioning import disk, partitions

    disk.provision(args.disk or partitions.root_disk())
    return 0


def _box(args: argparse.Namespace, config: Config) -> int:
    from provisioning import place, steps

    gettext = translator(config.box.language)

    def tell(error: CartableError) -> None:
        print(printable(f"cartable: {error.localized(gettext)}"), file=sys.stderr)

    system = config.box.state == BoxConfig().state
    if not system:
        config.box.state.mkdir(parents=True, exist_ok=True)
    steps.provision(place.of_system(config, args.boot), tell, host_name=system and os.geteuid() == 0)
    return 0


def _moved(args: argparse.Namespace, config: Config) -> int:
    from provisioning import identity, place

    said = MOVED if identity.moved(place.of_system(config, place.BOOT)) else NOT_MOVED
    print(translator(config.box.language)(said))
    return 0


def _hash(args: argparse.Namespace, config: Config) -> int:
    """Asked twice on a terminal; from a pipe, the first line."""
    gettext = translator(config.box.language)
    if not sys.stdin.isatty():
        print(passphrase.hashed(sys.stdin.readline(passphrase.LONGEST + 2).rstrip("\r\n")))
        return 0
    words = getpass.getpass(gettext(ASK))
    if passphrase.normalised(getpass.getpass(gettext(ASK_AGAIN))) != passphrase.normalised(words):
        raise BadInput("The two are not the same: try again.")
    print(passphrase.hashed(words))
    return 0
