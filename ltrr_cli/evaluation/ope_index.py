"""Off-policy evaluation of retrieval policies and rankers on our own log."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.errors import UsageError
from ltrr_cli.estimators.offpolicy import CLIP, Rounds, evaluate
from ltrr_cli.estimators.reward_model import crossfit
from ltrr_cli.evaluation.ope_ranking import rerank
from ltrr_cli.evaluation.ope_records import LOGGED, Evaluated, Target
from ltrr_cli.policy.base import MAX_DEPTH
from ltrr_cli.policy.baselines import EqualSplit, Fixed
from ltrr_cli.policy.model import reach
from ltrr_cli.policy.thompson import ThompsonPolicy
from ltrr_cli.ranking.linear import LinearRanker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.config import Config
    from ltrr_cli.engine.learned import Learned
    from ltrr_cli.evaluation.impression_log import Round
    from ltrr_cli.policy.base import Policy

_MOST_FEATURES = 40
_CHECKED = 200
"""Rounds of the untrained policy whose propensity is computed again, to see whether the available arms are right."""
_TOLERANCE = 1e-4


def policy_of(name: str, config: Config, learned: Learned | None) -> Policy:
    """Return the policy of a name: equal, live, prior, fixed:ARM:DEPTH,… or single:ARM.

    Raises:
        UsageError: the name is none of these, an arm is unknown, or `live` is asked for without an index.
    """
    kind, _, rest = name.partition(":")
    if name == "equal":
        return EqualSplit()
    if name == "prior":
        return ThompsonPolicy(epsilon=config.epsilon)
    if name == "live":
        return _need(learned, name).policy
    if kind == "single" and rest:
        return Fixed({_arm(rest, config): min(MAX_DEPTH, config.candidates)})
    if kind == "fixed" and rest:
        depths = {}
        for part in rest.split(","):
            arm, _, depth = part.strip().partition(":")
            if not (depth.isascii() and depth.isdigit() and 1 <= int(depth[:9]) <= MAX_DEPTH):
                raise UsageError(
                    f"{part.strip()!r} is not NAME:DEPTH, depth from 1 to {MAX_DEPTH}",
                    next="for example fixed:lexical:50,semantic:50",
                )
            depths[_arm(arm, config)] = int(depth)
        return Fixed(depths)
    raise UsageError(
        f"there is no policy {name!r} for such a log",
        next="use equal, live, prior, logged, fixed:lexical:50,semantic:50 or single:lexical",
    )


def ranker_of(name: str, learned: Learned | None) -> LinearRanker:
    """Return the ranker of a name: live, prior or challenger.

    Raises:
        UsageError: the name is none of these, or there is no such ranker.
    """
    if name == "prior":
        return LinearRanker()
    if name == "live":
        return _need(learned, name).ranker
    if name == "challenger":
        challenger = _need(learned, name).challenger
        if challenger is None:
            raise UsageError("no ranker is kept aside", next="see ltrr index info")
        return challenger
    raise UsageError(f"there is no ranker {name!r}", next="use live, prior or challenger")


def evaluate_index(
    rounds: Sequence[Round],
    config: Config,
    learned: Learned | None,
    *,
    policies: Sequence[str],
    rankers: Sequence[str] = (),
    clip: float = CLIP,
    seed: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> Evaluated:
    """Judge policies and rankers (by name) on the rounds of our own log; `progress` is told of every 100 rounds.

    Raises:
        UsageError: a name is not known; see `policy_of` and `ranker_of`.
    """
    chosen = [(name, policy_of(name, config, learned)) for name in dict.fromkeys(policies) if name != LOGGED]
    orders = [(name, ranker_of(name, learned)) for name in dict.fromkeys(rankers) if name != LOGGED]
    rewards = np.array([one.reward for one in rounds])
    propensities = np.array([one.propensity for one in rounds])
    ones = np.ones(len(rounds))
    logging = Rounds(rewards=rewards, propensities=ones, target=ones)  # as the logging policy sees itself
    targets = [Target(name=LOGGED, valuation=evaluate(logging, seed=seed, clip=clip))]
    features = _Features(rounds)
    for name, policy in chosen:
        target, expected = features.under(policy, config.candidates, progress)
        predicted, direct = crossfit(features.logged, expected, rewards, seed=seed)
        seen = Rounds(rewards=rewards, propensities=propensities, target=target, predicted=predicted, direct=direct)
        targets.append(Target(name=name, valuation=evaluate(seen, seed=seed, clip=clip)))
    pages = [one.page for one in rounds]
    return Evaluated(
        rounds=len(rounds),
        rewarded=int(np.count_nonzero(rewards)),
        targets=tuple(targets),
        rankers=tuple(rerank(pages, orders, clip=clip, seed=seed)) if orders else (),
        warnings=_check(rounds, config.candidates),
    )


class _Features:
    """The reward model's features of each round: 1, its context, and how far each arm reached."""

    def __init__(self, rounds: Sequence[Round]) -> None:
        self._rounds = rounds
        names = Counter(name for one in rounds for name in one.context)
        self._names = [name for name, _ in sorted(names.items(), key=lambda item: (-item[1], item[0]))[:_MOST_FEATURES]]
        arms = dict.fromkeys(arm for one in rounds for arm in one.arms)
        self._arms = {arm: number for number, arm in enumerate(arms)}
        context = np.array([[1.0, *(one.context.get(name, 0.0) for name in self._names)] for one in rounds])
        self._context = np.clip(np.nan_to_num(context), -1.0, 1.0)
        self.logged = np.hstack([self._context, np.array([self._reached(dict(one.selection)) for one in rounds])])

    def _reached(self, depths: dict[str, int]) -> NDArray[np.float64]:
        out = np.zeros(len(self._arms))
        for arm, depth in depths.items():
            out[self._arms[arm]] = reach(depth)
        return out

    def under(
        self, policy: Policy, candidates: int, progress: Callable[[int], None]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the policy's probability of each logged selection, (n,), and its mean features, (n, d)."""
        target = np.zeros(len(self._rounds))
        reached = np.zeros((len(self._rounds), len(self._arms)))
        for number, one in enumerate(self._rounds):
            for depths, share in policy.distribution(one.context, one.arms, one.budget(candidates)):
                reached[number] += share * self._reached(depths)
                if one.selection == depths.items():
                    target[number] += share
            if number % 100 == 99:
                progress(100)
        return target, np.hstack([self._context, reached])


def _check(rounds: Sequence[Round], candidates: int) -> tuple[str, ...]:
    """Warn where the untrained policy, given the arms taken as available, would not have had the logged propensity."""
    untrained = [one for one in rounds if one.version == 0][:_CHECKED]
    wrong = 0
    for one in untrained:
        distribution = ThompsonPolicy(epsilon=one.epsilon).distribution(one.context, one.arms, one.budget(candidates))
        share = sum(share for depths, share in distribution if one.selection == depths.items())
        wrong += abs(share - one.propensity) > _TOLERANCE
    if wrong <= len(untrained) // 20:
        return ()
    text = (
        f"in {wrong} of {len(untrained)} checked rounds the untrained policy does not have the logged propensity: "
        "the budget or the strategies have changed since, and estimates for them are off"
    )
    return (text,)


def _need(learned: Learned | None, name: str) -> Learned:
    if learned is None:
        raise UsageError(f"{name} needs an index", next="name one with --index")
    return learned


def _arm(name: str, config: Config) -> str:
    if name not in config.strategies:
        raise UsageError(f"no strategy is called {name!r}", next=f"this index has: {', '.join(config.strategies)}")
    return name
