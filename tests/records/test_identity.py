# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The box's key, and tombstones as texts and as rows."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import BadInput, Damaged
from appliance.store import identity, settings, tombstones
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate

ACTOR = tombstones.hashed("mbox mailto:zoe@exemple.fr")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    migrate(tmp_path / "cartable.sqlite")
    opened = Database(tmp_path / "cartable.sqlite", Role.HUB)
    yield opened
    opened.close()


def tombstone(db: Database, *, sequence: int = 7, final: bool = False) -> tombstones.Tombstone:
    own = identity.identity(db)
    return tombstones.signed(own, ACTOR, own.box, sequence, final=final, at="2026-11-22T06:52:30.000001Z")


def test_the_key_is_made_once_and_signs_the_same_each_time(db: Database) -> None:
    own = identity.identity(db)
    assert identity.identity(db) == own
    assert own.box == settings.box_id(db)
    assert own.sign(b"x") == own.sign(b"x")
    assert identity.verified(own.key, own.sign(b"x"), b"x")
    assert not identity.verified(own.key, own.sign(b"x"), b"y")


def test_rfc_8032_first_vector() -> None:
    """RFC 8032, section 7.1, test 1."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    own = identity.Identity("box", seed)
    assert own.key == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert own.sign(b"") == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b"
    )


@pytest.mark.parametrize("kept", ["", "zz", "ab", "AB" * 32, "0" * 63])
def test_a_damaged_key_is_said(db: Database, kept: str) -> None:
    settings.put(db, "signing_key", kept)
    with pytest.raises(Damaged, match="restore the last backup"):
        identity.identity(db)


@pytest.mark.parametrize("nonsense", ["", "é", "00", "f" * 63, "F" * 64, "0" * 64, "f" * 64, " " + "a" * 64])
def test_nonsense_signs_nothing(db: Database, nonsense: str) -> None:
    own = identity.identity(db)
    assert not identity.verified(nonsense, own.sign(b"x"), b"x")
    assert not identity.verified(own.key, nonsense, b"x")
    assert not identity.verified(own.key, nonsense * 2, b"x")


def test_the_key_of_another_box_is_learnt_once(db: Database) -> None:
    assert identity.known_key(db, "other", "11" * 32) == "11" * 32
    assert identity.known_key(db, "other", "22" * 32) == "11" * 32
    own = identity.identity(db)
    assert identity.known_key(db, own.box, "22" * 32) == own.key


def test_a_tombstone_reads_back_and_names_nobody(db: Database) -> None:
    made = tombstone(db)
    assert tombstones.read(made.text) == made
    assert "zoe" not in made.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("actor", "a" * 64), ("origin", "x"), ("sequence", 8), ("final", True), ("at", "2027"), ("box", "y"),
     ("key", "00" * 32), ("signature", "00" * 64)],
)  # fmt: skip
def test_a_tombstone_changed_anywhere_is_refused(db: Database, field: str, value: object) -> None:
    changed = dataclasses.replace(tombstone(db), **{field: value})  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="signature"):
        tombstones.read(changed.text)


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "x", "[" * 1999, '{"actor":1}', "\ud800", '{"actor":"' + "a" * 3000],
)
def test_what_is_no_tombstone_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a tombstone"):
        tombstones.read(text)


def test_shape_is_checked_before_the_signature(db: Database) -> None:
    fields = json.loads(tombstone(db).text)
    for change in ({"sequence": True}, {"sequence": -1}, {"final": 1}, {"more": 1}, {"actor": "A" * 64}):
        with pytest.raises(BadInput, match="not a tombstone"):
            tombstones.read(json.dumps({**fields, **change}, sort_keys=True, separators=(",", ":")))
    with pytest.raises(BadInput, match="not a tombstone"):
        tombstones.read(json.dumps(fields))  # the same fields, other spaces: it would not export identically


def test_up_to_its_sequence_and_for_good_when_final(db: Database) -> None:
    zoe, box = ["mbox mailto:ali@exemple.fr", "mbox mailto:zoe@exemple.fr"], settings.box_id(db)

    def erased(origin: str, sequence: int | None, agents: list[str] = zoe) -> bool:
        return tombstones.erased(db.reading(), agents, origin, sequence)

    assert not erased(box, 1)
    first = tombstone(db)
    with db.writing() as conn:
        assert tombstones.insert(conn, first, acts=True)
        assert not tombstones.insert(conn, first, acts=True)
    assert (erased(box, 1), erased(box, 7), erased(box, 8), erased(box, None)) == (True, True, False, False)
    assert not erased("other", 1)
    assert not erased(box, 1, ["mbox mailto:ali@exemple.fr"])
    with db.writing() as conn:
        tombstones.insert(conn, dataclasses.replace(first, origin="third"), acts=False)
        tombstones.insert(conn, tombstone(db, final=True), acts=True)
    assert not erased("third", 1)
    assert (erased(box, 8), erased(box, None)) == (True, True)
    assert [t.final for t in tombstones.every(db.reading())] == [False, False, True]
