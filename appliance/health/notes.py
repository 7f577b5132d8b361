# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the last ``cartable doctor --journal`` found, for the page: it looks where the hub does not.

A file of the run folder: it goes with the machine's memory, as the facts in it do.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appliance.health.check import Bytes, Check, Group, Said, Sentence, State
from appliance.ports import Now

NAME = "doctor.json"
OLD_S = 2 * 3600.0
"""It runs every hour; older than this, it says nothing any more."""
MOST = 1 << 18


def keep(folder: Path, checks: Sequence[Check], now: Now) -> bool:
    """Write them, whole or not at all; False when the folder does not take it. Not whether the hub answers: whoever
    reads this has its answer."""
    noted = {
        "boot": now.boot,
        "monotonic": now.monotonic,
        "checks": [_plain(check) for check in checks if check.id != "hub"],
    }
    work = folder / f"{NAME}.{secrets.token_hex(4)}"
    try:
        # The folder belongs to the box's user and we may be root: never through a link that somebody left there.
        descriptor = os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump(noted, out)
            work.replace(folder / NAME)
        finally:
            work.unlink(missing_ok=True)  # it is not there any more, unless something went wrong
    except OSError:
        return False
    return True


def read(folder: Path, now: Now) -> list[Check]:
    """Those of the last two hours since the machine started; none when they cannot be understood."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        with (folder / NAME).open("rb") as file:
            noted = json.loads(file.read(MOST))
        age = now.monotonic - float(noted["monotonic"])
        if noted["boot"] == now.boot and 0 <= age < OLD_S:
            return [_check(each) for each in noted["checks"]]
    return []


def completed(own: Sequence[Check], noted: Sequence[Check]) -> list[Check]:
    """``own``, where it knows nothing replaced by what was noted; then what only the notes have."""
    by_id = {check.id: check for check in noted}
    known = {check.id for check in own}
    blind = (State.UNKNOWN, State.ABSENT)
    return [
        *(by_id.get(check.id, check) if check.state in blind else check for check in own),
        *(check for check in noted if check.id not in known),
    ]


def _plain(check: Check) -> dict[str, Any]:
    return {
        "id": check.id, "group": check.group, "name": check.name, "state": check.state,
        "detail": _sentence(check.detail), "mend": check.mend and _sentence(check.mend), "figure": check.figure,
    }  # fmt: skip


def _sentence(sentence: Sentence) -> list[Any]:
    return [sentence.message, {name: _value(value) for name, value in sentence.params.items()}]


def _value(value: object) -> object:
    if isinstance(value, Bytes):
        return {"bytes": int(value)}
    return value if isinstance(value, int | float) else str(value)


def _check(plain: dict[str, Any]) -> Check:
    return Check(
        str(plain["id"]), Group(plain["group"]), str(plain["name"]), State(plain["state"]), _said(plain["detail"]),
        _said(plain["mend"]) if plain["mend"] else None, str(plain["figure"]),
    )  # fmt: skip


def _said(plain: list[Any]) -> Said:
    message, params = plain
    told = Said(str(message), {str(name): _parameter(value) for name, value in params.items()})
    told.localized(str)  # what has no such fields is refused here, not on the page
    return told


def _parameter(value: object) -> object:
    if isinstance(value, dict):
        return Bytes(value["bytes"])
    if isinstance(value, int | float | str):
        return value
    raise TypeError
