# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The box's whole WSGI application in this process, asked as nginx would pass a tool's request on."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import Client, TestResponse

from appliance.box import Wsgi
from appliance.hub.context import Hub
from appliance.store.record_keys import Keys

V1, V2 = "1.0.3", "2.0.0"
BOTH = (V1, V2)
STATEMENTS, STATE = "statements", "activities/state"
ACTIVITY_PROFILE, AGENT_PROFILE = "activities/profile", "agents/profile"
DOCUMENTS = (STATE, ACTIVITY_PROFILE, AGENT_PROFILE)
PROFILES = (ACTIVITY_PROFILE, AGENT_PROFILE)
AGENT = {"objectType": "Agent", "mbox": "mailto:ada@example.org"}
JSON = "application/json"
CONSISTENT = "X-Experience-API-Consistent-Through"
HASH = "X-Experience-API-Hash"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


NOBODYS = "09a9b803-de18-4246-aa83-012a70b77d25"  # a statement that nobody sent


def new_id() -> str:
    return str(uuid.uuid4())


def new_iri(what: str = "activities") -> str:
    return f"https://example.org/{what}/{uuid.uuid4().hex}"


def new_agent() -> dict[str, Any]:
    return {"objectType": "Agent", "mbox": f"mailto:{uuid.uuid4().hex}@example.org"}


def statement(**members: Any) -> dict[str, Any]:
    """A small good one, about an activity of its own."""
    return {
        "actor": AGENT,
        "verb": {"id": "https://example.org/verbs/did", "display": {"en": "did", "fr": "a fait"}},
        "object": {"objectType": "Activity", "id": new_iri()},
        **members,
    }


def attachment(data: bytes, **members: Any) -> dict[str, Any]:
    return {
        "usageType": "https://example.org/usage",
        "display": {"en": "A file"},
        "contentType": "text/plain",
        "length": len(data),
        "sha2": hashlib.sha256(data).hexdigest(),
        **members,
    }


def multipart(first: object, *parts: tuple[Mapping[str, str], bytes]) -> tuple[bytes, str]:
    """(body, Content-Type) as 1.5.2 wants it."""
    out = b"--edge\r\nContent-Type: application/json\r\n\r\n" + json.dumps(first).encode() + b"\r\n"
    for headers, data in parts:
        told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        out += b"--edge\r\n" + told.encode() + b"\r\n" + data + b"\r\n"
    return out + b"--edge--\r\n", "multipart/mixed; boundary=edge"


def part(data: bytes, **headers: str) -> tuple[dict[str, str], bytes]:
    """An attachment as it travels."""
    told = {"Content-Type": "text/plain", "Content-Transfer-Encoding": "binary", HASH: hashlib.sha256(data).hexdigest()}
    return {**told, **headers}, data


@dataclass
class Lrs:
    """The store, and one of its users."""

    hub: Hub
    app: Wsgi
    authorization: str | None
    version: str | None = V1
    origin: str = "hub"
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        resource: str,
        query: Mapping[str, object] | Iterable[tuple[str, object]] = (),
        *,
        body: object = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """One request; ``body`` is sent as JSON, ``data`` as it is; parameters that are no text become JSON."""
        pairs = list(query.items() if isinstance(query, Mapping) else query)
        texts = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in pairs]
        told = {"X-Cartable-Origin": self.origin, **self.headers}
        if self.authorization is not None:
            told["Authorization"] = self.authorization
        if self.version is not None:
            told["X-Experience-API-Version"] = self.version
        if body is not None:
            data, told["Content-Type"] = json.dumps(body).encode(), JSON
        told.update(headers or {})
        return Client(self.app).open(
            f"/xapi/{resource}", method=method, query_string=urlencode(texts), data=data, headers=told
        )

    def get(self, resource: str, query: Mapping[str, object] | None = None, **headers: str) -> TestResponse:
        return self.ask("GET", resource, query or {}, headers=_dashed(headers))

    def put(self, resource: str, query: Mapping[str, object], body: object, **headers: str) -> TestResponse:
        return self.ask("PUT", resource, query, body=body, headers=_dashed(headers))

    def post(
        self, resource: str, body: object, query: Mapping[str, object] | None = None, **headers: str
    ) -> TestResponse:
        return self.ask("POST", resource, query or {}, body=body, headers=_dashed(headers))

    def delete(self, resource: str, query: Mapping[str, object], **headers: str) -> TestResponse:
        return self.ask("DELETE", resource, query, headers=_dashed(headers))

    def keep(self, resource: str, query: Mapping[str, object], body: object) -> None:
        """Put a new document there."""
        answer = self.put(resource, query, body, If_None_Match="*")
        assert answer.status_code == 204, answer.text

    def send(self, *statements: Mapping[str, Any]) -> list[str]:
        """Store; the ids."""
        answer = self.post(STATEMENTS, list(statements))
        assert answer.status_code == 200, answer.text
        ids: list[str] = json.loads(answer.data)
        return ids

    def one(self, statement_id: str, **query: object) -> dict[str, Any]:
        """A statement that is there."""
        answer = self.get(STATEMENTS, {"statementId": statement_id, **query})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = json.loads(answer.data)
        return found

    def found(self, query: Mapping[str, object]) -> list[dict[str, Any]]:
        """What a filter gives, all pages."""
        answer = self.get(STATEMENTS, query)
        assert answer.status_code == 200, answer.text
        result = json.loads(answer.data)
        statements: list[dict[str, Any]] = result["statements"]
        while result["more"]:
            path, _, rest = result["more"].partition("?")
            assert path == "/xapi/statements"
            answer = Client(self.app).open(path, query_string=rest, headers=self._told())
            assert answer.status_code == 200, answer.text
            result = json.loads(answer.data)
            statements += result["statements"]
        return statements

    def ids(self, **query: object) -> list[str]:
        return [one["id"] for one in self.found(query)]

    def _told(self) -> dict[str, str]:
        told = {"X-Cartable-Origin": self.origin, **self.headers}
        if self.authorization is not None:
            told["Authorization"] = self.authorization
        if self.version is not None:
            told["X-Experience-API-Version"] = self.version
        return told

    def as_(self, authorization: str | None = None, **changes: Any) -> Lrs:
        """Another user of the same store."""
        given = {"authorization": authorization, "version": self.version, "origin": self.origin, **changes}
        return Lrs(self.hub, self.app, **given)

    def speaking(self, version: str | None) -> Lrs:
        """The same user in another version."""
        return self.as_(self.authorization, version=version)

    def keyed(self, *scopes: str) -> Lrs:
        """A user with a key of these scopes."""
        return self.as_(basic(*Keys(self.hub.db).add(uuid.uuid4().hex, scopes)))


def place(resource: str, **changes: object) -> dict[str, object]:
    """Parameters of a document of its own."""
    own: dict[str, object] = {}
    if resource != AGENT_PROFILE:
        own["activityId"] = new_iri()
    if resource != ACTIVITY_PROFILE:
        own["agent"] = new_agent()
    own["stateId" if resource == STATE else "profileId"] = uuid.uuid4().hex
    return {**own, **changes}


def without_name(query: Mapping[str, object]) -> dict[str, object]:
    """Parameters of all documents beside that one."""
    return {name: value for name, value in query.items() if name not in ("stateId", "profileId")}


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
