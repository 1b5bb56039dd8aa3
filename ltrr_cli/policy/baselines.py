"""Policies that do not learn: what the learned one is measured against, and what overrides it on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.policy.base import MAX_DEPTH, Selection, equal_split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from ltrr_cli.policy.credit import Credit


class _Certain:
    """A policy with one selection for given arms and budget, which it makes with certainty."""

    version = 0

    def select(
        self, context: Mapping[str, float], arms: Sequence[str], budget: int, rng: np.random.Generator
    ) -> Selection:
        """Return the one selection."""
        del context, rng
        return Selection(depths=self._depths_of(arms, budget), propensity=1.0)

    def distribution(
        self, context: Mapping[str, float], arms: Sequence[str], budget: int
    ) -> list[tuple[dict[str, int], float]]:
        """Return the one selection alone."""
        del context
        return [(self._depths_of(arms, budget), 1.0)]

    def update(self, credit: Credit) -> None:
        """Learn nothing."""

    def _depths_of(self, arms: Sequence[str], budget: int) -> dict[str, int]:
        raise NotImplementedError


class EqualSplit(_Certain):
    """Every arm at the same depth."""

    name = "equal"

    def _depths_of(self, arms: Sequence[str], budget: int) -> dict[str, int]:
        return equal_split(arms, budget) if budget > 0 else {}


class Fixed(_Certain):
    """The depths that somebody asked for, cut down in order where they exceed the budget."""

    name = "fixed"

    def __init__(self, depths: Mapping[str, int]) -> None:
        self._depths = dict(depths)

    def _depths_of(self, arms: Sequence[str], budget: int) -> dict[str, int]:
        depths: dict[str, int] = {}
        for arm in arms:
            depth = min(self._depths.get(arm, 0), MAX_DEPTH, budget - sum(depths.values()))
            if depth > 0:
                depths[arm] = depth
        return depths
