# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Render the sentences of sounds.toml to MP3 with espeak-ng and ffmpeg (Debian packages of those names).

The clips are committed, with the list that the driver ``prerendered`` reads: no newcomer needs these tools. MP3,
because Safari 13 plays no Opus.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

from appliance.drivers import voice_espeak as espeak
from appliance.drivers.sentences import plain
from appliance.drivers.voice_prerendered import CLIPS, INDEX
from appliance.i18n import LANGUAGES, translator

HERE = Path(__file__).parent
DEMONSTRATION = HERE.parent / "demonstration"
ENCODING = (
    *("-ac", "1", "-ar", "22050", "-codec:a", "libmp3lame", "-b:a", "24k"),
    *("-map_metadata", "-1", "-id3v2_version", "0", "-write_xing", "0"),
)
QUIETLY = ("ffmpeg", "-loglevel", "error", "-y", "-i", "pipe:0")
TONE = "silenceremove=start_periods=1:start_threshold=-50dB,lowpass=f=5500,loudnorm=I=-18"
MOST_BYTES = 28 * 1024


def render(language: str, key: str, words: str, cry: Path | None = None) -> Path:
    """One clip, followed by ``cry`` where given.

    Raises subprocess.CalledProcessError when a tool fails, ValueError when the clip is too heavy.
    """
    target = CLIPS / language / f"{key}.mp3"
    target.parent.mkdir(parents=True, exist_ok=True)
    pace = ("-s", str(espeak.PACE), *espeak.TONE)
    speak = (espeak.PROGRAM, "-v", espeak.VOICES[language], *pace, "--stdout", plain(words))
    wave = subprocess.run(speak, check=True, capture_output=True).stdout
    sound = ["-af", TONE]
    if cry is not None:
        joined = "[0:a]aresample=22050[a];[1:a]aresample=22050[b];[a][b]concat=n=2:v=0:a=1,"
        sound = ["-i", str(cry), "-filter_complex", joined + TONE]
    subprocess.run([*QUIETLY, *sound, *ENCODING, str(target)], input=wave, check=True)
    if target.stat().st_size > MOST_BYTES:
        raise ValueError(f"{target.name} is too long a sentence")
    return target


def sentences(language: str) -> dict[str, str]:
    """Key -> the sentence in ``language``."""
    listed = tomllib.loads((HERE / "sounds.toml").read_text(encoding="utf-8"))
    return {key: translator(language)(words) for key, words in listed.items()}


def prompts() -> dict[str, tuple[str, Path | None]]:
    """Questions of the demonstration for pupils who do not read: key -> (words, the cry that follows)."""
    quizzes = tomllib.loads((DEMONSTRATION / "class.toml").read_text(encoding="utf-8"))["quiz"]
    return {
        f"{quiz['id']}-{question['id']}": (
            question["prompt"],
            DEMONSTRATION / "resources" / question["sound"] if "sound" in question else None,
        )
        for quiz in quizzes
        if quiz.get("read_aloud")
        for question in quiz["question"]
    }


def main() -> int:
    """Render every clip and list them."""
    index: dict[str, dict[str, str]] = {}
    clips = [(language, key, words, None) for language in LANGUAGES for key, words in sentences(language).items()]
    for language, key, words, cry in [*clips, *(("fr", key, *told) for key, told in prompts().items())]:
        path = render(language, key, words, cry)
        index.setdefault(language, {})[plain(words)] = path.name
        sys.stdout.write(f"{path.relative_to(CLIPS)} {path.stat().st_size} bytes\n")
    text = json.dumps(index, ensure_ascii=False, indent=1, sort_keys=True)
    (CLIPS / INDEX).write_text(f"{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
