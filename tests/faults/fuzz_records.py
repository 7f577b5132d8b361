# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Mutations of requests to ``/xapi``: methods, paths, parameters, headers, JSON, multipart, encodings.

The n-th request of a seed is always the same, whatever came before it.
"""

from __future__ import annotations

import copy
import gzip
import json
import random
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

from tests.faults import fuzz_seeds
from tests.faults.fuzz_seeds import Request

STRINGS = (
    "", " ", "null", "true", "0", "-1", "1e999", "9" * 400, "\0", "\x1f\x7f", "é", "🦊", "e\u0301", "\u202e", "'", '"',
    "\\", "../..", "%00", "%", "[]", "{}", "a" * 5000, "[" * 3000, "fr", "x-klingon", "i-default", "fr-FR-1694acad",
    "0000-00-00T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999999999Z", "2026-02-30T00:00:00Z",
    "2026-11-22T23:59:60Z", "2026-11-22T24:00:00Z", "2026-11-22", "20261122T080000Z", "2026-W47-7T08:00:00Z",
    "2026-11-22T08:00:00-00:00", "1969-12-31T23:59:59Z", "99999-01-01T00:00:00Z", "P1Y2M3DT4H5M6.7S", "P99999999999Y",
    "PT1e5S", "P1W", "PT", "http://", "http://[::1", "http://a b/", "mailto:", "mailto:é@example.org", "urn:x:y",
    "javascript:alert(1)", "http://ex\u00e9mple.org/\U0001f98a", "//host/path", "00000000-0000-0000-0000-000000000000",
    "{ec531277-b57b-4c15-8d91-d292c5b2b8f7}", "EC531277-B57B-4C15-8D91-D292C5B2B8F7", "Agent", "Group", "SubStatement",
    "StatementRef", "Activity", "http://adlnet.gov/expapi/verbs/voided", "2.0.0", "1.0", "1.0.99", "0.95",
)  # fmt: skip
NUMBERS = (0, -0.0, 1, -1, 0.1, 1e-320, 1e308, 2**31, 2**53 + 1, 2**63, -(2**64), 10**300, 1.0000000000000001)
LITERALS = (b"NaN", b"Infinity", b"-Infinity", b"1e400", b"01", b"1.", b"+1", b"'a'", b'"\\ud800"', b'"\xff"', b"nul",
            b"1" * 5000, b"\xef\xbb\xbf1", b"/*x*/1", b"[1,]", b'{"a":1,"a":2}')  # fmt: skip
KEYS = ("id", "actor", "verb", "object", "objectType", "mbox", "account", "member", "definition", "extensions", "score",
        "stored", "authority", "timestamp", "context", "attachments", "contextAgents", "contextGroups", "nouveau", "",
        "http://adlnet.gov/expapi/x", "__proto__")  # fmt: skip
METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "", "PROPFIND", "CONNECT")
PATHS = ("/xapi", "/xapi/", "/xapi/statements/", "/xapi//statements", "/xapi/Statements", "/xapi/statements/more/x",
         "/xapi/activities", "/xapi/activities/state", "/xapi/activities/profile", "/xapi/agents", "/xapi/about",
         "/xapi/agents/profile", "/xapi/statements/../about", "/xapi/\xc3\xa9", "/xapi/\xff",
         "/xapi/statements\0")  # fmt: skip
HEADERS = {
    "X-Experience-API-Version": ("1.0.3", "2.0.0", "1.0", "0.9", "3", "", "1.0.3, 2.0.0", "é"),
    "Content-Type": ("application/json", "application/json; charset=utf-16", "APPLICATION/JSON", "multipart/mixed", "",
                     'multipart/mixed; boundary=""', "multipart/mixed; boundary=" + "x" * 300, "text/plain", "/",
                     "multipart/form-data; boundary=limite", "application/x-www-form-urlencoded", "a/b;;=",
                     "multipart/mixed; b\xff"),
    "Content-Encoding": ("gzip", "deflate", "br", "gzip, gzip", "identity", "GZIP", "\xff"),
    "Content-Length": ("0", "-1", "5", "99999999999", "abc", "", "1e3"),
    "Transfer-Encoding": ("chunked", "gzip"),
    "Authorization": ("Basic", "Basic !!!", "Basic " + "A" * 9000, "Bearer x", "Basic bGF1bmNoOg==", "",
                      "Basic bGF1bmNoOmE6Yg=="),
    "If-Match": ("*", '""', "W/\"a\"", '"' * 999, ", , ,", "\xff"),
    "If-None-Match": ("*", "a", '"a","b"'),
    "If-Modified-Since": ("Sun, 06 Nov 1994 08:49:37 GMT", "x"),
    "Range": ("bytes=0-10", "bytes=-", "x"),
    "Accept": ("*/*", "application/json;q=0", "text/html", "multipart/mixed", ";;;", "text/plain", "\xff"),
    "Accept-Language": ("fr", "*", "en;q=2", "x" * 9000, ";q=", "\xff", "fr-FR-u-co-phonebk,tlh;q=0.1"),
    "Accept-Encoding": ("gzip;q=0", "*", "gzip;q=x", "br"),
    "Expect": ("100-continue",),
    "Host": ("", "a b", "é", "x" * 300),
    "X-Cartable-Ages": ("1", "nan", "1e999", "-1", "1,2,3", "é"),
}  # fmt: skip
BOMB = gzip.compress(b" " * (200 << 20), 9)
"""200 MB of spaces in 200 KB."""
_STRUCTURE = re.compile(rb'[\[\]{}":,]')


def request(seed: int, number: int) -> Request:
    """The ``number``-th request of ``seed``. One in twelve is left good."""
    chance = random.Random(seed * 1_000_003 + number)
    made = fuzz_seeds.seed(chance)
    made.value = copy.deepcopy(made.value)
    rounds = 0 if number % 12 == 0 else chance.choice((1, 1, 1, 2, 2, 3, 5))
    after: list[Callable[[random.Random, Request], None]] = []
    for _ in range(rounds):
        mutation = chance.choices(list(MUTATIONS), list(MUTATIONS.values()))[0]
        if mutation in (_bytes, _literal, _coding):
            after.append(mutation)
        else:
            mutation(chance, made)
    if made.value is not None:
        made.body = json.dumps(made.value, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    for mutation in after:
        mutation(chance, made)
    return made


def query_string(parameters: list[tuple[str, str]]) -> str:
    """As sent; a name or value that begins with ``%`` stays as it is."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in parameters)


def _quoted(text: str) -> str:
    return text if text.startswith("%") else urllib.parse.quote(text, safe="", errors="surrogatepass")


def _json(chance: random.Random, made: Request) -> None:
    """Change one place of the JSON."""
    places: list[tuple[Any, Any]] = []
    _places(made.value, places)
    if not places:
        return
    holder, key = chance.choice(places)
    action = chance.randrange(8)
    if action == 0:
        del holder[key]
    elif action == 1 and isinstance(holder, dict):
        holder[chance.choice(KEYS)] = holder.pop(key)
    elif action == 2 and isinstance(holder, dict):
        holder[chance.choice((*KEYS, chance.choice(STRINGS)))] = copy.deepcopy(chance.choice(places)[0])
    elif action == 3:
        other, name = chance.choice(places)
        holder[key] = copy.deepcopy(other[name])
    elif action == 4:
        holder[key] = [holder[key]] * chance.choice((1, 2, 30))
    elif action == 5 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[key] = _odd(chance)


def _odd(chance: random.Random) -> Any:
    return chance.choice((None, True, False, [], {}, chance.choice(NUMBERS), chance.choice(STRINGS), _deep(chance),
                          chance.choice(STRINGS), {chance.choice(KEYS): chance.choice(STRINGS)}))  # fmt: skip


def _deep(chance: random.Random) -> Any:
    value: Any = 1
    for _ in range(chance.choice((3, 30, 150))):
        value = [value] if chance.random() < 0.5 else {chance.choice(KEYS): value}
    return value


def _places(value: Any, found: list[tuple[Any, Any]]) -> None:
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            found.append((value, key))
            _places(value[key], found)


def _literal(chance: random.Random, made: Request) -> None:
    """Text that is no JSON, or dubious JSON, in the place of a value."""
    spots = [spot.end() for spot in _STRUCTURE.finditer(made.body)]
    if spots:
        at = chance.choice(spots)
        end = min((spot - 1 for spot in spots if spot > at), default=len(made.body))
        made.body = made.body[:at] + chance.choice(LITERALS) + made.body[end:]


def _bytes(chance: random.Random, made: Request) -> None:
    """Flip, cut, insert, repeat."""
    body = bytearray(made.body)
    for _ in range(chance.choice((1, 1, 4))):
        at = chance.randrange(len(body) + 1)
        action = chance.randrange(5)
        if action == 0 and body:
            body[at - 1] ^= 1 << chance.randrange(8)
        elif action == 1:
            del body[at : at + chance.choice((1, 10, len(body)))]
        elif action == 2:
            body[at:at] = chance.choice(
                (b"\0", b"\xff", b"\r\n", b"--limite", b'"', b"{", b"\xed\xa0\x80", b"&", b"%zz")
            )
        elif action == 3:
            body[at:at] = body[at : at + chance.randrange(200)]
        else:
            body = body[:at]
    made.body = bytes(body)


def _coding(chance: random.Random, made: Request) -> None:
    """gzip, well or badly; another encoding of characters."""
    action = chance.randrange(40)
    if action == 0:
        made.body, made.headers["Content-Encoding"] = BOMB, "gzip"
    elif action < 15:
        made.body, made.headers["Content-Encoding"] = gzip.compress(made.body, 1), "gzip"
        if action < 5:
            made.body = made.body[: chance.randrange(len(made.body))]
        elif action < 8:
            made.body += chance.choice((b"\0", b"x", made.body))
    else:
        coding = chance.choice(("utf-16", "utf-32", "latin-1", "utf-7", "utf-8-sig"))
        made.body = made.body.decode("utf-8", "replace").encode(coding, "replace")


def _header(chance: random.Random, made: Request) -> None:
    name = chance.choice(list(HEADERS))
    if name in made.headers and chance.random() < 0.2:
        del made.headers[name]
    else:
        made.headers[name] = chance.choice(HEADERS[name])


def _parameter(chance: random.Random, made: Request) -> None:
    action, parameters = chance.randrange(6), made.parameters
    if action == 0 or not parameters:
        names = ("limit", "agent", "since", "statementId", "format", "x", "%ff", "method", "cursor", "ascending")
        parameters.append((chance.choice(names), chance.choice(STRINGS)))
        return
    at = chance.randrange(len(parameters))
    name, value = parameters[at]
    if action == 1:
        del parameters[at]
    elif action == 2:
        parameters.append((name, value))
    elif action == 3:
        parameters[at] = (name, chance.choice(("%ff", "%", "%zz", "%ed%a0%80", "%00", json.dumps(_odd(chance)))))
    elif action == 4 and value.startswith('{"'):
        inner = Request("", "", value={"agent": json.loads(value)})
        _json(chance, inner)
        parameters[at] = (name, json.dumps(inner.value.get("agent")))
    else:
        parameters[at] = (name, chance.choice(STRINGS))


def _method(chance: random.Random, made: Request) -> None:
    made.method = chance.choice(METHODS)


def _path(chance: random.Random, made: Request) -> None:
    made.path = chance.choice(PATHS)


MUTATIONS: dict[Callable[[random.Random, Request], None], int] = {
    _json: 40, _parameter: 18, _header: 12, _bytes: 8, _literal: 6, _coding: 3, _method: 4, _path: 3,
}  # fmt: skip
"""Mutation -> weight."""
