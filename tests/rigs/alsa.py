# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sound cards of alsa-lib's own making: what they hear is a file, what they play goes nowhere, or into a file.

alsa-lib, arecord and aplay are the real ones; below them stand its plug-ins ``plug``, ``file`` and ``null``
(alsa-lib's documentation, *PCM plugins*), since a test machine has no card.
"""

from __future__ import annotations

import array
import contextlib
import io
import math
import os
import wave
from pathlib import Path

CONFIGURATION = """</usr/share/alsa/alsa.conf>
pcm.raw {{
  type file
  slave.pcm "null"
  file "{played}"
  infile "{heard}"
  format "raw"
}}
pcm.cartable {{ type plug slave {{ pcm "raw" rate {rate} format S16_LE channels {channels} }} }}
"""
CARDS = """ 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0
                      vc4-hdmi-0
 2 [Camera         ]: USB-Audio - USB 2.0 Camera
                      Vendor USB 2.0 Camera at usb-0000:01:00.0-1.3, high speed
"""
PCM = """00-00: bcm2835 Headphones : bcm2835 Headphones : playback 8
01-00: MAI PCM i2s-hifi-0 : MAI PCM i2s-hifi-0 : playback 1
02-01: USB Audio : USB Audio : capture 1
"""
"""A Raspberry Pi 4 with a USB microphone: /proc/asound/cards and /proc/asound/pcm."""


def configuration(folder: Path, heard: bytes, rate: int = 48_000, channels: int = 1) -> dict[str, str]:
    """The environment in which alsa-lib's ``cartable`` is a card of that rate that hears ``heard``; what it plays is in
    ``folder/played``."""
    (folder / "heard").write_bytes(heard)
    text = CONFIGURATION.format(played=folder / "played", heard=folder / "heard", rate=rate, channels=channels)
    (folder / "asoundrc").write_text(text, encoding="ascii")
    return {"ALSA_CONFIG_PATH": str(folder / "asoundrc")}


def machine(folder: Path, cards: str = CARDS, pcm: str = PCM) -> Path:
    """A root folder in which ``/proc/asound`` has those cards."""
    (folder / "proc/asound").mkdir(parents=True, exist_ok=True)
    (folder / "proc/meminfo").write_text("MemTotal: 1 kB\n")
    (folder / "proc/asound/cards").write_text(cards)
    (folder / "proc/asound/pcm").write_text(pcm)
    return folder


def tone(hertz: float, seconds: float, rate: int = 48_000, peak: int = 8000) -> bytes:
    """A sine, one channel of s16le."""
    step = 2 * math.pi * hertz / rate
    return array.array("h", (round(peak * math.sin(step * n)) for n in range(int(seconds * rate)))).tobytes()


def wav(pcm: bytes, rate: int = 16_000) -> bytes:
    """As a file."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return made.getvalue()


def children(program: str) -> list[int]:
    """Our own child processes that run ``program``."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        pids: list[str] = []
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the thread has just ended
            pids = (task / "children").read_text().split()
        for pid in pids:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the child has
                if Path(f"/proc/{pid}/comm").read_text().strip() == program:
                    found.append(int(pid))
    return found


def end(program: str) -> None:
    """As when its card is pulled out: it leaves."""
    for pid in children(program):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 15)
