# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable console``: what the box shows on its screen: how to reach it, its code, how it fares. Asks nothing."""

from __future__ import annotations

import argparse
import io
import os
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TextIO

from appliance.config import ADDRESS, PRESENCE_CODE, Config
from appliance.errors import ConfigError
from appliance.i18n import N_, translator
from appliance.words.terminal import printable

LOOK_EVERY_S = 2.0
REDRAW_AFTER_S = 60.0
"""Drawn again after this even when nothing changed: whatever else was written on the terminal goes."""
PATIENCE_S = 90.0
"""A hub that has not answered for so long does not start by itself any more: at boot, its unit has waited before."""

COLUMNS = 76

CARD = Path("/run/cartable-card")
"""Where ``systemd/disk`` and ``cartable-no-data.service`` leave what keeps the box from starting."""

CLEAR = "\x1b[?25l\x1b[H\x1b[2J"
_WITHOUT = str.maketrans({"’": "'", "…": "...", "œ": "oe", "–": "-", "\u202f": " ", "\u00a0": " "})
"""What the kernel's own font lacks."""


class State(Enum):
    """How the hub fares, in words for the class."""

    STARTING = N_("The box is starting: one moment.")
    READY = N_("The box is ready.")
    AWAY = N_("The box does not answer: it is being started again.")
    NO_DATA = N_(
        "The box cannot read what it keeps on its card: the card is damaged or worn out. Unplug the box, write the "
        "image to another card, and restore the last backup. Tell the technician."
    )
    STUCK = N_("The box cannot start. Unplug it, wait ten seconds, plug it in. If this stays, tell the technician.")


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is on the screen."""

    name: str
    state: State
    addresses: tuple[str, ...] = ()
    """``http://`` addresses by number, then by name: the first is in the picture. Empty without a network."""
    code: str | None = None
    trouble: str | None = None
    """Why the box cannot start, said by what could not be done; shown instead of the state."""


def register(words: Any) -> argparse.ArgumentParser:
    """Declare the word and its options."""
    parser: argparse.ArgumentParser = words.add_parser(
        "console", help=N_("show address, code and state on this terminal, until stopped")
    )
    parser.add_argument("--once", action="store_true", help=N_("show them once"))
    return parser


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it; returns the exit code."""
    speak = translator(config.box.language)
    watch = Watch(config)
    if args.once:
        print(screen(watch.look(), speak, _rows(sys.stdout)))
        return 0
    shown, drawn_at = "", 0.0
    while True:
        text = screen(watch.look(), speak, _rows(sys.stdout))
        if text != shown or time.monotonic() - drawn_at > REDRAW_AFTER_S:
            sys.stdout.write(f"{CLEAR}{text.translate(_WITHOUT)}")
            sys.stdout.flush()
            shown, drawn_at = text, time.monotonic()
        time.sleep(LOOK_EVERY_S)


def unconfigured(args: argparse.Namespace, config: Config, error: ConfigError) -> int:
    """The same, with what stands without a configuration: the class sees that the box does not start."""
    return run(args, config)


class Watch:
    """Looks at the box, and remembers whether the hub ever answered."""

    def __init__(self, config: Config, monotonic: Callable[[], float] = time.monotonic, card: Path = CARD) -> None:
        self._config = config
        self._card = card
        self._monotonic = monotonic
        self._answered = False
        self._silent_since = monotonic()

    def look(self) -> Seen:
        """As things are now."""
        state = self._state()
        run_folder = self._config.box.run
        code = _line(run_folder / PRESENCE_CODE) if state is State.READY else None
        trouble = None if state is State.READY else _line(self._card / "trouble")
        return Seen(self._config.box.name, state, self._addresses(_line(run_folder / ADDRESS)), code, trouble)

    def _state(self) -> State:
        from appliance import serve

        if serve.answers(self._config.hub_socket):
            self._answered, self._silent_since = True, self._monotonic()
            return State.READY
        if (self._card / "no-data").exists():
            return State.NO_DATA
        if self._monotonic() - self._silent_since > PATIENCE_S:
            return State.STUCK
        return State.AWAY if self._answered else State.STARTING

    def _addresses(self, named: str | None) -> tuple[str, ...]:
        from appliance import box

        port = "" if named is None else named.rstrip("/").removeprefix("http://").partition(":")[2]
        suffix = f":{port}/" if port else "/"
        numbers = [f"http://{addresses[0]}{suffix}" for addresses in box.networks().values()]
        return (*numbers, named) if numbers and named else tuple(numbers)


def _line(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _rows(out: TextIO) -> int:
    try:
        return os.get_terminal_size(out.fileno()).lines or 25
    except OSError:
        return 25


def screen(seen: Seen, speak: Callable[[str], str], rows: int = 25) -> str:
    """The text, lines parted by ``\\n``; the picture of the address is left out where ``rows`` do not suffice."""
    told = [seen.name, "", seen.trouble or speak(seen.state.value), ""]
    if seen.state is State.READY:
        told += _how_to_reach(seen, speak)
    lines = [f"  {line}".rstrip() for text in told for line in _wrapped(printable(text))]
    if seen.state is State.READY:
        picture = _picture(seen.addresses[0]) if seen.addresses else []
        if len(lines) + len(picture) <= rows:
            lines += picture
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, break_long_words=False, break_on_hyphens=False) or [""]


def _how_to_reach(seen: Seen, speak: Callable[[str], str]) -> list[str]:
    _ = speak
    if not seen.addresses:
        return [_("There is no network: join one, and the address for tablets is shown here.")]
    first, *others = seen.addresses
    lines = [_("Open this address on a tablet, or scan the picture: %(address)s") % {"address": first}]
    lines += [_("On the same network also: %(address)s") % {"address": other} for other in others]
    if seen.code:
        told = _("Teacher: open %(address)s and type %(code)s")
        lines += ["", told % {"address": f"{first}enseignant", "code": seen.code}]
    return [*lines, ""]


def _picture(address: str) -> list[str]:
    import segno

    out = io.StringIO()
    segno.make(address, micro=False).terminal(out=out, border=2, compact=True)
    return [f"  {line}" for line in out.getvalue().splitlines()]
