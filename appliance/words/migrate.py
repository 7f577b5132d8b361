# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable migrate``: bring the database to this release's schema (a oneshot before the services start)."""

from __future__ import annotations

import argparse
import contextlib
from typing import Any

from appliance.config import Config
from appliance.i18n import N_


def register(words: Any) -> argparse.ArgumentParser:
    """Declare the word and its options."""
    parser: argparse.ArgumentParser = words.add_parser(
        "migrate", help=N_("bring the database to this release's schema")
    )
    return parser


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it; returns the exit code."""
    from appliance import box
    from appliance.store.db import Database, Role

    for name in box.migrated(config):
        print(name)
    if not config.identity_file.exists():
        return 0
    with (
        box.hub_lock(config, box.LOCK_PATIENCE_S),
        contextlib.closing(Database(config.database, Role.HUB)) as db,
    ):
        box.identified(config, db)
    return 0
