# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Films: MP4, WebM, Ogg video, with captions."""

from __future__ import annotations

from pathlib import Path

from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from appliance.errors import BadInput, Unsupported
from appliance.formats.captions import take_captions
from appliance.formats.cover import MAX_PIXELS, write_cover
from appliance.formats.media import card_of, check_complete, container, kinds, media, seconds
from appliance.i18n import N_
from appliance.model import Imported
from appliance.ports import Limits, Progress, SectionSink

_PLAYABLE = {"h264", "hevc", "vp8", "vp9", "av1", "theora"}
"""What some browser of a school shows; anything else would be a black rectangle."""
_SUFFIXES = {"mov": ".mp4", "matroska": ".webm", "ogg": ".ogv"}
_PACKETS = 300
"""Packets read at most while looking for a poster."""


class VideoFormat:
    """A film played by the browser itself; ``entry`` is the original file, anchors are seconds."""

    name = "video"
    suffixes: tuple[str, ...] = (".mp4", ".webm", ".ogv", ".m4v", ".mov")
    media_types: tuple[str, ...] = ("video/mp4", "video/webm", "video/ogg", "video/quicktime")

    def recognises(self, head: bytes, path: Path) -> bool:
        """Whether ``path`` is a container with a moving picture."""
        return "video" in kinds(head, path)

    def suffix(self, head: bytes, path: Path) -> str:
        """By container."""
        return _SUFFIXES[container(head) or "mov"]

    def import_into(
        self, source: Path, directory: Path, sections: SectionSink, limits: Limits, progress: Progress
    ) -> Imported:
        """Duration, size, codecs, poster and captions. See :class:`appliance.ports.ResourceFormat`."""
        with source.open("rb") as file:
            name = container(file.read(4096))
        if name is None:
            raise BadInput("The recording is damaged or not complete: copy or download it again.")
        check_complete(source, name)
        with media(source, name) as film:
            stream = _picture(film)
            details: dict[str, object] = {
                "seconds": seconds(film),
                "width": stream.codec_context.width,
                "height": stream.codec_context.height,
                "codecs": [
                    s.codec_context.codec.canonical_name
                    for s in film.streams
                    if s.type in ("video", "audio") and s.codec_context
                ],
            }
            card = card_of(film)
            progress(0.2, N_("Looking for a cover picture"))
            cover = _poster(film, stream, directory)
        progress(0.8, N_("Reading captions"))
        details["captions"] = take_captions(directory, sections)
        return Imported(self.name, card, source.name, cover, details)


def _picture(film: InputContainer) -> VideoStream:
    if not film.streams.video:
        raise BadInput("There is no picture in this film: it is damaged.")
    stream = film.streams.video[0]
    codec = stream.codec_context.codec.canonical_name if stream.codec_context else "?"
    if codec not in _PLAYABLE:
        raise Unsupported("Browsers cannot play this film (%(codec)s): convert it to MP4 (H.264).", codec=codec)
    if stream.codec_context.width * stream.codec_context.height > MAX_PIXELS:
        raise Unsupported("The picture of this film is too large for tablets: convert it to 1080p.")
    return stream


def _poster(film: InputContainer, stream: VideoStream, directory: Path) -> str | None:
    """A frame from a tenth into the film, else the first that decodes. Raises :class:`BadInput` if none does."""
    stream.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    if film.duration and film.duration > 2_000_000:
        film.seek(min(film.duration // 10, 30_000_000))
    image = _frame(film, stream)
    if image is None:
        film.seek(0)
        image = _frame(film, stream)
    if image is None:
        raise BadInput("No picture of this film can be decoded: it is damaged.")
    return write_cover(image, directory)


def _frame(film: InputContainer, stream: VideoStream) -> Image.Image | None:
    for count, packet in enumerate(film.demux(stream)):
        for frame in packet.decode():
            image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
            return image
        if count > _PACKETS:
            break
    return None
