# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import BadInput, CartableError, NotFound, StorageError, TooLarge
from appliance.i18n import translator
from appliance.model import ResourceState
from appliance.store.blobs import Harm
from appliance.store.import_jobs import JobState
from tests.library.shelf import Shelf


def blob_folder(shelf: Shelf, resource: str) -> Path:
    return shelf.config.library_folder / "blobs" / str(shelf.library.get(resource).blob)


def test_a_file_becomes_a_whole_resource(shelf: Shelf) -> None:
    resource = shelf.library.get(shelf.added("Les volcans\n\nLa lave coule."))
    folder = blob_folder(shelf, resource.id)
    assert resource.card.title == "Les volcans"
    assert resource.format == "text"
    assert resource.details == {"count": 2}
    assert len(resource.id) == 10
    assert resource.blob == hashlib.sha256((shelf.incoming / "one.text").read_bytes()).hexdigest()
    lines = gzip.decompress((folder / "sections.jsonl.gz").read_bytes()).splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["Les volcans", "La lave coule."]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["files"]) == {"original.text", "files/derived.txt", "sections.jsonl.gz"}
    assert resource.size == sum(entry["size"] for entry in manifest["files"].values())
    assert folder.stat().st_mode & 0o055 == 0o055
    assert shelf.leftovers() == []
    assert shelf.library.list() == [resource]


def test_the_same_bytes_are_one_resource(shelf: Shelf) -> None:
    first = shelf.add("Même texte", "a.text")
    again = shelf.add("Même texte", "b.text")
    assert (first.existing, again.existing) == (False, True)
    assert again.resource == first.resource
    assert len(shelf.library.list()) == 1
    assert shelf.leftovers() == []


def test_captions_make_another_resource_of_the_same_film(shelf: Shelf) -> None:
    plain = shelf.added("Un film", "film.text")
    vtt = shelf.incoming / "film.fr.vtt"
    vtt.write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nBonjour\n", encoding="utf-8")
    captioned = shelf.added("Un film", "film.text", captions=[vtt])
    assert plain != captioned
    main, caption = (
        hashlib.sha256((shelf.incoming / n).read_bytes()).hexdigest() for n in ("film.text", "film.fr.vtt")
    )
    expected = hashlib.sha256(f"{main}\nfr.vtt {caption}\n".encode()).hexdigest()
    assert shelf.library.get(captioned).blob == expected
    assert (blob_folder(shelf, captioned) / "captions" / "fr.vtt").read_bytes() == vtt.read_bytes()
    out = shelf.incoming.parent / "out"
    out.mkdir()
    assert shelf.library.export(captioned, out) == out / "film.text"
    assert (out / "film.fr.vtt").read_bytes() == vtt.read_bytes()


def test_captions_must_be_captions(shelf: Shelf) -> None:
    with pytest.raises(BadInput, match=r"one\.text is not a captions file"):
        shelf.add("Un film", captions=[shelf.file("x")])
    assert shelf.leftovers() == []
    assert shelf.library.jobs() == []


def test_the_card_given_lies_over_the_file_s(shelf: Shelf) -> None:
    resource = shelf.added("Titre du fichier", card={"title": "Titre donné", "levels": ["ce1", "cp"]})
    card = shelf.library.get(resource).card
    assert (card.title, card.levels) == ("Titre donné", ("cp", "ce1"))
    edited = shelf.library.edit(resource, {"title": "", "subject": "sciences", "duration_minutes": 20})
    assert (edited.card.title, edited.card.subject, edited.card.duration_minutes) == (
        "Titre du fichier",
        "sciences",
        20,
    )
    assert edited.card.levels == ("cp", "ce1")
    assert shelf.restart().get(resource) == edited


@pytest.mark.parametrize(
    "edits",
    [
        {"nonsense": 1},
        {"subject": "alchimie"},
        {"levels": "cp"},
        {"levels": ["cp", "L3"]},
        {"levels": [["cp"]]},
        {"duration_minutes": 0},
        {"duration_minutes": True},
        {"duration_minutes": "20"},
        {"mode": ["classe"]},
        {"language": "français !"},
        {"title": "x" * 201},
        {"title": 3},
    ],
)
def test_a_card_takes_only_what_it_knows(shelf: Shelf, edits: dict[str, object]) -> None:
    resource = shelf.added("Un texte")
    before = shelf.library.get(resource)
    with pytest.raises(BadInput):
        shelf.library.edit(resource, edits)
    assert shelf.library.get(resource) == before


def test_moving_gives_the_source_up(shelf: Shelf) -> None:
    source = shelf.file("À déplacer")
    inode = source.stat().st_ino
    job = shelf.wait(shelf.library.submit(source, filename="a.text", move=True))
    assert job.state is JobState.DONE
    assert not source.exists()
    assert (blob_folder(shelf, str(job.resource)) / "original.text").stat().st_ino == inode


def test_moving_a_symbolic_link_takes_the_file_s_bytes(shelf: Shelf) -> None:
    source = shelf.file("Derrière un lien")
    link = shelf.incoming / "link.text"
    link.symlink_to(source)
    job = shelf.wait(shelf.library.submit(link, filename="a.text", move=True))
    assert job.state is JobState.DONE
    assert (source.exists(), link.is_symlink()) == (True, False)


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("refuse", "Page 7 is damaged."),
        ("crash", r"one\.text could not be read.*SIGSEGV"),
        ("kill", "needs more memory"),
        ("eat", "needs more memory"),
        ("link", "link is a link or a device"),
        ("many", "unpacks to more than"),
        ("fill", "unpacks to more than"),
    ],
)
def test_a_bad_file_fails_alone(tmp_path: Path, order: str, says: str) -> None:
    shelf = Shelf(tmp_path / "state", max_files=20, max_extracted_mb=64, max_upload_mb=8)
    shelf.start()
    try:
        kept = shelf.added("Un bon texte", "good.text")
        job = shelf.add("Un mauvais", order=order)
        assert job.state is JobState.FAILED
        assert re.search(says, str(job.error)), str(job.error)
        assert shelf.leftovers() == []
        assert [r.id for r in shelf.library.list()] == [kept]
        assert shelf.add("Et le suivant passe", "next.text").state is JobState.DONE
    finally:
        shelf.stop()


@pytest.mark.parametrize(
    ("language", "says"), [("fr", "a.text n’a pas été ajouté\xa0: "), ("en", "a.text was not added: ")]
)
def test_the_terminal_speaks_the_language_of_the_box(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, language: str, says: str
) -> None:
    shelf = Shelf(tmp_path / "state", max_files=20)
    shelf.config = replace(shelf.config, box=replace(shelf.config.box, language=language))
    shelf.start()
    try:
        job = shelf.add("Un mauvais", "a.text", order="many")
    finally:
        shelf.stop()
    assert job.error
    assert [record.getMessage() for record in caplog.records] == [says + job.error.localized(translator(language))]


def test_prints_of_a_reader_do_not_confuse_the_hub(shelf: Shelf) -> None:
    assert shelf.add("Bruyant", order="print").state is JobState.DONE


def test_what_the_box_does_not_take_is_said(shelf: Shelf) -> None:
    for content, name, says in [
        (b"", "vide.text", "vide.text is empty."),
        (b"\x7fELF", "film.text", "film.text is damaged, or is not a real .text file."),
        (b"\x7fELF", "prog.exe", "prog.exe is not a kind of file that the box takes: text."),
    ]:
        path = shelf.incoming / name
        path.write_bytes(content)
        job = shelf.wait(shelf.library.submit(path, filename=name))
        assert str(job.error) == says
    assert shelf.leftovers() == []


def test_only_readable_files_are_taken(shelf: Shelf) -> None:
    pipe = shelf.incoming / "pipe"
    os.mkfifo(pipe)
    for path, kind in [
        (shelf.incoming / "absent", NotFound),
        (shelf.incoming, BadInput),
        (pipe, BadInput),
        (Path("/dev/zero"), BadInput),
        (Path("a\0b"), BadInput),
        (shelf.incoming / ("x" * 300), BadInput),
    ]:
        with pytest.raises(kind):
            shelf.library.submit(path, filename="a.text")
    assert (shelf.library.jobs(), shelf.leftovers()) == ([], [])


@pytest.mark.parametrize("move", [False, True])
def test_too_large_a_file_is_refused(tmp_path: Path, move: bool) -> None:
    shelf = Shelf(tmp_path / "state", max_upload_mb=1)
    shelf.start()
    try:
        source = shelf.file("x" * (1 << 20))
        with pytest.raises(TooLarge, match="larger than 1 MB"):
            shelf.library.submit(source, filename="a.text", move=move)
        assert source.exists()
        assert (shelf.library.jobs(), shelf.leftovers()) == ([], [])
    finally:
        shelf.stop()


def test_too_large_a_file_is_refused_before_anything_else_is_looked_at(tmp_path: Path) -> None:
    """Nothing is copied first, and nobody is told to free disk for what would be refused then."""
    shelf = Shelf(tmp_path / "state", max_upload_mb=1, keep_free_mb=1 << 40)
    shelf.start()
    try:
        with pytest.raises(TooLarge, match="larger than 1 MB"):
            shelf.library.submit(shelf.file("x" * (1 << 20)), filename="a.text")
        assert shelf.leftovers() == []
    finally:
        shelf.stop()


def test_an_import_keeps_some_disk_free(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "state", keep_free_mb=1 << 40)
    shelf.start()
    try:
        with pytest.raises(StorageError, match="MB more are needed"):
            shelf.library.submit(shelf.file("Un texte"), filename="a.text")
        assert shelf.leftovers() == []
    finally:
        shelf.stop()


def test_scrub_names_what_is_wrong_and_adding_again_mends_it(shelf: Shelf) -> None:
    good, bad = shelf.added("Un texte sain", "good.text"), shelf.added("Un texte malade", "bad.text")
    seen: list[float] = []
    assert shelf.library.verify(lambda done, what: seen.append(done)) == []
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    folder = blob_folder(shelf, bad)
    whole = (folder / "original.text").read_bytes()
    (folder / "original.text").write_bytes(whole[:-1] + b"\x00")
    (folder / "files" / "derived.txt").unlink()
    (folder / "intruder").write_bytes(b"x")
    (blob_folder(shelf, good) / "intruder").write_bytes(b"x")
    found = shelf.library.verify(lambda done, what: None)
    assert {(d.resource, d.path, d.harm) for d in found} == {
        (bad, "original.text", Harm.DAMAGED),
        (bad, "files/derived.txt", Harm.MISSING),
        (bad, "intruder", Harm.EXTRA),
        (good, "intruder", Harm.EXTRA),
    }
    assert [r.id for r in shelf.library.list()] == [good]
    assert shelf.library.get(bad).state is ResourceState.DAMAGED
    with pytest.raises(CartableError, match="damaged"):
        shelf.library.export(bad, shelf.incoming)
    again = shelf.add("Un texte malade", "bad.text")
    assert (again.resource, again.existing) == (bad, True)
    assert [r.id for r in shelf.library.list()] == [good, bad]
    assert [d.resource for d in shelf.library.verify(lambda done, what: None)] == [good]


def test_a_lost_manifest_is_damage(shelf: Shelf) -> None:
    resource = shelf.added("Un texte")
    (blob_folder(shelf, resource) / "manifest.json").write_bytes(b'{"imported": 3}')
    assert [(d.path, d.harm) for d in shelf.library.verify(lambda done, what: None)] == [
        ("manifest.json", Harm.DAMAGED)
    ]
    (blob_folder(shelf, resource) / "manifest.json").unlink()
    assert [d.harm for d in shelf.library.verify(lambda done, what: None)] == [Harm.MISSING]


def test_removal_leaves_nothing(shelf: Shelf) -> None:
    resource = shelf.added("À jeter")
    shelf.library.remove(resource)
    assert (shelf.library.list(), shelf.leftovers()) == ([], [])
    with pytest.raises(NotFound):
        shelf.library.get(resource)
    with pytest.raises(NotFound):
        shelf.library.remove(resource)
    assert shelf.added("À jeter") != resource


def test_export_gives_the_file_back_and_overwrites_nothing(shelf: Shelf) -> None:
    resource = shelf.added("Un texte", "mon fichier.text")
    out = shelf.incoming.parent / "out"
    out.mkdir()
    first, second = shelf.library.export(resource, out), shelf.library.export(resource, out)
    assert (first.name, second.name) == ("mon fichier.text", "mon fichier (2).text")
    assert first.read_bytes() == second.read_bytes() == (shelf.incoming / "mon fichier.text").read_bytes()
    with pytest.raises(BadInput, match="not a folder"):
        shelf.library.export(resource, out / "absent")
    assert len(list(out.iterdir())) == 2


def test_a_link_is_a_resource_without_bytes(shelf: Shelf) -> None:
    link = shelf.library.add_link(" https://exemple.fr/volcans ", {"title": "Volcans"})
    assert (link.format, link.blob, link.url, link.card.title) == (
        "link",
        None,
        "https://exemple.fr/volcans",
        "Volcans",
    )
    assert shelf.library.add_link("https://exemple.fr/volcans", {}).id == link.id
    assert shelf.library.verify(lambda done, what: None) == []
    with pytest.raises(BadInput, match="only a link"):
        shelf.library.export(link.id, shelf.incoming)
    shelf.library.remove(link.id)
    assert shelf.library.list() == []
    for bad in ("", "javascript:alert(1)", "http://", "file:///etc/passwd", "https://x/" + "y" * 3000, "http://[x"):
        with pytest.raises(BadInput):
            shelf.library.add_link(bad, {})


def test_two_at_once_give_two_resources(shelf: Shelf) -> None:
    paths = [shelf.file(f"Texte {n % 4}", f"{n}.text") for n in range(8)]
    ids: list[str] = []
    threads = [
        threading.Thread(target=lambda p: ids.append(shelf.library.submit(p, filename=p.name)), args=(path,))
        for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs = [shelf.wait(job) for job in ids]
    assert sorted(job.existing for job in jobs) == [False] * 4 + [True] * 4
    assert len(shelf.library.list()) == 4


def test_stopping_in_the_middle_resumes_at_the_next_start(shelf: Shelf) -> None:
    path = shelf.file("Un texte lent", order="wait")
    job_id = shelf.library.submit(path, filename="a.text")
    while shelf.library.job(job_id).state is not JobState.RUNNING:
        pass
    spool = shelf.config.library_folder / "staging" / job_id / "spool"
    library = shelf.restart()
    assert library.list() == []
    assert not library.job(job_id).over
    shelf.stop()
    spool.write_text("TEXT\nUn texte lent", encoding="utf-8")
    shelf.start()
    assert shelf.wait(job_id).state is JobState.DONE
    assert shelf.leftovers() == []


def test_a_lost_database_does_not_lose_the_files(shelf: Shelf) -> None:
    shelf.added("Un texte gardé", "garde.text")
    shelf.stop()
    for path in shelf.config.box.state.glob("cartable.sqlite*"):
        path.unlink()
    (resource,) = shelf.start().list()
    assert (resource.card.title, resource.filename) == ("Un texte gardé", "garde.text")
    assert shelf.library.verify(lambda done, what: None) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.text", "passwd.text"),
        ("C:\\Users\\Léa\\cours.text", "cours.text"),
        ("a\0b\x1b[31m.text", "ab[31m.text"),
        ("🦊 " + "é" * 200 + ".text", None),
        ("..", "document"),
        ("", "document"),
        (".text", "text"),
        ("con\udcff.text", "con\ufffd.text"),
        ('a:b"c?.text', "a_b_c_.text"),
    ],
)
def test_names_are_made_safe(shelf: Shelf, given: str, kept: str | None) -> None:
    path = shelf.file(f"Texte de {len(given)} {given!r}")
    job = shelf.wait(shelf.library.submit(path, filename=given))
    resource = shelf.library.get(str(job.resource))
    assert kept is None or resource.filename == kept
    assert len(resource.filename.encode()) <= 255
    assert resource.filename.startswith("🦊") or kept
    exported = shelf.library.export(resource.id, shelf.incoming.parent)
    assert exported.parent == shelf.incoming.parent
    assert exported.read_bytes() == path.read_bytes()
