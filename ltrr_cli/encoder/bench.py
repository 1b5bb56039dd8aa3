"""Measure an encoder's speed on made-up texts; used by `ltrr encoder bench` and benchmarks/encoder.py."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltrr_cli.encoder.encoder import Encoder

TITLE_WORDS, PASSAGE_WORDS = 9, 101
"""With the shipped tokenizer ~13 and ~118 tokens, the lengths of a product's title and of a short passage."""
_QUERY_RUNS = 100
_WORDS = """
the of and a in with for black wireless running shoes women adapter edition children kitchen steel portable history
river engine colour summer organic coffee leather travel camera stainless waterproof vintage acoustic guitar strings
mountain bicycle rechargeable battery novel detective island garden furniture outdoor lightweight breathable
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What was measured: `titles` and `passages` in texts per second, `query_ms` the median of one query alone."""

    texts: int
    threads: int
    titles: float
    passages: float
    query_ms: float


def measure(encoder: Encoder, *, texts: int, threads: int) -> Speed:
    """Encode `texts` distinct titles, a tenth as many passages, and 100 single queries; return the speeds.

    Args:
        encoder: opened with `threads` threads.
        texts: how many titles; at least 10.
        threads: recorded in the result.
    """
    titles, passages = sentences(texts, TITLE_WORDS), sentences(max(1, texts // 10), PASSAGE_WORDS)
    queries = sentences(_QUERY_RUNS, 4)
    encoder.encode(titles[:2])  # the first run allocates
    times = []
    for query in queries:
        start = time.perf_counter()
        encoder.encode([query], kind="query")
        times.append(time.perf_counter() - start)
    return Speed(
        texts=texts,
        threads=threads,
        titles=_rate(encoder, titles),
        passages=_rate(encoder, passages),
        query_ms=statistics.median(times) * 1e3,
    )


def sentences(count: int, words: int) -> list[str]:
    """Return `count` different texts of `words` words and a number, the same ones at every call."""
    rng, known = random.Random(words), _WORDS.split()
    return [" ".join([*rng.choices(known, k=words), str(i)]) for i in range(count)]


def _rate(encoder: Encoder, texts: list[str]) -> float:
    start = time.perf_counter()
    encoder.encode(texts)
    return len(texts) / (time.perf_counter() - start)
