# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/xapi`` of a whole box: through the development edge and real nginx, on both origins, and over the socket."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance import config as configuration
from appliance.hub.assets import STATIC
from tests.hub.xapi.rig import JSON, NOBODYS, V1, attachment, basic, multipart, new_id, part, statement
from tests.rigs import box as rig
from tests.rigs.box import ROOT, Box
from tests.rigs.nginx import free_port, nginx

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A running box without its demonstration."""
    box = rig.start(tmp_path_factory.mktemp("xapi") / "state", demonstration=None)
    yield box
    box.stop()


@pytest.fixture(scope="module")
def key(bare: Box) -> str:
    """What the technician types, and the header that it gives."""
    command = [
        sys.executable,
        "-m",
        "appliance",
        "--state",
        str(bare.state),
        "records",
        "key",
        "add",
        "t",
        "--scope",
        "all",
    ]
    told = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, "LANG": "C"}
    )
    words = dict(line.split(None, 1) for line in told.stdout.splitlines() if len(line.split(None, 1)) == 2)
    assert words["Authorization:"] == basic(words["clé"], words["secret"])
    return str(words["Authorization:"])


@pytest.fixture(scope="module", params=["edge-hub", "edge-content", "nginx-hub", "nginx-content"])
def port(request: pytest.FixtureRequest, bare: Box, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    kind, _, origin = request.param.partition("-")
    if kind == "edge":
        yield bare.port if origin == "hub" else bare.content_port
        return
    box = {"state": bare.state, "run": bare.state / "run"}
    edge = {"address": "127.0.0.1", "port": free_port(), "content_port": free_port()}
    settings = configuration.load([], {"box": box, "edge": edge})
    with nginx(settings, tmp_path_factory.mktemp("nginx"), STATIC):
        yield settings.edge.port if origin == "hub" else settings.edge.content_port


def ask(
    port: int, method: str, path: str, key: str | None, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    told = {"X-Experience-API-Version": V1} | ({"Authorization": key} if key else {})
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, f"/xapi/{path}", body, told)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_a_statement_there_and_back(port: int, key: str) -> None:
    one = new_id()
    sent = json.dumps(statement(id=one, result={"response": "élève 🦊"}), ensure_ascii=False).encode()
    status, headers, body = ask(port, "POST", "statements", key, sent, Content_Type=JSON)
    assert (status, json.loads(body)) == (200, [one])
    status, headers, body = ask(port, "GET", f"statements?statementId={one}", key)
    assert status == 200
    assert body.startswith(sent[:-1])
    assert headers["x-experience-api-version"] == V1
    assert headers["x-experience-api-consistent-through"]
    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "set-cookie" not in headers
    status, headers, body = ask(port, "HEAD", f"statements?statementId={one}", key)
    assert (status, body) == (200, b"")


def test_attachments_through(port: int, key: str) -> None:
    data = os.urandom(9 << 20)
    one = new_id()
    body, kind = multipart(statement(id=one, attachments=[attachment(data)]), part(data))
    assert ask(port, "POST", "statements", key, body, Content_Type=kind)[0] == 200
    status, headers, answer = ask(port, "GET", f"statements?statementId={one}&attachments=true", key)
    assert status == 200
    assert headers["content-type"].startswith("multipart/mixed; boundary=")
    assert data in answer


def test_compressed_both_ways(port: int, key: str) -> None:
    many = [statement() for _ in range(40)]
    packed = gzip.compress(json.dumps(many).encode())
    assert ask(port, "POST", "statements", key, packed, Content_Type=JSON, Content_Encoding="gzip")[0] == 200
    status, headers, body = ask(port, "GET", "statements?limit=40", key, Accept_Encoding="gzip")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert len(json.loads(gzip.decompress(body))["statements"]) == 40


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "statements?foo=bar", 400), ("GET", f"statements?statementId={NOBODYS}", 404),
     ("DELETE", "statements", 405), ("GET", "nowhere", 404)],
)  # fmt: skip
def test_refusals_are_json(port: int, key: str, method: str, path: str, status: int) -> None:
    found, headers, body = ask(port, method, path, key)
    assert (found, headers["content-type"]) == (status, JSON)
    assert json.loads(body)["error"]
    assert headers["x-experience-api-version"] == V1


def test_nobody(port: int) -> None:
    status, headers, _ = ask(port, "GET", "statements", None, X_Cartable_Origin="local")
    assert status == 401, "only the socket itself makes a request local"
    assert headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /xapi/statements?verb=\xff\xfe HTTP/1.1", b"GET /xapi/statements?verb=%C3%28 HTTP/1.1",
        b"GET /xapi/statements%3Flimit=1 HTTP/1.1", b"GET /xapi HTTP/1.1", b"GET /xapi/%00 HTTP/1.1",
        b"POST /xapi/statements HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked",
    ],
)  # fmt: skip
def test_raw_bytes(port: int, key: str, head: bytes) -> None:
    tail = b"\r\nHost: a\r\nConnection: close\r\nX-Experience-API-Version: 1.0.3\r\nAuthorization: " + key.encode()
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(head + tail + b"\r\n\r\n" + (b"2\r\n[]\r\n0\r\n\r\n" if b"chunked" in head else b""))
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert answer.split()[1] in ((b"200",) if b"chunked" in head else (b"400", b"404")), answer[:200]


def test_a_process_of_the_box_needs_no_key(bare: Box) -> None:
    one: dict[str, Any] = statement(id=new_id(), authority={"objectType": "Agent", "mbox": "mailto:a@example.org"})
    told = {"X-Experience-API-Version": V1}
    assert bare.client.request("POST", "/xapi/statements", one, headers=told).status == 200
    kept = bare.client.request("GET", f"/xapi/statements?statementId={one['id']}", headers=told)
    assert kept.json()["authority"] == one["authority"]


def test_what_was_answered_survives_a_kill(bare: Box, key: str) -> None:
    ids = [new_id() for _ in range(20)]
    for one in ids:
        body = json.dumps(statement(id=one)).encode()
        assert ask(bare.port, "POST", "statements", key, body, Content_Type=JSON)[0] == 200
    bare.kill_hub()
    for one in ids:
        assert ask(bare.port, "GET", f"statements?statementId={one}", key)[0] == 200


def test_rows_written_by_the_box_alone(bare: Box) -> None:
    """Every statement has the box for origin, and sequences have no gap."""
    rows = bare.rows("SELECT origin, sequence FROM statement ORDER BY sequence")
    assert {uuid.UUID(row["origin"]) for row in rows} == {
        uuid.UUID(bare.rows("SELECT value FROM setting WHERE key = 'box_id'")[0][0])
    }
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    assert Path(bare.state / "records" / "attachments").is_dir()
