"""Decoding: a step's logits become sequences of tokens, greedily or by sampling among the likeliest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import numpy as np
    from numpy.typing import NDArray

LIKELIEST = 10
"""Sampling draws among so many tokens, as docTTTTTquery does (Nogueira & Lin, 2019)."""


def decode(
    step: Callable[[NDArray[np.intp], NDArray[np.int64]], NDArray[np.float32]],
    seeds: Sequence[int | None],
    *,
    start: int,
    ends: Collection[int],
    longest: int,
    forced: int | None = None,
) -> list[list[int]]:
    """Return one sequence for each seed: without the start token, the end token and what is after it.

    A sequence whose seed is None takes the likeliest token each time, of equal ones the first; one with a seed draws
    among the `LIKELIEST` by their probabilities, so that equal logits and seeds give equal sequences.

    Args:
        step: gives the logits of the next token, (n, vocabulary), for the places (n,) of sequences that go on, and
            their tokens so far, (n, length), the start token first.
        seeds: of each sequence.
        start: the token before the first.
        ends: tokens that end a sequence.
        longest: sequences are cut after so many tokens.
        forced: what the first token is, where the model wants one.
    """
    import numpy as np

    draws = [None if seed is None else np.random.default_rng(seed) for seed in seeds]
    found: list[list[int]] = [[] for _ in seeds]
    going = np.arange(len(seeds), dtype=np.intp)
    tokens = np.full((len(seeds), 1), start, np.int64)
    for length in range(longest):
        if not len(going):
            break
        if length == 0 and forced is not None:
            chosen = np.full(len(going), forced, np.int64)
        else:
            logits = step(going, tokens)
            pairs = zip(logits, going.tolist(), strict=True)
            chosen = np.array([_next(row, draws[place]) for row, place in pairs], np.int64)
        on = ~np.isin(chosen, list(ends))
        going, chosen = going[on], chosen[on]
        tokens = np.concatenate([tokens[on], chosen[:, None]], axis=1)
        for place, token in zip(going.tolist(), chosen.tolist(), strict=True):
            found[place].append(token)
    return found


def _next(logits: NDArray[np.float32], draw: np.random.Generator | None) -> int:
    import numpy as np

    if draw is None:
        return int(np.argmax(logits))
    most = min(LIKELIEST, len(logits))
    likeliest = np.argpartition(-logits, most - 1)[:most]
    likeliest = likeliest[np.lexsort((likeliest, -logits[likeliest]))]
    weights = np.exp(logits[likeliest].astype(np.float64) - float(logits[likeliest[0]]))
    upto = np.cumsum(weights)
    return int(likeliest[min(most - 1, int(np.searchsorted(upto, draw.random() * upto[-1], side="right")))])
