# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What tablets record becomes samples; what is none is refused with a sentence, and opens no other file."""

from __future__ import annotations

import array
import contextlib
import io
import itertools
import wave
from pathlib import Path

import av
import pytest

from appliance.drivers.sound_decoder import LONGEST_S, decode
from appliance.errors import BadInput, TooLarge, Unsupported
from appliance.ports import RATE
from tests.rigs.recordings import CONTAINERS, recorded, tone


def seconds(pcm: bytes) -> float:
    return len(pcm) / 2 / RATE


def crossings(pcm: bytes) -> float:
    """Of zero, per second: twice the pitch of a note."""
    samples = array.array("h", pcm)
    return sum((a < 0) != (b < 0) for a, b in itertools.pairwise(samples)) / seconds(pcm)


def wav(rate: int, channels: int = 1, width: int = 2, data: bytes = b"") -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(data)
    return out.getvalue()


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_gives_the_same_sound(container: str) -> None:
    pcm = decode(recorded(container))
    assert seconds(pcm) == pytest.approx(2.0, abs=0.1)
    assert crossings(pcm[RATE : -RATE // 2 * 2]) == pytest.approx(880, rel=0.02)
    assert 5000 < max(array.array("h", pcm)) < 12_000


@pytest.mark.parametrize("rate", [8_000, 22_050, 96_000])
def test_the_rate_is_the_one_that_the_file_says(rate: int) -> None:
    data = b"".join(tone(0.1)[:3200] for _ in range(10))
    pcm = decode(wav(rate, data=data))
    assert seconds(pcm) == pytest.approx(len(data) / 2 / rate, rel=0.05)


@pytest.mark.parametrize("rate", [1, 3_999, 400_000, 2**31 - 1])
def test_a_rate_that_no_recorder_has(rate: int) -> None:
    with pytest.raises(BadInput, match="record it again"):
        decode(wav(rate, data=tone(0.5)))


def test_a_codec_that_nobody_knows() -> None:
    made = bytearray(wav(RATE, data=tone(0.5)))
    made[20:22] = b"\xee\xee"  # RFC 2361: the tag of the codec
    with pytest.raises(BadInput, match="record it again"):
        decode(bytes(made))


def test_stereo_becomes_one_channel() -> None:
    left = array.array("h", tone(1.0))
    both = array.array("h", (sample for value in left for sample in (value, value))).tobytes()
    assert seconds(decode(wav(RATE, channels=2, data=both))) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("container", ["webm", "ogg", "mp3", "wav", "adts"])
def test_a_recording_that_breaks_off_gives_what_it_holds(container: str) -> None:
    whole = recorded(container)
    assert 0.4 < seconds(decode(whole[: len(whole) // 2])) < 1.4


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9])
def test_an_mp4_without_its_table_is_refused(cut: float) -> None:
    whole = recorded("mp4")
    with pytest.raises(BadInput, match="record it again"):
        decode(whole[: int(len(whole) * cut)])


HEADS = (
    b"\x1aE\xdf\xa3", b"OggS", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x20ftypM4A ", b"ID3", b"\xff\xfb", b"\xff\xf1",
    b"fLaC", b"caff", b"#!AMR\n",
)  # fmt: skip


@pytest.mark.parametrize("head", HEADS, ids=range(len(HEADS)))
@pytest.mark.parametrize("filling", [b"", b"\0" * 2000, b"\xff" * 2000, bytes(range(256)) * 20], ids=range(4))
def test_ruins_of_every_container(head: bytes, filling: bytes) -> None:
    """A sentence, or some sound; never anything else."""
    with contextlib.suppress(BadInput):
        assert len(decode(head + filling)) % 2 == 0


@pytest.mark.parametrize(
    "data",
    [b"<html></html>", b"%PDF-1.7", b"PK\3\4", b"\x89PNG", b"x", b"\0" * 5000],
    ids=["html", "pdf", "zip", "png", "letter", "zeros"],
)
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(Unsupported):
        decode(data)


@pytest.mark.parametrize("script", ["#EXTM3U\n#EXTINF:1,\n{path}\n", "ffconcat version 1.0\nfile {path}\n"])
def test_no_other_file_is_opened(tmp_path: Path, script: str) -> None:
    secret = tmp_path / "voice.wav"
    secret.write_bytes(wav(RATE, data=tone(1.0)))
    with pytest.raises(Unsupported):
        decode(script.format(path=secret).encode())


def test_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="hold the button"):
        decode(b"")
    with pytest.raises(BadInput):
        decode(wav(RATE))


def test_an_hour_is_too_long_and_stops_early() -> None:
    with pytest.raises(TooLarge, match=str(int(LONGEST_S))):
        decode(wav(RATE, data=bytes(2 * RATE * 3600)))


def test_a_film_without_sound() -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as file:
        stream = file.add_stream("libvpx", rate=5)
        stream.width = stream.height = 32
        for _ in range(5):
            file.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        file.mux(stream.encode(None))
    with pytest.raises(BadInput, match="allow the microphone"):
        decode(out.getvalue())
