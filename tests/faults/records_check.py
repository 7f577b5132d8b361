# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What must be true of the record store after a fault, from what its process had told before."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import hashlib
import itertools
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.faults import records_work
from tests.faults.records_store import Store
from tests.faults.records_work import ERASED, Item, Sent

GOOD = (200, 204)
EXPECTED = {*GOOD, 409}
PRESENT, ABSENT, EITHER = "present", "absent", "either"


@dataclasses.dataclass(slots=True)
class Verdict:
    """What was found wrong, by kind."""

    lost: list[str] = dataclasses.field(default_factory=list)
    doubled: list[str] = dataclasses.field(default_factory=list)
    back: list[str] = dataclasses.field(default_factory=list)
    other: list[str] = dataclasses.field(default_factory=list)

    def add(self, more: Verdict) -> None:
        for name in ("lost", "doubled", "back", "other"):
            getattr(self, name).extend(getattr(more, name))

    @property
    def problems(self) -> list[str]:
        return [f"{name}: {what}" for name in ("lost", "doubled", "back", "other") for what in getattr(self, name)]


class Ledger:
    """The lines told by all lives of the process, in order, and what follows from them."""

    def __init__(self, seed: int, count: int, erase: str) -> None:
        self.erase = erase
        self.items = records_work.items(seed, count, erase=bool(erase))
        self._begun: dict[int, list[int]] = collections.defaultdict(list)
        self._ended: dict[int, list[tuple[int, list[str]]]] = collections.defaultdict(list)
        """Item -> (position, ids) of its good answers."""
        self._position = 0
        self.strange: list[str] = []
        self.acknowledged = 0
        """Statements in good answers."""
        self.refused = 0
        """Requests refused because the disk was full."""

    def tell(self, line: str) -> None:
        """A line of the process."""
        self._position += 1
        word, _, rest = line.partition(" ")
        if word == "begin":
            self._begun[int(rest)].append(self._position)
        elif word == "end":
            number, status, *ids = rest.split(" ")
            if int(status) in GOOD:
                self._ended[int(number)].append((self._position, ids))
                self.acknowledged += len(self.items[int(number)].statements)
            elif status == "507":
                self.refused += 1
            elif int(status) not in EXPECTED:
                self.strange.append(f"{self.items[int(number)].kind} {rest}")

    def done(self, item: Item) -> bool:
        """Whether it was answered well once."""
        return bool(self._ended[item.number])

    def contents(self) -> dict[str, list[Sent]]:
        """Id -> what good answers stand for."""
        found: dict[str, list[Sent]] = collections.defaultdict(list)
        for item in self.items:
            for index, sent in enumerate(item.statements):
                for _, ids in self._ended[item.number]:
                    own = sent.id or ids[index]
                    if all(known.text != sent.text for known in found[own]):
                        found[own].append(sent)
        return dict(found)

    def versions(self, own: str) -> list[Sent]:
        """Everything that was made with this id, sent or not."""
        return [sent for item in self.items for sent in item.statements if sent.id == own]

    def expected(self, own: str, sent: Sent) -> str:
        """Whether an acknowledged statement must be there."""
        pupils = {version.pupil for version in self.versions(own)} or {sent.pupil}
        if not self.erase or ERASED not in pupils or not (begun := self._erasing()):
            return PRESENT
        if len(pupils) > 1 or not (ended := self._erased()):
            return EITHER
        if self.erase == "final":
            return ABSENT
        first, answered = self._between(own, sent)
        if answered < max(begin for begin in begun if begin < ended[-1]):
            return ABSENT
        return PRESENT if first > max(*begun, *ended) else EITHER

    def _between(self, own: str, sent: Sent) -> tuple[int, int]:
        """Positions of the first request that can have brought the id, and of its first good answer."""
        names = {sent.id or sent.marker}
        numbers = [item.number for item in self.items if names & {s.id or s.marker for s in item.statements}]
        answers = [(at, n) for n in numbers for at, ids in self._ended[n] if sent.id or own in ids]
        answered, number = min(answers)
        if sent.id is None:  # sent again, it is another one
            return max(at for at in self._begun[number] if at < answered), answered
        return min(at for n in numbers for at in self._begun[n]), answered

    def documents(self) -> Iterator[tuple[Item, str]]:
        """Documents acknowledged, and whether they must be there."""
        for item in self.items:
            if item.document is None or not self.done(item):
                continue
            if item.document[1] != ERASED or not self._erasing():
                yield item, PRESENT
            elif self._erased() and self._begun[item.number][-1] < self._erasing()[0]:
                yield item, ABSENT

    def _erasing(self) -> list[int]:
        return [position for item in self.items if item.kind == "erase" for position in self._begun[item.number]]

    def _erased(self) -> list[int]:
        return [position for item in self.items if item.kind == "erase" for position, _ in self._ended[item.number]]


def judge(store: Store, ledger: Ledger, *, over: bool) -> Verdict:
    """Hold the store against the ledger; ``over``: every request has been answered well, or refused for good."""
    verdict = Verdict(other=list(ledger.strange))
    with contextlib.closing(sqlite3.connect(f"file:{store.config.database}?mode=ro", uri=True)) as conn:
        conn.row_factory = sqlite3.Row
        rows = {row["id"].lower(): row for row in conn.execute("SELECT * FROM statement ORDER BY row")}
        _order(list(rows.values()), verdict)
        _statements(rows, ledger, verdict, over)
        _whole_batches(rows, ledger, verdict)
        _voids(store, rows, ledger, verdict)
        _documents(conn, store, ledger, verdict)
        _derived(conn, store, verdict)
    _gone(store.config.box.state, ledger, verdict)
    return verdict


def _order(rows: Sequence[sqlite3.Row], verdict: Verdict) -> None:
    for before, after in itertools.pairwise(rows):
        if not before["stored"] < after["stored"] or len(after["stored"]) != 27:
            verdict.other.append(f"stored: {before['stored']} then {after['stored']} (row {after['row']})")
    sequences = [row["sequence"] for row in rows]
    if sequences != list(range(1, len(rows) + 1)):
        verdict.other.append(f"sequences are not 1, 2, 3, …: {sequences}")
    for row in rows:
        if not row["erased"] and hashlib.sha256(row["body"]).digest() != row["sha256"]:
            verdict.other.append(f"sha256 of {row['id']}")
        if row["erased"] and row["body"]:
            verdict.back.append(f"the bytes of {row['id']}, erased")


def _statements(rows: dict[str, sqlite3.Row], ledger: Ledger, verdict: Verdict, over: bool) -> None:
    for own, contents in ledger.contents().items():
        row = rows.get(own)
        kept = bytes(row["body"]) if row is not None else b""
        if len(contents) > 1 and all(ledger.expected(own, sent) == PRESENT for sent in contents):
            verdict.doubled.append(f"{own} was accepted with two contents")
        for sent in contents:
            wanted = ledger.expected(own, sent)
            if wanted == PRESENT and not kept:
                verdict.lost.append(f"{own} ({sent.marker})")
            elif wanted == ABSENT and kept:
                verdict.back.append(f"{own} ({sent.marker})")
            elif kept and wanted == PRESENT and not kept.startswith(sent.text[:-1].encode()):
                verdict.other.append(f"other bytes for {own}: {kept[:200]!r}")
    if over:
        markers = [sent.marker for item in ledger.items for sent in item.statements if sent.id]
        for marker in set(markers):
            holders = [own for own, row in rows.items() if marker.encode() in bytes(row["body"])]
            if len(holders) > 1:
                verdict.doubled.append(f"{marker} in {holders}")


def _whole_batches(rows: dict[str, sqlite3.Row], ledger: Ledger, verdict: Verdict) -> None:
    """A request is kept as a whole or not at all."""
    for item in ledger.items:
        if item.kind != "post" or (ledger.erase and any(sent.pupil == ERASED for sent in item.statements)):
            continue
        clean = [sent for sent in item.statements if len(ledger.versions(sent.id or "")) == 1]
        there = [sent.id in rows for sent in clean]
        if any(there) and not all(there):
            verdict.other.append(f"request {item.number} is kept in part: {there}")


def _voids(store: Store, rows: dict[str, sqlite3.Row], ledger: Ledger, verdict: Verdict) -> None:
    for own, (sent, *_) in ledger.contents().items():
        target = sent.voids
        if target is None or any(name not in rows or not rows[name]["body"] for name in (own, target)):
            continue
        if store.records.get(target) is not None or store.records.get(target, voided=True) is None:
            verdict.other.append(f"{target} is not voided by {own}")
    for own, row in itertools.islice(rows.items(), 5):
        found = store.records.get(own, voided=bool(row["voided"]))
        if row["body"] and (found is None or json.loads(found.body)["stored"] != row["stored"]):
            verdict.other.append(f"{own} is not given back as it is kept")


def _documents(conn: sqlite3.Connection, store: Store, ledger: Ledger, verdict: Verdict) -> None:
    kept = {row["name"]: bytes(row["body"]) for row in conn.execute("SELECT name, body FROM document")}
    for item, wanted in ledger.documents():
        name = item.parameters["stateId"]
        if wanted == PRESENT and kept.get(name) != item.body:
            verdict.lost.append(f"document {name}")
        elif wanted == ABSENT and name in kept:
            verdict.back.append(f"document {name}")
    for own, (sent, *_) in ledger.contents().items():
        if sent.attachment is not None and ledger.expected(own, sent) == PRESENT:
            found = store.records.attachment(hashlib.sha256(sent.attachment).hexdigest())
            if found != sent.attachment:
                verdict.lost.append(f"attachment of {own}")


def _derived(conn: sqlite3.Connection, store: Store, verdict: Verdict) -> None:
    before = projections(conn)
    store.records.rebuild(lambda done, of: None)
    after = projections(conn)
    for name in before:
        if before[name] != after[name]:
            gone, new = before[name] - after[name], after[name] - before[name]
            verdict.other.append(f"{name} is not what a rebuild gives: {list(gone)[:3]} became {list(new)[:3]}")
    told = conn.execute("PRAGMA integrity_check").fetchone()[0]
    if told != "ok":
        verdict.other.append(f"integrity_check: {told}")


def projections(conn: sqlite3.Connection) -> dict[str, collections.Counter[tuple[object, ...]]]:
    """Everything derived, with terms by their words: numbers of terms may change when they are made again."""
    term = "(SELECT kind || ' ' || value FROM term WHERE term.id = {0})"
    queries = {
        "posting": f"SELECT {term.format('term')}, row, via "
                   "FROM (SELECT term, row, via FROM posting UNION ALL SELECT term, row, via FROM posting_fresh)",
        "term": "SELECT kind, value FROM term",
        "statement_reference": "SELECT target, row FROM statement_reference",
        "statement_void": "SELECT target, row FROM statement_void",
        "voided": "SELECT row, voided FROM statement",
        "activity_definition": "SELECT iri, body FROM activity_definition",
        "progress": f"SELECT {term.format('actor')}, {term.format('activity')}, {term.format('registration')}, "
                    "statements, first, last, completed, passed, scaled, duration FROM progress",
        "actor_seen": f"SELECT {term.format('actor')}, statements, last FROM actor_seen",
        "verb_count": f"SELECT {term.format('actor')}, {term.format('verb')}, statements FROM verb_count",
        "answer": "SELECT * FROM answer",
    }  # fmt: skip
    return {name: collections.Counter(tuple(row) for row in conn.execute(sql)) for name, sql in queries.items()}


def _gone(state: Path, ledger: Ledger, verdict: Verdict) -> None:
    """What was erased left no bytes in any file."""
    told = [(sent.marker, ledger.expected(own, sent)) for own, several in ledger.contents().items() for sent in several]
    markers = [
        marker.encode() for marker in {m for m, at in told if at == ABSENT} - {m for m, at in told if at != ABSENT}
    ]
    markers += [item.body for item, wanted in ledger.documents() if wanted == ABSENT]
    if not markers:
        return
    for path in state.rglob("*"):
        if path.is_file() and not path.is_socket():
            content = path.read_bytes()
            verdict.back.extend(f"{marker!r} in {path.name}" for marker in markers if marker in content)
