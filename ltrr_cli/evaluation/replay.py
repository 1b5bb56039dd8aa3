"""Progressive validation on a real log: predict, score, then learn, batch by batch in time order.

Each action with a reward is predicted before anything of its batch is learned: the pipeline is asked the action's query
at the action's time, and scored by where it puts the entity. So every prediction is about the future, and every event
is both test and training (Blum, Kalai & Langford, Beating the Hold-Out, COLT 1999).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.config import read_config
from ltrr_cli.engine import Engine
from ltrr_cli.errors import EvaluationError, UsageError
from ltrr_cli.evaluation.batches import PERIODS, cut, in_order, moment_of
from ltrr_cli.evaluation.chart import Chart, Curve
from ltrr_cli.evaluation.evaluate import WHOLE, depth_for
from ltrr_cli.evaluation.journal import LOCK, Step, append, identity_of, make_folder, resume
from ltrr_cli.evaluation.scratch import scratch_copy
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.records import Event, Impression
from ltrr_cli.text import hash64, key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from ltrr_cli.config import Config
    from ltrr_cli.estimators.measures import Measure

MEASURES = ("Success@10", "Success@100", "RR")
COUNTS = "counts"
"""The baseline: entities by how often they were acted on under the query, learned at the same pace."""
__all__ = ["COUNTS", "MEASURES", "PERIODS", "Replayed", "Step", "replay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """All batches in time order; `resumed` of them were done by an earlier run."""

    measures: tuple[str, ...]
    steps: tuple[Step, ...]
    resumed: int
    ranker: str

    @property
    def systems(self) -> tuple[str, ...]:
        """Names of the systems, the whole pipeline first."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.sums))

    def mean(self, system: str, measure: str, steps: Sequence[Step] | None = None) -> float:
        """Return the mean over the predicted events of all batches, or of the given ones; 0 where there are none."""
        chosen = self.steps if steps is None else steps
        predicted = sum(step.predicted for step in chosen)
        return sum(step.sums.get(system, {}).get(measure, 0.0) for step in chosen) / predicted if predicted else 0.0

    def charts(self) -> tuple[Chart, ...]:
        """Return a chart of every system over time for each measure."""
        steps = [step for step in self.steps if step.predicted]
        times = tuple(step.end for step in steps)
        return tuple(
            Chart(
                title=f"{measure} of the next batch, before it is learned",
                x_label="time",
                y_label=measure,
                dates=True,
                curves=tuple(
                    Curve(name=system, x=times, y=tuple(self.mean(system, measure, [step]) for step in steps))
                    for system in self.systems
                ),
            )
            for measure in self.measures
        )


def replay(
    index: Path,
    records: Iterable[Impression | Event],
    *,
    measures: Sequence[Measure],
    batch: int | str = 1000,
    sample: float = 1.0,
    out: Path | None = None,
    progress: Callable[[str, int, int | None], None] = lambda *_: None,
) -> Replayed:
    """Replay a log on a scratch copy of `index`, which starts with nothing learned.

    `batch` is a number of events (≥ 1) or one of `day`, `week`, `month` (UTC): all events of a batch are predicted
    before any of them is learned. Of the events a share `sample` in (0, 1], chosen by their ids, is predicted; all are
    learned. A record that comes twice counts once. `out` is a directory that keeps the scratch copy and the finished
    batches: a run that was stopped goes on from there when it is called again with the same arguments.

    Raises `EvaluationError` for a log without an event to predict and for an `out` that holds something else,
    `UsageError` for values out of range.
    """
    _check(index, batch, sample, out)
    config, depth = read_config(index), depth_for(measures)
    ordered = in_order(records)
    batches = cut(ordered, batch)
    asked = {record.query_id: (record.text, record.filter) for record in ordered if isinstance(record, Impression)}
    with ExitStack() as stack:
        run = _Run(config, measures, asked, sample, depth)
        if not any(run.is_chosen(record) for record in ordered if isinstance(record, Event)):
            raise EvaluationError(
                "the log holds no usable event to predict",
                next="it needs actions with a reward above 0, on queries with a text"
                + (", and a larger sample" if sample < 1 else ""),
            )
        if out is None:
            scratch, journal = stack.enter_context(scratch_copy(index)), None
            steps: list[Step] = []
        else:
            make_folder(out)
            stack.enter_context(exclusive(out / LOCK, timeout=1))
            scratch, steps, journal = resume(index, out, identity_of(ordered, config, measures, batch, sample))
        engine = stack.enter_context(Engine.open(scratch))
        resumed = len(steps)
        for number, some in enumerate(batches):
            if number >= resumed:
                step = run.predict(engine, some)
                steps.append(step)
                if journal is not None:
                    append(journal, step)
            # what was predicted last may not have been learned when a run was stopped; twice changes nothing
            if number >= resumed - 1:
                engine.ingest(some, now=moment_of(some[-1]))
            run.count(some)
            progress("batches", 1, len(batches))
        ranker = engine.learn(now=moment_of(ordered[-1]))
    return Replayed(
        measures=tuple(measure.name for measure in measures), steps=tuple(steps), resumed=resumed, ranker=ranker
    )


class _Run:
    """Predictions, the baseline's counts, and what each query id asked: its text and filter."""

    def __init__(
        self,
        config: Config,
        measures: Sequence[Measure],
        asked: Mapping[str, tuple[str, str]],
        sample: float,
        depth: int,
    ) -> None:
        self._config, self._measures = config, measures
        self._asked, self._sample, self._depth = asked, sample, depth
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def predict(self, engine: Engine, records: Sequence[Impression | Event]) -> Step:
        """Score the batch's events, of which nothing is learned yet."""
        events = [record for record in records if isinstance(record, Event)]
        chosen = [event for event in events if self.is_chosen(event)]
        engine.warm_up([self._text(event) for event in chosen])
        sums: dict[str, dict[str, float]] = {}
        alone: dict[tuple[str, str], dict[str, list[str]]] = {}
        for event in chosen:
            text = self._text(event)
            written = self._filter(engine, event)
            if (text, written) not in alone:
                found = engine.retrieve(text, depth=self._depth, now=moment_of(event), filter=written)
                by_arm = {name: [entity_id for entity_id, _ in hits] for name, hits in found.items()}
                alone[text, written] = by_arm
                by_arm[COUNTS] = [entity_id for entity_id, _ in self._counts[key(text)].most_common(self._depth)]
            answer = engine.search(
                text,
                k=self._depth,
                user=event.user,
                session=event.session,
                now=moment_of(event),
                explore=False,
                log=False,
                filter=written,
            )
            rankings = {WHOLE: [result.id for result in answer.results], **alone[text, written]}
            for name, ranking in rankings.items():
                scores = sums.setdefault(name, {measure.name: 0.0 for measure in self._measures})
                for measure in self._measures:
                    scores[measure.name] += measure.score(ranking, {event.entity_id: 1})
        return Step(start=records[0].time, end=records[-1].time, events=len(events), predicted=len(chosen), sums=sums)

    def count(self, records: Sequence[Impression | Event]) -> None:
        """Teach the baseline a batch."""
        for record in records:
            if isinstance(record, Event) and self._reward(record) > 0:
                self._counts[key(self._text(record))][record.entity_id] += 1

    def is_chosen(self, event: Event) -> bool:
        """Tell whether an event is to be predicted."""
        return self._reward(event) > 0 and hash64(event.id) < self._sample * 2**64 and bool(self._text(event).strip())

    def _reward(self, event: Event) -> float:
        return self._config.reward(event.action, event.dwell)

    def _text(self, event: Event) -> str:
        return self._asked.get(event.query_id, (event.text, ""))[0]

    def _filter(self, engine: Engine, event: Event) -> str:
        """Return the filter of the event's query; "" where the index cannot read it: another system's has another."""
        written = self._asked.get(event.query_id, ("", ""))[1]
        try:
            engine.count(written)
        except UsageError:
            return ""
        return written


def _check(index: Path, batch: int | str, sample: float, out: Path | None) -> None:
    """Refuse values out of range before the log is read, and a missing index."""
    read_manifest(index)
    if not 0 < sample <= 1:
        raise UsageError(f"sample must be above 0, at most 1, not {sample}")
    if isinstance(batch, str) and batch not in PERIODS:
        raise UsageError(f"there are no batches by {batch!r}", next=f"use one of {', '.join(PERIODS)}")
    if isinstance(batch, int) and batch < 1:
        raise UsageError(f"a batch must have 1 event or more, not {batch}")
    if out is not None and out.resolve().is_relative_to(index.resolve()):
        raise UsageError("a replay is not kept in the index itself", where=str(out), next="name another directory")
