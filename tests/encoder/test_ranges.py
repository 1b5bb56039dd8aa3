"""Inputs of matrix products are rounded by steps that hold what was measured, and a bit more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.encoder.ranges import Range, measure_ranges

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_steps_hold_the_range() -> None:
    """The byte that means 0 and the step reach from the least to the largest value, with 5 % to spare."""
    step, zero = Range(low=np.array([-1, -3], np.float32), high=np.array([2, 7], np.float32)).steps(
        np.ones(2, np.float32)
    )
    assert -zero * step == pytest.approx(-3 * 1.05, abs=step)
    assert (255 - zero) * step == pytest.approx(7 * 1.05, abs=step)


def test_inputs_that_never_change_have_a_step() -> None:
    """A product that only ever sees zeros divides by no zero."""
    nothing = Range(low=np.zeros(3, np.float32), high=np.zeros(3, np.float32))
    factors = nothing.factors(np.zeros((3, 2), np.float32))
    step, zero = nothing.steps(factors)
    assert np.isfinite(factors).all()
    assert step > 0
    assert zero == 0


def test_outliers_move_into_the_weights() -> None:
    """A channel 81 times as large as the others is divided by 27 = 81^.75 times as much, geometric mean 1."""
    factors = Range(low=np.array([-1, -1], np.float32), high=np.array([1, 81], np.float32)).factors(
        np.ones((2, 4), np.float32)
    )
    assert factors[1] / factors[0] == pytest.approx(27, rel=1e-5)
    assert factors.prod() == pytest.approx(1, rel=1e-5)


def test_the_ranges_are_those_of_the_network(make_model: Callable[..., Path]) -> None:
    """Every product in integers has a range, per channel, and twice measured it is the same."""
    from ltrr_cli.encoder.checkpoint import read_checkpoint
    from ltrr_cli.encoder.encoder import open_tokenizer
    from ltrr_cli.encoder.graph import inputs_graph

    model = make_model()
    checkpoint = read_checkpoint(model)
    tokenizer = open_tokenizer(model / "tokenizer.json", 16)
    tokenizer.no_padding()
    graph = inputs_graph(checkpoint.config, checkpoint.weights)
    one, other = (measure_ranges(graph, tokenizer, 16) for _ in range(2))
    parts = ("attention.projections", "attention.output.dense", "intermediate.dense")
    assert sorted(one) == sorted(f"encoder.layer.{layer}.{part}" for layer in range(2) for part in parts)
    for name, found in one.items():
        assert found.low.shape == found.high.shape == (32,)
        assert (found.low < found.high).all()
        np.testing.assert_array_equal(found.low, other[name].low)
