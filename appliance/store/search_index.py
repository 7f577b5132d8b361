# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The one full-text index (tantivy): a document per card and one per section, of every format.

A commit replaces ``meta.json`` by a rename, so a writer killed at any moment leaves the index as it was before it
began. Searching is in :mod:`appliance.store.search_query`; why it is made so: docs/explanation/search.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from tantivy import Document, Filter, Index, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from appliance.errors import Busy, CartableError, Damaged, StorageError
from appliance.i18n import N_
from appliance.model import Resource, Section
from appliance.store import search_text as words

SCHEMA = "1"
"""Raise it when fields or analysis change: an index of another version is rebuilt."""

HEAP_BYTES = 40_000_000
"""The writer spills to disk (uncommitted) over this."""
CARD, SECTION = 0, 1
LANGUAGES = {"fr": "french", "en": "english"}
_LONGEST_WORD = 40
_VERSION_FILE = "cartable-schema"
_DAMAGED = N_("The search index is damaged: it has to be built again.")
_UNWRITTEN = N_("The search index could not be written and is as before: check the disk, then try again.")
_FULL = N_("The disk is full: nothing was lost, but free some space, then try again.")


def schema() -> Schema:
    """Fields: what is searched is not stored; what is shown (``shown``) is stored in one piece."""
    builder = SchemaBuilder()
    builder.add_text_field("resource", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("key", indexed=True, fast=True)
    builder.add_unsigned_field("kind", indexed=True)
    builder.add_text_field("title", tokenizer_name="fr")
    builder.add_text_field("title_words", tokenizer_name="words")
    builder.add_text_field("about", tokenizer_name="fr")
    builder.add_text_field("text", tokenizer_name="fr")
    builder.add_text_field("text_en", tokenizer_name="en")
    builder.add_bytes_field("shown", stored=True)
    return builder.build()


def analyzers() -> dict[str, TextAnalyzer]:
    """Name -> analyser. Accents fold *before* the stemmer, so that ``energie`` and ``énergies`` take the same road."""

    def builder() -> TextAnalyzerBuilder:
        return (
            TextAnalyzerBuilder(Tokenizer.simple())
            .filter(Filter.remove_long(_LONGEST_WORD))
            .filter(Filter.lowercase())
            .filter(Filter.ascii_fold())
        )

    made = {"words": builder().build()}
    for name, language in LANGUAGES.items():
        stop = Filter.custom_stopword(sorted(words.STOP_WORDS))
        made[name] = builder().filter(stop).filter(Filter.stemmer(language)).build()
    return made


def key_of(resource_id: str) -> int:
    """The number that stands for a resource in the index (63 bits of BLAKE2: no clash among millions)."""
    return int.from_bytes(hashlib.blake2b(resource_id.encode(), digest_size=8).digest(), "big") >> 1


def create(folder: Path) -> None:
    """An empty index in ``folder``, whatever stood there. Raises :class:`StorageError`."""
    with _translated(StorageError(_UNWRITTEN)):
        fresh = _empty_beside(folder)
        old = Path(tempfile.mkdtemp(prefix=".index-old-", dir=folder.parent))
        with contextlib.suppress(FileNotFoundError):
            folder.rename(old / "index")
        fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def _create_missing(folder: Path) -> None:
    """As :func:`create`, but what another process made in the meantime stays."""
    with _translated(StorageError(_UNWRITTEN)):
        fresh = _empty_beside(folder)
        try:
            fresh.rename(folder)
        except OSError:
            shutil.rmtree(fresh, ignore_errors=True)
            if not folder.is_dir():
                raise


def _empty_beside(folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".index-new-", dir=folder.parent))
    Index(schema(), str(fresh), reuse=False)
    (fresh / _VERSION_FILE).write_text(SCHEMA)
    return fresh


def open_index(folder: Path) -> Index:
    """The index of ``folder``, created when the folder does not exist.

    Raises :class:`Damaged` when it cannot be read or is of another schema: rebuild it (:func:`create`, then write
    every resource again); :class:`StorageError` when it cannot be created.
    """
    if not folder.exists():
        _create_missing(folder)
    try:
        same = (folder / _VERSION_FILE).read_text() == SCHEMA
    except (OSError, UnicodeDecodeError) as error:
        raise Damaged(_DAMAGED) from error
    if not same:
        raise Damaged(_DAMAGED)
    with _translated():
        index = Index.open(str(folder))
        for name, analyzer in analyzers().items():
            index.register_tokenizer(name, analyzer)
        return index


class IndexWriterSession:
    """A writer, the only one of its index, for a ``with`` block. Each call is one durable, atomic commit.

    Raises :class:`Busy` when another process writes for longer than ``patience_s``.
    """

    def __init__(self, folder: Path, *, patience_s: float = 60.0) -> None:
        self._index = open_index(folder)
        self._writer = _locked_writer(self._index, time.monotonic() + patience_s)

    def write(self, resource: Resource, sections: Iterable[Section]) -> int:
        """Replace everything the index holds of ``resource``; returns how many sections.

        One commit whatever the size: over :data:`HEAP_BYTES` the writer spills segments that stay invisible until
        the commit, so memory is bounded and the resource is never half there.
        """
        count = 0
        with self._transaction():
            self._writer.delete_documents_by_term("resource", resource.id)
            self._writer.add_document(_card(resource))
            for section in sections:
                self._writer.add_document(_section(resource, section))
                count += 1
        return count

    def write_card(self, resource: Resource) -> None:
        """Replace the card only (a teacher edited it); its sections stay."""
        with self._transaction():
            self._writer.delete_documents_by_term("resource", _card_name(resource.id))
            self._writer.add_document(_card(resource))

    def forget(self, resource_ids: Iterable[str]) -> None:
        """Remove card and sections; unknown ids are ignored."""
        with self._transaction():
            for resource_id in resource_ids:
                self._writer.delete_documents_by_term("resource", resource_id)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with contextlib.ExitStack() as undo:
            undo.callback(self._roll_back)
            # A writer thread that died does not say of what; the committed index is whole all the same.
            with _translated(StorageError(_UNWRITTEN)):
                yield
                self._writer.commit()
            undo.pop_all()

    def _roll_back(self) -> None:
        with contextlib.suppress(ValueError):  # the writer itself may have died of a full disk
            self._writer.rollback()

    def __enter__(self) -> IndexWriterSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ValueError):  # merging is housekeeping: what was committed is safe without it
            self._writer.wait_merging_threads()


def guarded(work: Callable[[], Any]) -> Any:
    """``work()``; a panic of the index library (flipped bits in a file it mapped) becomes :class:`Damaged`.

    Panics are BaseExceptions of a class that cannot be imported, hence by name.
    """
    try:
        with _translated():
            return work()
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise Damaged(_DAMAGED) from error
        raise


def _locked_writer(index: Index, deadline: float) -> Any:
    while True:
        try:
            return index.writer(HEAP_BYTES, 1)
        except ValueError as error:
            if "lock" not in str(error).lower():
                raise StorageError(_UNWRITTEN) from error
            if time.monotonic() > deadline:
                raise Busy("Another program is writing the search index: try again in a minute.") from error
            time.sleep(0.05)


def _card_name(resource_id: str) -> str:
    return resource_id + "\0card"


def _card(resource: Resource) -> Document:
    card = resource.card
    document = _document(resource, CARD, "", card.title, words.snippet(card.description))
    document.add_text("resource", _card_name(resource.id))
    document.add_text("about", words.prepared(words.card_words(card, resource.format)))
    return document


def _section(resource: Resource, section: Section) -> Document:
    snippet = words.snippet(section.text, section.title)
    document = _document(resource, SECTION, section.anchor, section.title, snippet)
    if resource.card.language.lower().startswith("en"):
        document.add_text("text_en", f"{words.clean(section.title)} . {words.clean(section.text)}")
    else:
        document.add_text("text", words.prepared(section.text))
    return document


def _document(resource: Resource, kind: int, anchor: str, title: str, snippet: str) -> Document:
    document = Document()
    document.add_text("resource", resource.id)
    document.add_unsigned("key", key_of(resource.id))
    document.add_unsigned("kind", kind)
    document.add_text("title", words.prepared(title))
    document.add_text("title_words", words.clean(title))
    shown = "\0".join((resource.id, words.clean(anchor), words.clean(title), snippet))
    document.add_bytes("shown", shown.encode())
    return document


@contextlib.contextmanager
def _translated(otherwise: CartableError | None = None) -> Iterator[None]:
    """Turn the library's errors (ValueError, OSError) into the house's: what they say, else ``otherwise``."""
    try:
        yield
    except CartableError:
        raise
    except (ValueError, OSError) as error:
        text = str(error)
        if "No space left" in text or "os error 28" in text or "quota" in text.lower():
            raise StorageError(_FULL) from error
        if "Read-only" in text or "Permission denied" in text:
            raise StorageError("The search index cannot be written: check that the card is not worn out.") from error
        raise (otherwise or Damaged(_DAMAGED)) from error
