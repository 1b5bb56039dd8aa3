"""Our own log as rounds of a bandit: what was selected, how likely that was, and what came of it.

One round per impression that the learned policy answered (mode `thompson`). Its reward is the highest reward, in
[0, 1], of an action on what was shown; without an action it is 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ltrr_cli.engine.fold import Logs
from ltrr_cli.errors import EvaluationError, FeedbackError
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.feedback.ubi import event_from_ubi, impression_from_ubi
from ltrr_cli.policy.base import Budget
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ltrr_cli.config import Config
    from ltrr_cli.evaluation.notes import Notes
    from ltrr_cli.records import Bad, Trace

MODE = "thompson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was shown, in order: each entity's reward in [0, 1] and its values of the `names`d features.

    `reserved` is the position (from 1) that was kept for an explored arm's find, 0 if there was none.
    """

    rewards: tuple[float, ...]
    names: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    reserved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One impression: its context, the arms that were available, what was selected (arm, depth), and the reward.

    `version` and `epsilon` are the policy's that chose; `page` is None where nothing was rewarded: no order of it
    could have earned anything. `limit_ms` is how long the arms could take together, by their `times`; 0: no limit.
    """

    context: Mapping[str, float]
    arms: tuple[str, ...]
    selection: frozenset[tuple[str, int]]
    propensity: float
    version: int
    epsilon: float
    reward: float
    page: Page | None
    limit_ms: float = 0.0
    times: Mapping[str, float] = field(default_factory=dict)

    def budget(self, candidates: int) -> Budget:
        """Return the budget of the choice."""
        return Budget(candidates, self.limit_ms, self.times) if self.limit_ms else Budget(candidates)


def from_index(root: Path, config: Config, notes: Notes) -> list[Round]:
    """Return the rounds of an index's own log, in order.

    Raises:
        EvaluationError: the log has no impression that can be used.
    """
    logs = Logs(root)

    def damaged(bad: Bad) -> None:
        notes.add("damaged", "damaged lines of the log, left out", first=f"{bad.source}:{bad.line}")

    def events() -> Iterator[Event]:
        undone = logs.undone()
        for _, row in logs.events.replay(on_bad=damaged):
            try:
                event = event_from_ubi(row)
                if event.id not in undone:
                    yield event
            except ValueError as error:
                notes.add("unreadable", "unreadable events, left out", first=str(error))

    def impressions() -> Iterator[Impression]:
        for _, row in logs.queries.replay(on_bad=damaged):
            try:
                yield impression_from_ubi(row)
            except ValueError as error:
                notes.add("unreadable", "unreadable impressions, left out", first=str(error))

    return _rounds(impressions(), events(), config, notes, where=str(root))


def from_files(sources: Sequence[str | Path], config: Config, notes: Notes) -> list[Round]:
    """Return the rounds of UBI files, or folders of them, as ltrr writes them; they are read twice.

    Raises:
        EvaluationError: they cannot be read, or hold no impression that can be used.
    """

    def records(note: Callable[[Feedback], None] = lambda _: None) -> Iterator[Impression | Event]:
        read = Feedback(sources)
        try:
            yield from read
        except FeedbackError as error:
            raise EvaluationError(error.what, where=error.where, next=error.next) from error
        note(read)

    def left_out(read: Feedback) -> None:
        for bad in read.bad[:1]:
            text = "lines that could not be used, left out"
            notes.add("bad_lines", text, first=f"{bad.source}:{bad.line}: {bad.reason}", count=read.bad_count)

    events = (record for record in records(left_out) if isinstance(record, Event))
    impressions = (record for record in records() if isinstance(record, Impression))
    return _rounds(impressions, events, config, notes, where=", ".join(map(str, sources)))


def _rounds(
    impressions: Iterable[Impression], events: Iterable[Event], config: Config, notes: Notes, *, where: str
) -> list[Round]:
    earned: dict[str, dict[str, float]] = {}
    for event in events:
        reward = config.reward(event.action, event.dwell)
        if event.query_id and reward > 0:
            own = earned.setdefault(event.query_id, {})
            own[event.entity_id] = max(own.get(event.entity_id, 0.0), min(1.0, reward))
    kept: dict[str, Round] = {}
    for impression in impressions:
        trace = impression.trace
        if impression.query_id in kept:
            notes.add("repeated", "repeated impressions, left out", first=impression.query_id)
        elif trace is None:
            notes.add("no_trace", "impressions without propensities (of other systems, or damaged), left out")
        elif trace.mode != MODE:
            notes.add(f"mode_{trace.mode}", f"impressions that the policy did not choose ({trace.mode}), left out")
        elif not trace.arms:
            notes.add("no_arms", "impressions for which no strategy applied, left out", first=impression.query_id)
        else:
            kept[impression.query_id] = _round(impression, trace, earned.get(impression.query_id, {}))
    if not kept:
        raise EvaluationError(
            "the log has no impressions with propensities",
            where=where,
            next="answer queries with ltrr query first, without --strategies or --no-explore",
        )
    return list(kept.values())


def _round(impression: Impression, trace: Trace, earned: Mapping[str, float]) -> Round:
    rewards = tuple(earned.get(entity_id, 0.0) for entity_id in impression.shown)
    best = max(rewards, default=0.0)
    page = None
    if best > 0 and len(trace.features) == len(impression.shown):
        reserved = 0 if trace.reserved is None else trace.reserved.position
        page = Page(rewards=rewards, names=trace.feature_names, values=trace.features, reserved=reserved)
    return Round(
        context=dict(trace.context),
        arms=trace.available or tuple(arm.name for arm in trace.arms),
        selection=frozenset((arm.name, arm.depth) for arm in trace.arms),
        propensity=trace.propensity,
        version=trace.policy_version,
        epsilon=trace.epsilon,
        reward=best,
        page=page,
        limit_ms=trace.limit_ms,
        times=trace.times,
    )
