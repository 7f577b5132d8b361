# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""`make bench NAME=records`: learning records beside Ralph, a million of them, and the public conformance suite.

Ingest: the same statements go to both, in fresh stores, over Unix sockets, with a key, from as many clients, in turn;
a round ends when the last statement is acknowledged. Ours are then on the disk, validated in full and searchable; Ralph
validates, appends to a file and does not flush. Ralph slows down as that file grows (it looks for each id in all of
it), so a second line compares the first tenth of each round.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import boxes, posting, records_million, records_suite
from bench.boxes import Ours
from bench.measure import Table
from bench.peers import ralph

ROUNDS = int(os.environ.get("CARTABLE_BENCH_ROUNDS", "3"))
CLIENTS = 30
"""Tablets of a class, or devices that empty their outboxes at once."""
BATCHES = {1: (2_000, 10.0), 50: (20_000, 10.0), 500: (50_000, 1.5)}
"""Statements in a request -> (statements of a round, how many times faster than the peer)."""
PARTS: dict[str, Callable[[Table], None]] = {}


def main(chosen: list[str]) -> None:
    """Measure everything, or the parts named (then nothing is written); print and write the table."""
    table = Table("records")
    for name in chosen or PARTS:
        PARTS[name](table)
    if not chosen:
        print(f"\nwritten to {table.write()}")


def ingest(table: Table) -> None:
    """Statements a second, ours and Ralph's in turn."""
    for size, (count, wanted) in BATCHES.items():
        ours: list[posting.Posted] = []
        theirs: list[posting.Posted] = []
        through: list[posting.Posted] = []
        for turn in range(ROUNDS):
            bodies = posting.batches(size, count // size, turn)
            ours.append(_ours(bodies, size, nginx=False))
            theirs.append(_ralph(bodies, size))
            if turn == 0:
                through.append(_ours(bodies, size, nginx=True))
        label = f"ingest, batches of {size}, {CLIENTS} clients, {count:,} statements"
        mine, peer = _median(ours), _median(theirs)
        table.add(
            label, mine, peer, unit="/s", peer_name="Ralph 5.1 fs", target=f">= {wanted:g} x Ralph",
            met=lambda _, ratio, wanted=wanted: ratio >= wanted,  # type: ignore[misc]
        )  # fmt: skip
        mine, peer = _median(ours, 0.1), _median(theirs, 0.1)
        table.add(f"{label}: first tenth", mine, peer, unit="/s", peer_name="Ralph 5.1 fs")
        table.add(f"{label}: through nginx", through[0].per_second(), unit="/s")


def _median(runs: list[posting.Posted], share: float = 1.0) -> float:
    return statistics.median(run.per_second(share) for run in runs)


def _ours(bodies: list[bytes], size: int, *, nginx: bool) -> posting.Posted:
    """A box with an empty store; what it acknowledged is counted in its database afterwards."""
    with tempfile.TemporaryDirectory(prefix="cartable-bench-") as name:
        config = boxes.configure(Path(name) / "state")
        with boxes.running(config) as box:
            headers = {**key(box), "X-Cartable-Origin": "hub"}
            address = ("127.0.0.1", config.edge.port) if nginx else config.hub_socket
            posting.post(address, "/xapi/statements", headers, posting.batches(1, 1, -1), 1, 1)
            done = posting.post(address, "/xapi/statements", headers, bodies, size, CLIENTS)
        kept = records_million.count(config.database) - 1
        if kept != done.statements:
            raise RuntimeError(f"{done.statements} statements acknowledged, {kept} kept")
        return done


def _ralph(bodies: list[bytes], size: int) -> posting.Posted:
    headers: Mapping[str, str] = posting.basic(ralph.USER, ralph.PASSWORD)
    with ralph.start() as address:
        posting.post(address, ralph.STATEMENTS, headers, posting.batches(1, 1, -1), 1, 1)
        return posting.post(address, ralph.STATEMENTS, headers, bodies, size, CLIENTS)


def key(box: Ours) -> dict[str, str]:
    """A new key with all rights, as a header."""
    made = box.api(
        "POST", "/api/records/keys", {"name": f"bench {os.getpid()}-{os.urandom(4).hex()}", "scopes": ["all"]}
    )
    return posting.basic(made["id"], made["secret"])


def million(table: Table) -> None:
    """Searches in a million statements; what they take on the disk."""
    state = records_million.state()
    records_million.sizes(table, state)
    config = boxes.configure(state)
    with boxes.running(config) as box:
        headers = {**key(box), "X-Cartable-Origin": "hub"}
        records_million.searches(table, config, headers)


def conformance(table: Table) -> None:
    """The public ADL suite, where it is found."""
    suite = records_suite.folder()
    if suite is None:
        print(f"no conformance suite: set {records_suite.VARIABLE} to its folder (docs/howto/conformance.md)")
        return
    for version in records_suite.PEER:
        with (
            tempfile.TemporaryDirectory(prefix="cartable-bench-") as name,
            boxes.running(boxes.configure(Path(name) / "state")) as box,
        ):
            made = box.api("POST", "/api/records/keys", {"name": "conformance", "scopes": ["all"]})
            records_suite.run(table, suite, version, f"{box.pages}/xapi", made["id"], made["secret"])


PARTS.update(ingest=ingest, million=million, conformance=conformance)

if __name__ == "__main__":
    main(sys.argv[1:])
