# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What both edges answer for files: ranges, validators, compressed siblings, types, and paths that lead outside."""

from __future__ import annotations

import gzip

import pytest

from appliance.routes import Origin
from tests.edge.conftest import BLOB, SECRET, Running

FILM = f"/zim/{BLOB}/A/film.webm"
VIDEO = f"/blob/{BLOB}/original.mp4"
CONTENT = bytes(range(256)) * 4096
SIZE = len(CONTENT)


def test_whole_file(edge: Running) -> None:
    answer, body = edge.ask(VIDEO)
    assert (answer.status, body) == (200, CONTENT)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Last-Modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert answer.headers["ETag"] == '"6553f100-100000"'
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("asked", "first", "after"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=1048575-", SIZE - 1, SIZE),
        ("bytes=5-", 5, SIZE),
        ("bytes=-5", SIZE - 5, SIZE),
        ("bytes=-99999999", 0, SIZE),
        ("bytes=1000-99999999", 1000, SIZE),
        ("Bytes=0-9", 0, 10),
    ],
)
def test_range(edge: Running, asked: str, first: int, after: int) -> None:
    answer, body = edge.ask(VIDEO, {"Range": asked})
    assert answer.status == 206
    assert body == CONTENT[first:after]
    assert answer.headers["Content-Range"] == f"bytes {first}-{after - 1}/{SIZE}"
    assert answer.headers["Content-Length"] == str(after - first)


@pytest.mark.parametrize(
    "asked", ["bytes=1048576-", "bytes=99999999-", "bytes=-0", "bytes=a-b", "bytes=-", "bytes=5-2"]
)
def test_range_that_cannot_be(edge: Running, asked: str) -> None:
    answer, body = edge.ask(VIDEO, {"Range": asked})
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
    assert len(body) < 1000


@pytest.mark.parametrize("asked", ["lines=0-5", "bytes=0-1,5-6", "bytes=0-0,-1", "", "0-5"])
def test_range_not_understood_gets_the_whole(edge: Running, asked: str) -> None:
    answer, body = edge.ask(VIDEO, {"Range": asked})
    assert (answer.status, len(body)) == (200, SIZE)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ('"6553f100-100000"', 206),
        ('"other"', 200),
        ('W/"6553f100-100000"', 200),
        ("Tue, 14 Nov 2023 22:13:20 GMT", 206),
        ("Tue, 14 Nov 2023 22:13:19 GMT", 200),
        ("nonsense", 200),
    ],
)
def test_if_range(edge: Running, condition: str, status: int) -> None:
    answer, body = edge.ask(VIDEO, {"Range": "bytes=0-9", "If-Range": condition})
    assert (answer.status, len(body)) == (status, 10 if status == 206 else SIZE)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": '"6553f100-100000"'}, 304),
        ({"If-None-Match": 'W/"6553f100-100000"'}, 304),
        ({"If-None-Match": '"a", "6553f100-100000"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"a"'}, 200),
        ({"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}, 304),
        ({"If-Modified-Since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 200),
        ({"If-Modified-Since": "nonsense"}, 200),
        ({"If-None-Match": '"a"', "If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}, 200),
        ({"If-Match": '"a"'}, 412),
        ({"If-Match": '"6553f100-100000"'}, 200),
        ({"If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 412),
    ],
)
def test_conditions(edge: Running, headers: dict[str, str], status: int) -> None:
    answer, body = edge.ask(VIDEO, headers)
    assert answer.status == status
    if status == 304:
        assert body == b""
        assert answer.headers["ETag"] == '"6553f100-100000"'
        assert "immutable" in answer.headers["Cache-Control"]


def test_head(edge: Running) -> None:
    answer, body = edge.ask(VIDEO, method="HEAD")
    assert (answer.status, body, answer.headers["Content-Length"]) == (200, b"", str(SIZE))
    answer, body = edge.ask(VIDEO, {"Range": "bytes=0-9"}, method="HEAD")
    assert (answer.status, body, answer.headers["Content-Length"]) == (206, b"", "10")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_files_are_only_read(edge: Running, method: str) -> None:
    assert edge.ask(VIDEO, method=method)[0].status == 405


def test_an_empty_file(edge: Running) -> None:
    answer, body = edge.ask(f"/blob/{BLOB}/files/empty.txt")
    assert (answer.status, body, answer.headers["Content-Length"]) == (200, b"", "0")


@pytest.mark.parametrize("origin", list(Origin))
def test_compressed_sibling(edge: Running, origin: Origin) -> None:
    packed, body = edge.ask("/static/app.js", {"Accept-Encoding": "br, gzip"}, origin=origin)
    plain, text = edge.ask("/static/app.js", origin=origin)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == text
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["Content-Type"] == plain.headers["Content-Type"] == "text/javascript"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    again, _ = edge.ask("/static/app.js", {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize("accept", ["gzip;q=0", "identity", "br"])
def test_compressed_sibling_not_wanted(edge: Running, accept: str) -> None:
    answer, _ = edge.ask("/static/app.js", {"Accept-Encoding": accept})
    assert answer.headers["Content-Encoding"] is None


def test_no_compressed_sibling(edge: Running) -> None:
    answer, body = edge.ask("/static/plain.css", {"Accept-Encoding": "gzip"})
    assert (answer.status, body, answer.headers["Content-Encoding"]) == (200, b"body{}", None)
    assert edge.ask("/static/only.css", {"Accept-Encoding": "gzip"})[0].status == 404


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("vtt", "text/vtt; charset=utf-8"),
        ("mjs", "text/javascript; charset=utf-8"),
        ("wasm", "application/wasm"),
        ("epub", "application/epub+zip"),
        ("webmanifest", "application/manifest+json"),
        ("opus", "audio/ogg; codecs=opus"),
        ("odt", "application/vnd.oasis.opendocument.text"),
        ("strange", "application/octet-stream"),
    ],
)
def test_types(edge: Running, kind: str, expected: str) -> None:
    assert edge.ask(f"/static/file.{kind}", origin=Origin.HUB)[0].headers["Content-Type"] == expected


def test_a_page_of_a_resource_keeps_its_own_charset(edge: Running) -> None:
    assert edge.ask(f"/blob/{BLOB}/files/page.html")[0].headers["Content-Type"] == "text/html"


@pytest.mark.parametrize("path", [FILM, f"/zim/{BLOB}/A%2Ffilm.webm", FILM + "?v=1", FILM.replace("film", "%66ilm")])
def test_zim_media_come_from_disk(edge: Running, path: str) -> None:
    assert edge.ask(path)[1] == b"0123456789" * 100


def test_a_name_with_accents_and_spaces(edge: Running) -> None:
    assert edge.ask(f"/zim/{BLOB}/A/%C3%A9%20t/sous-titres.vtt")[1] == b"WEBVTT\n"


def test_zim_media_not_on_disk_are_asked_from_the_hub(edge: Running) -> None:
    answer, body = edge.ask(f"/zim/{BLOB}/A/autre%20film.webm?x=1", {"Range": "bytes=0-1"})
    assert answer.status == 200
    assert f"/zim/{BLOB}/A/autre%20film.webm?x=1".encode() in body


UP = ("..", "%2e%2e", ".%2E", "%2e.")
HOSTILE = [
    *[f"/static/{up}/secret.txt" for up in UP],
    *[f"/static/{up}%2f{up}%2fstate/secret.txt" for up in UP],
    *[f"/blob/{BLOB}/{up}/{up}/secret.txt" for up in UP],
    *[f"/blob/{BLOB}/files/{up}/{up}/{up}/secret.txt" for up in UP],
    *[f"/zim/{BLOB}/{up}/{up}/{up}/{up}/secret.vtt" for up in UP],
    f"/blob/{BLOB}/files/way-out.txt",
    f"/blob/{BLOB}/files/folder-out/secret.txt",
    f"/blob/{BLOB}/files/folder-out%2fsecret.txt",
    f"/blob/{BLOB}/files",
    f"/blob/{BLOB}/files/",
    f"/blob/{BLOB}//etc/passwd",
    f"/blob/{BLOB}/%2fetc/passwd",
    f"/blob/{BLOB}/files/page.html%00.txt",
    f"/blob/{BLOB}/files/page.html%00",
    f"/blob/{BLOB}/files/page.html/",
    f"/blob/{BLOB}/files/page.html/.",
    f"/blob/{BLOB}/..\\..\\secret.txt",
    f"/blob/{BLOB}/..%5c..%5csecret.txt",
    f"/blob/{BLOB}/%252e%252e/%252e%252e/secret.txt",
    f"/blob/{BLOB}/%c0%ae%c0%ae/secret.txt",
    f"/blob/{BLOB}/files/page.html%",
    f"/blob/{BLOB}/files/%zz",
    f"/blob/{BLOB.upper()}/original.mp4",
    f"/blob/{BLOB[:-1]}/original.mp4",
    "/blob/../secret.txt",
    "/sequences/mon-zoo/sequence.toml",
    "/sequences/mon-zoo/sounds/../sequence.toml",
    "/sequences/mon-zoo/pictures/../sequence.toml",
    "/static/",
    "/static",
    f"/blob/{BLOB}/" + "a/" * 2000,
    f"/blob/{BLOB}/" + "a" * 300,
    "//static/app.js/..",
]


@pytest.mark.parametrize("origin", list(Origin))
@pytest.mark.parametrize("path", HOSTILE)
def test_no_path_leads_outside(edge: Running, path: str, origin: Origin) -> None:
    answer, body = edge.ask(path, origin=origin)
    assert SECRET not in body
    assert b"root:" not in body
    if origin is Origin.CONTENT:
        assert answer.status in (400, 404), answer.status
