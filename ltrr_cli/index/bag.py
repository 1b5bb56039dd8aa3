"""Bags of words: every entity as all of its words in one field, to be looked through while a segment is built.

The segment's own full text asks each field for each word. To ask for all words of a query there, the fields of every
word must be united first, which takes time in proportion to the index; in one field the lists of the words are
intersected, which takes time in proportion to the rarest word.
"""

from __future__ import annotations

import shutil
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ltrr_cli.index.fulltext import finish, in_order, terms_writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ltrr_cli.analysis.base import Terms

_FIELD, _ROW, _TOKENIZER = "words", "row", "bag"
_TIMES = {"title": 2}
"""How often the words of a field are in the bag, where it is more than once."""
_WORDS_KEPT = 8192


@lru_cache(maxsize=1)
def _schema() -> Any:
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    builder.add_integer_field(_ROW, stored=False, indexed=False, fast=True)
    builder.add_text_field(_FIELD, stored=False, tokenizer_name=_TOKENIZER, index_option="freq")
    return builder.build()


class BagsWriter:
    """Writes the bags of a segment's entities into a folder of its own, with one thread."""

    def __init__(self, directory: Path) -> None:
        import tantivy

        self._writer = terms_writer(directory, _schema(), _TOKENIZER)
        self._tantivy = tantivy
        self._directory = directory

    def add(self, row: int, fields: Mapping[str, Terms]) -> None:
        """Add an entity by the terms of its fields."""
        document = self._tantivy.Document()
        document.add_integer(_ROW, row)
        words = [" ".join(terms.words) for name, terms in fields.items() for _ in range(_TIMES.get(name, 1))]
        document.add_text(_FIELD, " ".join(words))  # one text: Tantivy copies each
        self._writer.add_document(document)

    def finish(self) -> Bags:
        """Return the bags, to be searched."""
        finish(self._writer)
        return Bags(self._directory)

    def remove(self) -> None:
        """Remove them from the disk; what is searched still is mapped."""
        shutil.rmtree(self._directory, ignore_errors=True)


class Bags:
    """The bags of a segment that is being built."""

    def __init__(self, directory: Path) -> None:
        """Open what a `BagsWriter` has finished."""
        from tantivy import Index, Occur, Query

        self._searcher: Any = Index.open(str(directory)).searcher()
        self._query, self._occur = Query, Occur
        self._in_order = in_order(self._searcher)
        self._word = lru_cache(_WORDS_KEPT)(self._made)  # queries come in the order of their words

    def best(self, words: Sequence[tuple[str, ...]], limit: int, *, whole: bool, most: int) -> list[int]:
        """Return the rows that match best by BM25, each word in any of its forms; `whole`: of those that have all.

        None where more than `most` entities have the rarest word of a whole query: too many are as good.
        """
        known = [word for word in map(self._word, words) if word is not None]
        if not known or (whole and (len(known) < len(words) or min(count for _, count in known) > most)):
            return []
        if len(known) == 1:
            query = known[0][0]
        else:
            occur = self._occur.Must if whole else self._occur.Should
            query = self._query.boolean_query([(occur, part) for part, _ in known])
        hits = self._searcher.search(query, limit, count=False).hits
        if self._in_order:  # which takes a fifth of the time of asking
            return [address.doc for _, address in hits]
        rows: list[int] = self._searcher.fast_field_values(_ROW, [address for _, address in hits])
        return rows

    def _made(self, forms: tuple[str, ...]) -> tuple[Any, int] | None:
        """Return the query for a word, and how many entities have its most frequent form; None where none has one."""
        counts = {form: self._searcher.doc_freq(_FIELD, form) for form in forms}
        parts = [self._query.term_query(_schema(), _FIELD, form, "freq") for form, count in counts.items() if count]
        if not parts:
            return None
        either = [(self._occur.Should, part) for part in parts]
        return parts[0] if len(parts) == 1 else self._query.boolean_query(either), max(counts.values())
