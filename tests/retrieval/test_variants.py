"""Variants of words: what is left out early must be what would be left out in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.records import Entity
from ltrr_cli.retrieval.variants import _variants, frequency, likelier

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.index.view import View

STEMS = ("love", "lover", "glove", "clover", "over", "loverover", "cloverlove", "rain", "train", "rainy", "trainrain")


@pytest.fixture(scope="module", params=[1, 3])
def view(request: pytest.FixtureRequest, make_view: Callable[..., View]) -> View:
    """Return entities, in one segment or several, some of whose words occur much more often than others."""
    rng = np.random.default_rng(3)
    often = 1 / np.arange(1, len(STEMS) + 1) ** 2
    drawn = rng.choice(len(STEMS), (120, 2), p=often / often.sum())
    every = [Entity(id=str(n), title=" ".join(STEMS[word] for word in pair)) for n, pair in enumerate(drawn)]
    every += [Entity(id=f"x{n}", title=word) for n, word in enumerate(STEMS)]
    return make_view(*(every[part :: request.param] for part in range(request.param)))


@pytest.mark.parametrize("times", [0.5, 2.0, 10.0, 50.0])
@pytest.mark.parametrize("last", [False, True])
def test_likelier_leaves_out_nothing_that_is(view: View, times: float, last: bool) -> None:
    """A word's likelier variants are those of all its near variants that occur often enough."""
    found = 0
    for word in (*STEMS, "lov", "loverain", "rainlove", "lvoe", "tra", "x", ""):
        least = times * (1 + frequency(view, word))
        near = _variants(view, word, last=last, near=1.0)
        wanted = [one for one in near if all(frequency(view, own) >= least for own in one.words)]
        assert likelier(view, word, times, last=last) == wanted
        found += len(wanted)
    assert found or times > 10
