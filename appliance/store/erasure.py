# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Erasure of an agent: tombstones first, then everything that names it, then the bytes under it.

The tombstones, and what is quick, are one transaction; from then on nothing of the agent comes in, and a death only
delays the rest: :meth:`Erasure.resume`, at the next start or the next erasure, finds what tombstones cover and is still
there. Last, the file is written anew (:mod:`appliance.store.rewrite`). Statements keep their shell (row, id, origin,
sequence). docs/howto/erase-a-pupil.md says what this means.
"""

from __future__ import annotations

import collections
import json
import logging
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from appliance.errors import BadInput, Busy, StorageError
from appliance.store import quarantine, record_terms, rewrite, times, tombstones, vault
from appliance.store.db import Database
from appliance.store.durable import step
from appliance.store.identity import identity, key_of
from appliance.store.record_entries import entries, portions
from appliance.store.records import Records
from appliance.store.tombstones import ANYWHERE, Tombstone, hashed
from appliance.xapi import identifiers, terms

log = logging.getLogger(__name__)

CHUNK = 200
"""Statements erased in one transaction, fewer of large ones: others write between two."""
DEFINED_AT_ONCE = 10
"""Activities whose definition is made anew in one transaction."""
PATIENCE_S = 60.0
"""How long to wait for a reader, an export say, that holds the old bytes in the write-ahead log."""
FOREVER = "9999"
_MARK = "erasing"
"""Setting that stands while an erasure is not finished: the activities to define anew, as a JSON list."""
_COVERED = """
SELECT p.row FROM term CROSS JOIN posting p ON p.term = term.id AND p.via = 0
CROSS JOIN statement s ON s.row = p.row AND NOT s.erased
WHERE term.kind = 'any_agent' AND term.value = ? AND EXISTS (
    SELECT 1 FROM tombstone t WHERE t.actor = ? AND t.acts
    AND (t.origin = '' OR t.origin = s.origin) AND (t.final OR t.sequence >= s.sequence))
ORDER BY p.row LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Loss:
    """What an erasure takes, or took, away."""

    statements: int = 0
    shared: int = 0
    """Of these, statements that somebody else made, or made together with the agent: they lose them too."""
    documents: int = 0
    pupil: bool = False
    """The pupil leaves the class list."""
    sealed: int = 0
    """First name, texts and media in the class's vault."""


class Erasure:
    """The one that erases. Safe to use from several threads; each erasure may be asked for again."""

    def __init__(self, records: Records, patience_s: float = PATIENCE_S) -> None:
        self._records = records
        self._rewrite = rewrite.Rewrite(records.db, records.commit, patience_s)

    def preview(self, agents: Collection[str], *, final: bool = True) -> Loss:
        """What :meth:`erase` of these agent values would take away."""
        self._records.commit.run(record_terms.sort)
        conn = self._records.db.reading()
        rows: set[int] = set()
        documents = 0
        for agent in agents:
            found = conn.execute(
                "SELECT row FROM term CROSS JOIN posting ON term = id AND via = 0 "
                "WHERE kind = 'any_agent' AND value = ?",
                (agent,),
            )
            rows.update(row["row"] for row in found)
            documents += conn.execute("SELECT count(*) FROM document WHERE agent = ?", (agent,)).fetchone()[0]
        shared = collections.Counter(_alone(entry.value["actor"], agents) for entry in entries(conn, sorted(rows)))
        named = _pupils(conn, set(map(hashed, agents)))
        kinds = vault.KINDS if final else (vault.TEXT, vault.MEDIA)
        sealed = sum(len(vault.items(conn, name, *kinds)) for name in named)
        return Loss(shared.total(), shared[False], documents, final and bool(named), sealed)

    def erase(self, agents: Collection[str], *, final: bool = True, before: str = "") -> Loss:
        """Erase everything that names one of ``agents`` (values of :func:`appliance.xapi.terms.agent_value`).

        ``final``: nothing of them is kept from now on either, and a pupil leaves the class list. ``before`` (RFC 3339,
        not with ``final``): only what arrived earlier. On return the bytes are gone from every file of the box. Raises
        :class:`BadInput` for the box itself, :class:`StorageError` when there is no room to write the file anew,
        :class:`Busy` when a reader holds the old bytes: asking again, another erasure or the next start ends the work,
        and :func:`unfinished` tells of it until then.
        """
        own = terms.agent_value(identifiers.own_authority(self._records.box_id))
        if own in agents:
            raise BadInput("This is the box itself, not a person: its statements are the pupils'.")
        loss = self.preview(agents, final=final)
        signer = identity(self._records.db)
        now = self._moment()

        def mark(conn: sqlite3.Connection) -> None:
            for actor in sorted(map(hashed, agents)):
                for origin, sequence in _vector(conn, signer.box, final=final, before=before):
                    made = tombstones.signed(signer, actor, origin, sequence, final=final, at=now)
                    tombstones.insert(conn, made, acts=True)
            _mark(conn)
            self._quick(conn, set(map(hashed, agents)), pupils=final, until=before or FOREVER)
            if not final:
                for name in _pupils(conn, set(map(hashed, agents))):
                    vault.forget_older(conn, name, before)

        step("tombstones")
        self._records.commit.run(mark)
        self.resume()
        return loss

    def _moment(self) -> str:
        """Now, and no earlier than any change here, by which a wrong clock would be behind."""
        last = self._records.db.reading().execute("SELECT max(updated) FROM document").fetchone()[0] or ""
        wall = times.rfc3339(self._records.clock.now().wall)
        return max(wall, self._records.consistent_through(), str(last))

    def apply(self, found: Sequence[Tombstone]) -> int:
        """Take in tombstones from an export; returns how many were new.

        Raises :class:`BadInput` when one was signed with another key than its box is known by. One of another box acts
        on that box's own statements and accounts only, and only when that box's key is known. Old bytes that cannot be
        overwritten now are left to the next erasure or start.
        """
        own, db = self._records.box_id, self._records.db
        if not all(authentic(db, tombstone) for tombstone in found):
            raise BadInput("A tombstone was not signed by the box that it names: the file was changed.")
        known = {box for box in {tombstone.box for tombstone in found} if key_of(db, box) is not None}

        def acts(told: Tombstone) -> bool:
            return told.box in (own, told.origin) and told.box in known

        def keep(conn: sqlite3.Connection) -> int:
            new = [t for t in found if tombstones.insert(conn, t, acts=acts(t))]
            for tombstone in new:
                mine = tombstone.box == own
                if acts(tombstone):
                    only, before = None if mine else tombstone.box, conn.total_changes
                    self._quick(conn, {tombstone.actor}, pupils=mine and tombstone.final, until=tombstone.at, only=only)
                    if conn.total_changes > before:  # else nothing of it is here, unless in statements: see resume
                        _mark(conn)
            return len(new)

        step("tombstones")
        new = self._records.commit.run(keep)
        self._empty_covered()
        self._sweep()
        try:
            self._rewrite.run()
        except (StorageError, Busy) as error:
            log.warning("An erasure is not finished: %s", error)
        return new

    def drop(self, number: int) -> None:
        """Forget a statement of the quarantine, which names people like any other: its bytes go as in :meth:`erase`.

        Raises :class:`appliance.errors.NotFound`, and as :meth:`erase` when only its bytes are left.
        """

        def gone(conn: sqlite3.Connection) -> None:
            quarantine.drop(conn, number)
            rewrite.mark(conn)

        self._records.commit.run(gone)
        self._rewrite.run()

    def begin(self) -> None:
        """At start: :meth:`resume`. What the disk refuses now, the next start or erasure will do."""
        try:
            self.resume()
        except (StorageError, Busy) as error:
            log.warning("An erasure is not finished: %s", error)

    def resume(self) -> int:
        """Finish what a death, or a reader, left unfinished; returns how many statements were emptied.

        Also erases what the previous release, which knows no tombstones, wrote after a roll-back, and what it left in
        the vault of the pupils that it erased. Raises as :meth:`erase`.
        """
        self._records.commit.run(_forget_strays)
        emptied = self._empty_covered()
        self._sweep()
        self._rewrite.run()
        return emptied

    def _sweep(self) -> None:
        """The sealed media that no row names any more."""
        folder = self._records.folder / vault.FOLDER
        if folder.is_dir():
            self._records.commit.run(lambda conn: vault.sweep(conn, folder))

    def _empty_covered(self) -> int:
        conn = self._records.db.reading()
        actors = {row["actor"] for row in conn.execute("SELECT DISTINCT actor FROM tombstone WHERE acts")}
        if not actors:
            return 0
        self._records.commit.run(record_terms.sort)  # all that came before the tombstones is in ``posting`` now
        emptied = 0
        agents = [row["value"] for row in conn.execute("SELECT value FROM term WHERE kind = 'any_agent'")]
        for agent in agents:
            if hashed(agent) in actors:
                emptied += self._empty(agent)
        self._finish()
        if rewrite.never(conn):
            self._records.commit.run(rewrite.mark_first)
        return emptied

    def _empty(self, agent: str) -> int:
        """Every statement that names ``agent`` and that a tombstone covers, a chunk at a time."""
        emptied = 0
        while rows := self._chunk(agent):
            names = self._records.commit.run(lambda conn, rows=rows: self._forget(conn, rows))  # type: ignore[misc]
            step("erase attachments")
            self._records.attachments.discard(names)
            emptied += len(rows)
        return emptied

    def _chunk(self, agent: str) -> list[int]:
        conn = self._records.db.reading()
        found = [row["row"] for row in conn.execute(_COVERED, (agent, hashed(agent), CHUNK))]
        return next(portions(conn, found), [])

    def _forget(self, conn: sqlite3.Connection, rows: Sequence[int]) -> set[str]:
        """Returns the attachments that these statements named."""
        marks = ",".join("?" * len(rows))
        names = conn.execute(f"SELECT sha256 FROM statement_attachment WHERE row IN ({marks})", rows)  # noqa: S608
        attachments = {row["sha256"] for row in names}
        _mark(conn, self._records.fold.forget(conn, rows))
        ids = conn.execute(f"SELECT id FROM statement WHERE row IN ({marks})", rows).fetchall()  # noqa: S608
        conn.execute(f"UPDATE statement SET sha256 = x'' WHERE row IN ({marks})", rows)  # noqa: S608
        conn.executemany("DELETE FROM quarantine WHERE statement = ?", [(row["id"],) for row in ids])
        return attachments

    def _define(self, conn: sqlite3.Connection, iris: Collection[str]) -> None:
        step("define activities")
        self._records.fold.define(conn, iris)
        left = [iri for iri in _undefined(conn) or [] if iri not in iris]
        conn.execute("UPDATE setting SET value = ? WHERE key = ?", (json.dumps(left), _MARK))

    def _quick(
        self, conn: sqlite3.Connection, actors: set[str], *, pupils: bool, until: str = FOREVER, only: str | None = None
    ) -> None:
        """What is not a statement: documents changed by ``until``, quarantined copies, the place in the class.

        ``only``: what the box of this name may speak of, its own accounts and statements.
        """
        start = "" if only is None else f"account {identifiers.base(only)} "
        for row in conn.execute("SELECT DISTINCT agent FROM document WHERE agent <> ''").fetchall():
            if hashed(row["agent"]) in actors and row["agent"].startswith(start):
                conn.execute("DELETE FROM document WHERE agent = ? AND updated <= ?", (row["agent"], until))
        for row in conn.execute("SELECT id, origin, body FROM quarantine").fetchall():
            if only in (None, row["origin"]) and actors & set(map(hashed, _agents(bytes(row["body"])))):
                conn.execute("DELETE FROM quarantine WHERE id = ?", (row["id"],))
        if pupils:
            for name in _pupils(conn, actors):
                vault.forget_pupil(conn, name)
                conn.execute("DELETE FROM pupil WHERE id = ?", (name,))

    def _finish(self) -> None:
        """Define activities anew, then unmark."""
        while iris := _undefined(self._records.db.reading()):
            self._records.commit.run(lambda conn, iris=iris: self._define(conn, iris[:DEFINED_AT_ONCE]))  # type: ignore[misc]
        if _undefined(self._records.db.reading()) is not None:
            step("unmark")
            self._records.commit.run(_unmark)


def authentic(db: Database, tombstone: Tombstone) -> bool:
    """Whether it has the key by which its box is known here; of a box not known yet, the one that it had before."""
    known = key_of(db, tombstone.box) or tombstones.claimed_key(db.reading(), tombstone.box)
    return known in (None, tombstone.key)


def unfinished(db: Database) -> int | None:
    """None: no file holds a byte of what was erased. Else the erasure goes on, and needs so many free bytes."""
    conn = db.reading()
    if _undefined(conn) is None and rewrite.pending(conn) is None:
        return None
    return rewrite.room_needed(conn)


def accounts(db: Database, name: str) -> list[str]:
    """The agent values of the accounts called ``name`` of Cartable boxes, this one or others, in statements here."""
    start = f"account {identifiers.BOXES}"
    rows = db.reading().execute(
        "SELECT value FROM term WHERE kind = 'any_agent' AND substr(value, 1, ?) = ?", (len(start), start)
    )
    return [row["value"] for row in rows if row["value"].partition(" ")[2].partition(" ")[2] == name]


def keeps_out(conn: sqlite3.Connection, own_box: str, agent: str, updated: str) -> bool:
    """Whether a document of ``agent`` changed at ``updated`` (RFC 3339) was erased, and must not come back."""
    if tombstones.erased(conn, [agent], ANYWHERE):
        return True
    rows = conn.execute("SELECT body FROM tombstone WHERE actor = ? AND acts", (hashed(agent),))
    told = [tombstones.Tombstone(**json.loads(row["body"])) for row in rows]
    return any(
        updated <= t.at and (t.box == own_box or agent.startswith(f"account {identifiers.base(t.box)} ")) for t in told
    )


def _mark(conn: sqlite3.Connection, undefined: Iterable[str] = ()) -> None:
    """Note that an erasure is going on, and which activities have lost their definition to it."""
    iris = sorted({*(_undefined(conn) or []), *undefined})
    conn.execute("INSERT INTO setting VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                 (_MARK, json.dumps(iris)))  # fmt: skip
    rewrite.mark(conn)


def _forget_strays(conn: sqlite3.Connection) -> None:
    if vault.forget_strays(conn):
        rewrite.mark(conn)


def _undefined(conn: sqlite3.Connection) -> list[str] | None:
    """The activities to define anew; None: no erasure is going on."""
    row = conn.execute("SELECT value FROM setting WHERE key = ?", (_MARK,)).fetchone()
    return None if row is None else [str(iri) for iri in json.loads(row["value"])]


def _unmark(conn: sqlite3.Connection) -> None:
    """Unless another erasure has taken definitions since."""
    if conn.execute("DELETE FROM setting WHERE key = ? AND value = '[]'", (_MARK,)).rowcount:
        rewrite.mark(conn)


def _vector(conn: sqlite3.Connection, own: str, *, final: bool, before: str) -> Iterator[tuple[str, int]]:
    """The latest sequence of each origin, this box's own among them, 0 if it has none; final: also any origin."""
    rows = conn.execute(
        "SELECT origin, max(sequence) FROM statement WHERE ? = '' OR stored < ? GROUP BY origin", (before, before)
    )
    found = {row[0]: row[1] for row in rows}
    yield from sorted({own: 0, **found}.items())
    if final:
        yield ANYWHERE, 0


def _alone(actor: dict[str, object], agents: Collection[str]) -> bool:
    """Whether the actor is one of ``agents``, in no company."""
    return actor.get("objectType") != "Group" and terms.agent_value(actor) in agents


def _agents(body: bytes) -> Iterable[str]:
    try:
        return [value for kind, value in terms.terms(json.loads(body)) if kind == "any_agent"]
    except (ValueError, KeyError, TypeError, AttributeError):  # quarantined because it is no statement at all
        return []


def _pupils(conn: sqlite3.Connection, actors: set[str]) -> list[str]:
    """The pupils of the class list whose account of this box is one of ``actors``."""
    box = conn.execute("SELECT value FROM setting WHERE key = 'box_id'").fetchone()
    if box is None:
        return []
    names = [row["id"] for row in conn.execute("SELECT id FROM pupil")]
    return [n for n in names if hashed(terms.agent_value(identifiers.pupil(box["value"], n))) in actors]
