# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Say every item of the ready English sequences at two speeds, to MP3, and check by ear of machine that it was said.

    python3 -m venv build/voice && build/voice/bin/pip install -e . pocketsphinx==5.1.1 numpy onnxruntime
    build/voice/bin/pip install --no-deps -r tools/english_voice.txt
    build/voice/bin/python tools/render_english.py [sequence…]

Also ffmpeg and espeak-ng (Debian). The clips are committed, with a list of what each says and its SHA-256; only those
whose text, voice or file changed are made again; ``--doubtful`` also what was not understood, what espeak-ng says, and
slow clips that are not slow enough or too slow. Each must be told from the other items of its sequence and from others
of as many words by pocketsphinx; where the voice is not understood at any of a few paces, espeak-ng says it. The two
words of a minimal pair are checked against one another.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from english.ear import Ear
from english.takes import Studio, paced
from english.voices import Espeak, Hibari

from appliance.sequences import ready
from appliance.sequences.sequence import Item, Sequence, slug
from appliance.sequences.sounds import LIST, NORMAL, SLOW, SPEEDS, Clip, Clips, name


def render(sequence: Sequence, studio: Studio, *, again: bool, doubtful: bool) -> None:
    """Make what is missing or out of date, remove what no item needs, list the rest."""
    folder = ready.FOLDER / sequence.id
    (folder / "sounds").mkdir(exist_ok=True)
    known = Clips.load(folder)
    listed = {item.slug: known.clips[item.slug] for item in sequence.items if item.slug in known.clips}
    partners = {text: pair for activity in sequence.activities for pair in activity.pairs for text in pair}
    done: set[str] = set()
    for item in sequence.items:
        unit = [sequence.item(text) for text in partners.get(item.text, (item.text,))]
        mixed = len({listed[one.slug].voice for one in unit if one.slug in listed}) > 1
        old = again or mixed or any(known.stale(folder, one) for one in unit)
        if item.text not in done and (old or (doubtful and any(doubted(folder, listed[one.slug]) for one in unit))):
            listed |= made(folder, unit, sequence, studio)
        done |= {one.text for one in unit}
    wanted = {name(item.slug, speed) for item in sequence.items for speed in SPEEDS}
    for path in (folder / "sounds").glob("*.mp3"):
        if path.name not in wanted:
            path.unlink()
    (folder / LIST).write_bytes(Clips(listed).dump())


def doubted(folder: Path, clip: Clip) -> bool:
    """Whether a clip that is up to date may be done better."""
    normal, slow = ((folder / "sounds" / name(slug(clip.text), speed)).read_bytes() for speed in (NORMAL, SLOW))
    return not clip.checked or clip.voice == Espeak.name or not paced(normal, slow)


def made(folder: Path, unit: list[Item], sequence: Sequence, studio: Studio) -> dict[str, Clip]:
    """An item, or a minimal pair, said, checked and written."""
    voice, takes, checked = studio.duo(unit[0], unit[1]) if len(unit) == 2 else studio.single(unit[0], sequence)
    sys.stdout.flush()
    listed = {}
    for item, files in zip(unit, takes, strict=True):
        for speed, content in files.items():
            (folder / "sounds" / name(item.slug, speed)).write_bytes(content)
        sums = {speed: hashlib.sha256(content).hexdigest() for speed, content in files.items()}
        listed[item.slug] = Clip(item.text, voice.name, checked, sums)
    return listed


def main() -> int:
    """Render the sequences named, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ids", nargs="*", metavar="sequence")
    parser.add_argument("--again", action="store_true", help="also what is up to date")
    parser.add_argument("--doubtful", action="store_true", help="also what may be done better")
    args = parser.parse_args()
    sequences = list(ready.sequences())
    everything = [item for sequence in sequences for item in sequence.items]
    studio = Studio([Hibari(), Espeak()], Ear(everything), everything)
    for sequence in sequences:
        if not args.ids or sequence.id in args.ids:
            render(sequence, studio, again=args.again, doubtful=args.doubtful)
    return 0


if __name__ == "__main__":
    sys.exit(main())
