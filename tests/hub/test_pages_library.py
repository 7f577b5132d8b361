# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher's library: every form, with and without script, with good and bad input."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any, cast

import pytest

from tests.hub import site as rig
from tests.hub.site import Site, bundle, picture

LIBRARY = "/enseignant/bibliotheque"
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nBonjour\n"


@pytest.fixture
def desk(site: Site) -> Site:
    """Signed in."""
    site.sign_in()
    return site


@pytest.mark.parametrize("path", ["", "/imports", "/ajouter", "/x", "/x/retirer"])
def test_only_the_teacher(site: Site, path: str) -> None:
    answer = site.get(LIBRARY + path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/enseignant")


def test_nothing_is_taken_from_who_is_not_signed_in(site: Site) -> None:
    token = site.token("/enseignant")
    sent = {"files": (picture(), "x.png")}
    assert site.browser.post(f"{LIBRARY}/ajouter?csrf={token}", data=sent).status_code == 302
    assert site.hub.library.jobs() == []


def test_files_by_the_plain_form(desk: Site) -> None:
    answer = desk.upload(("une carte.png", picture()), ("eau.zip", bundle()), levels=["cm1"], title="ignored for two")
    assert (answer.status_code, answer.headers["Location"]) == (303, LIBRARY)
    desk.settle()
    assert desk.only(format="web_bundle").card.title == rig.BUNDLE_TITLE
    assert desk.only(format="image").card.levels == ("cm1",)
    page = desk.text(LIBRARY)
    assert "une carte.png" in page
    assert "est sur la boîte" in page
    assert list((desk.hub.config.library_folder / "staging").iterdir()) == []


def test_files_by_the_script(desk: Site) -> None:
    answer = desk.upload(("une carte.png", picture()), json=True, title="La France", duration_minutes="5")
    assert answer.json == {"location": LIBRARY, "errors": []}
    desk.settle()
    assert desk.only(format="image").card.title == "La France"
    assert desk.only(format="image").card.duration_minutes == 5


def test_captions_go_beside_their_film(desk: Site) -> None:
    """The library says what it thinks of captions of a picture; the form must have given them together."""
    desk.upload(("a.png", picture()), ("a.fr.vtt", VTT))
    job = desk.hub.library.jobs()[0]
    assert len(desk.hub.library.jobs()) == 1
    assert [name for name, _ in job.captions] == ["fr.vtt"]


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize("files", [(), (("a.vtt", VTT),), (("", b""),)])
def test_no_file_is_a_sentence(desk: Site, files: tuple[tuple[str, bytes], ...], json: bool) -> None:
    answer = desk.upload(*files, json=json)
    assert answer.status_code == 400
    assert "Choisissez d’abord un fichier" in (" ".join(cast(Any, answer.json)["errors"]) if json else answer.text)
    assert desk.hub.library.jobs() == []


def test_a_wrong_field_keeps_nothing(desk: Site) -> None:
    answer = desk.upload(("a.png", picture()), duration_minutes="deux")
    assert answer.status_code == 400
    assert "nombre entier de minutes" in answer.text
    assert desk.hub.library.jobs() == []
    assert list((desk.hub.config.library_folder / "staging").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd.png", "C:\\x\\y.png", "é" * 200 + ".png", "😀.png", ".png", "a\x01b.png"]
)
def test_names_are_made_harmless(desk: Site, name: str) -> None:
    assert desk.upload((name, picture())).status_code == 303
    desk.settle()
    resource = desk.only(format="image")
    assert "/" not in resource.filename
    assert desk.text(LIBRARY).count("thumb") >= 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"rubbish", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\ncut',
            "multipart/form-data; boundary=x",
        ),
        (b"files=1", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ],
)
def test_malformed_bodies_are_refused(desk: Site, body: bytes, kind: str) -> None:
    token = desk.token(f"{LIBRARY}/ajouter")
    answer = desk.browser.post(f"{LIBRARY}/ajouter?csrf={token}", data=body, content_type=kind)
    assert answer.status_code == 400
    assert desk.hub.library.jobs() == []
    assert list((desk.hub.config.library_folder / "staging").iterdir()) == []


def test_a_forged_upload_is_refused_unread(desk: Site) -> None:
    for query in ("", "?csrf=", "?csrf=wrong"):
        assert desk.browser.post(f"{LIBRARY}/ajouter{query}", data={"files": (picture(), "x.png")}).status_code == 403


def test_too_large_is_a_sentence(tmp_path: Path) -> None:
    with rig.opened(tmp_path / "state", max_upload_mb=1) as desk:
        desk.sign_in()
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        token = desk.token(f"{LIBRARY}/ajouter")
        body = head + picture() + bytes(2 << 20) + b"\r\n--x--\r\n"
        answer = desk.browser.post(
            f"{LIBRARY}/ajouter?csrf={token}", data=body, content_type="multipart/form-data; boundary=x"
        )
        assert answer.status_code == 413
        assert "1 Mo au plus" in answer.text.replace("\u00a0", " ")
        assert desk.hub.library.jobs() == []


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    with rig.opened(tmp_path / "state", keep_free_mb=1 << 40) as desk:
        desk.sign_in()
        answer = desk.upload(("a.png", picture()), json=True)
        assert answer.status_code == 507
        assert "disque" in cast(Any, answer.json)["errors"][0]


def test_an_upload_is_never_in_memory(desk: Site) -> None:
    size = 40 << 20
    token = desk.token(f"{LIBRARY}/ajouter")
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n' + picture()
    path = desk.hub.config.box.state / "body"
    with path.open("wb") as out:
        out.write(head)
        out.truncate(size)
        out.seek(0, 2)
        out.write(b"\r\n--x--\r\n")
    tracemalloc.start()
    try:
        with path.open("rb") as body:
            answer = desk.browser.post(
                f"{LIBRARY}/ajouter?csrf={token}", input_stream=body, content_length=path.stat().st_size,
                content_type="multipart/form-data; boundary=x",
            )  # fmt: skip
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code == 303
    assert peak < 8 << 20


def test_progress_fragment(desk: Site) -> None:
    desk.upload(("a.png", picture()))
    desk.settle()
    answer = desk.get(f"{LIBRARY}/imports")
    assert "HX-Refresh" not in answer.headers
    assert desk.get(f"{LIBRARY}/imports", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert "a.png" in answer.text
    assert "hx-trigger" not in answer.text, "nothing runs: no more polling"
    assert desk.get(f"{LIBRARY}/imports", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_failed_import_says_why(desk: Site) -> None:
    desk.upload(("a.png", picture()[:60]))
    desk.settle()
    assert "abîmé" in desk.text(LIBRARY)


def test_the_card_is_edited(desk: Site) -> None:
    desk.upload(("a.png", picture()))
    desk.settle()
    resource = desk.only(format="image")
    path = f"{LIBRARY}/{resource.id}"
    fields: dict[str, Any] = {"title": "L’île", "levels": ["cp", "ce1"], "mode": "groupe", "subject": "arts",
        "duration_minutes": "20", "licence": "CC-BY-4.0", "language": "fr", "author": "Zoé", "source": "",
        "description": "<b>x</b>"}  # fmt: skip
    assert desk.post(path, **fields).status_code == 303
    card = desk.hub.library.get(resource.id).card
    assert (card.title, card.levels, card.mode, card.duration_minutes) == ("L’île", ("cp", "ce1"), "groupe", 20)
    page = desk.text(path)
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert page.count(" checked") == 2
    assert desk.post(path, **{**fields, "duration_minutes": "", "levels": []}).status_code == 303
    assert desk.hub.library.get(resource.id).card.duration_minutes is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"duration_minutes": "-1"},
        {"duration_minutes": "٣"},
        {"levels": ["x"]},
        {"mode": "x"},
        {"language": "fran çais"},
        {"title": "x" * 201},
    ],
)
def test_a_wrong_card_is_refused_whole(desk: Site, wrong: dict[str, Any]) -> None:
    desk.upload(("a.png", picture()), title="Avant")
    desk.settle()
    resource = desk.only(format="image")
    assert desk.post(f"{LIBRARY}/{resource.id}", **{"title": "Après", **wrong}).status_code == 400
    assert desk.hub.library.get(resource.id).card.title == "Avant"


def test_links(desk: Site) -> None:
    answer = desk.post(f"{LIBRARY}/lien", f"{LIBRARY}/ajouter", url="https://example.org/a", title="Un lien")
    assert answer.status_code == 303
    link = desk.only(format="link")
    assert answer.headers["Location"] == f"{LIBRARY}/{link.id}"
    assert "lien, demande internet" in desk.text(LIBRARY)
    for url in ("", "javascript:alert(1)", "file:///etc/passwd", "https://", "ftp://x/y", "x" * 3000):
        assert desk.post(f"{LIBRARY}/lien", f"{LIBRARY}/ajouter", url=url).status_code == 400


def test_removal_asks_first(desk: Site) -> None:
    desk.upload(("a.png", picture()))
    desk.settle()
    resource = desk.only(format="image")
    path = f"{LIBRARY}/{resource.id}/retirer"
    assert "Retirer" in desk.text(path)
    assert desk.hub.library.list()
    assert desk.post(path).status_code == 303
    assert desk.hub.library.list() == []
    assert "n’est plus sur la boîte" in desk.text(LIBRARY)
    assert desk.get(path).status_code == 404
    assert f'href="{LIBRARY}/{resource.id}"' not in desk.text(LIBRARY), "a link to nothing among the latest additions"
    assert "retirée depuis" in desk.text(LIBRARY)
