"""Decoding, by hand: greedy, sampled, ended, cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.encoder.decoding import LIKELIEST, decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

END, START = 1, 0


def always(*logits: float) -> Callable[[NDArray[np.intp], NDArray[np.int64]], NDArray[np.float32]]:
    """Return a step that gives these logits, wherever it is."""
    return lambda going, _: np.tile(np.array(logits, np.float32), (len(going), 1))


def test_greedy() -> None:
    """Each takes its likeliest token until its end; the step sees the start, what is chosen, and who goes on."""
    seen: list[tuple[list[int], list[list[int]]]] = []
    wanted = {0: [2, 3, END], 1: [END], 2: [4, END]}

    def step(going: NDArray[np.intp], tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        seen.append((going.tolist(), tokens.tolist()))
        logits = np.zeros((len(going), 5), np.float32)
        for row, place in enumerate(going.tolist()):
            logits[row, wanted[place][tokens.shape[1] - 1]] = 1
        return logits

    assert decode(step, [None] * 3, start=START, ends={END}, longest=9) == [[2, 3], [], [4]]
    assert seen == [([0, 1, 2], [[0], [0], [0]]), ([0, 2], [[0, 2], [0, 4]]), ([0], [[0, 2, 3]])]


def test_length_and_forced_tokens() -> None:
    """Without an end it stops after `longest`; of equal tokens the first is taken; a forced one comes first."""
    assert decode(always(0, 0, 5, 5), [None], start=START, ends={END}, longest=4) == [[2, 2, 2, 2]]
    assert decode(always(0, 9, 5, 5), [None], start=START, ends={END}, longest=4, forced=3) == [[3]]
    assert decode(always(0, 1), [], start=START, ends={END}, longest=4) == []


def test_sampling() -> None:
    """Tokens come as often as they are probable, a seed gives the same again, the unlikely ones never come."""
    odds = (0.0, -99.0, np.log(3.0), -99.0)
    seeds = list(range(500))
    drawn = decode(always(*odds), seeds, start=START, ends={END}, longest=8)
    assert drawn == decode(always(*odds), seeds, start=START, ends={END}, longest=8)
    assert drawn[7] == decode(always(*odds), [7], start=START, ends={END}, longest=8)[0]
    counts = np.bincount(np.concatenate(drawn), minlength=4)
    assert counts[0] + counts[2] == counts.sum() == 4000
    assert abs(counts[2] / 4000 - 0.75) < 0.03
    many = decode(always(*range(30)), seeds, start=START, ends={END}, longest=8)
    assert min(map(min, many)) >= 30 - LIKELIEST
