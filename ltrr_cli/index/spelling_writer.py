"""Collecting the words of a segment: some ten thousand wait in memory, with their counts; the others lie in files."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.analysis.cut import Piece, alone, chunks, pieces
from ltrr_cli.analysis.normal import plain
from ltrr_cli.index import ranges
from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.index.gathered import Gathered
from ltrr_cli.index.growing import Lists
from ltrr_cli.index.spelling import LONGEST, sign, spellable
from ltrr_cli.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

MOST_WORDS = 1 << 20
"""Of more different words the rarest are left out: nobody means them, and a look-up would take milliseconds."""
_MOST_READ = 512
"""Words of a field beyond this do not count."""
_TOGETHER = 1 << 16
"""Words of fields that wait with their counts."""
_COUNTS = tuple(f"in_{name}" for name in TEXT_FIELDS)


class SpellingWriter:
    """Collects the words of entities' fields; `add` them all, then `write`."""

    def __init__(self, directory: Path) -> None:
        """`directory` is where the arrays will be written."""
        self._directory = directory
        self._forms: list[Counter[str]] = [Counter() for _ in TEXT_FIELDS]  # of words as they are written, by field
        self._counts = Gathered(directory / "spelling", texts=True)

    def add(self, texts: Mapping[str, str]) -> None:
        """Add an entity: the text of each of `TEXT_FIELDS`."""
        for name, forms in zip(TEXT_FIELDS, self._forms, strict=True):
            forms.update(_words(texts[name]))
        if sum(map(len, self._forms)) >= _TOGETHER:
            self._settle()

    def _settle(self) -> None:
        for place, forms in enumerate(self._forms):
            kept = [form for form in forms if plain(form)]
            counts = [forms[form] for form in kept]
            self._counts.extend([*map(plain, kept)], counts, bytes(len(kept)), bytes([place]) * len(kept), kept)
            forms.clear()

    def write(self) -> None:
        """Write the arrays."""
        self._settle()
        table = self._most_common()
        letters = Lists(self._path("letters"), self._path("starts"), np.uint32)
        written = Lists(self._path("written"), self._path("ends"), np.uint8)
        signs, sizes = np.empty(len(table), np.uint64), np.empty(len(table), np.int64)
        for low, high in ranges.pieces(len(table)):
            words = table["key"][low:high].to_list()
            sizes[low:high] = [*map(len, words)]
            signs[low:high] = [*map(sign, words)]
            letters.append(np.frombuffer("".join(words).encode("utf-32-le"), np.uint32), sizes[low:high])
            forms = [form.encode() for form in table["text"][low:high].to_list()]
            written.append(np.frombuffer(b"".join(forms), np.uint8), np.array([*map(len, forms)], np.int64))
        letters.close()
        written.close()
        order = np.argsort(sizes, kind="stable").astype(np.int32)
        np.save(self._path("counts"), table.select(_COUNTS).to_numpy().astype(np.int32, "C"))
        np.save(self._path("signs"), signs[order])
        np.save(self._path("order"), order)
        np.save(self._path("lengths"), np.searchsorted(sizes[order], np.arange(LONGEST + 2)).astype(np.int64))

    def _path(self, name: str) -> Path:
        return self._directory / f"spelling.{name}.npy"

    def _most_common(self) -> pl.DataFrame:
        """Return the words in ascending order: key, text (as it is written most often), its count in each field."""
        import polars as pl

        found: list[pl.DataFrame] = []
        for table in self._counts.tables():
            found.append(_summed(table))
            if sum(map(len, found)) > 2 * MOST_WORDS:
                found = [_first(pl.concat(found))]
        return _first(pl.concat(found)).sort("key")


def _summed(table: pl.DataFrame) -> pl.DataFrame:
    """Return the words of gathered counts: key, text (as it is written most often), its count in each field, in all."""
    import polars as pl

    counts = [pl.col("number").filter(pl.col("kind") == place).sum().alias(name) for place, name in enumerate(_COUNTS)]
    forms = table.group_by("key", "text").agg(counts).with_columns(total=pl.sum_horizontal(_COUNTS))
    forms = forms.sort("key", "total", "text", descending=[False, True, False])
    return forms.group_by("key", maintain_order=True).agg(pl.col("text").first(), pl.col(*_COUNTS, "total").sum())


def _first(table: pl.DataFrame) -> pl.DataFrame:
    """Return the most common words, at most MOST_WORDS."""
    return table.sort("total", "key", descending=[True, False]).head(MOST_WORDS)


def _words(text: str) -> set[str]:
    """Return the words of a text that may be mistyped, of its first `_MOST_READ`."""
    own = chunks(text)
    if sum(map(len, own)) < _MOST_READ:  # there are fewer words than characters
        return {*chain.from_iterable(map(_OF_CHUNK.__getitem__, own))}
    found: set[str] = set()
    read = 0
    for piece in chain.from_iterable(map(pieces, own)):
        found.update(_of_piece(piece))
        read += 0 if piece.pairs else len(piece.words)
        if read >= _MOST_READ:
            break
    return found


def _of_piece(piece: Piece) -> tuple[str, ...]:
    if piece.pairs:
        return ()
    return tuple(filter(spellable, (*piece.words, piece.joined) if piece.joined else piece.words))


def _of_chunk(chunk: str) -> tuple[str, ...]:
    """Return the words that may be mistyped of what stands between spaces."""
    word = alone(chunk)
    if word:
        return (word,) if spellable(word) else ()
    return tuple(chain.from_iterable(map(_of_piece, pieces(chunk))))


_OF_CHUNK: Kept[str, tuple[str, ...]] = Kept(_of_chunk)  # words repeat
