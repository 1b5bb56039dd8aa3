"""What a policy knows, in figures: computed here by hand for a policy of two arms."""

from __future__ import annotations

import pytest

from ltrr_cli.policy.base import BUCKETS
from ltrr_cli.policy.credit import Credit, Pull
from ltrr_cli.policy.learner import VERSION_EVERY, Learner
from ltrr_cli.policy.model import NOISE, PRIOR_REWARD, reach
from ltrr_cli.policy.report import average, report

PRIOR = [(0.5 * float(value)) ** 2 for value in PRIOR_REWARD]
"""Variance of every weight before there is evidence, by bucket."""


def _pull(
    arm: str, bucket: int, reward: float, before: dict[str, int] | None = None, *, hindsight: bool = False
) -> Pull:
    return Pull(arm=arm, bucket=bucket, before=before or {}, reward=reward, hindsight=hindsight)


def _policy(half_life: float = float("inf")) -> Learner:
    """Return a policy that has seen twice: a's first bucket earn 1 and .5, its second 0, after b; b in hindsight."""
    policy = Learner(half_life=half_life)
    first = (_pull("a", 0, 1.0), _pull("b", 0, 0.0, hindsight=True), _pull("a", 1, 0.0, {"b": 2}))
    policy.update(Credit(context={"u": 1.0}, pulls=first))
    policy.update(Credit(context={"u": 0.0}, pulls=(_pull("a", 0, 0.5),), time=10.0))
    for _ in range(VERSION_EVERY - 2):
        policy.update(Credit(context={}, pulls=(), time=10.0))
    return policy


def test_counts_by_hand() -> None:
    """Pulls of the arm itself and of hindsight are counted apart; the reward is the mean of both, None without any."""
    a, b, new = report(_policy(), ("a", "b", "new"))
    assert [one.name for one in (a, b, new)] == ["a", "b", "new"]
    assert [bucket.depth for bucket in a.buckets] == list(BUCKETS)
    assert [(bucket.pulled, bucket.looked, bucket.reward) for bucket in a.buckets] == [
        (2, 0, 0.75),
        (1, 0, 0.0),
        *[(0, 0, None)] * 4,
    ]
    assert [(bucket.pulled, bucket.looked, bucket.reward) for bucket in b.buckets[:2]] == [(0, 1, 0.0), (0, 0, None)]
    assert (a.pulled, b.pulled, new.pulled) == (2, 0, 0)
    assert (a.reward, b.reward, new.reward) == (0.75, 0.0, None)


def test_the_prior_by_hand() -> None:
    """Of an arm, or a bucket, of which nothing is known, mean and deviation are the prior's, and no feature counts."""
    a, new = report(_policy(), ("a", "new"))
    for number, value in enumerate(PRIOR_REWARD):
        assert new.buckets[number].mean == pytest.approx(value)
        assert new.buckets[number].deviation == pytest.approx(0.5 * value)
        if number > 1:
            assert a.buckets[number].mean == pytest.approx(value)
            assert a.buckets[number].deviation == pytest.approx(0.5 * value)
    assert new.features == ()


@pytest.mark.parametrize("half_life", [float("inf"), 10.0])
def test_mean_and_deviation_by_hand(half_life: float) -> None:
    """They are those of the average query of the evidence, with 2 × 2 matrices inverted by hand."""
    old = 1.0 if half_life == float("inf") else 0.5
    a = report(_policy(half_life), ("a",))[0]
    # A's first bucket sees x = (1, u): (1, 1) with weight `old` and reward 1, and (1, 0) with weight 1 and reward .5.
    tau = 1 / PRIOR[0]
    p00, p01, p11 = tau + (old + 1) / NOISE, old / NOISE, tau + old / NOISE
    r0, r1 = PRIOR_REWARD[0] * tau + (old + 0.5) / NOISE, old / NOISE
    determinant = p00 * p11 - p01 * p01
    m0, m1 = (p11 * r0 - p01 * r1) / determinant, (p00 * r1 - p01 * r0) / determinant
    u = old / (old + 1)
    variance = (p11 - 2 * u * p01 + u * u * p00) / determinant
    assert a.buckets[0].mean == pytest.approx(m0 + u * m1)
    assert a.buckets[0].deviation == pytest.approx(variance**0.5)
    (feature,) = a.features
    assert feature.name == "u"
    assert feature.weight == pytest.approx(m1)
    assert feature.deviation == pytest.approx((p00 / determinant) ** 0.5)


def test_what_came_before_counts_by_hand() -> None:
    """A bucket's mean holds what the other arm's reach adds: one observation of 0 for x = (1, 1, reach of b)."""
    bucket = report(_policy(), ("a",))[0].buckets[1]
    size = 1 + 1 + reach(2) ** 2
    shrunk = 1 / (1 + PRIOR[1] * size / NOISE)  # Sherman & Morrison: what is left of prior and variance along x
    assert bucket.mean == pytest.approx(float(PRIOR_REWARD[1]) * (1 - PRIOR[1] * size / NOISE * shrunk))
    assert bucket.deviation == pytest.approx((PRIOR[1] * size * shrunk) ** 0.5)


def test_the_surest_features_come_first() -> None:
    """At most five, by how many deviations they are away from 0; own features and other arms by their names."""
    policy = Learner()
    for number in range(40 * VERSION_EVERY):
        bits = [float(number >> place & 1) for place in range(8)]
        context = {f"f{place}": bits[place] for place in range(6)} | {"a/success": bits[6]}
        reward = 0.3 * bits[6] + 0.2 * bits[7] + 0.1 * bits[0]
        pulls = (_pull("a", 0, reward, {"b": 100} if bits[7] else {}), _pull("b", 0, 0.0))
        policy.update(Credit(context=context, pulls=pulls))
    features = report(policy, ("a",))[0].features
    assert [one.name for one in features[:3]] == ["success", "after b", "f0"]
    assert [one.weight for one in features[:3]] == pytest.approx([0.3, 0.2, 0.1], abs=0.01)
    assert len(features) == 5
    sure = [abs(one.weight) / one.deviation for one in features]
    assert sure == sorted(sure, reverse=True)


def test_the_average_context_by_hand() -> None:
    """Each feature's mean over the first buckets' evidence, newer more; own features over their arm's; {} without."""
    assert average(Learner()) == {}
    policy = Learner(half_life=10.0)
    policy.update(Credit(context={"u": 1.0, "a/success": 0.8}, pulls=(_pull("a", 0, 1.0), _pull("b", 0, 0.0))))
    policy.update(Credit(context={"u": 0.25}, pulls=(_pull("a", 0, 1.0), _pull("a", 1, 1.0)), time=10.0))
    for _ in range(VERSION_EVERY - 2):
        policy.update(Credit(context={}, pulls=(), time=10.0))
    found = average(policy)
    assert found["u"] == pytest.approx((0.5 * 1.0 + 0.5 * 1.0 + 0.25) / 2)
    assert found["a/success"] == pytest.approx(0.5 * 0.8 / 1.5)
    assert found["b/success"] == 0.0
