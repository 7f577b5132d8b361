# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A box's own sequences in a process of its own, for tests that kill it or fill its disk.

``python -m tests.faults.inside_sequences <folder> save|remove|accept``: the sequence ``zoo`` is there in its first
state; its second is saved, or it is removed, or what was taken in replaces it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from appliance.errors import CartableError
from appliance.sequences import edit, writer
from appliance.sequences.sequence import Sequence
from appliance.store.own_sequences import OwnSequences

NAME = "zoo"
PICTURE = b"\xff\xd8\xff" + bytes(400_000)


def state(number: int) -> tuple[Sequence, dict[str, bytes]]:
    """A whole sequence, its first or second state; every file says which."""
    words = (("ship", "un navire"), *((f"sheep {'a' * n}", "un mouton") for n in range(1, number + 2)))
    made = edit.begun(NAME, (f"Zoo {number}", "Zoo"), "animals", "ce2", "x", words, ("Dire", "Montrer"))
    sounds = {f"sounds/{item.slug}.mp3": f"{item.text} {number}".encode() for item in made.items}
    return made, {"sequence.toml": writer.write(made), "pictures.svg": b"%d" % number, **sounds,
                  "pictures/a.jpg": PICTURE + b"%d" % number}  # fmt: skip


def main(folder: Path, order: str) -> int:
    own = OwnSequences(folder)
    own.recover()
    try:
        if order == "save":
            own.save(NAME, state(2)[1])
        elif order == "remove":
            own.remove(NAME)
        elif order == "accept":
            own.take(NAME, state(2)[1])
            own.accept(NAME)
    except CartableError as error:
        print(type(error).__name__, error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
