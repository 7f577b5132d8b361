# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Good requests to every resource of ``/xapi``, from which the fuzzer makes bad ones."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import random
import uuid
from typing import Any
from urllib.parse import urlencode

HOME = "https://ecole.example.org"
AGENT = {"objectType": "Agent", "account": {"homePage": HOME, "name": "eleve-1"}}
ACTIVITY = f"{HOME}/activites/1"
REGISTRATION = "ec531277-b57b-4c15-8d91-d292c5b2b8f7"
STATEMENTS = "/xapi/statements"
BOUNDARY = "limite"
IDS = [str(uuid.UUID(int=number + 1, version=4)) for number in range(64)]
"""So few that requests meet one another's statements."""


@dataclasses.dataclass(slots=True)
class Request:
    """One request, in the parts that a mutation takes hold of."""

    method: str
    path: str
    parameters: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""
    value: Any = None
    """The JSON of the body, where it is some: written into the body after it was mutated."""


def full_statement(chance: random.Random) -> dict[str, Any]:
    """A statement with nearly every member of the data model."""
    kind = chance.randrange(6)
    value: dict[str, Any] = {
        "id": chance.choice(IDS),
        "actor": AGENT,
        "verb": {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"fr": "a répondu", "en-GB": "answered"}},
        "object": chance.choice(_objects(chance)),
        "result": {"score": {"scaled": 0.5, "raw": 5, "min": 0, "max": 10}, "success": True, "completion": False,
                   "response": "quatre[,]cinq", "duration": "PT1H2M3.45S",
                   "extensions": {f"{HOME}/ext": [1, {"a": None}]}},
        "context": {"registration": REGISTRATION, "instructor": {"mbox": "mailto:a@example.org"},
                    "team": {"objectType": "Group", "mbox": "mailto:equipe@example.org", "member": [AGENT]},
                    "contextActivities": {"parent": {"id": ACTIVITY}, "grouping": [{"id": f"{HOME}/lecons/1"}]},
                    "platform": "Cartable", "language": "fr", "revision": "1",
                    "statement": {"objectType": "StatementRef", "id": chance.choice(IDS)},
                    "extensions": {f"{HOME}/station": "tablette 3"}},
        "timestamp": "2026-11-22T08:00:00.123+01:00",
        "version": "1.0.3",
    }  # fmt: skip
    if kind == 0:
        value["verb"] = {"id": "http://adlnet.gov/expapi/verbs/voided"}
        value["object"] = {"objectType": "StatementRef", "id": chance.choice(IDS)}
    if value["object"].get("objectType") in ("Agent", "Group", "SubStatement", "StatementRef"):
        del value["context"]["revision"], value["context"]["platform"]
    for name in ("id", "result", "context", "timestamp", "version"):
        if chance.random() < 0.3:
            del value[name]
    return value


def _objects(chance: random.Random) -> list[dict[str, Any]]:
    interaction = {
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "interactionType": "matching",
        "correctResponsesPattern": ["a[.]1[,]b[.]2"],
        "source": [{"id": "a", "description": {"fr": "A"}}],
        "target": [{"id": "1", "description": {"fr": "Un"}}],
        "name": {"fr": "Exercice"},
        "description": {"fr": "Relie"},
        "moreInfo": f"{HOME}/plus",
        "extensions": {f"{HOME}/e": 1.50},
    }
    inner = {"actor": {"openid": "https://openid.example.org/x"}, "verb": {"id": "http://example.org/v"},
             "object": {"objectType": "StatementRef", "id": chance.choice(IDS)}}  # fmt: skip
    return [
        {"objectType": "Activity", "id": f"{ACTIVITY}/{chance.randrange(9)}", "definition": interaction},
        {"id": ACTIVITY},
        {"objectType": "StatementRef", "id": chance.choice(IDS)},
        {"objectType": "SubStatement", **inner},
        {"objectType": "Group", "member": [AGENT, {"mbox_sha1sum": "0" * 40}]},
        {"objectType": "Agent", "mbox": "mailto:b@example.org", "name": "Bé"},
    ]


def seed(chance: random.Random) -> Request:
    """One good request; its credentials and version are added by whoever sends it."""
    return chance.choice((_post, _post, _post, _put, _get, _get, _get, _state, _state, _profile, _about, _alternate,
                          _attachments, _attachments))(chance)  # fmt: skip


def _post(chance: random.Random) -> Request:
    several = [full_statement(chance) for _ in range(chance.randrange(1, 4))]
    return Request("POST", STATEMENTS, value=several[0] if chance.random() < 0.5 else several,
                   headers={"Content-Type": "application/json"})  # fmt: skip


def _put(chance: random.Random) -> Request:
    value = full_statement(chance)
    value.pop("id", None)
    return Request("PUT", STATEMENTS, [("statementId", chance.choice(IDS))], {"Content-Type": "application/json"},
                   value=value)  # fmt: skip


def _get(chance: random.Random) -> Request:
    one = [[("statementId", chance.choice(IDS))], [("voidedStatementId", chance.choice(IDS))]]
    filters = [
        ("agent", json.dumps(AGENT)), ("verb", "http://adlnet.gov/expapi/verbs/answered"), ("activity", ACTIVITY),
        ("registration", REGISTRATION), ("related_agents", "true"), ("related_activities", "true"),
        ("since", "2026-11-01T00:00:00Z"), ("until", "2030-11-01T00:00:00.5+01:00"), ("limit", "3"),
        ("format", chance.choice(("ids", "exact", "canonical"))), ("attachments", chance.choice(("true", "false"))),
        ("ascending", "true"),
    ]  # fmt: skip
    many = chance.sample(filters, chance.randrange(len(filters)))
    headers = {"Accept-Language": "fr-FR,fr;q=0.8,*;q=0.1", "Accept-Encoding": chance.choice(("gzip", "identity"))}
    return Request(chance.choice(("GET", "GET", "HEAD")), STATEMENTS, chance.choice((*one, many, many, many)), headers)


def _document(chance: random.Random, path: str, name: str, parameters: list[tuple[str, str]]) -> Request:
    method = chance.choice(("GET", "PUT", "POST", "DELETE", "HEAD"))
    request = Request(method, path, list(parameters))
    if method in ("PUT", "POST") or chance.random() < 0.7:
        request.parameters.append((name, chance.choice(("un", "deux", "é/€ ?"))))
    elif method != "DELETE" and chance.random() < 0.3:
        request.parameters.append(("since", "2026-11-01T00:00:00Z"))
    if method in ("PUT", "POST"):
        request.headers["Content-Type"] = chance.choice(("application/json", "application/json", "text/plain"))
        request.value = {"a": chance.randrange(5), "b": {"c": [1.0, None]}, "é": "ü"}
    if method != "GET" and chance.random() < 0.6:
        etag = f'"{hashlib.sha1(json.dumps(request.value).encode()).hexdigest()}"'
        request.headers[chance.choice(("If-Match", "If-None-Match"))] = chance.choice(("*", etag, '"a", "b"'))
    return request


def _state(chance: random.Random) -> Request:
    parameters = [("activityId", ACTIVITY), ("agent", json.dumps(AGENT))]
    if chance.random() < 0.5:
        parameters.append(("registration", REGISTRATION))
    return _document(chance, "/xapi/activities/state", "stateId", parameters)


def _profile(chance: random.Random) -> Request:
    if chance.random() < 0.5:
        return _document(chance, "/xapi/agents/profile", "profileId", [("agent", json.dumps(AGENT))])
    return _document(chance, "/xapi/activities/profile", "profileId", [("activityId", ACTIVITY)])


def _about(chance: random.Random) -> Request:
    path, parameters = chance.choice((
        ("/xapi/about", []), ("/xapi/agents", [("agent", json.dumps(AGENT))]),
        ("/xapi/activities", [("activityId", ACTIVITY)]),
    ))  # fmt: skip
    return Request(chance.choice(("GET", "HEAD", "OPTIONS")), path, list(parameters))


def _alternate(chance: random.Random) -> Request:
    """1.0.3, part 3, 1.3: everything in a form."""
    inner = seed(chance)
    while inner.headers.get("Content-Type", "application/json") != "application/json":
        inner = seed(chance)
    form = dict(inner.parameters) | {name: value for name, value in inner.headers.items() if name != "Content-Length"}
    form |= {"X-Experience-API-Version": "1.0.3"}
    if inner.value is not None:
        form["content"] = json.dumps(inner.value)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request("POST", inner.path, [("method", inner.method)], headers, urlencode(form).encode())


def _attachments(chance: random.Random) -> Request:
    content = chance.choice((b"", b"texte", bytes(range(256)), b"\r\n--" + BOUNDARY.encode()[:-1]))
    sha2 = hashlib.sha256(content).hexdigest()
    value = full_statement(chance)
    usage = "http://adlnet.gov/expapi/attachments/signature" if chance.random() < 0.2 else "http://example.org/usage"
    if usage.endswith("signature"):
        content = _jws(value)
        sha2 = hashlib.sha256(content).hexdigest()
    value["attachments"] = [{"usageType": usage, "display": {"fr": "Pièce"}, "contentType": "application/octet-stream",
                             "length": len(content), "sha2": sha2}]  # fmt: skip
    first = f"--{BOUNDARY}\r\nContent-Type: application/json\r\n\r\n{json.dumps(value)}\r\n--{BOUNDARY}\r\n"
    second = (
        f"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {sha2}"
    )
    body = f"{first}{second}\r\n\r\n".encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    return Request("POST", STATEMENTS, [], {"Content-Type": f"multipart/mixed; boundary={BOUNDARY}"}, body)


def _jws(value: dict[str, Any]) -> bytes:
    head, payload = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "RS256"}, value)
    )
    return head + b"." + payload + b"." + base64.urlsafe_b64encode(b"signature").rstrip(b"=")
