# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What clients send to the record store while it is killed, starved or unplugged: the same for the same seed.

The process that sends and the test that judges both make it from the seed, so nothing has to be told between them but
which requests were answered.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import uuid
from collections.abc import Sequence
from typing import Any

PUPILS, ACTIVITIES = 5, 4
HOME = "https://ecole.example.org"
ERASED = 0
"""The pupil whom an ``erase`` is about."""
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
VERBS = ("answered", "completed", "passed", "failed", "experienced")
KINDS = {"post": 8, "put": 4, "anonymous": 2, "attachment": 3, "void": 2, "replay": 4, "mixed": 3, "conflict": 2,
         "document": 3}  # fmt: skip
"""Kind of request -> how many in about thirty."""
BOUNDARY = "limite"


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """A statement inside a request. ``marker`` stands in it and nowhere else."""

    id: str | None
    text: str
    marker: str
    pupil: int
    voids: str | None = None
    attachment: bytes | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """A request, or an erasure (kind ``erase``, no request)."""

    number: int
    kind: str
    method: str = ""
    path: str = ""
    parameters: dict[str, str] = dataclasses.field(default_factory=dict)
    content_type: str = ""
    body: bytes = b""
    statements: tuple[Sent, ...] = ()
    document: tuple[str, int] | None = None
    """stateId and pupil."""
    key: bool = False
    """Sent with a key rather than with the trust of the socket."""


def pupil_value(pupil: int) -> str:
    """The term of an agent, as the store writes it."""
    return f"account {HOME} eleve-{pupil}"


def agent(pupil: int) -> dict[str, Any]:
    return {"objectType": "Agent", "account": {"homePage": HOME, "name": f"eleve-{pupil}"}}


def items(seed: int, count: int, *, erase: bool = False) -> list[Item]:
    """``count`` requests in the order in which they are handed out; one of them an erasure if ``erase``."""
    return _Maker(seed).make(count, erase)


class _Maker:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._chance = random.Random(seed)
        self._made: list[Item] = []
        self._known: list[Sent] = []
        """Statements with an id, not voiding ones, that stand in an earlier request."""

    def make(self, count: int, erase: bool) -> list[Item]:
        erased_at = self._chance.randrange(count // 3, count) if erase else -1
        for number in range(count):
            kind = self._chance.choices(list(KINDS), list(KINDS.values()))[0]
            if number == erased_at:
                kind = "erase"
            elif kind in ("void", "replay", "mixed", "conflict") and not self._known:
                kind = "post"
            self._made.append(getattr(self, f"_{kind}")(number))
        return self._made

    def _statement(self, number: int, index: int, *, identified: bool = True, **more: Any) -> Sent:
        chance = self._chance
        marker = f"repere-{self._seed}-{number}-{index}-"
        own = str(uuid.UUID(int=chance.getrandbits(128), version=4)) if identified else None
        about = chance.randrange(ACTIVITIES)
        pupil = chance.randrange(PUPILS)
        value: dict[str, Any] = {
            **({"id": own} if own else {}),
            "actor": agent(pupil),
            "verb": {"id": f"http://adlnet.gov/expapi/verbs/{chance.choice(VERBS)}"},
            "object": {"id": f"{HOME}/activites/{about}", "definition": {"name": {"fr": f"Activité {about} {number}"}}},
            "result": {"response": marker, "score": {"scaled": chance.randrange(11) / 10}, "duration": "PT3.50S"},
            "context": {"registration": str(uuid.UUID(int=about + 1, version=4))},
            **more,
        }
        if chance.random() < 0.5:
            value["timestamp"] = f"2026-11-{1 + number % 28:02d}T08:{index % 60:02d}:00.{chance.randrange(1000):03d}Z"
        separators = chance.choice(((",", ":"), (", ", ": ")))
        text = json.dumps(value, ensure_ascii=chance.random() < 0.5, separators=separators)
        voids = more["object"]["id"] if value["verb"]["id"] == VOIDED else None
        return Sent(own, text, marker, pupil, voids)

    def _batch(self, number: int, kind: str, sent: Sequence[Sent]) -> Item:
        for statement in sent:
            if statement.id and not statement.voids and statement not in self._known:
                self._known.append(statement)
        body = "[" + ",".join(statement.text for statement in sent) + "]"
        return Item(number, kind, "POST", "/xapi/statements", {}, "application/json", body.encode(), tuple(sent),
                    key=self._chance.random() < 0.3)  # fmt: skip

    def _post(self, number: int) -> Item:
        count = self._chance.choice((1, 2, 3, 10))
        return self._batch(number, "post", [self._statement(number, n) for n in range(count)])

    def _anonymous(self, number: int) -> Item:
        return self._batch(number, "anonymous", [self._statement(number, n, identified=False) for n in range(2)])

    def _put(self, number: int) -> Item:
        sent = self._statement(number, 0)
        self._known.append(sent)
        return Item(number, "put", "PUT", "/xapi/statements", {"statementId": sent.id or ""}, "application/json",
                    sent.text.encode(), (sent,))  # fmt: skip

    def _void(self, number: int) -> Item:
        target = self._chance.choice(self._known).id
        sent = self._statement(
            number, 0, verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": target}, result={
                "response": f"repere-{self._seed}-{number}-0-"}
        )  # fmt: skip
        return self._batch(number, "void", [self._statement(number, 1), sent, self._statement(number, 2)])

    def _replay(self, number: int) -> Item:
        old = self._chance.choice([item for item in self._made if item.kind in ("post", "put", "attachment", "mixed")])
        return dataclasses.replace(old, number=number)

    def _mixed(self, number: int) -> Item:
        old = self._chance.choice([sent for sent in self._known if sent.attachment is None] or [self._new(number)])
        return self._batch(number, "mixed", [self._statement(number, 0), old, self._statement(number, 1)])

    def _new(self, number: int) -> Sent:
        return self._statement(number, 9)

    def _conflict(self, number: int) -> Item:
        """A known id with another content, in a batch with a new statement: all of it is refused, or the id is new."""
        old = self._chance.choice(self._known)
        other = self._statement(number, 0)
        fake = dataclasses.replace(other, id=old.id, text=other.text.replace(other.id or "", old.id or ""))
        return self._batch_of_conflict(number, [fake, self._statement(number, 1)])

    def _batch_of_conflict(self, number: int, sent: Sequence[Sent]) -> Item:
        known = list(self._known)
        item = self._batch(number, "conflict", sent)
        self._known = known
        return item

    def _attachment(self, number: int) -> Item:
        content = f"piece {self._seed} {number} ".encode() * self._chance.choice((1, 50, 3000))
        sha2 = hashlib.sha256(content).hexdigest()
        meta = {"usageType": "http://example.org/attachment", "display": {"fr": "Pièce"}, "sha2": sha2,
                "contentType": "text/plain", "length": len(content)}  # fmt: skip
        sent = dataclasses.replace(self._statement(number, 0, attachments=[meta]), attachment=content)
        self._known.append(sent)
        part = f"--{BOUNDARY}\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n"
        body = (
            f"--{BOUNDARY}\r\nContent-Type: application/json\r\n\r\n{sent.text}\r\n{part}X-Experience-API-Hash: {sha2}"
        )
        whole = body.encode() + b"\r\n\r\n" + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        return Item(number, "attachment", "POST", "/xapi/statements", {}, f"multipart/mixed; boundary={BOUNDARY}",
                    whole, (sent,))  # fmt: skip

    def _document(self, number: int) -> Item:
        pupil, name = self._chance.randrange(PUPILS), f"etat-{number}"
        parameters = {"activityId": f"{HOME}/activites/1", "agent": json.dumps(agent(pupil)), "stateId": name}
        body = f'{{"repere":"repere-{self._seed}-{number}-document-"}}'.encode()
        return Item(number, "document", "PUT", "/xapi/activities/state", parameters, "application/json", body,
                    document=(name, pupil))  # fmt: skip

    def _erase(self, number: int) -> Item:
        return Item(number, "erase")
