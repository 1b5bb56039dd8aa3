"""Per-field match of a query with candidates: shares of words, prefix, phrase, BM25 (k1 1.2, b 0.75, as Lucene's).

Robertson & Zaragoza, The probabilistic relevance framework: BM25 and beyond, 2009. Segments that an older ltrr wrote
have no words: there the features are absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.index.words import stem_hashes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ltrr_cli.index.view import View
    from ltrr_cli.records import Understood

_K1, _B = 1.2, 0.75


def match_words(
    out: NDArray[np.float32],
    at: Mapping[str, int],
    view: View,
    understood: Understood,
    rows: NDArray[np.int64],
    first: NDArray[np.intp],
) -> None:
    """Fill the columns of the words' features; `first` are the places of lexical's first few in `rows`."""
    if not understood.stems:
        return
    stems = stem_hashes(understood.stems)
    idf = np.array(understood.idf, np.float32)
    most = max(float(idf.sum()) * (_K1 + 1), 1e-9)
    summed, whole = (np.full(len(rows), np.nan, np.float32) for _ in range(2))
    for segment, places, own in view.by_segment(rows):
        counts, lengths, mean = np.zeros((len(own), len(stems)), np.float32), np.zeros(len(own)), 0.0
        total = np.zeros(len(own), np.float32)
        for field in TEXT_FIELDS:
            words = segment.words[field]
            if words is None:
                break
            if field == "title":
                found = words.match(own, stems)
                times, long = found.counts, found.lengths
                for name in ("prefix", "phrase", "named"):
                    out[places, at[f"title.{name}"]] = getattr(found, name)
            else:
                times, long = words.count(own, stems)
            bm25 = _saturated(times, long / words.mean) @ idf / most
            out[places, at[f"{field}.bm25"]] = bm25
            counts, lengths, mean, total = counts + times, lengths + long, mean + words.mean, total + bm25
        else:
            out[places, at["words.covered"]] = (counts > 0) @ idf / max(float(idf.sum()), 1e-9)
            summed[places] = total
            whole[places] = _saturated(counts, lengths / mean) @ idf
    for name, values in (("words.share", summed), ("words.whole", whole)):
        best = float(values[first].max(initial=0))
        if best > 0:
            out[:, at[name]] = np.minimum(1, values / best)


def _saturated(counts: NDArray[np.float32], length: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return (n, w) what occurrences count in fields of so many times the usual length, at most k1 + 1."""
    norm = _K1 * (1 - _B + _B * length[:, None])
    return (counts * (_K1 + 1) / (counts + norm)).astype(np.float32)
