# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The inside of ZIM files over WSGI: what browsers ask, what attackers ask, and what it costs."""

from __future__ import annotations

import gzip
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes, urljoin
from wsgiref.validate import validator

import pytest
from libzim.reader import Archive

from appliance.errors import Damaged
from appliance.formats.zim_reader import ZimReader
from appliance.hub.content import OPEN_RESOURCES, ContentApp
from appliance.hub.http_headers import accepts_gzip, byte_range, matches, prefers
from appliance.ports import Body, Content
from tests.formats import samples
from tests.formats.rig import CORPUS, DATA

BLOB = "ab" * 32
CACHE = 400_000
BROWSER = "gzip, deflate, br"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blobs")
    (folder / BLOB).mkdir()
    samples.zim(folder / BLOB / "original.zim")
    return folder


@pytest.fixture
def app(blobs: Path) -> Iterator[ContentApp]:
    app = ContentApp(blobs, {"zim": ZimReader()}, CACHE)
    yield app
    app.close()


def ask(app: ContentApp, path: str, method: str = "GET", blob: str = BLOB, **headers: str) -> Answer:
    """``path`` as in a URL, percent-encoded; checked for PEP 3333 on both sides."""
    url = f"/zim/{blob}{path}"
    environ: dict[str, object] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "x", "SERVER_PORT": "80",
        "PATH_INFO": unquote_to_bytes(url).decode("latin-1"), "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http", "wsgi.input": _Empty(), "wsgi.errors": _Empty(), "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    environ.update({f"HTTP_{key.upper()}": value for key, value in headers.items()})
    said: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, fields: list[tuple[str, str]], exc_info: object = None) -> object:
        said.append((status, fields))
        return lambda data: None

    body: Iterable[bytes] = validator(app)(environ, start_response)  # type: ignore[arg-type]  # its types are narrower
    data = b"".join(body)
    body.close()  # type: ignore[attr-defined]  # the validator's iterator asks for it
    fields = dict(said[0][1])
    if method == "GET" and "Content-Length" in fields and not said[0][0].startswith("304"):
        assert int(fields["Content-Length"]) == len(data)
    return Answer(int(said[0][0][:3]), fields, data)


class _Empty:
    """The streams that the validator wants to see."""

    def read(self, size: int = 0) -> bytes:
        return b""

    def readline(self) -> bytes:
        return b""

    def readlines(self, hint: int = 0) -> list[bytes]:
        return []

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def flush(self) -> None: ...

    def write(self, text: str) -> None: ...

    def writelines(self, lines: list[str]) -> None: ...


def test_a_page_compressed_and_not(app: ContentApp) -> None:
    squeezed = ask(app, "/animaux/hibou", accept_encoding=BROWSER)
    plain = ask(app, "/animaux/hibou")
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(squeezed.body) == plain.body
    assert b"chasse la nuit" in plain.body
    assert squeezed.headers["ETag"] != plain.headers["ETag"]
    assert plain.headers["Content-Type"] == "text/html; charset=utf-8"
    assert squeezed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert ask(app, "/animaux/hibou", accept_encoding=BROWSER) == squeezed


def test_etags_are_the_same_after_a_restart(app: ContentApp, blobs: Path) -> None:
    again = ContentApp(blobs, {"zim": ZimReader()}, CACHE)
    for accept in ("", BROWSER):
        first, second = (ask(each, "/animaux/hibou", accept_encoding=accept) for each in (app, again))
        assert first == second


def test_not_modified(app: ContentApp) -> None:
    etag = ask(app, "/animaux/hibou", accept_encoding=BROWSER).headers["ETag"]
    for said in (etag, f'"x", W/{etag}', "*"):
        answer = ask(app, "/animaux/hibou", accept_encoding=BROWSER, if_none_match=said)
        assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", etag)
    assert ask(app, "/animaux/hibou", accept_encoding=BROWSER, if_none_match='"x"').status == 200
    assert ask(app, "/animaux/hibou", if_none_match=etag).status == 200
    assert ask(app, "/rien", if_none_match="*").status == 404


def test_head_says_what_get_would(app: ContentApp) -> None:
    for path in ("/animaux/hibou", "/gros.bin", "/i/hibou.png"):
        head, get = (ask(app, path, method, accept_encoding=BROWSER) for method in ("HEAD", "GET"))
        assert head.headers == get.headers
        assert (head.status, head.body) == (200, b"")
    assert ask(app, "/gros.bin", "HEAD", range="bytes=0-1").status == 200
    assert ask(app, "/rien", "HEAD") == Answer(404, ask(app, "/rien").headers, b"")


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("", f"{BLOB}/"),
        ("/", "accueil"),
        ("/chouette", "animaux/hibou"),
        ("/ete", "animaux/%C3%A9t%C3%A9%3A%20oui%3F"),
    ],
)
def test_redirects_are_relative_and_lead_to_pages(app: ContentApp, path: str, location: str) -> None:
    answer = ask(app, path)
    assert (answer.status, answer.headers["Location"]) == (302, location)
    target = urljoin(f"http://x/zim/{BLOB}{path}", location).removeprefix(f"http://x/zim/{BLOB}")
    assert ask(app, target).status in (200, 302)


def test_paths_in_every_spelling(app: ContentApp) -> None:
    assert "étrange" in ask(app, "/animaux/" + quote("été: oui?")).body.decode()
    assert ask(app, "/%61nimaux/hibou").status == 200
    for path in ("/animaux/%E9t%E9%3A%20oui%3F", "/%FF", "/%00", "/../accueil", "/a%0d%0aX: y", "/" + "x" * 9000):
        assert ask(app, path).status == 404


@pytest.mark.parametrize("blob", ["", "x", "AB" * 32, "ab" * 31 + "..", "../" * 21 + "x", "cd" * 32])
def test_blobs_that_are_none(app: ContentApp, blob: str) -> None:
    assert ask(app, "/accueil", blob=blob).status == 404


def test_other_kinds_and_methods(app: ContentApp) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = ask(app, "/accueil", method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert ask(app, "/../../epub/x").status == 404


def test_missing_pages_speak_the_readers_language(app: ContentApp) -> None:
    assert b'lang="fr"' in ask(app, "/rien").body
    english = ask(app, "/rien", accept_language="de, en-GB;q=0.8, fr;q=0.5")
    assert b'lang="en"' in english.body
    assert b"There is nothing at this address." in english.body
    assert english.headers["Cache-Control"] == "no-store"


RANGES = [
    ("bytes=0-0", (0, 1)), ("bytes=10-19", (10, 20)), ("bytes=511990-", (511_990, 512_000)),
    ("bytes=-5", (511_995, 512_000)), ("bytes=0-999999999", (0, 512_000)), ("Bytes = 3-4", (3, 5)),
    ("bytes=-999999999", (0, 512_000)),
]  # fmt: skip


@pytest.mark.parametrize(("said", "span"), RANGES)
def test_ranges(app: ContentApp, said: str, span: tuple[int, int]) -> None:
    answer = ask(app, "/gros.bin", range=said)
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes {span[0]}-{span[1] - 1}/512000"
    assert answer.body == samples.LARGE[slice(*span)]


@pytest.mark.parametrize("said", ["bytes=512000-", "bytes=999999999-", "bytes=-0", "bytes=512000-512001"])
def test_ranges_past_the_end(app: ContentApp, said: str) -> None:
    answer = ask(app, "/gros.bin", range=said)
    assert (answer.status, answer.headers["Content-Range"], answer.body) == (416, "bytes */512000", b"")


@pytest.mark.parametrize(
    "said",
    ["", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,5-6", "bytes=a-b", "items=0-1", "bytes=--1",
     "bytes=1.0-2",     "bytes=" + "9" * 5000 + "-", "bytes=²-³", "bytes=0x1-2", "bytes= -1 - 2"],
)  # fmt: skip
def test_ranges_that_are_not_understood_give_the_whole(app: ContentApp, said: str) -> None:
    answer = ask(app, "/gros.bin", range=said)
    assert (answer.status, answer.body) == (200, samples.LARGE)


def test_ranges_are_of_the_plain_bytes_and_obey_if_range(app: ContentApp) -> None:
    whole = ask(app, "/animaux/hibou")
    part = ask(app, "/animaux/hibou", range="bytes=6-11", accept_encoding=BROWSER, if_range=whole.headers["ETag"])
    assert (part.status, part.body, part.headers["ETag"]) == (206, whole.body[6:12], whole.headers["ETag"])
    for other in ('"x"', "Sun, 22 Nov 2026 04:00:00 GMT", f"W/{whole.headers['ETag']}"):
        assert ask(app, "/animaux/hibou", range="bytes=6-11", if_range=other).status == 200


HOSTILE = [
    "\0",
    "\xff" * 100,
    "a" * 100_000,
    ";;;,,,",
    "gzip;q=",
    "gzip;q=nan",
    "gzip;q=1e999",
    "=" * 50,
    '"',
    "\r\nX: y",
    "²",
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_headers(app: ContentApp, value: str) -> None:
    for name in ("accept_encoding", "accept_language", "if_none_match", "range", "if_range"):
        for path in ("/animaux/hibou", "/rien"):
            assert ask(app, path, **{name: value}).status in (200, 404)


def test_a_media_type_with_a_line_break_is_not_sent(app: ContentApp) -> None:
    answer = ask(app, "/bizarre")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/octet-stream")
    assert "X-Bad" not in answer.headers


def test_the_cache_is_bounded_and_large_bodies_stay_out(app: ContentApp) -> None:
    before = app.weight
    assert ask(app, "/gros.bin").body == samples.LARGE
    assert app.weight == before
    for number in range(2000):
        ask(app, "/animaux/hibou" if number % 2 else "/i/hibou.png", accept_encoding=f"gzip;q=0.{number:04}")
    for path in ("/accueil", "/style.css", "/animaux/hibou"):
        ask(app, path, accept_encoding=BROWSER)
    assert 0 < app.weight <= CACHE


def test_a_small_cache_forgets_the_least_read(blobs: Path) -> None:
    app = ContentApp(blobs, {"zim": ZimReader()}, 24_000)
    for _ in range(3):
        for path in ("/animaux/hibou", "/accueil", "/style.css", "/i/hibou.png", "/cadre.html"):
            assert ask(app, path).status == 200
            assert app.weight <= 24_000


def test_few_resources_stay_open(tmp_path: Path, blobs: Path) -> None:
    app = ContentApp(tmp_path, {"zim": ZimReader()}, CACHE)
    names = [f"{number:064x}" for number in range(OPEN_RESOURCES * 2)]
    for name in names:
        (tmp_path / name).mkdir()
        os.link(blobs / BLOB / "original.zim", tmp_path / name / "original.zim")
    for name in names * 2:
        assert ask(app, "/accueil", blob=name).status == 200
    opened = [fd.readlink() for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
    assert len([path for path in opened if path.is_relative_to(tmp_path)]) <= 3 * OPEN_RESOURCES


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / BLOB).mkdir()
    (tmp_path / BLOB / "original.zim").write_bytes(b"ZIM\x04" + bytes(500))
    answer = ask(ContentApp(tmp_path, {"zim": ZimReader()}, CACHE), "/accueil", accept_language="en")
    assert answer.status == 500
    assert b"is damaged: import it again" in answer.body


class _Broken:
    """A resource whose disk fails in the middle of a body."""

    def open(self, blob: Path) -> Content:
        return self

    def get(self, path: str) -> Body:
        return Body("text/html", 1000, self.read)

    def read(self, offset: int, length: int) -> bytes:
        raise Damaged("“%(name)s” is damaged: import it again.", name="x")


def test_a_body_that_cannot_be_read(tmp_path: Path) -> None:
    assert ask(ContentApp(tmp_path, {"zim": _Broken()}, CACHE), "/x").status == 500


def test_many_threads_get_the_right_bytes(app: ContentApp) -> None:
    paths = ("/accueil", "/animaux/hibou", "/style.css", "/gros.bin", "/chouette", "/rien")
    right = {path: ask(app, path, accept_encoding=BROWSER) for path in paths}
    wrong: list[str] = []

    def reader(number: int) -> None:
        for turn in range(60):
            path = paths[(number + turn) % len(paths)]
            if ask(app, path, accept_encoding=BROWSER) != right[path]:
                wrong.append(path)

    threads = [threading.Thread(target=reader, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.fixture
def serve(tmp_path: Path) -> Callable[[Path], ContentApp]:
    def run(path: Path) -> ContentApp:
        (tmp_path / BLOB).mkdir()
        (tmp_path / BLOB / "original.zim").symlink_to(path)
        return ContentApp(tmp_path, {"zim": ZimReader()}, CACHE)

    return run


REAL = [*sorted(CORPUS.glob("*.zim")), DATA / "zim/wikipedia-ray-charles.zim", DATA / "zim/wikibooks.zim"]


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_every_entry_of_real_archives(path: Path, serve: Callable[[Path], ContentApp]) -> None:
    app, archive = serve(path), Archive(path)
    main = ask(app, "/")
    assert main.status == 302
    assert ask(app, "/" + main.headers["Location"]).headers["Content-Type"].startswith("text/html")
    for index in range(archive.entry_count):
        entry = archive._get_entry_by_id(index)
        answer = ask(app, "/" + quote(entry.path))
        assert answer.status == (302 if entry.is_redirect else 200), entry.path
        assert entry.is_redirect or answer.body == bytes(entry.get_item().content)


def test_old_namespaces(serve: Callable[[Path], ContentApp]) -> None:
    """Pages link to each other as ``../I/picture``; an address without its namespace is led to the right one."""
    app = serve(DATA / "zim/wikipedia-ray-charles.zim")
    assert ask(app, "/").headers["Location"] == "A/index"
    assert ask(app, "/A/Ray_Charles").status == 200
    assert ask(app, "/Ray_Charles").headers["Location"] == "A/Ray_Charles"
    assert ask(app, "/-/favicon").headers["Content-Type"] == "image/png"


def test_circles_of_redirects_end_in_the_browser(serve: Callable[[Path], ContentApp]) -> None:
    app = serve(DATA / "zim/redirect-loops.zim")
    assert ask(app, "/redirect_loop.html").status == 302
    assert ask(app, "/").status == 404


def test_a_cached_page_costs_microseconds(app: ContentApp) -> None:
    """The target is 25 µs; ten times the usual cost is allowed for a busy machine."""
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/zim/{BLOB}/animaux/hibou", "HTTP_ACCEPT_ENCODING": BROWSER}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None: ...

    app(environ, start_response)
    start = time.process_time()
    for _ in range(20_000):
        app(environ, start_response)
    assert (time.process_time() - start) / 20_000 < 10e-6


@pytest.mark.parametrize(
    ("said", "gzipped"),
    [("gzip", True), ("GZIP", True), ("br, gzip;q=0.1", True), ("*", True), ("x-gzip", True), ("gzip;q=0", False),
     ("gzip;q=0.000, *", False), ("*;q=0", False), ("identity", False), ("", False), ("br", False),
     ("gzip; Q=0", False),
     ("gzip;q=2", False), ("gzipped", False)],
)  # fmt: skip
def test_accept_encoding(said: str, gzipped: bool) -> None:
    assert accepts_gzip(said) is gzipped


def test_other_headers() -> None:
    assert prefers("en;q=0.5, fr-CA", ("fr", "en")) == "fr"
    assert prefers("en, fr", ("fr", "en")) == "en"
    assert prefers("de", ("fr", "en")) == "fr"
    assert matches(None, '"a"') is False
    assert byte_range("bytes=0-", 0) == (0, 0)
