# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A teacher's own sequences, as pages make, change, give away and take in: the files that belong to each."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from appliance.errors import BadInput, Conflict, NotFound
from appliance.hub import lesson_office, oral_models
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.sequences import checks, edit, package, pictures, reader, ready, sounds, writer
from appliance.sequences.package import DOCUMENT, SHEET, Package
from appliance.sequences.sequence import Sequence
from appliance.sequences.sounds import Clip, Clips
from appliance.store.own_sequences import Files

RESERVED = ("nouvelle", "importer", "images", "progres")
"""Names that addresses of pages have."""


def taken() -> frozenset[str]:
    """Names that a new sequence cannot have."""
    return frozenset((*ready.ids(), *hub().own_sequences.ids(), *RESERVED))


def author() -> str:
    """Who is named in what is made here."""
    return hub().config.school.name or gettext("A class")


def get(name: str) -> Sequence:
    """One of a teacher's own, to be changed. Raises :class:`NotFound`."""
    return hub().own_sequences.get(name)


def copy(sequence: Sequence) -> Sequence:
    """A copy with its sounds and pictures, under a free name."""
    title = gettext("%(title)s (copy)", title=sequence.title_fr[:70]), sequence.title_en
    copied = edit.copied(sequence, edit.identifier(title[0], taken()), title, author())
    source = hub().own_sequences.folder(sequence.id) if sequence.id not in ready.ids() else ready.FOLDER / sequence.id
    _keep(copied, _files(copied, source, link=sequence.id not in ready.ids()))
    return copied


def change(before: Sequence, after: Sequence, given: Mapping[str, bytes] | None = None) -> None:
    """Put ``after`` in the place of ``before``, with new pictures (by name). Sounds that still say the right thing
    stay. Raises what :meth:`OwnSequences.save` raises, :class:`BadInput` for a picture that the box has not."""
    folder = hub().own_sequences.folder(before.id)
    _keep(after, _files(after, folder, link=True, dropped=_said_otherwise(before, after), given=given or {}))


def make(sequence: Sequence) -> None:
    """A new one, without a sound yet."""
    _keep(sequence, _files(sequence, None, link=False))


def spoilt() -> tuple[str, ...]:
    """Names of those that somebody spoilt: nothing is to be done with them but to remove them, or take in a copy."""
    own = hub().own_sequences
    return tuple(sorted(set(own.ids()) - set(own.readable())))


def remove(name: str) -> None:
    """Raises :class:`Conflict` while a lesson is open with it, :class:`NotFound`."""
    lesson = lesson_office.current()
    if lesson is not None and any((item.kind, item.id) == ("oral", name) for item in lesson.plan):
        raise Conflict("The lesson that is open uses this sequence: end the lesson, then remove it.")
    hub().own_sequences.remove(name)


def findings(sequence: Sequence) -> list[BadInput]:
    """What the ready sequences would not be let through with."""
    ways = hub().dictionary.ways
    return [
        *checks.vocabulary(sequence, lambda word: bool(ways(word))),
        *checks.contrasts(sequence, ways),
        *checks.shown(sequence, ready.stock()),
    ]


def picture_name(body: bytes) -> str:
    """Of a JPEG: by what it shows, so that an address never shows another one."""
    return f"{hashlib.sha256(body).hexdigest()[:20]}.jpg"


def pictures_of(sequence: Sequence) -> dict[str, bytes]:
    """A teacher's own pictures, by name. Raises :class:`NotFound`."""
    names = package.wanted(sequence)[1]
    folder = hub().own_sequences.folder(sequence.id) / "pictures" if names else ready.FOLDER
    return {name: (folder / name).read_bytes() for name in sorted(names) if (folder / name).is_file()}


def shared(sequence: Sequence) -> dict[str, bytes]:
    """The files of the ``.oral`` of any sequence of this box. Raises :class:`NotFound`."""
    own = sequence.id not in ready.ids()
    folder = hub().own_sequences.folder(sequence.id) if own else ready.FOLDER / sequence.id
    heard, _ = package.wanted(sequence)
    return package.files(
        Package(
            sequence,
            {name: path.read_bytes() for name in heard if (path := folder / "sounds" / name).is_file()},
            pictures_of(sequence),
            Clips.load(folder).dump(),
        ),
        writer.write(sequence),
        ready.stock(),
    )


def taken_in(files: Mapping[str, bytes]) -> tuple[Sequence, dict[str, bytes]]:
    """The sequence in a file from elsewhere, and its files as this box keeps them.

    ``files``: of :func:`appliance.formats.oral.taken`, its pictures made anew. Raises :class:`BadInput`.
    """
    if DOCUMENT not in files:
        raise BadInput("There is no sequence.toml in this file: it is no sequence.")
    sequence = reader.read(files[DOCUMENT])
    new = {name.removeprefix("pictures/"): picture_name(body) for name, body in files.items()
           if name.startswith("pictures/")}  # fmt: skip
    items = tuple(dataclasses.replace(item, pictures=tuple(new.get(each, each) for each in item.pictures))
                  for item in sequence.items)  # fmt: skip
    sequence = dataclasses.replace(sequence, items=items)
    renamed = {f"pictures/{picture_name(body)}" if name.startswith("pictures/") else name: body
               for name, body in files.items()}  # fmt: skip
    return sequence, kept(package.unpacked({**renamed, DOCUMENT: writer.write(sequence)}, ready.stock()))


def kept(given: Package) -> dict[str, bytes]:
    """The files of a package from elsewhere. A sound of another text than its item's is left out, and made here."""
    before = Clips.load_bytes(given.clips)
    listed: dict[str, Clip] = {}
    heard: dict[str, bytes] = {}
    for item in given.sequence.items:
        clip = before.clips.get(item.slug)
        mine = {speed: given.sounds[name] for speed in sounds.SPEEDS
                if (name := sounds.name(item.slug, speed)) in given.sounds}  # fmt: skip
        if mine and (clip is None or clip.text == item.text):
            sums = {speed: hashlib.sha256(sound).hexdigest() for speed, sound in mine.items()}
            checked = clip is not None and clip.checked and dict(clip.sha256) == sums
            listed[item.slug] = Clip(item.text, clip.voice[:80] if clip else "", checked, sums)
            heard |= {f"sounds/{sounds.name(item.slug, speed)}": sound for speed, sound in mine.items()}
    return {
        DOCUMENT: writer.write(given.sequence),
        SHEET: _sheet(given.sequence),
        sounds.LIST: Clips(listed).dump(),
        **heard,
        **{f"pictures/{name}": body for name, body in given.pictures.items()},
    }


def named(files: Mapping[str, bytes], sequence: Sequence, name: str) -> tuple[Sequence, dict[str, bytes]]:
    """The same under another name."""
    renamed = dataclasses.replace(sequence, id=name)
    return renamed, {**files, DOCUMENT: writer.write(renamed)}


def save(sequence: Sequence, files: Files) -> None:
    """Keep a whole one; what it lacks is made."""
    _keep(sequence, files)


def _keep(sequence: Sequence, files: Files) -> None:
    hub().own_sequences.save(sequence.id, files)
    hub().models.want(sequence.id)


def _files(sequence: Sequence, folder: Path | None, *, link: bool, dropped: Collection[str] = (),
           given: Mapping[str, bytes] | None = None) -> dict[str, bytes | Path]:  # fmt: skip
    """What belongs to ``sequence``, out of ``folder`` where it is there already."""
    clips = Clips.load(folder) if folder else Clips()
    wanted = {item.slug: item.text for item in sequence.items if item.slug not in dropped}
    listed = {slug: clip for slug, clip in clips.clips.items() if wanted.get(slug) == clip.text}
    _, seen = package.wanted(sequence)
    old = [f"sounds/{sounds.name(slug, speed)}" for slug in listed for speed in sounds.SPEEDS]
    old += [f"pictures/{name}" for name in seen]
    found = {name: path for name in old if folder is not None and (path := folder / name).is_file()}
    new = {f"pictures/{name}": body for name, body in (given or {}).items() if name in seen}
    for name in seen:
        if f"pictures/{name}" not in {*found, *new}:
            raise NotFound("The picture “%(name)s” is missing: choose another one.", name=name)
    return {
        DOCUMENT: writer.write(sequence),
        SHEET: _sheet(sequence),
        sounds.LIST: Clips(listed).dump(),
        **{name: path if link else path.read_bytes() for name, path in found.items()},
        **new,
    }


def _sheet(sequence: Sequence) -> bytes:
    codes = (code for item in sequence.items for code in item.pictures if not pictures.is_own(code))
    return pictures.sheet(codes, ready.stock()).encode()


def _said_otherwise(before: Sequence, after: Sequence) -> set[str]:
    """Items whose clip is out of date though their text stays: told to be said otherwise, or the other word of a pair
    that is made anew, since two voices would tell the words apart."""
    dictionary, known = hub().dictionary, {item.slug: item for item in before.items}
    changed = {
        item.slug
        for item in after.items
        if item.slug not in known
        or oral_models.said(after, item, dictionary) != oral_models.said(before, known[item.slug], dictionary)
    }
    for activity in after.activities:
        for pair in activity.pairs:
            slugs = {after.item(text).slug for text in pair}
            changed |= slugs if slugs & changed else set()
    return changed
