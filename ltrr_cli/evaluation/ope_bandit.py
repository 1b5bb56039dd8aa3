"""Off-policy evaluation of simple policies on the log of another bandit.

A target is a matrix of probabilities, (places, actions): the same for every context.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.errors import UsageError
from ltrr_cli.estimators.offpolicy import CLIP, Rounds, evaluate
from ltrr_cli.estimators.reward_model import crossfit
from ltrr_cli.evaluation.bandit_logs import BanditLog, read_bandit_log
from ltrr_cli.evaluation.ope_records import LOGGED, Evaluated, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.evaluation.notes import Notes

_MOST_ACTIONS = 500
"""With more actions than this there is no reward model."""


def evaluate_bandit(
    log: BanditLog,
    policies: Sequence[str],
    notes: Notes,
    *,
    clip: float = CLIP,
    seed: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> Evaluated:
    """Judge `uniform`, `action:NAME` and `log:FILE` on a bandit log.

    `uniform` draws among the actions that the log has in a place; `log:FILE` has the mean propensities per action and
    place of another log, and comes with that log's own mean reward.

    Raises:
        UsageError: a policy is none of these, or an action is not in the log.
        EvaluationError: the other log cannot be read.
    """
    targets = [Target(name=LOGGED, valuation=evaluate(_itself(log), seed=seed, clip=clip))]
    shares = [(name, *_shares(log, name, notes)) for name in dict.fromkeys(policies) if name != LOGGED]
    for name, matrix, other in shares:
        predicted, direct = _model(log, matrix, seed)
        rounds = Rounds(
            rewards=log.rewards,
            propensities=log.propensities,
            target=matrix[log.place, log.action],
            predicted=predicted,
            direct=direct,
            low=log.low,
            high=log.high,
        )
        theirs = None if other is None else evaluate(_itself(other), seed=seed)["ips"].normal
        targets.append(Target(name=name, valuation=evaluate(rounds, seed=seed, clip=clip), own=theirs))
        progress(1)
    return Evaluated(
        rounds=len(log.rewards),
        rewarded=int(np.count_nonzero(log.rewards)),
        targets=tuple(targets),
    )


def _itself(log: BanditLog) -> Rounds:
    """Return the rounds as its own policy sees them: every weight is 1."""
    ones = np.ones(len(log.rewards))
    return Rounds(rewards=log.rewards, propensities=ones, target=ones, low=log.low, high=log.high)


def _shares(log: BanditLog, policy: str, notes: Notes) -> tuple[NDArray[np.float64], BanditLog | None]:
    """Return the target's probabilities (places, actions), and the other log if it comes from one."""
    kind, _, rest = policy.partition(":")
    shape = (len(log.places), len(log.actions))
    if policy == "uniform":
        there = np.zeros(shape)
        there[log.place, log.action] = 1.0
        return there / there.sum(axis=1, keepdims=True), None
    if kind == "action" and rest:
        if rest not in log.actions:
            known = ", ".join(sorted(log.actions, key=lambda name: (len(name), name))[:10])
            raise UsageError(f"the log has no action {rest!r}", where=log.name, next=f"it has, for example, {known}")
        matrix = np.zeros(shape)
        matrix[:, log.actions.index(rest)] = 1.0
        return matrix, None
    if kind == "log" and rest:
        other = read_bandit_log(rest, notes)
        return _mean_propensities(log, other, notes), other
    raise UsageError(
        f"there is no policy {policy!r} for such a log", next="use uniform, logged, action:NAME or log:FILE"
    )


def _mean_propensities(log: BanditLog, other: BanditLog, notes: Notes) -> NDArray[np.float64]:
    """Return the other policy's mean propensity of each action in each of this log's places.

    A round tells the propensity of the taken action alone. Averaging those overstates whatever varies, since an action
    is taken when it is likely (on Open Bandit they sum to more than 2). Weighted by 1 / propensity each round counts 1,
    and the mean is the action's share of the rounds: without bias, and in sum 1.
    Actions that this log never takes keep their share: the weights then have a mean below 1, which is warned of.
    """
    counts = np.zeros((len(other.places), len(other.actions)))
    np.add.at(counts, (other.place, other.action), 1.0)
    means = counts / counts.sum(axis=1, keepdims=True)
    matrix = np.zeros((len(log.places), len(log.actions)))
    for place, name in enumerate(log.places):
        if name not in other.places:
            notes.add("places", "positions that the other log does not have: nothing is taken there", first=name)
            continue
        row = means[other.places.index(name)]
        for action, share in zip(other.actions, row.tolist(), strict=True):
            if action in log.actions:
                matrix[place, log.actions.index(action)] = share
    return matrix


def _model(
    log: BanditLog, matrix: NDArray[np.float64], seed: int
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Fit rewards by action, place and context; None where there are too many actions."""
    actions, places = len(log.actions), len(log.places)
    if actions > _MOST_ACTIONS:
        return None, None
    count = len(log.rewards)
    base = np.zeros((count, 1 + places))
    base[:, 0] = 1.0
    base[np.arange(count), 1 + log.place] = 1.0
    taken = np.zeros((count, actions))
    taken[np.arange(count), log.action] = 1.0
    logged = np.hstack([base, log.context, taken])
    expected = np.hstack([base, log.context, matrix[log.place]])
    return crossfit(logged, expected, log.rewards, seed=seed)
