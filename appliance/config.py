# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Typed configuration: TOML files laid over one another; an unknown key is an error.

The reference is ``docs/reference/configuration.md`` (a test keeps it in step with the fields below).
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import os
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from appliance.errors import ConfigError, reason
from appliance.power_cut import small

PRESENCE_CODE = "presence-code"
"""File of the run folder with the code that the box shows."""
ADDRESS = "address"
"""File of the run folder with the address that ``cartable dev`` or the hub publishes, while it runs."""
Tables = TypeVar("Tables")
LONGEST_LINE = 1000
SYSTEM_FILES = (Path("/etc/cartable/cartable.toml"), Path("/var/lib/cartable/cartable.toml"))


@dataclass(frozen=True, slots=True)
class BoxConfig:
    """Names and places."""

    name: str = "cartable"
    """The host name published on the LAN, without ``.local``."""
    language: str = "fr"
    """The language of pages and messages until someone chooses another: fr or en."""
    time_zone: str = "Europe/Paris"
    """The time that the box shows, by its name in the tz database."""
    state: Path = Path("/var/lib/cartable")
    """Database, resources, identity: what must survive."""
    run: Path = Path("/run/cartable")
    """Sockets: may vanish at each boot."""
    demonstration: Path | None = None
    """Folder of the demonstration class and corpus, loaded at start into an empty library; later, what a release adds.
    Unset: none."""


@dataclass(frozen=True, slots=True)
class SchoolConfig:
    """Whose box it is."""

    name: str = ""
    """Shown where the teacher signs in."""


@dataclass(frozen=True, slots=True)
class TeacherConfig:
    """How the teacher signs in, besides the code that the box shows."""

    passphrase_hash: str = field(default="", repr=False)
    """Argon2id, as ``cartable provision hash`` prints it. Empty: the code only."""


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """Where the development edge listens (on the box, nginx does)."""

    address: str = "0.0.0.0"  # noqa: S104 - tablets on the LAN are the purpose
    port: int = 8080
    """Pages and API."""
    content_port: int = 8081
    """The second origin: resources and their own scripts."""


@dataclass(frozen=True, slots=True)
class HubConfig:
    """The Flask service."""

    threads: int = 4
    """Threads that answer pages and resource bodies."""
    cache_mb: int = 16
    """Bound of the cache of compressed resource bodies."""
    voices_mb: int = 64
    """Bound of the sentences said aloud that are kept in the state folder."""
    hosts: str = ""
    """Public names under which this box may be reached (``ecole.example.org``), separated by spaces. Addresses, bare
    names and names that nobody can buy (``.local``, ``.lan``…) need no entry."""


@dataclass(frozen=True, slots=True)
class LibraryConfig:
    """Bounds of imports."""

    max_upload_mb: int = 4096
    max_extracted_mb: int = 8192
    max_files: int = 100_000
    max_ratio: int = 100
    """Extracted bytes per compressed byte over which an archive is taken for a bomb."""
    keep_free_mb: int = 500
    """An import that would leave less free disk is refused."""


@dataclass(frozen=True, slots=True)
class RecordsConfig:
    """Bounds of learning records."""

    keep_free_mb: int = 100
    """Tools and resources' own scripts store nothing that would leave less free disk beside what an erasure needs,
    twice the database. Answers on the box's own pages, and deliveries of its services, still go in."""


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """The search process."""

    time_limit_s: float = 2.0
    """A search slower than this is abandoned and its process replaced."""
    waiting: int = 8
    """Searches that may wait their turn; one more is told to try again."""


@dataclass(frozen=True, slots=True)
class SpeechConfig:
    """The service that listens to pupils."""

    workers: int = 2
    """Recordings that are listened to at once, a process each; more wait for some seconds. A board with less
    than 400 MB for each has fewer."""
    idle_s: float = 300.0
    """After so long without anybody speaking its processes end; on a box, which starts it again, the service too."""
    limit_s: float = 6.0
    """A recording that takes longer gets no verdict."""
    memory_mb: int = 1536
    """Bound of what one process sets aside, its model included: 400 to 550 more than the model, used or not."""


@dataclass(frozen=True, slots=True)
class CaptionsConfig:
    """Live captions of the studio's microphone."""

    language: str = "fr"
    """Of the model that writes them: fr or en."""
    memory_mb: int = 1536
    """Bound of what their process sets aside, its model included: 400 to 550 more than the model, used or not."""


@dataclass(frozen=True, slots=True)
class DriversConfig:
    """Drivers by name."""

    advert: str = "zeroconf"
    """``zeroconf``, or ``simulated`` (publishes nothing)."""
    machine: str = "linux"
    """Where health comes from: ``linux``, or ``simulated`` (a Raspberry Pi that is not there)."""
    machine_faults: str = ""
    """What is wrong with a simulated machine: names separated by spaces."""
    microphone: str = "alsa"
    """The box's own: ``alsa``, or ``simulated`` (hears recordings)."""
    microphone_device: str = ""
    """``alsa``: a name of alsa-lib's (``arecord -L``); empty: a USB one before others. ``simulated``: the folder of
    what it hears."""
    loudspeaker: str = "alsa"
    """The box's own: ``alsa``, or ``simulated`` (plays to nobody)."""
    loudspeaker_device: str = ""
    """``alsa``: a name of alsa-lib's (``aplay -L``); empty: a USB one before others, a screen's last. ``simulated``:
    how many times faster than the sound."""
    captions: str = "vosk"
    """Who writes live captions: ``vosk``, with an installed model, or ``simulated`` (counts)."""
    speech_engines: str = "vosk pocketsphinx"
    """Who listens to pupils, names separated by spaces: the first that can load. ``simulated`` understands whatever was
    asked. Empty: nobody; pupils compare themselves with the model."""
    voices: str = "prerendered espeak"
    """Who says the pages' sentences, names separated by spaces: the first that knows one says it. Empty: nobody."""


@dataclass(frozen=True, slots=True)
class Config:
    box: BoxConfig = field(default_factory=BoxConfig)
    school: SchoolConfig = field(default_factory=SchoolConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    edge: EdgeConfig = field(default_factory=EdgeConfig)
    hub: HubConfig = field(default_factory=HubConfig)
    library: LibraryConfig = field(default_factory=LibraryConfig)
    records: RecordsConfig = field(default_factory=RecordsConfig)
    search: SearchConfig = field(default_factory=SearchConfig)
    speech: SpeechConfig = field(default_factory=SpeechConfig)
    captions: CaptionsConfig = field(default_factory=CaptionsConfig)
    drivers: DriversConfig = field(default_factory=DriversConfig)

    @property
    def database(self) -> Path:
        return self.box.state / "cartable.sqlite"

    @property
    def library_folder(self) -> Path:
        """Blobs, staging and index."""
        return self.box.state / "library"

    @property
    def vault(self) -> Path:
        """Sealed media, one file each."""
        return self.box.state / "vault"

    @property
    def models(self) -> Path:
        """Speech models, ``<language>/<name>/`` each."""
        return self.box.state / "models"

    @property
    def identity_file(self) -> Path:
        """Who the box is, as provisioning made it (:mod:`appliance.identity_file`)."""
        return self.box.state / "identity.json"

    @property
    def boot_errors(self) -> Path:
        """Why ``cartable.toml`` of the boot partition could not be used; there is none when all is well."""
        return self.box.state / "cartable-erreur.txt"

    @property
    def hub_socket(self) -> Path:
        return self.box.run / "hub.sock"

    @property
    def speech_socket(self) -> Path:
        return self.box.run / "speech.sock"

    @property
    def studio_socket(self) -> Path:
        return self.box.run / "studio.sock"


def parsed(text: str) -> dict[str, Any]:
    """The TOML in ``text``. Raises ValueError, also for a line longer than :data:`LONGEST_LINE`: a key of thousands of
    dotted parts would take a Pi minutes."""
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE:
            raise ValueError(f"line {number} is longer than {LONGEST_LINE} characters")
    return tomllib.loads(text)


def load(files: Sequence[Path] = SYSTEM_FILES, overrides: Mapping[str, Mapping[str, object]] | None = None) -> Config:
    """Read the files that exist, later ones over earlier ones, then ``overrides`` (same shape as the TOML).

    Raises :class:`ConfigError` naming the file, the key and what it takes.
    """
    merged: dict[str, dict[str, object]] = {}
    origin: dict[tuple[str, str], str] = {}
    layers: list[tuple[str, Mapping[str, Any]]] = []
    for path in files:
        try:
            layers.append((str(path), parsed(small(path).decode())))
        except FileNotFoundError:
            continue
        except (ValueError, RecursionError) as error:  # no TOML, no text, a number of thousands of digits
            raise ConfigError("%(file)s is not valid TOML: %(why)s", file=path, why=error) from error
        except OSError as error:
            raise ConfigError("%(file)s cannot be read: %(why)s", file=path, why=reason(error)) from error
        if path == SYSTEM_FILES[1]:
            _stay_at_home(layers[-1])
    layers.append(("command line", overrides or {}))
    for name, tables in layers:
        for table, values in tables.items():
            if not isinstance(values, Mapping):
                raise ConfigError("%(file)s: %(key)s must stand in a [table]", file=name, key=table)
            merged.setdefault(table, {}).update(values)
            origin[table, ""] = name
            origin.update({(table, key): name for key in values})
    return build(Config, merged, origin)


def _stay_at_home(layer: tuple[str, Mapping[str, Any]]) -> None:
    """The box's own file, which its services can write, has no say in where root's commands work."""
    name, tables = layer
    box = tables.get("box")
    for key in ("state", "run"):
        if isinstance(box, Mapping) and key in box:
            raise ConfigError("%(file)s: %(key)s has to stand in %(other)s",
                              file=name, key=f"box.{key}", other=SYSTEM_FILES[0])  # fmt: skip


def from_environment(environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration of this process: files named in ``CARTABLE_CONFIG`` (separated by ``:``; unset: the system's
    two), then the JSON of ``CARTABLE_OVERRIDES``. A parent hands its own down with :func:`environment`."""
    names = environ.get("CARTABLE_CONFIG")
    files = SYSTEM_FILES if names is None else [Path(name) for name in names.split(os.pathsep) if name]
    return load(files, json.loads(environ.get("CARTABLE_OVERRIDES", "{}")))


def environment(config: Config) -> dict[str, str]:
    """The variables that make :func:`from_environment` give ``config`` in a child process."""
    return {"CARTABLE_CONFIG": "", "CARTABLE_OVERRIDES": json.dumps(dataclasses.asdict(config), default=str)}


def build(
    kind: type[Tables], tables: Mapping[str, Mapping[str, object]], origin: Mapping[tuple[str, str], str]
) -> Tables:
    """``tables`` as the dataclass ``kind`` of dataclasses; ``origin``: the file of each (table, key), for messages.

    Raises :class:`ConfigError` for a table or key that ``kind`` does not have, and for a value of another type.
    """
    hints = typing.get_type_hints(kind)
    sections: dict[str, Any] = {}
    for table, values in tables.items():
        if table not in hints:
            raise _unknown(origin[table, ""], f"[{table}]", table, [f"[{name}]" for name in hints])
        section = hints[table]
        known = typing.get_type_hints(section)
        fields = {}
        for key, value in values.items():
            if key not in known:
                raise _unknown(origin[table, key], f"{table}.{key}", key, list(known))
            fields[key] = _convert(value, known[key], f"{table}.{key}", origin[table, key])
        sections[table] = section(**fields)
    return kind(**sections)


def _unknown(where: str, shown: str, key: str, known: list[str]) -> ConfigError:
    near = difflib.get_close_matches(key.lower(), [name.strip("[]") for name in known], 1, 0.6)
    if near:
        return ConfigError("%(file)s: %(key)s is unknown: did you mean %(near)s? Known: %(known)s",
                           file=where, key=shown, near=near[0], known=", ".join(known))  # fmt: skip
    return ConfigError("%(file)s: %(key)s is unknown. Known: %(known)s", file=where, key=shown, known=", ".join(known))


def _convert(value: object, kind: Any, key: str, where: str) -> object:
    options = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    if value is None and type(None) in options:
        return None
    for option in options:
        if option is Path and isinstance(value, str | os.PathLike):
            return Path(value).expanduser()
        if option is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if isinstance(option, type) and type(value) is option:
            return value
    names = " or ".join(getattr(option, "__name__", str(option)) for option in options if option is not type(None))
    raise ConfigError("%(file)s: %(key)s must be %(kind)s", file=where, key=key, kind=names)


def keys() -> list[str]:
    """Every ``table.key``, for the tests that keep reference and code in step."""
    hints = typing.get_type_hints(Config)
    return [f"{table}.{f.name}" for table, section in hints.items() for f in dataclasses.fields(section)]
