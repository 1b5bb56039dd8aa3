"""One segment's full text in Tantivy: fields, and queries from analysed terms.

Text reaches Tantivy as terms with positions, made by `ltrr_cli.analysis`, so that every script is treated alike at
build and at query time. Queries are built from terms, never parsed: user punctuation cannot fail.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from ltrr_cli.analysis.base import Analysis, Terms

TEXT_FIELDS = ("title", "creator", "attributes", "text")
_TOKENIZER = "ltrr"
"""The name that the fields' tokenizer has in the schema. Only a writer has one, for terms that stand one by one."""
_WRITER_BYTES = 128 * 2**20
_FREQUENCIES_KEPT, _PARTS_KEPT = 65536, 8192
_SAMPLE = 64
"""Documents that tell whether all are in the order of rows: what is merged elsewhere is thousands."""
_SPARE, _DEEPER, _MOST_TIED = 4, 4, 4096
"""Tantivy parts a large index, and merges the parts in any order, so that its own order of equal scores, which is that
of its documents, is not that of rows. So a fourth more hits are fetched, and ever more while the last one wanted has
the score of the last one fetched; of more than so many equal ones Tantivy says which are the first.
"""


@lru_cache(maxsize=1)
def _schema() -> Any:
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    builder.add_integer_field("row", stored=False, indexed=False, fast=True)
    builder.add_float_field("popularity", stored=False, indexed=False, fast=True)
    for name in TEXT_FIELDS:
        builder.add_text_field(name, stored=False, tokenizer_name=_TOKENIZER, index_option="position")
    builder.add_text_field("value", stored=False, tokenizer_name="raw", index_option="basic")
    return builder.build()


def terms_writer(directory: Path, schema: Any, tokenizer: str) -> Any:
    """Return Tantivy's writer of a new index, whose `tokenizer` takes terms that stand one by one.

    It has one thread, so that rows keep their order.
    """
    import tantivy

    directory.mkdir()
    index = tantivy.Index(schema, path=str(directory))
    index.register_tokenizer(tokenizer, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    return index.writer(_WRITER_BYTES, 1)


def in_order(searcher: Any) -> bool:
    """Tell whether the documents are in one part, and there in the order of their field "row", from 0."""
    from tantivy import DocAddress

    if searcher.num_segments > 1:
        return False
    count = searcher.num_docs
    sample = sorted({count * place // _SAMPLE for place in range(_SAMPLE if count else 0)})
    found: list[int] = searcher.fast_field_values("row", [DocAddress(0, row) for row in sample])
    return found == sample


def finish(writer: Any) -> None:
    """Commit what was written, and wait for Tantivy's own merges."""
    writer.commit()
    writer.wait_merging_threads()


class FulltextWriter:
    """Writes one Tantivy index. One thread, so that rows keep their order and equal scores tie the same way."""

    def __init__(self, directory: Path, analysis: Analysis) -> None:
        import tantivy

        self._writer = terms_writer(directory, _schema(), _TOKENIZER)
        self._tantivy = tantivy
        self._analysis = analysis

    def add(
        self,
        row: int,
        fields: dict[str, str],
        values: Iterable[str],
        popularity: float,
        *,
        languages: Mapping[str, str] | None = None,
    ) -> dict[str, Terms]:
        """Add one entity: text by field, exact values as `attribute=value`, popularity in [0, 1].

        `languages` are those of the fields, main language where they do not say. Returns the terms of each field.
        """
        document = self._tantivy.Document()
        indexed = {}
        document.add_integer("row", row)
        document.add_float("popularity", popularity)
        for name, text in fields.items():
            terms = indexed[name] = self._analysis.document(text, (languages or {}).get(name, ""))
            if terms.words:
                self._add_terms(document, name, terms)
        for value in values:
            document.add_text("value", value)
        self._writer.add_document(document)
        return indexed

    def _add_terms(self, document: Any, name: str, terms: Terms) -> None:
        if terms.places is None:  # Tantivy counts so itself, in half the time
            document.add_text(name, " ".join(terms.words))
        else:
            self._add_places(document, name, terms)

    def _add_places(self, document: Any, name: str, terms: Terms) -> None:
        token = self._tantivy.Token
        cut = self._tantivy.PreTokenizedString("", [token(term, place, 0, 0) for place, term in terms.placed()])
        document.add_pre_tokenized_text(name, cut)

    def finish(self) -> None:
        """Commit what was added."""
        finish(self._writer)


def _open(directory: Path) -> Any:
    """Open a Tantivy index, also where nothing can be written: Tantivy (0.25) makes a lock file even to read.

    There it is opened by links from a temporary directory, which may go at once: its files are mapped by then.
    """
    from tantivy import Index

    try:
        return Index.open(str(directory))
    except ValueError as error:
        if "Lockfile" not in str(error):
            raise
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="ltrr-") as folder:
        for path in directory.iterdir():
            if path.suffix != ".lock":
                type(directory)(folder, path.name).symlink_to(path.absolute())
        return Index.open(folder)


class Fulltext:
    """A read-only Tantivy index of one segment."""

    def __init__(self, directory: Path) -> None:
        import tantivy

        self._tantivy = tantivy
        self._index = _open(directory)
        self._searcher = self._index.searcher()
        self.schema = self._index.schema
        self.entities: int = self._searcher.num_docs
        self.document_frequency: Callable[[str, str], int] = lru_cache(_FREQUENCIES_KEPT)(self._searcher.doc_freq)
        """In how many entities' field (the first argument) the stemmed term occurs; the last ones asked are kept."""
        query, schema = tantivy.Query, self.schema
        # The parts of queries that come again with the same words and values are kept, too.
        self._boosted = lru_cache(_PARTS_KEPT)(
            lambda field, term, boost: query.boost_query(query.term_query(schema, field, term, "freq"), boost)
        )
        self._value = lru_cache(_PARTS_KEPT)(
            lambda value: query.const_score_query(query.term_query(schema, "value", value), 1.0)
        )

    @cached_property
    def _mixed(self) -> bool:
        """Whether the documents are not in the order of rows."""
        return not in_order(self._searcher)

    def terms(
        self,
        terms: Sequence[str],
        fields: Sequence[tuple[str, float]],
        tie: float,
        weight: Callable[[str, str], float] | None = None,
    ) -> Any:
        """Return a query: for each term the best field counts, times its boost, the others by `tie` (dis-max).

        `weight(field, term)` is a further factor.
        """
        query = self._tantivy.Query
        parts = []
        for term in terms:
            alternatives = [
                query.boost_query(
                    query.term_query(self.schema, name, term, "freq"),
                    boost if weight is None else boost * weight(name, term),
                )
                for name, boost in fields
            ]
            parts.append((self._tantivy.Occur.Should, query.disjunction_max_query(alternatives, tie)))
        return query.boolean_query(parts)

    def word(self, forms: Sequence[tuple[str, str, float]], tie: float) -> Any:
        """Return a query for one word: of its (field, term, boost) the best counts, the others by `tie` (dis-max)."""
        return self._tantivy.Query.disjunction_max_query([self._boosted(*form) for form in forms], tie)

    def best(self, parts: Sequence[Any]) -> Any:
        """Return a query that scores as the best of `parts`."""
        return self._tantivy.Query.disjunction_max_query(list(parts), 0.0)

    def phrase(self, field: str, terms: Sequence[str], boost: float) -> Any:
        """Return a query for the terms next to each other, in order."""
        query = self._tantivy.Query
        return query.boost_query(query.phrase_query(self.schema, field, list(terms)), boost)

    def values(self, values: Sequence[tuple[str, float]]) -> Any:
        """Return a query: an entity scores the weights of the `attribute=value` pairs it has."""
        query = self._tantivy.Query
        return self.either([query.boost_query(self._value(value), weight) for value, weight in values])

    def weighed(self, query: Any, weight: float) -> Any:
        """Return a query whose scores are times `weight`."""
        return self._tantivy.Query.boost_query(query, weight)

    def count(self, words: Sequence[Sequence[str]], fields: Sequence[str] = TEXT_FIELDS) -> int:
        """Return how many entities have every word, each in any of its forms and in any of the fields."""
        query, must = self._tantivy.Query, self._tantivy.Occur.Must
        parts = [
            query.disjunction_max_query(
                [query.term_query(self.schema, field, term, "basic") for field in fields for term in forms]
            )
            for forms in words
        ]
        return int(self._searcher.search(query.boolean_query([(must, part) for part in parts]), 1).count)

    def either(self, parts: Sequence[Any]) -> Any:
        """Return a query that adds up the scores of those of `parts` that match."""
        return self._tantivy.Query.boolean_query([(self._tantivy.Occur.Should, part) for part in parts])

    def search(self, query: Any, limit: int, *, by_popularity: bool = False) -> tuple[list[int], list[float]]:
        """Return rows and scores, best first. With `by_popularity` scores are times log2(2 + popularity).

        Equal scores are in the order of rows.
        """
        weight = "popularity" if by_popularity else None
        wanted = limit + limit // _SPARE + 1 if self._mixed else limit
        while True:
            hits = self._searcher.search(query, wanted, count=False, weight_by_field=weight).hits
            if len(hits) <= limit or hits[limit - 1][0] > hits[-1][0] or len(hits) < wanted or wanted >= _MOST_TIED:
                break
            wanted *= _DEEPER
        rows: list[int] = self._searcher.fast_field_values("row", [address for _, address in hits])
        scores = [score for score, _ in hits]
        if not self._mixed:
            return rows, scores
        by_row, best = np.array(rows, np.int64), np.array(scores)
        order = np.lexsort((by_row, -best))[:limit]
        return by_row[order].tolist(), best[order].tolist()
