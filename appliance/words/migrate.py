# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable migrate``: bring the database to this release's schema (a oneshot before the services start)."""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import Any

from appliance.config import Config
from appliance.i18n import N_, translator

COPIED = N_(
    "This card seems to be a copy: two boxes may now sign with the same name. If the other one is no longer used, run "
    "cartable provision moved on this one. If it is, write the image to this card again."
)


def register(words: Any) -> argparse.ArgumentParser:
    """Declare the word and its options."""
    parser: argparse.ArgumentParser = words.add_parser(
        "migrate", help=N_("bring the database to this release's schema")
    )
    return parser


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it; returns the exit code."""
    from appliance import box
    from appliance.store.adoption import adopt
    from appliance.store.db import Database, Role
    from appliance.store.released import current

    if not current(config.database):
        from appliance.store.migrations import migrate  # slow to load, and rarely needed

        for name in migrate(config.database):
            print(name)
    if not config.identity_file.exists():
        return 0
    with (
        box.hub_lock(config, box.LOCK_PATIENCE_S),
        contextlib.closing(Database(config.database, Role.HUB)) as db,
    ):
        if adopt(db, config.identity_file):
            print(translator(config.box.language)(COPIED), file=sys.stderr)
    return 0
