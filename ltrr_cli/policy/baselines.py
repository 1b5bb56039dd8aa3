"""Policies that do not learn: what the learned one is measured against, and what overrides it on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.policy.base import MAX_DEPTH, Budget, Selection, as_budget, equal_split, top_up

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from ltrr_cli.policy.credit import Credit


class _Certain:
    """A policy with one selection for given arms and budget, which it makes with certainty."""

    version = 0

    def select(
        self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int, rng: np.random.Generator
    ) -> Selection:
        """Return the one selection."""
        del context, rng
        return Selection(depths=self._depths_of(arms, as_budget(budget)))

    def distribution(
        self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int
    ) -> list[tuple[dict[str, int], float]]:
        """Return the one selection alone."""
        del context
        return [(self._depths_of(arms, as_budget(budget)), 1.0)]

    def update(self, credit: Credit) -> None:
        """Learn nothing."""

    def _depths_of(self, arms: Sequence[str], budget: Budget) -> dict[str, int]:
        raise NotImplementedError


class EqualSplit(_Certain):
    """Every arm at the same depth."""

    name = "equal"

    def _depths_of(self, arms: Sequence[str], budget: Budget) -> dict[str, int]:
        return equal_split(arms, budget)


class Fixed(_Certain):
    """The depths that somebody asked for, cut down in order where they exceed the budget; time is no limit."""

    name = "fixed"

    def __init__(self, depths: Mapping[str, int]) -> None:
        self._depths = dict(depths)

    def _depths_of(self, arms: Sequence[str], budget: Budget) -> dict[str, int]:
        depths: dict[str, int] = {}
        for arm in arms:
            depth = min(self._depths.get(arm, 0), MAX_DEPTH, budget.candidates - sum(depths.values()))
            if depth > 0:
                depths[arm] = depth
        return depths


class SingleArm(_Certain):
    """One arm at full budget; the equal split where it does not apply."""

    name = "single"

    def __init__(self, arm: str) -> None:
        self._arm = arm

    def _depths_of(self, arms: Sequence[str], budget: Budget) -> dict[str, int]:
        if self._arm not in arms or budget.candidates < 1:
            return equal_split(arms, budget)
        return top_up({self._arm: 1}, budget.candidates)
