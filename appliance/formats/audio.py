# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Recordings: MP3, M4A, Ogg Vorbis, Opus, WAV, FLAC, with captions."""

from __future__ import annotations

from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from appliance.errors import BadInput, Unsupported
from appliance.formats.captions import take_captions
from appliance.formats.cover import write_cover
from appliance.formats.media import card_of, check_complete, container, kinds, media, seconds
from appliance.i18n import N_
from appliance.model import Imported
from appliance.ports import Limits, Progress, SectionSink

_PLAYABLE = ("mp3", "aac", "vorbis", "opus", "flac", "pcm_", "alac")
_SUFFIXES = {"mov": ".m4a", "matroska": ".webm", "ogg": ".ogg", "mp3": ".mp3", "flac": ".flac", "wav": ".wav"}
_PACKETS = 100


class AudioFormat:
    """A recording played by the browser itself; ``entry`` is the original file, anchors are seconds."""

    name = "audio"
    suffixes: tuple[str, ...] = (".mp3", ".m4a", ".ogg", ".opus", ".wav", ".flac", ".oga", ".webm")
    media_types: tuple[str, ...] = ("audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac", "audio/webm")

    def recognises(self, head: bytes, path: Path) -> bool:
        """Whether ``path`` is a container with sound and no moving picture."""
        return kinds(head, path) == {"audio"}

    def suffix(self, head: bytes, path: Path) -> str:
        """By container, and by codec inside Ogg."""
        return ".opus" if b"OpusHead" in head[:100] else _SUFFIXES[container(head) or "mp3"]

    def import_into(
        self, source: Path, directory: Path, sections: SectionSink, limits: Limits, progress: Progress
    ) -> Imported:
        """Duration, tags, cover art and captions. See :class:`appliance.ports.ResourceFormat`."""
        with source.open("rb") as file:
            name = container(file.read(4096))
        if name is None:
            raise BadInput("The recording is damaged or not complete: copy or download it again.")
        check_complete(source, name)
        with media(source, name) as recording:
            stream = _sound(recording)
            details: dict[str, object] = {
                "seconds": seconds(recording),
                "codecs": [stream.codec_context.codec.canonical_name],
            }
            card = card_of(recording)
            cover = _art(recording, directory)
        with media(source, name) as recording:
            _check_sound(recording)
        progress(0.8, N_("Reading captions"))
        details["captions"] = take_captions(directory, sections)
        return Imported(self.name, card, source.name, cover, details)


def _sound(recording: InputContainer) -> AudioStream:
    if not recording.streams.audio or recording.streams.audio[0].codec_context is None:
        raise BadInput("There is no sound in this recording: it is damaged.")
    stream = recording.streams.audio[0]
    codec = stream.codec_context.codec.canonical_name
    if not codec.startswith(_PLAYABLE):
        raise Unsupported("Browsers cannot play this recording (%(codec)s): convert it to MP3.", codec=codec)
    return stream


def _check_sound(recording: InputContainer) -> None:
    for count, packet in enumerate(recording.demux(recording.streams.audio[0])):
        if packet.decode():
            return
        if count > _PACKETS:
            break
    raise BadInput("No sound of this recording can be decoded: it is damaged.")


def _art(recording: InputContainer, directory: Path) -> str | None:
    """The picture embedded in the tags (FFmpeg shows it as a video stream of one packet)."""
    pictures = [stream for stream in recording.streams.video if stream.disposition & Disposition.attached_pic]
    if not pictures:
        return None
    for packet in recording.demux(pictures[0]):
        if packet.size:
            return write_cover(bytes(packet), directory)
    return None
