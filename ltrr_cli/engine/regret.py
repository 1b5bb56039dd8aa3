"""The regret of the latest answers: what they were worth less than what the policy would choose today.

Looked at are some of them, picked by chance; what they say of all is scaled up.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING
from weakref import ref

import numpy as np

from ltrr_cli.feedback.ubi import impression_from_ubi
from ltrr_cli.policy.base import Budget
from ltrr_cli.policy.model import MAX_ARMS
from ltrr_cli.policy.regret import regret
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.engine.recent import Recent
    from ltrr_cli.feedback.log import Position
    from ltrr_cli.policy.thompson import ThompsonPolicy

_LOOKED_AT = 96
"""Answers that are looked at, at most: each takes half a millisecond, and has to be read from the log."""
_SPANS = 12
_INTERVAL = (0.05, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regret:
    """What some answers lost, from `at` on (seconds since 1970): the expected value, and a 90 % credible interval.

    In rewards: of a page in the mean, or of all `pages`.
    """

    at: float
    pages: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrets:
    """Of a page in `spans` that follow each other, the oldest first, and of all of them in sum."""

    spans: tuple[Regret, ...]
    total: Regret


class Regretted:
    """Finds the regrets; remembers those of single answers until the policy has learned more."""

    def __init__(self) -> None:
        self._policy: Callable[[], ThompsonPolicy | None] = lambda: None
        self._version = -1
        self._known: dict[str, NDArray[np.float64] | None] = {}

    def of(self, opened: Opened, recent: Recent) -> Regrets | None:
        """Return the regrets, None where the policy has chosen nothing yet."""
        policy = opened.learned.policy
        if policy is not self._policy() or policy.version != self._version:
            self._policy, self._version, self._known = ref(policy), policy.version, {}
        pages = {query_id: page for query_id, page in recent.pages.items() if page.line is not None}
        every = 1
        while len(pages) > _LOOKED_AT * every:
            every *= 2
        picked = [query_id for query_id in pages if hash64(query_id) % every == 0]
        self._known = {
            query_id: self._known[query_id] if query_id in self._known else _of_page(opened, query_id, line)
            for query_id in picked
            if (line := pages[query_id].line) is not None
        }
        found = [(pages[query_id].time, lost) for query_id, lost in self._known.items() if lost is not None]
        if not found:
            return None
        count = min(_SPANS, len(found))
        ends = [len(found) * number // count for number in range(count + 1)]
        parts = [found[start:end] for start, end in pairwise(ends)]
        scale = len(pages) / len(found)
        return Regrets(
            spans=tuple(_summed(part, len(part) * scale, of_all=False) for part in parts),
            total=_summed(found, len(pages), of_all=True),
        )


def _of_page(opened: Opened, query_id: str, line: Position) -> NDArray[np.float64] | None:
    """Return an answer's regret by each particle, None where the log does not hold it any more."""
    row = opened.logs.queries.read_at(line)
    if row is None or row.get("query_id") != query_id:
        return None
    trace = impression_from_ubi(row).trace
    if trace is None:
        return None
    depths = {arm.name: arm.depth for arm in trace.arms}
    budget = Budget(sum(depths.values()), trace.limit_ms or inf, trace.times)
    arms = (trace.available or tuple(depths))[:MAX_ARMS]
    return regret(opened.learned.policy, trace.context, arms, budget, depths)


def _summed(found: list[tuple[float, NDArray[np.float64]]], pages: float, *, of_all: bool) -> Regret:
    each = np.mean([lost for _, lost in found], axis=0) * (pages if of_all else 1)
    low, high = np.quantile(each, _INTERVAL)
    return Regret(at=found[0][0], pages=round(pages), mean=float(each.mean()), low=float(low), high=float(high))
