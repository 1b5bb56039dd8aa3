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
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.index.view import Placed
    from ltrr_cli.records import Understood

_K1, _B = 1.2, 0.75


def match_words(
    out: NDArray[np.float32],
    at: Mapping[str, int],
    parts: Sequence[Placed],
    understood: Understood,
    first: NDArray[np.intp],
) -> None:
    """Fill the rows of the words' features; `first` are the places of lexical's first few."""
    if not understood.stems:
        return
    stems = stem_hashes(understood.stems)
    idf = np.array(understood.idf)
    most = max(float(idf.sum()) * (_K1 + 1), 1e-9)
    covering = idf / max(float(idf.sum()), 1e-9)
    share, whole = at["words.share"], at["words.whole"]
    for segment, places, own in parts:
        if segment.words is None:
            continue
        match, means = segment.words.match(own, stems), segment.words.means
        out[at["title.prefix"], places] = match.prefix
        out[at["title.phrase"], places] = match.phrase
        out[at["title.named"], places] = match.named
        fields, n, w = match.counts.shape
        bm25 = _bm25(match.counts.reshape(-1, w), (match.lengths / means[:, None]).ravel(), idf / most)
        bm25 = bm25.reshape(fields, n)
        for field, one in zip(TEXT_FIELDS, bm25, strict=True):
            out[at[f"{field}.bm25"], places] = one
        counts = match.counts.sum(0)
        out[at["words.covered"], places] = (counts > 0) @ covering
        out[share, places] = bm25.sum(0)
        out[whole, places] = _bm25(counts, match.lengths.sum(0) / means.sum(), idf)
    for row in (share, whole):
        best = float(out[row, first].max(initial=0))
        out[row] = np.minimum(1, out[row] / best) if best > 0 else np.nan


def _bm25(counts: NDArray[np.int64], length: NDArray[np.float64], idf: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n,) BM25 of fields of so many times the usual length; `counts` (n, w) has few that are not 0."""
    w = counts.shape[1]
    flat = counts.ravel()
    hits = flat.nonzero()[0]
    field = hits // w
    times = flat[hits]
    gains = times * (_K1 + 1) / (times + _K1 * (1 - _B) + _K1 * _B * length[field])
    # Without any hit NumPy returns whole numbers.
    return np.bincount(field, gains * idf[hits - field * w], len(counts)).astype(np.float64, copy=False)
