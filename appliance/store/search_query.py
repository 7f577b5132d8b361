# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Searching the index: what a person typed becomes a tantivy query, its answer hits grouped by resource."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from tantivy import Occur, Query, Searcher

from appliance.model import Hit
from appliance.store import search_text as words
from appliance.store.search_edits import one_edit
from appliance.store.search_index import CARD, analyzers, guarded, key_of, open_index

BOOSTS = {"title": 3.0, "about": 2.0, "text": 1.0, "text_en": 1.0}
"""A title says what a text is about; a card, what a whole resource is; a text only mentions."""
EVERY_WORD = 3.0
"""Per word, for a text that has them all: so that it comes before a title with one of two."""
MAX_WORDS = 12
PER_RESOURCE = 3
CANDIDATES = 150
_TIE = 0.2
_EXPANSIONS = 12
_PHRASE_SLOP = 2
_JOINED_CARDS = 40
_LAST_WORD_MIN = 2


class SearchIndex:
    """A read-only view of the index, refreshed when another process has committed. Not thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Raises :class:`appliance.errors.Damaged` when the index must be rebuilt."""
        self._index = open_index(folder)
        self._index.config_reader("manual")
        self._schema = self._index.schema
        self._analyzers = analyzers()
        self._meta = folder / "meta.json"
        self._stamp: tuple[int, int] = (0, 0)
        self._searcher: Searcher
        self._resources: frozenset[str]
        self.refresh()

    def refresh(self) -> None:
        """Take the last commit into account; cheap (one stat) when there is none."""
        stat = guarded(self._meta.stat)
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._stamp:
            guarded(self._index.reload)
            self._searcher = self._index.searcher()
            self._resources = guarded(self._cards)
            self._stamp = stamp

    def resources(self) -> frozenset[str]:
        """The ids of the resources whose card the index holds."""
        self.refresh()
        return self._resources

    def search(self, text: str, allowed: Collection[str] | None = None, limit: int = 25) -> list[Hit]:
        """The best hits for any ``text``, grouped by resource, best resource first.

        ``allowed``: only these resource ids; None: all. Each resource has at most :data:`PER_RESOURCE` hits, unless
        the others cannot fill ``limit``. Empty for a text without a word. Raises ``Damaged``.
        """
        self.refresh()
        return list(guarded(lambda: self._search(text, allowed, limit)))

    def suggest(self, prefix: str, limit: int = 8) -> list[str]:
        """Titles that hold every word typed, the last one perhaps unfinished; cards before sections."""
        self.refresh()
        return list(guarded(lambda: self._suggest(prefix, limit)))

    def _cards(self) -> frozenset[str]:
        most = self._searcher.doc_freq("kind", CARD)
        hits = self._searcher.search(self._term("kind", CARD), max(1, most), count=False).hits
        return frozenset(self._shown(address)[0] for _, address in hits)

    def _search(self, text: str, allowed: Collection[str] | None, limit: int) -> list[Hit]:
        if limit < 1:
            return []
        keys = None if allowed is None or self._resources.issubset(allowed) else {key_of(name) for name in allowed}
        builder = QueryBuilder(self._searcher, self._schema, self._analyzers)
        found: dict[int, list[tuple[float, Any]]] = {}
        for share in (0.5, 0.0):  # texts with fewer of the words only where the list would not be full
            query = builder.build(text, share)
            if query is None or sum(map(len, found.values())) >= limit:
                break
            found = {**self._found(query, keys), **found}
        return self._hits(found, limit)

    def _found(self, query: Query, keys: set[int] | None) -> dict[int, list[tuple[float, Any]]]:
        found = self._candidates(query, keys, set())
        if sum(map(len, found.values())) >= CANDIDATES and len(self._resources) > len(found):
            # A huge resource filled the candidates: ask again for what it hides.
            crowd = {key for key, scored in found.items() if len(scored) > PER_RESOURCE}
            found.update(self._candidates(query, keys, crowd))
        return found

    def _candidates(self, query: Query, keys: set[int] | None, without: set[int]) -> dict[int, list[tuple[float, Any]]]:
        """Key -> (score, address), best first, both the keys and their lists."""
        clauses = [(Occur.Must, query)]
        if keys is not None:
            clauses.append((Occur.Must, self._keys(keys - without)))
        elif without:
            clauses.append((Occur.MustNot, self._keys(without)))
        whole = Query.boolean_query(clauses) if len(clauses) > 1 else query
        hits = self._searcher.search(whole, CANDIDATES, count=False).hits
        found: dict[int, list[tuple[float, Any]]] = {}
        numbers = self._searcher.fast_field_values("key", [address for _, address in hits])
        for (score, address), key in zip(hits, numbers, strict=True):
            found.setdefault(int(key or 0), []).append((score, address))
        return found

    def _hits(self, found: dict[int, list[tuple[float, Any]]], limit: int) -> list[Hit]:
        groups = sorted(found.values(), key=lambda scored: -scored[0][0])
        taken = _share(groups, limit)
        return [self._hit(score, address) for scored, count in taken for score, address in scored[:count]]

    def _hit(self, score: float, address: Any) -> Hit:
        resource, anchor, title, snippet = self._shown(address)
        return Hit(resource=resource, anchor=anchor, title=title, snippet=snippet, score=score)

    def _shown(self, address: Any) -> list[str]:
        return bytes(self._searcher.doc(address).get_first("shown") or b"").decode().split("\0")

    def _suggest(self, prefix: str, limit: int) -> list[str]:
        typed = self._analyzers["words"].analyze(words.clean(prefix[: words.QUERY_CHARS]))[:MAX_WORDS]
        if not typed or limit < 1:
            return []
        start = " ".join(typed)
        last = typed.pop()
        endings = [last] if prefix[-1:].isspace() else self._completions(last)
        clauses = [(Occur.Must, self._term("title_words", word)) for word in typed]
        ended = [(Occur.Should, self._term("title_words", ending)) for ending in endings]
        clauses.append((Occur.Must, Query.boolean_query(ended)))
        clauses.append((Occur.Should, Query.const_score_query(self._term("kind", CARD), 8.0)))
        hits = self._searcher.search(Query.boolean_query(clauses), 4 * limit, count=False).hits
        titles = dict.fromkeys(self._shown(address)[2] for _, address in hits)
        return sorted(titles, key=lambda title: not self._folded(title).startswith(start))[:limit]

    def _folded(self, text: str) -> str:
        return " ".join(self._analyzers["words"].analyze(text))

    def _completions(self, start: str) -> list[str]:
        return [start, *(t for t, _ in self._searcher.terms_with_prefix("title_words", start, limit=40) if t != start)]

    def _term(self, field: str, value: object) -> Query:
        return Query.term_query(self._schema, field, value)

    def _keys(self, keys: Iterable[int]) -> Query:
        return Query.const_score_query(Query.term_set_query(self._schema, "key", list(keys)), 0.0)


class QueryBuilder:
    """Turns one text into one query. Every word is wanted; fewer are tolerated."""

    def __init__(self, searcher: Searcher, schema: Any, made: dict[str, Any]) -> None:
        self._searcher = searcher
        self._schema = schema
        self._analyzers = made

    def build(self, text: str, share: float) -> Query | None:
        """At least ``share`` of the words (and one) must match. None when the text has no word."""
        typed = words.query_words(text)[:MAX_WORDS]
        typing = bool(text) and text[-1:].isalnum() and len(text) <= words.QUERY_CHARS
        terms = [self._word(word, typing and i == len(typed) - 1) for i, word in enumerate(typed)]
        wanted = [term for term in terms if term is not None]
        if len(wanted) > 1:
            wanted = [Query.disjunction_max_query([term, *self._joined(term)], _TIE) for term in wanted]
        clauses = [(Occur.Should, query) for query in self._whole_title(typed)]
        if not wanted:
            return Query.boolean_query(clauses) if clauses else None
        least = max(1, math.ceil(len(wanted) * share))
        some = Query.boolean_query([(Occur.Should, term) for term in wanted], least)
        if len(wanted) > 1:
            every = Query.boolean_query([(Occur.Must, term) for term in wanted])
            clauses.append((Occur.Should, every))
            clauses.append((Occur.Should, Query.const_score_query(every, EVERY_WORD * len(wanted))))
            clauses += [(Occur.Should, phrase) for phrase in self._phrases(typed)]
        clauses.append((Occur.Should, Query.const_score_query(self._term("kind", CARD), 1.0)))
        return Query.boolean_query([(Occur.Must, some), *clauses])

    def _word(self, word: str, unfinished: bool) -> Query | None:
        """One word in all fields; None for a stop word."""
        stems = {"text": self._stems("fr", words.prepared(word)), "text_en": self._stems("en", word)}
        if not stems["text"]:
            return None
        stems["title"] = stems["about"] = stems["text"]
        found = [q for field, of in stems.items() for q in self._known(field, of)]
        if unfinished and len(word) > _LAST_WORD_MIN:
            found += self._completed(word, known=bool(found))
        if not found and len(word) > 3:
            found = self._corrected(word)
        if not found:
            return Query.empty_query()
        return Query.disjunction_max_query(found, _TIE)

    def _stems(self, analyzer: str, word: str) -> list[str]:
        return list(self._analyzers[analyzer].analyze(word))

    def _known(self, field: str, stems: Sequence[str], weight: float = 1.0) -> list[Query]:
        return [
            Query.boost_query(self._term(field, stem), BOOSTS[field] * weight)
            for stem in stems
            if self._searcher.doc_freq(field, stem)
        ]

    def _completed(self, word: str, *, known: bool) -> list[Query]:
        """Words that begin like the last one: only in titles when it is a word by itself."""
        stem = (self._stems("fr", words.prepared(word)) or [word])[0]
        found: list[Query] = []
        for field in ("title",) if known else ("title", "about", "text"):
            ends = self._searcher.terms_with_prefix(field, stem, limit=_EXPANSIONS)
            found += self._known(field, [end for end, _ in ends if end != stem], 0.5)
        return found

    def _corrected(self, word: str) -> list[Query]:
        """The most frequent known stems one edit away from a word that nothing holds."""
        folded = "".join(self._analyzers["words"].analyze(word))
        seen: dict[str, int] = {}
        for candidate in one_edit(folded):
            for stem in self._stems("fr", candidate):
                if stem not in seen:
                    seen[stem] = sum(self._searcher.doc_freq(field, stem) for field in ("title", "about", "text"))
        best = sorted((stem for stem in seen if seen[stem]), key=lambda stem: -seen[stem])[:3]
        fields = ("title", "about", "text")
        return [q for place, stem in enumerate(best) for f in fields for q in self._known(f, [stem], 0.7 / (place + 1))]

    def _joined(self, term: Query) -> list[Query]:
        """Sections of the resources whose *card* has the word: « fractions CM1 » finds fractions in a CM1 book."""
        cards = Query.boolean_query([(Occur.Must, self._term("kind", CARD)), (Occur.Must, term)])
        hits = self._searcher.search(cards, _JOINED_CARDS + 1, count=False).hits
        if not hits or len(hits) > _JOINED_CARDS:
            return []
        keys = self._searcher.fast_field_values("key", [address for _, address in hits])
        return [Query.const_score_query(Query.term_set_query(self._schema, "key", sorted(set(keys))), 1.0)]

    def _phrases(self, typed: Sequence[str]) -> list[Query]:
        stems = [stem for word in typed for stem in self._stems("fr", words.prepared(word))]
        known = {"title": stems, "text": stems}
        return [
            Query.boost_query(Query.phrase_query(self._schema, field, list(of), _PHRASE_SLOP), BOOSTS[field])
            for field, of in known.items()
            if len(of) > 1 and all(self._searcher.doc_freq(field, stem) for stem in of)
        ]

    def _whole_title(self, typed: Sequence[str]) -> list[Query]:
        """Titles that hold the words as typed, stop words included: « être ou avoir », « le son »."""
        folded = list(self._analyzers["words"].analyze(" ".join(typed)))
        known = [word for word in folded if self._searcher.doc_freq("title_words", word)]
        if not known or len(known) < len(folded):
            return []
        if len(known) == 1:
            return [self._term("title_words", known[0])]
        all_of = Query.boolean_query([(Occur.Must, self._term("title_words", word)) for word in set(known)])
        return [all_of, Query.boost_query(Query.phrase_query(self._schema, "title_words", list(known)), 2.0)]

    def _term(self, field: str, value: object) -> Query:
        return Query.term_query(self._schema, field, value)


def _share(groups: Sequence[list[tuple[float, Any]]], limit: int) -> list[tuple[list[tuple[float, Any]], int]]:
    """How many hits of each group are shown, in the order of ``groups``: first up to three each, then the best."""
    groups = groups[:limit]
    counts: list[int] = []
    left = limit - len(groups)
    for scored in groups:
        more = min(PER_RESOURCE - 1, len(scored) - 1, left)
        counts.append(1 + more)
        left -= more
    for position, scored in enumerate(groups):
        more = min(len(scored) - counts[position], left)
        counts[position] += more
        left -= more
    return list(zip(groups, counts, strict=True))
