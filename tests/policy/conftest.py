"""A trained policy, and what a page teaches in the way of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest

from ltrr_cli.policy.base import BUCKETS
from ltrr_cli.policy.credit import ORDERS, no_action, walk
from ltrr_cli.policy.thompson import ThompsonPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltrr_cli.policy.learner import Learner

ARMS = ("a", "b", "c", "d", "e")


class Teach(Protocol):
    """Credits one page as the engine does: only the arms that ran, and only as deep as they ran."""

    def __call__(
        self,
        policy: Learner,
        context: Mapping[str, float],
        ranks: Mapping[str, int],
        ran: Mapping[str, int],
        rng: np.random.Generator,
        *,
        time: float = 0.0,
    ) -> bool:
        """Teach the policy, and tell whether the page had what was wanted, which has these `ranks` in the arms."""


@pytest.fixture(scope="session")
def teach() -> Teach:
    """Return the credit of a page on which everything is seen."""

    def go(
        policy: Learner,
        context: Mapping[str, float],
        ranks: Mapping[str, int],
        ran: Mapping[str, int],
        rng: np.random.Generator,
        *,
        time: float = 0.0,
    ) -> bool:
        found = {arm: rank for arm, rank in ranks.items() if 0 < rank <= ran.get(arm, 0)}
        budget = sum(ran.values())
        if found:
            policy.update(walk(context, found, ran, ran, 1.0, rng, budget=budget, time=time, orders=ORDERS))
        else:
            seen = {(arm, bucket): 1.0 for arm in ran for bucket in range(len(BUCKETS))}
            policy.update(no_action(context, ran, seen, rng, budget=budget, time=time))
        return bool(found)

    return go


@pytest.fixture(scope="session")
def trained() -> ThompsonPolicy:
    """Return a policy after 300 credits for the arms a … e, in contexts `left` and `right`; not to be taught more."""
    policy = ThompsonPolicy(seed=1)
    rng = np.random.default_rng(0)
    for number in range(300):
        context = {"words": 0.2, ("left", "right")[number % 2]: 1.0, "a/success": 0.5}
        ranks = {arm: int(rng.integers(0, 30)) for arm in ARMS}
        policy.update(walk(context, ranks, dict.fromkeys(ARMS, 50), {}, 0.5, rng, budget=120))
    return policy
