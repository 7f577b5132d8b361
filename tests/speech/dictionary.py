# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How American English words are said: the CMU dictionary, whole where pocketsphinx is installed, which carries it;
else what the ready sequences use of it (``python -m tests.speech.dictionary`` takes it out again)."""

from __future__ import annotations

import functools
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

_NAME = "model/en-us/cmudict-en-us.dict"
_EXTRACT = Path(__file__).with_name("cmudict.txt")


def _source() -> Path:
    try:
        return next(Path(str(file.locate())) for file in files("pocketsphinx") or () if str(file).endswith(_NAME))
    except (PackageNotFoundError, StopIteration):
        return _EXTRACT


@functools.cache
def _words() -> dict[str, list[tuple[str, ...]]]:
    found = defaultdict(list)
    for line in _source().read_text(encoding="utf-8").splitlines():
        word, *phones = line.split()
        found[word.partition("(")[0]].append(tuple(phones))
    return found


def ways(word: str) -> list[tuple[str, ...]]:
    """The ways to say ``word``; none when it is not listed."""
    return _words().get(word, [])


def extract() -> None:
    """Write what the ready sequences use."""
    from appliance.sequences import ready

    used = {word for sequence in ready.sequences() for item in sequence.items for word in item.words}
    lines = [f"{word} {' '.join(way)}" for word in sorted(used) for way in ways(word)]
    _EXTRACT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    extract()
