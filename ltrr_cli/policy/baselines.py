"""Policies that do not learn: what the learned one is measured against, and what overrides it on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.policy.base import MAX_DEPTH, Selection, equal_split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from ltrr_cli.policy.credit import Credit


class EqualSplit:
    """Every arm at the same depth."""

    name = "equal"
    version = 0

    def select(
        self, context: Mapping[str, float], arms: Sequence[str], budget: int, rng: np.random.Generator
    ) -> Selection:
        """Return the equal split; it is certain."""
        del rng
        return Selection(depths=self.distribution(context, arms, budget)[0][0], propensity=1.0)

    def distribution(
        self, context: Mapping[str, float], arms: Sequence[str], budget: int
    ) -> list[tuple[dict[str, int], float]]:
        """Return the equal split alone."""
        del context
        return [(equal_split(arms, budget) if budget > 0 else {}, 1.0)]

    def update(self, credit: Credit) -> None:
        """Learn nothing."""


class Fixed:
    """The depths that somebody asked for, cut down in order where they exceed the budget."""

    name = "fixed"
    version = 0

    def __init__(self, depths: Mapping[str, int]) -> None:
        self._depths = dict(depths)

    def select(
        self, context: Mapping[str, float], arms: Sequence[str], budget: int, rng: np.random.Generator
    ) -> Selection:
        """Return the given depths of those arms that are available; they are certain."""
        del rng
        return Selection(depths=self.distribution(context, arms, budget)[0][0], propensity=1.0)

    def distribution(
        self, context: Mapping[str, float], arms: Sequence[str], budget: int
    ) -> list[tuple[dict[str, int], float]]:
        """Return those depths alone."""
        del context
        depths: dict[str, int] = {}
        for arm in arms:
            depth = min(self._depths.get(arm, 0), MAX_DEPTH, budget - sum(depths.values()))
            if depth > 0:
                depths[arm] = depth
        return [(depths, 1.0)]

    def update(self, credit: Credit) -> None:
        """Learn nothing."""
