"""The doubt rule on simulated people: its level, its power, and that hostile logs do not make the order worse.

Pages have eight entities with two features. The live ranker orders by `x`; what people want depends on `y`, or on
nothing. They look at place r with probability 1/r.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ltrr_cli.engine.contest import AT_ONCE, Contest
from ltrr_cli.engine.training import Page, curve_of, samples_of
from ltrr_cli.estimators.sequential import ALPHA
from ltrr_cli.ranking.linear import LinearRanker
from ltrr_cli.ranking.train import train
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    People = Callable[[int, NDArray[np.bool_], np.random.Generator], tuple[NDArray[np.bool_], str]]

NAMES = ("x", "y")
LIVE = LinearRanker({"x": 1.0, "y": 0.0})
LENGTH = 8
SEEN = 1 / np.arange(1, LENGTH + 1)
SHOWN = tuple("abcdefgh")


def _contest(ranker: LinearRanker | None = None) -> Contest:
    held = Contest()
    held.live = held.versions[0] = LIVE
    if ranker is not None:
        _enter(held, ranker)
    return held


def _enter(held: Contest, ranker: LinearRanker, **more: Any) -> None:
    weights = LinearRanker(ranker.weights, version=held.latest + 1)
    held.enter({"ranker": weights.to_dict(), **more})


def _page(held: Contest, rng: np.random.Generator, influence: float) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the values of a page in the live order, and what is wanted."""
    values = rng.random((LENGTH, 2)).astype(np.float32)
    values = values[np.argsort(-held.live.score(NAMES, values), kind="stable")]
    return values, rng.random(LENGTH) < 0.3 + influence * (values[:, 1] - 0.5)


def _act(held: Contest, values: NDArray[np.float32], clicked: NDArray[np.bool_], user: str = "") -> None:
    trace: Any = SimpleNamespace(features=values, feature_names=NAMES)
    impression = Impression(query_id="q", text="t", time=0.0, shown=SHOWN)
    for place in np.flatnonzero(clicked).tolist():
        event = Event(id=str(place), entity_id=SHOWN[place], action="click", time=0.0, user=user)
        held.observe(event, impression, trace)


def _honest(_: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    return wanted & (rng.random(LENGTH) < SEEN), ""


def test_level() -> None:
    """What people want has nothing to do with any order: of 120 runs with challengers side by side 5 % promote one.

    The evidence is 1 on average, as a fair game's is: so the test is not honest by never speaking.
    """
    promoted, wealth = 0, []
    for seed in range(120):
        rng = np.random.default_rng([1, seed])
        held = _contest()
        for number in range(160):
            if number in {0, 20, 40, 80}:
                _enter(held, LinearRanker({"x": 1.0, "y": float(rng.normal(scale=0.7))}))
            values, wanted = _page(held, rng, 0.0)
            _act(held, values, _honest(number, wanted, rng)[0])
            if held.live.version:
                promoted += 1
                break
        else:
            wealth += [trial.bet.wealth for trial in held.trials]
    assert promoted <= 120 * ALPHA
    assert np.mean(wealth) == pytest.approx(1, abs=0.1)
    assert max(wealth) > 4


def test_power() -> None:
    """A better ranker is promoted in every run, although another is trained at 100, 200, 400 … lists."""
    for seed in range(12):
        rng = np.random.default_rng([2, seed])
        held = _contest()
        for number in range(1, 1600):
            if number in {50, 100, 200, 400, 800}:
                _enter(held, LinearRanker({"x": 1.0, "y": 0.25 + 0.1 * float(rng.random())}))
            values, wanted = _page(held, rng, 0.3)
            _act(held, values, _honest(number, wanted, rng)[0])
            if held.live.version:
                break
        assert held.live.version, seed


def _first(_: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    del wanted, rng
    return np.arange(LENGTH) == 0, ""


def _anywhere(_: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    del wanted
    return np.arange(LENGTH) == rng.integers(LENGTH), ""


def _mallory(number: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    if 200 <= number < 400:
        return ~wanted, "mallory"
    return _honest(number, wanted, rng)[0], f"u{rng.integers(100)}"


def _some_reversed(number: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    user = int(rng.integers(100))
    return _honest(number, ~wanted if user < 20 else wanted, rng)[0], f"u{user}"


def _reversed_first(number: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    return _honest(number, ~wanted if number < 200 else wanted, rng)


@pytest.mark.parametrize("people", [_first, _anywhere, _mallory, _some_reversed, _reversed_first])
def test_hostile_logs(people: People) -> None:
    """Trained on what they did, and tested on what they do next, nothing is promoted that is worse."""
    rng = np.random.default_rng(3)
    held, pages, due = _contest(), list[Page](), 25
    for number in range(600):
        values, wanted = _page(held, rng, 0.3)
        clicked, user = people(number, wanted, rng)
        _act(held, values, clicked, user)
        if clicked.any() and user != "mallory":
            gains = clicked.astype(np.float32)
            pages.append(Page(text=str(number), shown=SHOWN, names=NAMES, values=values, gains=gains))
        if len(pages) >= due:
            due *= 2
            curve = curve_of(pages)
            ranker = train(list(samples_of(pages, curve)), LIVE.weights)
            _enter(held, ranker, examination=[curve.examination(place) for place in range(1, LENGTH + 1)])
    assert held.history
    assert _worth(held.live) >= _worth(LIVE) - 0.005


def _worth(ranker: LinearRanker) -> float:
    """Return the mean of what is wanted, weighted by examination, on pages of its order."""
    values = np.random.default_rng(4).random((2000, LENGTH, 2)).astype(np.float32)
    scores = np.stack([ranker.score(NAMES, page) for page in values])
    liked = np.take_along_axis(0.3 + 0.3 * (values[:, :, 1] - 0.5), np.argsort(-scores, axis=1), 1)
    return float((liked @ SEEN).mean())


def test_tests_go_on_side_by_side() -> None:
    """A challenger keeps its evidence when the next is trained; of too many the one with the least is put aside."""
    held = _contest(LinearRanker({"x": 1.0, "y": 3.0}))
    values = np.array([[0.9 - 0.1 * place, float(place == 2)] for place in range(LENGTH)], np.float32)
    for _ in range(3):
        _act(held, values, np.arange(LENGTH) == 2)
    before = held.trials[0].bet.wealth
    assert before > 1
    for _ in range(AT_ONCE):
        _enter(held, LIVE)
    assert [trial.ranker.version for trial in held.trials] == [1, 3, 4, 5, 6]
    assert held.trials[0].bet.wealth == before
    assert held.challenger is held.trials[-1].ranker
    assert held.history[-1]["status"] == "aside"
    assert held.history[-1]["reason"].startswith("has the least evidence")
    assert "5 are kept aside until later clicks prove one better: version 6 (evidence" in held.status()
    assert Contest.from_dict(held.to_dict()).to_dict() == held.to_dict()


def test_what_was_trained_later_is_tested_anew() -> None:
    """When the live ranker changes, later challengers begin again, the last with the lowest bar; earlier are aside."""
    held = _contest(LinearRanker({"x": 1.0, "y": 3.0}))
    for _ in range(3):
        _enter(held, LIVE)
    held.go_live(2, "by hand")
    assert [(trial.ranker.version, trial.number, trial.bet.seen) for trial in held.trials] == [(3, 2, 0), (4, 1, 0)]
    assert [row["version"] for row in held.history if row["status"] == "aside"] == [1]
