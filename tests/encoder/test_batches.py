"""Batches hold every text once and little padding."""

from __future__ import annotations

import random

import pytest

from ltrr_cli.encoder.batches import TOKENS_PER_BATCH, by_length, padded


@pytest.mark.parametrize("seed", range(5))
def test_every_index_once_within_the_budget(seed: int) -> None:
    """Every text is in one batch; a batch with its padding fits the budget, unless one text alone exceeds it."""
    rng = random.Random(seed)
    lengths = [rng.choice((2, 3, 13, 118, 256, 900)) for _ in range(rng.randrange(300))]
    batches = list(by_length(lengths))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= TOKENS_PER_BATCH


def test_padding_by_hand() -> None:
    """Shorter rows are filled with the padding id, which the mask leaves out."""
    tokens, mask = padded([[5, 6], [7]], pad=9)
    assert tokens.tolist() == [[5, 6], [7, 9]]
    assert mask.tolist() == [[1, 1], [1, 0]]


def test_sorting_saves_padding() -> None:
    """On mixed lengths less than 5 % of the tokens are padding."""
    rng = random.Random(0)
    lengths = [rng.randrange(4, 60) for _ in range(2000)]
    total = sum(len(batch) * max(lengths[i] for i in batch) for batch in by_length(lengths))
    assert total < 1.05 * sum(lengths)
