# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The whole box behind the development edge and behind real nginx: the same addresses give the same answers."""

from __future__ import annotations

import dataclasses
import gzip
import http.client
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from appliance import config as configuration
from appliance.hub.assets import STATIC
from tests.rigs.box import Box
from tests.rigs.nginx import free_port, nginx

pytestmark = pytest.mark.system


@dataclasses.dataclass(frozen=True)
class Front:
    """The two ports of one front."""

    hub: int
    content: int

    def get(self, path: str, *, content: bool = False, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.content if content else self.hub, timeout=30)
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        told: dict[str, set[str]] = {}
        for name, value in answer.getheaders():
            told.setdefault(name.lower(), set()).add(value)
        # nginx says its own headers twice on a 416: harmless as long as both say the same.
        assert all(len(values) == 1 for name, values in told.items() if name != "set-cookie"), told
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


@pytest.fixture(scope="module", params=["edge", "nginx"])
def front(request: pytest.FixtureRequest, box: Box, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    if request.param == "edge":
        yield Front(box.port, box.content_port)
        return
    settings = configuration.load(
        [],
        {
            "box": {"state": box.state, "run": box.state / "run"},
            "edge": {"address": "127.0.0.1", "port": free_port(), "content_port": free_port()},
        },
    )
    with nginx(settings, tmp_path_factory.mktemp("nginx"), STATIC):
        yield Front(settings.edge.port, settings.edge.content_port)


def zim(box: Box) -> str:
    return f"/zim/{box.resource('petite-encyclopedie.zim')['blob']}/"


def test_a_page_comes_with_its_policy_and_compressed(front: Front) -> None:
    status, headers, body = front.get("/qui", Accept_Encoding="gzip")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert f"frame-src http://127.0.0.1:{front.content}" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert b"Renard" in gzip.decompress(body)


def test_everything_the_page_names_is_there_and_immutable(front: Front) -> None:
    _, _, body = front.get("/qui")
    named = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', body.decode()))
    assert named
    for path in named:
        status, headers, _ = front.get(path, Accept_Encoding="gzip")
        assert status == 200, path
        assert "immutable" in headers["cache-control"]
        size = (STATIC / path.removeprefix("/static/").partition("?")[0]).stat().st_size
        if re.search(r"\.(css|js|svg)\?", path) and size > 1024:
            assert headers.get("content-encoding") == "gzip", path


def test_an_article_is_compressed_cached_and_sandboxed(front: Front, box: Box) -> None:
    path = zim(box) + box.resource("petite-encyclopedie.zim")["entry"]
    status, headers, body = front.get(path, content=True, Accept_Encoding="gzip")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert "sandbox" in headers["content-security-policy"]
    assert "allow-same-origin" not in headers["content-security-policy"]
    assert b"<html" in gzip.decompress(body)
    status, again, nothing = front.get(path, content=True, Accept_Encoding="gzip", If_None_Match=headers["etag"])
    assert (status, nothing) == (304, b"")
    assert "sandbox" in again["content-security-policy"]


def test_the_two_origins_do_not_mix(front: Front, box: Box) -> None:
    assert front.get(zim(box))[0] == 404
    assert front.get(f"/blob/{box.resource('guide-calibre.epub')['blob']}/original.epub")[0] == 404
    for path in ("/qui", "/enseignant", "/api/health", "/sante", "/"):
        assert front.get(path, content=True)[0] == 404


def test_who_claims_to_be_the_box_itself_is_not_believed(front: Front) -> None:
    assert front.get("/api/presence-code", X_Cartable_Origin="local")[0] == 403
    assert front.get("/api/library", X_Cartable_Origin="local")[0] == 403


def test_a_film_is_served_by_ranges(front: Front, box: Box) -> None:
    film = box.resource("big-buck-bunny-reveil.mp4")
    path = f"/blob/{film['blob']}/original.mp4"
    whole = (box.state / "library" / "blobs" / film["blob"] / "original.mp4").read_bytes()
    status, headers, body = front.get(path, content=True, Range="bytes=1000-1999")
    assert (status, body) == (206, whole[1000:2000])
    assert headers["content-range"] == f"bytes 1000-1999/{len(whole)}"
    assert headers["content-type"] == "video/mp4"
    assert front.get(path, content=True, Range="bytes=-10")[2] == whole[-10:]
    status, headers, _ = front.get(path, content=True, Range=f"bytes={len(whole)}-")
    assert (status, headers["content-range"]) == (416, f"bytes */{len(whole)}")
    assert "sandbox" in headers["content-security-policy"]


def test_a_film_inside_a_zim_is_a_file_and_an_article_beside_it_is_not(front: Front, box: Box) -> None:
    blob = box.resource("petite-encyclopedie.zim")["blob"]
    files = box.state / "library" / "blobs" / blob / "files"
    [film] = [path for path in files.rglob("*") if path.is_file()]
    path = f"/zim/{blob}/{quote(str(film.relative_to(files)))}"
    status, headers, body = front.get(path, content=True, Range="bytes=0-99")
    assert (status, body) == (206, film.read_bytes()[:100])
    assert headers["content-type"] == f"video/{film.suffix[1:]}"
    assert front.get(f"/zim/{blob}/absent.webm", content=True)[0] == 404


def test_a_file_is_downloaded_under_its_own_name(front: Front, box: Box) -> None:
    office = box.resource("fiche-de-lecture.odt")
    path = f"/download/{office['blob']}/odt/{quote('Fiche de lecture « été ».odt')}"
    status, headers, body = front.get(path, content=True)
    assert status == 200
    assert headers["content-disposition"].startswith("attachment")
    original = box.state / "library" / "blobs" / office["blob"] / "original.odt"
    assert body == Path(original).read_bytes()


def test_captions_are_text_that_another_origin_may_read(front: Front, box: Box) -> None:
    film = box.resource("phases-de-la-lune.mp4")
    caption = film["details"]["captions"][0]["path"]
    status, headers, _ = front.get(f"/blob/{film['blob']}/{caption}", content=True)
    assert status == 200
    assert headers["content-type"].startswith("text/vtt")
    assert headers["access-control-allow-origin"] == "*"
