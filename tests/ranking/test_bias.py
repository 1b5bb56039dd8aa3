"""Position bias from the log: planted curves are found, and what the log does not tell stays the usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.ranking.bias import METHODS, Shown, cascade, em, harvest, not_steeper_than_clicks
from ltrr_cli.ranking.debias import USUAL, Curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

K = 10


def _log(examination: NDArray[np.float64], pages: int = 20_000, *, jitter: float = 0.3, seed: int = 0) -> Shown:
    """Return pages of 200 queries in an order by relevance and chance; a place is clicked as it is looked at."""
    rng = np.random.default_rng(seed)
    relevance = 0.8 * rng.random((200, 15)) ** 2
    queries = rng.integers(200, size=pages)
    order = np.argsort(-(relevance[queries] + jitter * rng.normal(size=(pages, 15))), axis=1)[:, :K]
    worth = np.take_along_axis(relevance[queries], order, 1)
    return Shown(
        pages=np.repeat(np.arange(pages), K),
        pairs=(queries[:, None] * 15 + order).ravel(),
        positions=np.tile(np.arange(1, K + 1), pages),
        clicked=(rng.random((pages, K)) < worth * examination).ravel(),
    )


@pytest.mark.parametrize("eta", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("method", [harvest, em])
def test_a_planted_curve_is_found(method: object, eta: float) -> None:
    """Nine of ten positions lie in the 95 % bounds, all within a tenth of their probability or .02."""
    planted = np.arange(1, K + 1.0) ** -eta
    found = method(_log(planted))  # type: ignore[operator]
    inside = (np.array(found.low) <= planted + 1e-9) & (planted <= np.array(found.high) + 1e-9)
    assert inside.sum() >= 8
    assert np.abs(np.array(found.chances) - planted).max() <= 0.05
    assert found.chances[0] == found.low[0] == found.high[0] == 1


def test_a_planted_cascade_is_found() -> None:
    """Readers who stop after half of their clicks: the mean examination by position, as it came about."""
    rng = np.random.default_rng(1)
    pages, clicked, seen = 20_000, [], []
    for _ in range(pages):
        looks = True
        for _ in range(K):
            seen.append(looks)
            click = looks and rng.random() < 0.3
            clicked.append(click)
            looks = looks and not (click and rng.random() < 0.5)
    places = np.tile(np.arange(1, K + 1), pages)
    shown = Shown(
        pages=np.repeat(np.arange(pages), K), pairs=places - 1, positions=places, clicked=np.array(clicked, np.bool_)
    )
    planted = np.array(seen).reshape(pages, K).mean(0)
    # The last click of a page may also be one after which nothing more was wanted: the curve is a little too steep.
    assert np.array(cascade(shown).chances) == pytest.approx(planted, abs=0.15)


@pytest.mark.parametrize("name", METHODS)
def test_empty_and_poor_logs(name: str) -> None:
    """Without pages, without clicks, or where nothing ever moved, curves are finite, and begin with 1."""
    none = Shown(pages=np.empty(0, int), pairs=np.empty(0, int), positions=np.empty(0, int), clicked=np.empty(0, bool))
    one = _log(np.zeros(K), pages=5)
    fixed = _log(1 / np.arange(1, K + 1), pages=500, jitter=0.0)
    for shown in (none, one, fixed):
        found = METHODS[name](shown)
        assert found.chances[0] == 1
        assert all(0 < chance <= 1 for chance in found.chances)
        assert all(low <= high for low, high in zip(found.low, found.high, strict=True))


def test_what_never_moved_is_taken_for_the_usual() -> None:
    """Where every pair stood at one position only, harvesting gives the usual curve."""
    found = harvest(_log(np.ones(K), pages=500, jitter=0.0))
    assert found.pairs == 0
    assert found.chances == pytest.approx([USUAL.examination(place) for place in range(1, K + 1)])


def test_random_clicks_flatten_the_curve() -> None:
    """Clicks that do not fall with the position show that people look everywhere, even if nothing ever moved."""
    rng = np.random.default_rng(0)
    shown = _log(np.ones(K), pages=2000, jitter=0.0)
    random = Shown(
        pages=shown.pages, pairs=shown.pairs, positions=shown.positions, clicked=rng.random(len(shown.pages)) < 0.1
    )
    curve = not_steeper_than_clicks(harvest(random), random)
    assert min(curve.chances) > 0.75
    assert list(curve.chances) == sorted(curve.chances, reverse=True)


def test_curves_go_on_below_their_end() -> None:
    """Beyond the last position a curve falls as 1 / position; weights are cut."""
    curve = Curve((1.0, 0.6))
    assert [curve.examination(place) for place in (0, 1, 2, 4)] == [1, 1, 0.6, pytest.approx(0.3)]
    assert curve.weight(100) == 10
