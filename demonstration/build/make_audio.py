# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Make the spoken alphabet and the body words as MP3: the packages hold one small file for each word."""

from __future__ import annotations

import io
from pathlib import Path

import av
from common import places

RATE = 22050
BODY = (
    "patate_cheveux",
    "patate_oeil",
    "patate_oreille",
    "patate_nez",
    "patate_bouche",
    "patate_sourcil",
    "robot_tete",
    "robot_corps",
    "robot_bras",
    "robot_main",
    "robot_pieds",
)


def samples(source: Path) -> bytes:
    """Decode a sound as 16-bit mono."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    parts: list[bytes] = []
    with av.open(str(source)) as container:
        for frame in container.decode(audio=0):
            parts.extend(bytes(out.planes[0])[: out.samples * 2] for out in resampler.resample(frame))
    parts.extend(bytes(out.planes[0])[: out.samples * 2] for out in resampler.resample(None))
    return b"".join(parts)


def as_mp3(sources: list[Path], pause: float = 0.0) -> bytes:
    """Join sounds, each followed by a silence, into one MP3."""
    silence = bytes(2 * int(RATE * pause))
    data = b"".join(samples(source) + silence for source in sources)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as out:
        stream = out.add_stream("libmp3lame", rate=RATE, layout="mono", options={"b": "48k"})
        stream.bit_rate = 48000
        step = 1152 * 2
        for start in range(0, len(data), step):
            piece = data[start : start + step].ljust(step, b"\0")
            frame = av.AudioFrame(format="s16", layout="mono", samples=1152)
            frame.planes[0].update(piece)
            frame.sample_rate = RATE
            frame.pts = start // 2
            converted = av.AudioResampler(format="s16p", layout="mono", rate=RATE).resample(frame)
            for item in converted:
                item.pts = start // 2
                out.mux(stream.encode(item))
        out.mux(stream.encode(None))
    return buffer.getvalue()


def main() -> None:
    """Write the two sounds."""
    where = places(__doc__ or "")
    letters = [where.share / f"klettres/fr/alpha/a-{index}.ogg" for index in range(26)]
    words = [where.share / f"ktuberling/sounds/fr/{name}.wav" for name in BODY]
    (where.output / "alphabet-parle.mp3").write_bytes(as_mp3(letters, pause=1.5))
    (where.output / "mots-du-corps.mp3").write_bytes(as_mp3(words, pause=2.0))


if __name__ == "__main__":
    main()
