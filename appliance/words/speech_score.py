# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What ``cartable speech score`` does."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from appliance import box
from appliance.config import Config
from appliance.drivers.sound_decoder import decode
from appliance.errors import NotFound, TooLarge, reason
from appliance.speech.competitors import task_for
from appliance.speech.ear import Ear
from appliance.speech.verdict import Asked, Verdict
from appliance.words.terminal import Meter, printable

MOST = 50_000_000
"""Bytes of a recording."""


def score(args: argparse.Namespace, config: Config, meter: Meter) -> int:
    """Prints the verdict."""
    pcm = decode(_read(args.file))
    asked = Asked(args.expect, focus=_listed(args.focus), items=_listed(args.items))
    lexicon = box.lexicon()
    task_for(asked, lexicon)  # refuses what cannot be asked before an engine is loaded
    verdict = Ear(box.speech_engines(config), lexicon)(pcm, asked)
    told = verdict.as_json(meter.gettext)
    print(json.dumps(told, ensure_ascii=False, indent=1) if args.json else printable(_line(verdict, told)))
    return 0


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MOST + 1)
    except OSError as error:
        raise NotFound("%(path)s cannot be read: %(why)s", path=path, why=reason(error)) from error
    if len(data) > MOST:
        raise TooLarge("The file is larger than %(limit)s MB.", limit=MOST // 1_000_000)
    return data


def _line(verdict: Verdict, told: dict[str, object]) -> str:
    facts = [f"{verdict.snr_db} dB", verdict.engine, f"{verdict.cpu_ms} ms"]
    return " ".join(filter(None, [f"{verdict.outcome.value}:", str(told["sentence"]), str(told["tip"])])) + (
        f" ({', '.join(facts)})"
    )


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
