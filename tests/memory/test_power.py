"""The popularity power: a planted one is found, and chance leaves the prior."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ltrr_cli.memory.power import POWERS, PRIOR, Power

HALF_LIFE = 1e8
TIME = 1.7e9


def _stream(power: float, beta: float, choices: int, *, seed: int, start: float = TIME) -> Power:
    """Return what is learned of choices by (score · factor^power)^beta, looked at by 1 / place."""
    rng, learned = np.random.default_rng(seed), Power()
    for number in range(choices):
        scores, popularity = rng.uniform(0.3, 1.0, 10), rng.uniform(size=10)
        seen = 1 / np.arange(1, 11)
        worth = seen * (scores * np.log2(2 + 2 * popularity) ** power) ** beta
        chosen = int(rng.choice(10, p=worth / worth.sum()))
        learned.learn(scores, popularity, seen, chosen, time=start + number, half_life=HALF_LIFE)
    return learned


@pytest.mark.parametrize("beta", [1.0, 4.0])
@pytest.mark.parametrize("planted", [0.0, 1.0, 3.0])
def test_a_planted_power_is_found(planted: float, beta: float) -> None:
    """To the next step of the grid, from 3,000 choices, however sharply people choose."""
    found = _stream(planted, beta, 3000, seed=1).value(HALF_LIFE)
    assert abs(POWERS.index(found) - POWERS.index(planted)) <= 1
    assert (found > PRIOR) == (planted > PRIOR)


@pytest.mark.parametrize("seed", range(8))
def test_chance_leaves_the_prior(seed: int) -> None:
    """Clicks that follow places only say nothing of popularity."""
    assert _stream(1.0, 0.0, 1000, seed=seed).value(HALF_LIFE) == PRIOR


def test_little_evidence_leaves_the_prior() -> None:
    """A few choices move nothing, whatever they are; none gives the prior."""
    assert Power().value(HALF_LIFE) == PRIOR
    assert _stream(8.0, 1.0, 3, seed=0).value(HALF_LIFE) == PRIOR


def test_it_decays() -> None:
    """What was seen many half-lives ago no longer counts against what is seen now."""
    learned = _stream(8.0, 4.0, 400, seed=0)
    assert learned.value(HALF_LIFE) > 3
    rng = np.random.default_rng(1)
    for number in range(400):
        scores, popularity = rng.uniform(0.3, 1.0, 10), rng.uniform(size=10)
        chosen = int(np.argmax(scores))
        learned.learn(
            scores,
            popularity,
            np.ones(10),
            chosen,
            time=TIME + 12 * HALF_LIFE + number,
            half_life=HALF_LIFE,
        )
    assert learned.value(HALF_LIFE) < PRIOR


def test_what_lexical_did_not_find_is_no_part_of_it() -> None:
    """Such an entity is not compared; a choice of one, or without another, teaches nothing."""
    learned, plain = Power(), Power()
    nan, seen = float("nan"), np.array([1.0, 0.5, 0.4])
    scores, popularity = np.array([nan, 0.5, 1.0]), np.array([0.9, nan, 0.1])
    learned.learn(scores, popularity, seen, 0, time=TIME, half_life=HALF_LIFE)
    learned.learn(np.array([nan, nan, 1.0]), popularity, seen, 2, time=TIME, half_life=HALF_LIFE)
    assert learned.to_dict() == plain.to_dict()
    learned.learn(scores, popularity, seen, 2, time=TIME, half_life=HALF_LIFE)
    plain.learn(scores[1:], popularity[1:], seen[1:], 1, time=TIME, half_life=HALF_LIFE)
    assert learned.to_dict() == plain.to_dict()
    assert learned.choices == 1


def test_written_is_read() -> None:
    """JSON and back: the same to the last bit; another grid is refused."""
    learned = _stream(3.0, 1.0, 50, seed=0)
    row = json.loads(json.dumps(learned.to_dict()))
    assert Power.from_dict(row).to_dict() == learned.to_dict()
    with pytest.raises(ValueError, match="grid"):
        Power.from_dict({**row, "sums": [[0.0]]})
