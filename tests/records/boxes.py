# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Whole stores in a folder, and records of every kind to put into them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from appliance.ports import Now
from appliance.store import record_exports, settings
from appliance.store.db import Database, Role
from appliance.store.documents import Context, Documents, Kind
from appliance.store.erasure import Erasure
from appliance.store.migrations import migrate
from appliance.store.record_imports import Importer, Report
from appliance.store.record_lines import read_header
from appliance.store.records import Records
from appliance.xapi import identifiers, reading
from appliance.xapi.definitions import Defines
from appliance.xapi.preparing import Prepared, prepare
from appliance.xapi.version import Version

START = 1_790_000_000.0
OTHERS = {"objectType": "Agent", "mbox": "mailto:ali@exemple.fr", "name": "Ali"}
ANSWERED = {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"fr": "a répondu"}}
SEEN = {"id": "http://activitystrea.ms/schema/1.0/watch"}
VOIDED = {"id": "http://adlnet.gov/expapi/verbs/voided"}


class SetClock:
    """A clock that a test sets; each reading is a millisecond later."""

    def __init__(self, wall: float = START, *, trusted: bool = True, boot: str = "boot-1") -> None:
        self.wall = wall
        self.monotonic = 100.0
        self.trusted = trusted
        self.boot = boot

    def now(self) -> Now:
        self.wall += 0.001
        self.monotonic += 0.001
        return Now(self.wall, self.trusted, self.monotonic, self.boot)


class Box:
    """The records of one box, open."""

    def __init__(self, folder: Path, clock: SetClock | None = None) -> None:
        self.folder = folder
        self.clock = clock or SetClock()
        migrate(self.path)
        self.db = Database(self.path, Role.HUB)
        self.records = Records(self.db, self.clock, settings.box_id(self.db), folder)
        self.erasure = Erasure(self.records, patience_s=5.0)
        self.erasure.begin()
        self.documents = Documents(self.db, self.clock)

    @property
    def path(self) -> Path:
        return self.folder / "cartable.sqlite"

    @property
    def id(self) -> str:
        return self.records.box_id

    def close(self) -> None:
        self.db.close()

    def again(self) -> Box:
        """The same box after a restart."""
        self.close()
        return Box(self.folder, self.clock)

    def pupil(self, name: str) -> dict[str, Any]:
        return identifiers.pupil(self.id, name)

    def agent(self, name: str) -> str:
        """The agent value of a pupil."""
        return f"account {identifiers.base(self.id)} {name}"

    def add(
        self,
        *values: Mapping[str, Any],
        version: Version = Version.V1,
        define: Defines = Defines.EVERYTHING,
        **attached: bytes,
    ) -> list[str]:
        """Keep statements as the hub would; ``attached``: bytes of attachments, by any name."""
        batch = [self.prepared(value, version) for value in values]
        bodies = {hashlib.sha256(body).hexdigest(): body for body in attached.values()}
        return self.records.append(batch, attachments=bodies, define=lambda _: define)

    def prepared(self, value: Mapping[str, Any], version: Version = Version.V1) -> Prepared:
        [raw] = reading.statements(json.dumps(value, ensure_ascii=False).encode())
        return prepare(raw, version, identifiers.own_authority(self.id))

    def answer(self, pupil: str, choice: str = "a", **more: Any) -> dict[str, Any]:
        """An answer to a question of the box's own exercise."""
        return {
            "actor": self.pupil(pupil),
            "verb": ANSWERED,
            "object": {
                "id": identifiers.question(self.id, "fractions", "moitie"),
                "definition": {"description": {"fr": f"Moitié, vue par {pupil}-{choice}"}},
            },
            "result": {"success": choice == "a", "response": choice, "duration": "PT4.5S", "score": {"scaled": 0.5}},
            "context": {
                "registration": identifiers.registration(self.id, "lesson"),
                "contextActivities": {"grouping": [{"id": identifiers.lesson(self.id, "lesson")}]},
            },
            **more,
        }

    def export(self) -> bytes:
        return b"".join(record_exports.lines(self.db, self.records.attachments, self.clock.now()))

    def take(self, exported: bytes, size: int = 7) -> Report:
        """Import, in small batches."""
        header, *rest = exported.splitlines(keepends=True)
        importer = Importer(self.records, self.erasure, read_header(header))
        total = Report()
        for first in range(0, len(rest), size):
            done = importer.take(rest[first : first + size], first + 2)
            total.taken += done.taken
            total.known += done.known
            total.erased += done.erased
            total.set_aside += done.set_aside
            total.damaged += done.damaged
            total.end = done.end or total.end
        return total

    def derived(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that is derived from statements, with names instead of the numbers of terms."""
        found = {}
        for name, sql in _DERIVED.items():
            found[name] = sorted((tuple(row) for row in self.db.reading().execute(sql)), key=repr)
        return found

    def bodies(self) -> list[dict[str, Any]]:
        rows = self.db.reading().execute("SELECT body FROM statement WHERE NOT erased ORDER BY row")
        return [json.loads(row["body"]) for row in rows]


_TERM = "(SELECT kind || ' ' || value FROM term WHERE id = {})"
_ID = "(SELECT s.id FROM statement s WHERE s.row = {})"
_DERIVED = {
    "term": "SELECT kind, value FROM term",
    "posting": f"SELECT {_TERM.format('term')}, {_ID.format('row')}, {_ID.format('via')} "
    "FROM (SELECT term, row, via FROM posting UNION ALL SELECT term, row, via FROM posting_fresh)",
    "reference": f"SELECT target, {_ID.format('row')} FROM statement_reference",
    "attachment": f"SELECT sha256, {_ID.format('row')} FROM statement_attachment",
    "definition": "SELECT iri, body FROM activity_definition",
    "progress": f"SELECT {_TERM.format('actor')}, {_TERM.format('activity')}, {_TERM.format('registration')}, "
    "statements, first, last, completed, passed, scaled, duration FROM progress",
    "seen": f"SELECT {_TERM.format('actor')}, statements, last FROM actor_seen",
    "verb": f"SELECT {_TERM.format('actor')}, {_TERM.format('verb')}, statements FROM verb_count",
    "answer": "SELECT * FROM answer",
    "voided": "SELECT id, voided FROM statement",
    "held": f"SELECT {_ID.format('row')}, boot, monotonic, age FROM held",
}


def fill(box: Box) -> dict[str, str]:
    """Records of every kind; returns the ids of some statements."""
    zoe, ali = box.pupil("zoe-1"), box.pupil("ali-2")
    [first, second, other] = box.add(box.answer("zoe-1"), box.answer("zoe-1", "b"), box.answer("ali-2"))
    film = {"id": "http://exemple.fr/film", "definition": {"name": {"fr": "Le volcan"}}}
    theirs = {"id": "http://exemple.fr/film", "definition": {"name": {"fr": "Le volcan de zoe-1"}}}
    [group] = box.add({"actor": {"objectType": "Group", "member": [zoe, ali]}, "verb": SEEN, "object": theirs})
    [comment] = box.add({"actor": OTHERS, "verb": SEEN, "object": {"objectType": "StatementRef", "id": first}})
    [far] = box.add({"actor": OTHERS, "verb": SEEN, "object": {"objectType": "StatementRef", "id": comment}})
    box.add({"actor": OTHERS, "verb": VOIDED, "object": {"objectType": "StatementRef", "id": second}})
    box.add({"actor": ali, "verb": SEEN, "object": film, "context": {"instructor": OTHERS}}, version=Version.V2)
    inner = {"objectType": "SubStatement", "actor": OTHERS, "verb": SEEN, "object": zoe}
    box.add(
        {"actor": OTHERS, "verb": SEEN, "object": inner},
        {"actor": ali, "verb": SEEN, "object": film},
        define=Defines.NOTHING,
    )
    sound, shared = b"\0voice of zoe-1\xff" * 90_000, b"a drawing that two have"
    box.add(with_attachment(zoe, sound, "http://exemple.fr/voix"), with_attachment(zoe, shared, "http://exemple.fr/dessin"),
            with_attachment(ali, shared, "http://exemple.fr/dessin"), sound=sound, shared=shared)  # fmt: skip
    for agent, name in (("zoe-1", "zoe-state"), ("ali-2", "état")):
        context = Context(Kind.STATE, "http://exemple.fr/film", box.agent(agent), str(uuid.uuid4()))
        box.documents.change(context, name, lambda _, who=agent: ("text/plain", f"page 3 of {who}".encode()))  # type: ignore[misc]
    box.documents.change(Context(Kind.AGENT_PROFILE, agent=box.agent("zoe-1")), "p", lambda _: ("x/y", b"\0zoe-1"))
    box.documents.change(Context(Kind.ACTIVITY_PROFILE, "http://exemple.fr/film"), "p", lambda _: ("x/y", b"{}"))
    return {"first": first, "second": second, "other": other, "group": group, "comment": comment, "far": far}


def with_attachment(actor: Mapping[str, Any], body: bytes, usage: str) -> dict[str, Any]:
    meta = {"usageType": usage, "display": {"fr": "Un fichier"}, "contentType": "audio/ogg", "length": len(body),
            "sha2": hashlib.sha256(body).hexdigest()}  # fmt: skip
    return {"actor": actor, "verb": SEEN, "object": {"id": "http://exemple.fr/film"}, "attachments": [meta]}


def body_of(exported: bytes) -> bytes:
    """Without the header, which tells who exported and when."""
    return exported.partition(b"\n")[2]


def lines_of(exported: bytes, name: str) -> Iterator[dict[str, Any]]:
    """The lines of one kind."""
    for line in exported.splitlines():
        found = json.loads(line)
        if name in found:
            yield found


def loss(**counts: Any) -> dict[str, Any]:
    """What an erasure is expected to tell."""
    from appliance.store.erasure import Loss

    return dataclasses.asdict(Loss(**counts))
