# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who the box is, in one file of the state folder: made by provisioning before there is a database, taken up by the
store, which knows whether it may still change.

JSON: ``own`` (the box's UUID, the seed of its Ed25519 key in hex, the machine that it was made on), ``offered``
(another one, made because this machine is another one: the card may be a copy), ``former`` (those given up).
"""

from __future__ import annotations

import dataclasses
import json
import re
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance import power_cut
from appliance.errors import Damaged, StorageError, reason

SEED_BYTES = 32
LONGEST = 1 << 20
_SEED = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Machine:
    """Digests of the serial numbers of board and card; empty where there is none to read."""

    board: str = ""
    card: str = ""

    def holds_copy_of(self, made_on: Machine) -> bool:
        """Whether what was made on ``made_on`` is likely a copy here. A card that is put into another board is none:
        it cannot be in two places."""
        if self.card and made_on.card:
            return self.card != made_on.card
        return bool(self.board and made_on.board and self.board != made_on.board)


@dataclass(frozen=True, slots=True)
class Kept:
    """One identity."""

    box: str
    seed: str = dataclasses.field(repr=False)
    machine: Machine = Machine()


@dataclass(frozen=True, slots=True)
class Identities:
    """What the file says."""

    own: Kept
    offered: Kept | None = None
    former: tuple[Kept, ...] = ()

    def promoted(self) -> Identities:
        """With the offered one as its own."""
        assert self.offered is not None
        return Identities(self.offered, None, (*self.former, self.own))


def fresh(machine: Machine) -> Kept:
    """A new identity."""
    return Kept(str(uuid.uuid4()), secrets.token_hex(SEED_BYTES), machine)


def read(path: Path) -> Identities | None:
    """What ``path`` says, None without a file. Raises :class:`Damaged`, :class:`StorageError`."""
    try:
        found = json.loads(power_cut.small(path, LONGEST))
        own, offered = _kept(found["own"]), found.get("offered")
        return Identities(own, offered and _kept(offered), tuple(_kept(each) for each in found.get("former", [])))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise Damaged("The file %(path)s with the identity of the box is damaged.", path=path) from error
    except OSError as error:
        raise StorageError("%(path)s cannot be read: %(why)s", path=path, why=reason(error)) from error


def _kept(found: Any) -> Kept:
    if str(uuid.UUID(found["box"])) != found["box"] or not _SEED.fullmatch(found["seed"]):
        raise ValueError(found["box"])
    machine = found.get("machine", {})
    return Kept(found["box"], found["seed"], Machine(str(machine.get("board", "")), str(machine.get("card", ""))))


def write(path: Path, identities: Identities, owner: tuple[int, int] | None = None) -> None:
    """Keep them, durably and for the owner alone. Raises :class:`OSError`."""
    body = json.dumps(dataclasses.asdict(identities), indent=1) + "\n"
    power_cut.replace(path, body.encode(), owner=owner)
