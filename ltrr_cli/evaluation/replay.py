"""Progressive validation on a real log: predict, score, then learn, batch by batch in time order.

Each action with a reward is predicted before anything of its batch is learned: the pipeline is asked the action's query
at the action's time, and scored by where it puts the entity. So every prediction is about the future, and every event
is both test and training (Blum, Kalai & Langford, Beating the Hold-Out, COLT 1999).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ltrr_cli.config import read_config
from ltrr_cli.engine import Engine
from ltrr_cli.errors import EvaluationError, UsageError
from ltrr_cli.evaluation.chart import Chart, Curve
from ltrr_cli.evaluation.evaluate import DEPTH, WHOLE
from ltrr_cli.evaluation.scratch import make_scratch, scratch_copy, stands_on
from ltrr_cli.index.files import replace_file
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
PERIODS = ("day", "week", "month")
FORMAT_VERSION = 1
_STEPS = "replay.jsonl"
_COPY = "scratch.ltrr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One batch: its first and last time, events in it, how many were predicted, and sums of each system's scores."""

    start: float
    end: float
    events: int
    predicted: int
    sums: Mapping[str, Mapping[str, float]]


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
    learned. `out` is a directory that keeps the scratch copy and the finished batches: a run that was stopped goes on
    from there when it is called again with the same arguments.

    Raises `EvaluationError` for a log without a usable event and for an `out` of other arguments, `UsageError` for
    values out of range.
    """
    if not 0 < sample <= 1:
        raise UsageError(f"sample must be above 0, at most 1, not {sample}")
    config = read_config(index)
    ordered = _ordered(records)
    batches = _batches(ordered, batch)
    if not any(isinstance(record, Event) for record in ordered):
        raise EvaluationError("the log holds no usable event to predict")
    asked = {record.query_id: record.text for record in ordered if isinstance(record, Impression)}
    with ExitStack() as stack:
        if out is None:
            scratch, journal = stack.enter_context(scratch_copy(index)), None
            steps: list[Step] = []
        else:
            scratch, steps, journal = _resume(index, out, _identity(ordered, measures, batch, sample))
        engine = stack.enter_context(Engine.open(scratch))
        run = _Run(engine, config, measures, asked, sample)
        resumed = len(steps)
        for number, some in enumerate(batches):
            if number >= resumed:
                step = run.predict(some)
                steps.append(step)
                if journal is not None:
                    _append(journal, step)
            # what was predicted last may not have been learned when a run was stopped; twice changes nothing
            if number >= resumed - 1:
                engine.ingest(some, now=max(record.time for record in some))
            run.count(some)
            progress("batches", 1, len(batches))
        ranker = engine.learn(now=ordered[-1].time)
    return Replayed(
        measures=tuple(measure.name for measure in measures), steps=tuple(steps), resumed=resumed, ranker=ranker
    )


class _Run:
    """Predictions, the baseline's counts, and what each query id asked."""

    def __init__(
        self, engine: Engine, config: Config, measures: Sequence[Measure], asked: Mapping[str, str], sample: float
    ) -> None:
        self._engine, self._config, self._measures = engine, config, measures
        self._asked, self._sample = asked, sample
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def predict(self, records: Sequence[Impression | Event]) -> Step:
        """Score the batch's events, of which nothing is learned yet."""
        events = [record for record in records if isinstance(record, Event)]
        chosen = [event for event in events if self._is_chosen(event)]
        self._engine.warm_up([self._text(event) for event in chosen])
        sums: dict[str, dict[str, float]] = {}
        alone: dict[str, dict[str, list[str]]] = {}
        for event in chosen:
            text = self._text(event)
            if text not in alone:
                found = self._engine.retrieve(text, depth=DEPTH, now=event.time)
                alone[text] = {name: [entity_id for entity_id, _ in hits] for name, hits in found.items()}
                alone[text][COUNTS] = [entity_id for entity_id, _ in self._counts[key(text)].most_common(DEPTH)]
            answer = self._engine.search(
                text, k=DEPTH, user=event.user, session=event.session, now=event.time, explore=False, log=False
            )
            rankings = {WHOLE: [result.id for result in answer.results], **alone[text]}
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

    def _is_chosen(self, event: Event) -> bool:
        return self._reward(event) > 0 and hash64(event.id) < self._sample * 2**64 and bool(self._text(event).strip())

    def _reward(self, event: Event) -> float:
        return self._config.reward(event.action, event.dwell)

    def _text(self, event: Event) -> str:
        return self._asked.get(event.query_id, event.text)


def _ordered(records: Iterable[Impression | Event]) -> list[Impression | Event]:
    """Return the records in time order, impressions first where times are equal."""
    return sorted(records, key=lambda record: (record.time, isinstance(record, Event)))


def _batches(ordered: Sequence[Impression | Event], batch: int | str) -> list[list[Impression | Event]]:
    """Split by calendar, or after every `batch` events; records of one time stay together."""
    if isinstance(batch, str) and batch not in PERIODS:
        raise UsageError(f"there are no batches by {batch!r}", next=f"use one of {', '.join(PERIODS)}")
    if isinstance(batch, int) and batch < 1:
        raise UsageError(f"a batch must have 1 event or more, not {batch}")
    out: list[list[Impression | Event]] = []
    events = 0
    for record, before in zip(ordered, [None, *ordered], strict=False):
        if before is None:
            fresh = True
        elif isinstance(batch, str):
            fresh = _period(record.time, batch) != _period(before.time, batch)
        else:
            fresh = events >= batch and record.time != before.time
        if fresh:
            out.append([])
            events = 0
        out[-1].append(record)
        events += isinstance(record, Event)
    return out


def _period(moment: float, name: str) -> tuple[int, ...]:
    date = datetime.fromtimestamp(moment, UTC).date()
    if name == "day":
        return (date.toordinal(),)
    return (date.year, date.month) if name == "month" else tuple(date.isocalendar()[:2])


def _identity(
    ordered: Sequence[Impression | Event], measures: Sequence[Measure], batch: int | str, sample: float
) -> dict[str, Any]:
    """Return what must be the same for a run to be continued."""
    digest = hashlib.sha256()
    for record in ordered:
        name = record.id if isinstance(record, Event) else record.query_id
        digest.update(f"{record.time!r} {name}\n".encode(errors="surrogatepass"))
    return {
        "format_version": FORMAT_VERSION,
        "log": digest.hexdigest(),
        "measures": [measure.name for measure in measures],
        "batch": batch,
        "sample": sample,
    }


def _resume(index: Path, out: Path, identity: Mapping[str, Any]) -> tuple[Path, list[Step], Path]:
    """Return the scratch copy, the finished steps and their journal; make them where there are none."""
    scratch, journal = out / _COPY, out / _STEPS
    if not journal.exists():
        shutil.rmtree(scratch, ignore_errors=True)  # a run that died before its first line
        make_scratch(index, scratch)
        replace_file(journal, (json.dumps(identity) + "\n").encode())
        return scratch, [], journal
    first, *rows = journal.read_text(encoding="utf-8").split("\n")
    try:
        same = json.loads(first) == identity and stands_on(scratch, index)
        # the last piece is empty, or a line that a run was stopped in
        steps = [Step(**json.loads(row)) for row in rows[:-1]]
    except (ValueError, TypeError) as error:
        raise EvaluationError(f"cannot go on: {error}", where=str(journal), next="remove that directory") from error
    if not same:
        raise EvaluationError(
            "this directory holds a replay of another log, index or other settings",
            where=str(out),
            next="name another directory, or remove that one",
        )
    replace_file(journal, "".join(f"{line}\n" for line in [first, *rows[:-1]]).encode())
    return scratch, steps, journal


def _append(journal: Path, step: Step) -> None:
    row = {
        "start": step.start,
        "end": step.end,
        "events": step.events,
        "predicted": step.predicted,
        "sums": step.sums,
    }
    with journal.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
        file.flush()
        os.fsync(file.fileno())
