# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What is done to learning records as a whole, as plain data: for ``/api/records`` and for ``cartable records``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Sequence
from typing import Any

from appliance.errors import BadInput, NotFound
from appliance.ports import Progress
from appliance.store import merging, people, quarantine, record_exports, record_lines, rewrite, tombstones
from appliance.store.erasure import Erasure, accounts, unfinished
from appliance.store.record_imports import TOLD, Importer, Report
from appliance.store.record_keys import DEFAULT_SCOPES, Key, Keys
from appliance.store.records import Records
from appliance.xapi import reading, terms
from appliance.xapi.statement import check_actor
from appliance.xapi.version import Version

_VALUES = ("mbox ", "mbox_sha1sum ", "openid ", "account ")


class Office:
    """All of it for one box."""

    def __init__(self, records: Records) -> None:
        self._db = records.db
        self._records = records
        self._keys = Keys(records.db)
        self._erasure = Erasure(records)

    def about(self) -> dict[str, Any]:
        """How many statements there are, shells of erased ones included."""
        return {"statements": record_exports.count(self._db)}

    def keys(self) -> list[dict[str, Any]]:
        """Without their secrets."""
        return [_key_json(key) for key in self._keys.list()]

    def add_key(self, name: str, scopes: Sequence[str]) -> dict[str, Any]:
        """Its secret is told here and never again."""
        key, secret = self._keys.add(name, tuple(scopes) or DEFAULT_SCOPES)
        return {"id": key, "secret": secret}

    def revoke_key(self, key: str) -> dict[str, Any]:
        """By name or id."""
        return _key_json(self._keys.revoke(key))

    def export(self) -> Generator[bytes, None, None]:
        """See :func:`appliance.store.record_exports.lines`."""
        return record_exports.lines(self._db, self._records.attachments, self._records.clock.now())

    def take(self, header: bytes, lines: Sequence[bytes], first: int) -> Report:
        """See :class:`appliance.store.record_imports.Importer`; raises :class:`BadInput` for another file's header."""
        self._records.expect_turn()
        return Importer(self._records, self._erasure, record_lines.read_header(header)).take(lines, first)

    def rebuild(self, progress: Progress) -> None:
        """Blocks; minutes for a million statements."""
        self._records.rebuild(lambda done, total: progress(done / total if total else 1.0, ""))

    def look_up(self, who: str) -> dict[str, Any]:
        """``{"who", "agents", "statements", "shared", "documents", "pupil"}``: whom it means, what would go.

        Raises :class:`NotFound`, :class:`BadInput` (several pupils have this alias; not an agent), :class:`Busy`
        during a rebuild.
        """
        self._records.expect_turn()
        name, agents = self._meant(who)
        return {"who": name, "agents": agents, **dataclasses.asdict(self._erasure.preview(agents))}

    def erase(self, who: str, final: bool) -> dict[str, Any]:
        """What went, in the form of :meth:`look_up`; raises also :class:`Busy` during a rebuild."""
        self._records.expect_turn()
        name, agents = self._meant(who)
        loss = self._erasure.erase(agents, final=final)
        return {"who": name, "agents": agents, **dataclasses.asdict(loss)}

    def erased(self) -> list[dict[str, Any]]:
        """The tombstones, without key and signature."""
        return [
            {"actor": t.actor, "origin": t.origin, "sequence": t.sequence, "final": t.final, "at": t.at, "box": t.box}
            for t in tombstones.every(self._db.reading())
        ]

    def unfinished(self) -> int | None:
        """None: no byte of what was erased is left. Else how many MB must be free to overwrite the last of them."""
        size = unfinished(self._db)
        return None if size is None else rewrite.megabytes(size)

    def quarantine(self) -> list[dict[str, Any]]:
        """The statements set aside, oldest first."""
        return quarantine.every(self._db)

    def set_aside(self, number: int) -> dict[str, Any]:
        """See :func:`appliance.store.quarantine.get`."""
        return quarantine.get(self._db, number)

    def drop(self, number: int) -> None:
        """See :meth:`appliance.store.erasure.Erasure.drop`; raises also :class:`Busy` during a rebuild."""
        self._records.expect_turn()
        self._erasure.drop(number)

    def _meant(self, who: str) -> tuple[str, list[str]]:
        """What to call it, and agent values."""
        who = who.strip()
        if who.startswith("{"):
            return who, [_agent(who)]
        if who.startswith(("http://", "https://")):
            return who, [f"openid {who}"]
        if who.startswith("mailto:"):
            return who, [f"mbox {who}"]
        if who.startswith(_VALUES):
            return who, [who]
        return self._pupil(who)

    def _pupil(self, who: str) -> tuple[str, list[str]]:
        who = merging.into(self._db.reading(), who)
        listed = [p for group in people.groups(self._db, archived=True) for p in people.pupils(self._db, group.id)]
        every = list({p.id: p for p in listed}.values())  # a need group lists pupils of classes
        found = [p for p in every if p.id == who] or [p for p in every if p.alias.casefold() == who.casefold()]
        if len(found) > 1:
            known = ", ".join(p.id for p in found)
            raise BadInput("Several pupils are called %(who)s: give one of these: %(known)s", who=who, known=known)
        name = found[0].id if found else who
        agents = accounts(self._db, name)
        if found:
            agents += merging.agents(self._db.reading(), self._records.box_id, name)
            agents += [
                agent for former in merging.formers(self._db.reading(), name) for agent in accounts(self._db, former)
            ]
        if not agents:
            raise NotFound("There is no pupil and no agent %(who)s here.", who=who)
        return f"{found[0].alias} ({name})" if found else who, sorted(set(agents))


def report_json(report: Report, gettext: Callable[[str], str]) -> dict[str, Any]:
    """Counts, and the damaged lines (the first :data:`TOLD`) with their reasons in the reader's language."""
    return {
        "taken": dict(report.taken),
        "known": report.known,
        "erased": report.erased,
        "set_aside": report.set_aside,
        "damaged": [{"line": n, "why": error.localized(gettext)} for n, error in report.damaged[:TOLD]],
        "damaged_lines": len(report.damaged),
        "end": None if report.end is None else dataclasses.asdict(report.end),
    }


def _key_json(key: Key) -> dict[str, Any]:
    return {**dataclasses.asdict(key), "scopes": list(key.scopes)}


def _agent(text: str) -> str:
    """The value of an agent written as JSON (xAPI-Data 2.4.2)."""
    value = reading.parse(text.encode("utf-8", "surrogatepass"))
    check_actor(value, Version.V1)
    return terms.agent_value(value)
