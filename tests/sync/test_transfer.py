# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import contextlib
import hashlib
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import BadInput, Busy, CartableError, Damaged, NotFound, StorageError, TooLarge, Unreachable
from appliance.sync.addresses import checked_redirect, checked_url
from appliance.sync.answers import Answer, filename_of
from appliance.sync.transfer import MAX_TRIES, Fetched, backoff_s, fetch
from tests.sync.servers import Line, Script, served

DATA = random.Random(7).randbytes(3_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()


@dataclass
class Site:
    root: Path
    port: int
    target: Path
    waits: list[float] = field(default_factory=list)
    progress: list[float] = field(default_factory=list)

    def fetch(self, path: str, port: int | None = None, **more: Any) -> Fetched:
        options = {"max_bytes": 1 << 24, "wait": self.waits.append, **more}
        return fetch(
            f"http://127.0.0.1:{port or self.port}{path}", self.target,
            progress=lambda done, what: self.progress.append(done), **options,
        )  # fmt: skip

    def left(self) -> set[str]:
        return {path.name for path in self.target.parent.iterdir()}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    base = tmp_path_factory.mktemp("nginx")
    root = base / "root"
    root.mkdir()
    with served(root, base / "work") as port:
        yield root, port


@pytest.fixture
def site(server: tuple[Path, int], tmp_path: Path) -> Site:
    root, port = server
    (root / "file.bin").write_bytes(DATA)
    (root / "empty.bin").write_bytes(b"")
    os.utime(root / "file.bin", (1_700_000_000, 1_700_000_000))
    return Site(root, port, tmp_path / "downloads" / "got")


@contextlib.contextmanager
def line(site: Site, cuts: Sequence[int | None]) -> Iterator[Line]:
    made = Line(site.port, cuts)
    try:
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def script(*answers: bytes) -> Iterator[Script]:
    made = Script(list(answers))
    try:
        yield made
    finally:
        made.close()


def test_a_whole_file_comes_in_one_go(site: Site) -> None:
    got = site.fetch("/plain/file.bin", expected_sha256=SHA256)
    assert got == Fetched(site.target, SHA256, "application/octet-stream", "file.bin")
    assert site.target.read_bytes() == DATA
    assert site.left() == {"got"}
    assert site.progress == sorted(site.progress)
    assert site.progress[-1] == 1.0
    assert len(site.progress) > 10
    assert site.waits == []


def test_an_empty_file_is_a_file(site: Site) -> None:
    assert site.fetch("/plain/empty.bin").sha256 == hashlib.sha256(b"").hexdigest()


def test_a_cut_line_goes_on_where_it_stopped(site: Site) -> None:
    with line(site, [100, 700_000, 1, 400_000, 900_000, None]) as proxy:
        assert site.fetch("/plain/file.bin", proxy.port).sha256 == SHA256
        assert proxy.connections == 6
    assert len(site.waits) == 5


@pytest.mark.parametrize("seed", range(6))
def test_cuts_at_any_byte_lose_nothing(site: Site, seed: int) -> None:
    draw = random.Random(seed)
    cuts: list[int | None] = [draw.choice([1, 50, 300, 5000, 65536, 800_000]) for _ in range(7)]
    with line(site, [*cuts, None]) as proxy:
        assert site.fetch("/plain/file.bin", proxy.port).sha256 == SHA256
    assert site.target.read_bytes() == DATA


def test_a_later_call_goes_on_with_the_part(site: Site) -> None:
    with line(site, [1_000_000] + [0] * 20) as proxy:
        with pytest.raises(Unreachable, match="does not answer"):
            site.fetch("/plain/file.bin", proxy.port)
        assert proxy.connections == MAX_TRIES
        assert site.left() == {"got.part", "got.part.json", "got.part.lock"}
        kept = (site.target.parent / "got.part").stat().st_size
        assert kept > 900_000
        proxy.cuts.clear()
        site.progress.clear()
        assert site.fetch("/plain/file.bin", proxy.port).sha256 == SHA256
        assert site.progress[0] > kept / len(DATA)


def test_a_server_without_ranges_starts_again(site: Site) -> None:
    with line(site, [1_000_000, None]) as proxy:
        assert site.fetch("/norange/file.bin", proxy.port).sha256 == SHA256


def test_a_file_that_changes_on_the_server_starts_again(site: Site) -> None:
    other = DATA[::-1]
    with line(site, [1_000_000, None]) as proxy:
        proxy.between = lambda: (site.root / "file.bin").write_bytes(other)
        assert site.fetch("/plain/file.bin", proxy.port).sha256 == hashlib.sha256(other).hexdigest()


def test_a_part_of_another_address_is_not_used(site: Site) -> None:
    (site.root / "second.bin").write_bytes(DATA[::-1])
    with line(site, [1_000_000] + [0] * 20) as proxy, pytest.raises(Unreachable):
        site.fetch("/plain/file.bin", proxy.port)
    assert site.fetch("/plain/second.bin").sha256 == hashlib.sha256(DATA[::-1]).hexdigest()


@pytest.mark.parametrize("sidecar", [b"", b"{", b"[]", b'{"url": 3}', b"\xff"])
def test_a_damaged_sidecar_starts_again(site: Site, sidecar: bytes) -> None:
    site.target.parent.mkdir()
    (site.target.parent / "got.part").write_bytes(b"garbage")
    (site.target.parent / "got.part.json").write_bytes(sidecar)
    assert site.fetch("/plain/file.bin").sha256 == SHA256


def test_a_whole_part_left_by_a_kill_is_finished(site: Site) -> None:
    with line(site, [len(DATA) + 200] + [0] * 20) as proxy, pytest.raises(Unreachable):
        site.fetch("/plain/file.bin", proxy.port)
    part = site.target.parent / "got.part"
    part.write_bytes(DATA)
    sidecar = site.target.parent / "got.part.json"
    sidecar.write_text(sidecar.read_text(encoding="utf-8").replace(str(proxy.port), str(site.port)), encoding="utf-8")
    assert site.fetch("/plain/file.bin").sha256 == SHA256


def test_a_part_longer_than_the_file_is_thrown_away(site: Site) -> None:
    with line(site, [len(DATA)] + [0] * 20) as proxy, pytest.raises(Unreachable):
        site.fetch("/plain/file.bin", proxy.port)
    (site.target.parent / "got.part").write_bytes(DATA + b"more")
    sidecar = site.target.parent / "got.part.json"
    sidecar.write_text(sidecar.read_text(encoding="utf-8").replace(str(proxy.port), str(site.port)), encoding="utf-8")
    assert site.fetch("/plain/file.bin").sha256 == SHA256


def test_compressed_on_the_way_is_the_same_file(site: Site) -> None:
    (site.root / "text.txt").write_bytes(b"bonjour " * 10_000)
    assert site.fetch("/zipped/text.txt").sha256 == hashlib.sha256(b"bonjour " * 10_000).hexdigest()
    body = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nnotgz!"
    with script(*[body] * MAX_TRIES) as server, pytest.raises(Unreachable):
        site.fetch("/x", server.port)


def test_a_file_that_may_not_be_whole_is_not_taken(site: Site) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhalf of it"
    with script(*[answer] * MAX_TRIES) as server, pytest.raises(Unreachable, match="how long"):
        site.fetch("/x", server.port)
    assert not site.target.exists()


@pytest.mark.parametrize(
    "head", [b"Content-Length: 10\r\n", b"Transfer-Encoding: chunked\r\n", b'Content-Length: 10\r\nETag: "a"\r\n']
)
def test_a_wrong_length_is_never_taken_for_the_file(site: Site, head: bytes) -> None:
    body = b"5\r\nabcde\r\n" if b"chunked" in head else b"abcde"
    answer = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body
    with script(*[answer] * (MAX_TRIES + 1)) as server, pytest.raises(Unreachable, match="cut"):
        site.fetch("/x", server.port)
    assert not site.target.exists()


def test_a_piece_of_another_file_is_not_glued_on(site: Site) -> None:
    first = b'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 10\r\n\r\nabcde'
    wrong = (
        b'HTTP/1.1 206 Partial Content\r\nETag: "b"\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\nFGHIJ'
    )
    whole = b'HTTP/1.1 200 OK\r\nETag: "b"\r\nContent-Length: 10\r\n\r\nABCDEFGHIJ'
    with script(first, wrong, whole) as server:
        site.fetch("/x", server.port)
        assert b"Range: bytes=5-" in server.asked[1]
        assert b'If-Range: "a"' in server.asked[1]
        assert b"Range" not in server.asked[2]
    assert site.target.read_bytes() == b"ABCDEFGHIJ"


def test_nonsense_instead_of_http_is_refused(site: Site) -> None:
    with script(*[b"SSH-2.0-OpenSSH_9\r\n"] * MAX_TRIES) as server, pytest.raises(Unreachable):
        site.fetch("/x", server.port)


def test_redirects_are_followed_but_not_for_ever(site: Site) -> None:
    assert site.fetch("/hop").sha256 == SHA256
    with pytest.raises(BadInput, match="without end"):
        site.fetch("/loop")
    with pytest.raises(BadInput, match="not a web address"):
        site.fetch("/away")


def test_a_busy_server_is_given_the_time_it_asks_for(site: Site) -> None:
    with pytest.raises(Unreachable, match="HTTP 503"):
        site.fetch("/busy")
    assert site.waits == [7.0] * (MAX_TRIES - 1)


def test_refusals_are_final(site: Site) -> None:
    for path, kind in [("/plain/absent", NotFound), ("/secret", BadInput)]:
        with pytest.raises(kind):
            site.fetch(path)
    assert site.waits == []


def test_nobody_there(site: Site) -> None:
    with script() as server:
        port = server.port
    with pytest.raises(Unreachable):
        site.fetch("/x", port)
    with pytest.raises(Unreachable):
        fetch("http://nowhere.invalid/x", site.target, max_bytes=1, wait=site.waits.append)


def test_the_wait_doubles_up_to_a_minute_with_full_jitter() -> None:
    assert [backoff_s(n, lambda low, high: high) for n in (1, 2, 3, 8, 50)] == [0.5, 1.0, 2.0, 60.0, 60.0]
    assert {backoff_s(3) for _ in range(20)} != {2.0}
    assert all(0 <= backoff_s(4) <= 4 for _ in range(200))


def test_too_large_a_file_stops_early(site: Site) -> None:
    with pytest.raises(TooLarge):
        site.fetch("/plain/file.bin", max_bytes=1 << 20)
    assert site.left() <= {"got.part.lock"}
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n300000\r\n" + bytes(3 << 20)
    with script(endless) as server, pytest.raises(TooLarge):
        site.fetch("/x", server.port, max_bytes=1 << 20)


def test_another_file_than_expected_is_thrown_away(site: Site) -> None:
    with pytest.raises(Damaged):
        site.fetch("/plain/file.bin", expected_sha256="0" * 64)
    assert site.left() <= {"got.part.lock"}


def test_a_full_disk_is_said(site: Site) -> None:
    with pytest.raises(StorageError):
        site.fetch("/plain/file.bin", keep_free=1 << 60)
    site.target = Path("/dev/full/got")
    with pytest.raises(CartableError):
        site.fetch("/plain/file.bin")


def test_two_downloads_of_one_file_do_not_mix(site: Site) -> None:
    class Inside(Exception):
        pass

    def second(done: float, what: str) -> None:
        with pytest.raises(Busy):
            site.fetch("/plain/file.bin")
        raise Inside

    with pytest.raises(Inside):
        fetch(f"http://127.0.0.1:{site.port}/plain/file.bin", site.target, max_bytes=1 << 24, progress=second)
    assert site.fetch("/plain/file.bin").sha256 == SHA256


@pytest.mark.parametrize(
    "url",
    [
        "", "file:///etc/passwd", "ftp://x/y", "http://", "http:///x", "//x/y", "http://[::1", "http://a:b@x/y",
        "http://x/\r\nHost: y", "http://x/a b", "http://x:99999/", "javascript:alert(1)", "http://x/" + "a" * 3000,
    ],
)  # fmt: skip
def test_other_addresses_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        fetch(url, tmp_path / "x", max_bytes=1)
    assert list(tmp_path.iterdir()) == []


def test_encryption_is_never_given_up() -> None:
    assert checked_redirect("https://a/x", "/y") == "https://a/y"
    assert checked_redirect("http://a/x", "https://b/y#z") == "https://b/y"
    with pytest.raises(BadInput, match="without encryption"):
        checked_redirect("https://a/x?token=s", "http://a/x")
    assert checked_url(" https://a/b?c#d ") == "https://a/b?c"


def test_the_name_comes_from_the_server(site: Site) -> None:
    got = site.fetch("/named/file.bin")
    assert (got.filename, got.media_type) == ("volcans.zim", "application/x-zim")


class _Named(Answer):
    def __init__(self, disposition: str) -> None:
        self.disposition = disposition


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("", "a b.zim"),
        ("inline", "a b.zim"),
        ("attachment; filename=x.pdf", "x.pdf"),
        ('attachment; filename="../../x;y.pdf"', "x;y.pdf"),
        ('attachment; filename="a\\"b.pdf"', "a_b.pdf"),
        ("attachment; filename*=iso-8859-1'fr'%e9t%e9.pdf", "été.pdf"),
        ("attachment; filename*=x-unknown''a.pdf; filename=b.pdf", "b.pdf"),
        ("attachment; filename*=UTF-8''%ff%00.pdf", "\ufffd.pdf"),
        ('attachment; filename="' + "été.pdf".encode().decode("latin-1") + '"', "été.pdf"),
        ('attachment; filename=""', "a b.zim"),
        ('attachment; filename=".."', "download"),
    ],
)
def test_names_of_servers_are_made_safe(disposition: str, name: str) -> None:
    assert filename_of(_Named(disposition), "https://h/p/a%20b.zim?x=1") == name
    assert filename_of(_Named(""), "https://h/") == "download"
