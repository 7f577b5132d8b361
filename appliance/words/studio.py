# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable studio``: microphone and loudspeaker, on their Unix socket."""

from __future__ import annotations

import argparse
from typing import Any

from appliance.config import Config
from appliance.i18n import N_


def register(words: Any) -> argparse.ArgumentParser:
    """Declare the word and its options."""
    parser: argparse.ArgumentParser = words.add_parser(
        "studio", help=N_("run the service of microphone and loudspeaker on its Unix socket")
    )
    return parser


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it; returns the exit code."""
    from appliance import box_studio

    return box_studio.studio(config)
