# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""File names that people and servers send, made safe to keep and to write again."""

from __future__ import annotations

import re
import unicodedata

MAX_BYTES = 255
"""Longest name that ext4 takes, in UTF-8 bytes."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_RESERVED = re.compile(r'[<>:"|?*]')


def safe_name(name: str, fallback: str = "document") -> str:
    """The last part of ``name`` as a portable file name of at most 255 bytes, suffix kept.

    Folders, control characters, leading dots and what FAT and NTFS (a USB stick) refuse are taken out; accents and
    emoji stay. Bytes that were not UTF-8 become U+FFFD. An empty result becomes ``fallback``.
    """
    whole = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", whole))[-1]
    clean = _RESERVED.sub("_", _CONTROL.sub("", last)).strip().strip(".").strip()
    return _shortened(clean) if clean else fallback


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix.encode()) > 16:
        stem, suffix = name, ""
    tail = dot + suffix if suffix else ""
    room = MAX_BYTES - len(tail.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + tail


def suffix_of(name: str) -> str:
    """``.mp4`` of ``Film.MP4``; empty when there is none."""
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot and stem and len(suffix) <= 16 else ""
