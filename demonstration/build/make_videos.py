# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Make the two demonstration videos that no package holds in a format a tablet plays.

* The phases of the Moon: a diagram drawn here beside the Moon photographs of KStars.
* A racing car of 1906: the public-domain film in the Theora format, re-encoded as VP9.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import av
from av.video.stream import VideoStream
from common import places
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, RATE, SECONDS = 640, 360, 12, 32
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
VP9 = {"crf": "36", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}
NIGHT, EARTH, SUNLIGHT, INK, ORBIT = "#0b1026", "#3b82c4", "#ffd54a", "#ffffff", "#4a5a85"
PHASES = (
    "Nouvelle Lune",
    "Premier croissant",
    "Premier quartier",
    "Lune gibbeuse croissante",
    "Pleine Lune",
    "Lune gibbeuse décroissante",
    "Dernier quartier",
    "Dernier croissant",
)


def moon_frames(textures: Path) -> Iterator[Image.Image]:
    """Draw the pictures of the Moon's revolution, the Sun being on the left."""
    moons = [Image.open(textures / f"moon{index:02d}.png").convert("RGB") for index in range(36)]
    title, small = ImageFont.truetype(FONT, 24), ImageFont.truetype(FONT, 15)
    count = RATE * SECONDS
    for number in range(count):
        turn = number / count
        picture = Image.new("RGB", (WIDTH, HEIGHT), NIGHT)
        draw = ImageDraw.Draw(picture)
        for ray in range(60, 330, 30):
            draw.line((8, ray, 40, ray), fill=SUNLIGHT, width=3)
            draw.polygon((40, ray - 5, 52, ray, 40, ray + 5), fill=SUNLIGHT)
        draw.text((8, 20), "Lumière du Soleil", font=small, fill=SUNLIGHT)
        centre_x, centre_y, orbit = 190, 190, 105
        draw.ellipse((centre_x - orbit, centre_y - orbit, centre_x + orbit, centre_y + orbit), outline=ORBIT)
        angle = math.pi + 2 * math.pi * turn
        moon_x, moon_y = centre_x + orbit * math.cos(angle), centre_y - orbit * math.sin(angle)
        for x, y, radius, colour in ((centre_x, centre_y, 30, EARTH), (moon_x, moon_y, 13, "#e8e8e8")):
            box = (x - radius, y - radius, x + radius, y + radius)
            draw.ellipse(box, fill="#1d2233")
            draw.pieslice(box, 90, 270, fill=colour)
        draw.text((centre_x - 22, centre_y - 8), "Terre", font=small, fill=INK)
        picture.paste(moons[round(turn * 36) % 36].resize((230, 230)), (370, 60))
        name = PHASES[round(turn * 8) % 8]
        draw.text((485, 318), name, font=title if len(name) < 18 else small, fill=INK, anchor="mm")
        draw.text((485, 40), "La Lune vue de la Terre", font=small, fill=INK, anchor="mm")
        yield picture


def film_frames(film: Path) -> Iterator[Image.Image]:
    """Read the pictures of a film, its size made even as the encoder asks."""
    with av.open(str(film)) as source:
        for frame in source.decode(source.streams.video[0]):
            yield frame.to_image().resize((436, 320), Image.Resampling.LANCZOS)


def encode(frames: Iterable[Image.Image], target: Path, codec: str, rate: int, options: dict[str, str]) -> None:
    """Encode pictures into a silent video."""
    with av.open(str(target), "w", options={"movflags": "faststart"} if target.suffix == ".mp4" else {}) as out:
        stream: VideoStream | None = None
        for picture in frames:
            if stream is None:
                stream = cast(VideoStream, out.add_stream(codec, rate=rate, options=options))
                stream.width, stream.height = picture.size
                stream.pix_fmt = "yuv420p"
            out.mux(stream.encode(av.VideoFrame.from_image(picture)))
        if stream is not None:
            out.mux(stream.encode())


def main() -> None:
    """Make the videos."""
    where = places(__doc__ or "")
    textures = where.share / "kstars" / "textures"
    encode(
        moon_frames(textures),
        where.output / "phases-de-la-lune.mp4",
        "libx264",
        RATE,
        {"crf": "26", "preset": "medium", "profile": "baseline"},
    )
    film = where.share / "doc/python-nbsphinx/html/www/wikimediacommons/Shepard_Calais_1906_FrenchGP.ogv"
    encode(film_frames(film), where.output / "grand-prix-1906.webm", "libvpx-vp9", 15, VP9)


if __name__ == "__main__":
    main()
