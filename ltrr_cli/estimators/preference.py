"""Which of two systems do people prefer? From votes: each is won, lost or tied by A, against B.

If people prefer neither, a vote that is not a tie is as likely won as lost. The sign test says how rarely that gives
votes as one-sided as these; it holds where the number of votes was decided beforehand. Who looks again and again, and
stops when the verdict is liked, needs a test that holds at all times together: `anytime_p`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from ltrr_cli.estimators.intervals import LEVEL, Interval

ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """A's wins, losses and ties against B, and what they say.

    `delta` in [-0.5, 0.5] is (wins + ties / 2) / votes - 0.5: above 0 people prefer A (Chapelle, Joachims, Radlinski &
    Yue, Large-scale validation and analysis of interleaved search evaluation, ACM TOIS 30, 2012). Its interval, and
    `p`, hold for one look; `anytime_p` holds for all looks together, and counts only the `settled` wins and losses,
    those that can no longer change.
    """

    wins: int
    losses: int
    ties: int
    settled: tuple[int, int]
    delta: Interval
    p: float
    anytime_p: float

    @property
    def votes(self) -> int:
        """Number of votes."""
        return self.wins + self.losses + self.ties

    @property
    def verdict(self) -> int:
        """Return 1 where people prefer A by `anytime_p` at level ALPHA, -1 where B, 0 while it is not decided."""
        wins, losses = self.settled
        return 0 if self.anytime_p > ALPHA else 1 if wins > losses else -1


def preference(wins: int, losses: int, ties: int = 0, *, settled: tuple[int, int] | None = None) -> Preference:
    """Judge A's `wins`, `losses` and `ties` (each ≥ 0); `settled` are the wins and losses that can no longer change.

    By default all are settled.
    """
    sure = (wins, losses) if settled is None else settled
    return Preference(
        wins=wins,
        losses=losses,
        ties=ties,
        settled=sure,
        delta=_delta(wins, losses, ties),
        p=sign_test(wins, losses),
        anytime_p=min(1.0, math.exp(-log_evidence(*sure))),
    )


def _delta(wins: int, losses: int, ties: int, *, level: float = LEVEL) -> Interval:
    """Return Δ with Wilson's interval (JASA 22, 1927), a tie being half a win: that makes it no narrower than it is."""
    votes = wins + losses + ties
    if not votes:
        return Interval(value=0.0, low=-0.5, high=0.5)
    share, z = (wins + ties / 2) / votes, NormalDist().inv_cdf((1 + level) / 2)
    middle = (share + z * z / (2 * votes)) / (1 + z * z / votes)
    reach = z * math.sqrt(share * (1 - share) / votes + z * z / (4 * votes * votes)) / (1 + z * z / votes)
    value = share - 0.5
    return Interval(
        value=value, low=max(-0.5, min(value, middle - reach - 0.5)), high=min(0.5, max(value, middle + reach - 0.5))
    )


def sign_test(wins: int, losses: int) -> float:
    """Return the exact two-sided p value, in (0, 1], of so many wins and losses; ties are left out.

    It is twice the probability that n = wins + losses fair coins show max(wins, losses) heads or more, at most 1
    (Dixon & Mood, The statistical sign test, JASA 41, 1946).
    """
    n, most = wins + losses, max(wins, losses)
    log = math.lgamma(n + 1) - math.lgamma(most + 1) - math.lgamma(n - most + 1) - n * math.log(2)
    total = term = 1.0  # in units of the first term, exp(log): the tail's terms fall at once
    for heads in range(most + 1, n + 1):
        term *= (n - heads + 1) / heads
        total += term
        if term < 1e-17 * total:
            break
    return min(1.0, 2 * math.exp(log) * total) or math.ulp(0.0)


def log_evidence(wins: int, losses: int) -> float:
    """Return the logarithm of the evidence against "as likely won as lost": 0 is none, log 20 refutes it at 0.05.

    It is the likelihood ratio of a uniform mixture of all win rates to the rate ½, 2^n · B(wins + 1, losses + 1): a
    martingale if ½ is true, so that the chance that it ever reaches 1/α is at most α (Ville 1939; Robbins, Statistical
    methods related to the law of the iterated logarithm, Ann. Math. Stat. 41, 1970). It does not depend on the order.
    """
    n = wins + losses
    return n * math.log(2) + math.lgamma(wins + 1) + math.lgamma(losses + 1) - math.lgamma(n + 2)
