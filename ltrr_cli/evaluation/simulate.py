"""Simulated sessions through the real loop: query, impression, clicks, ingest, learn, on a scratch copy of an index.

Before the first session the index, in which nothing is learned yet, answers every query: beside these untrained pages
what learning changes is not mistaken for what the mix of queries does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.engine import Engine
from ltrr_cli.errors import EvaluationError, UsageError
from ltrr_cli.evaluation.chart import Chart, Curve
from ltrr_cli.evaluation.evaluate import warmed
from ltrr_cli.evaluation.scratch import scratch_copy
from ltrr_cli.records import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ltrr_cli.estimators.measures import Measure
    from ltrr_cli.evaluation.queries import EvalQuery
    from ltrr_cli.evaluation.users import ClickModel, Users
    from ltrr_cli.records import Answer

START = 1_750_000_000.0
"""When the first simulated session begins, in seconds since 1970; one follows every SECONDS."""
SECONDS = 60.0
_POINTS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Means over some sessions in a row: the measure of the pages shown and of the untrained twin's, and regrets.

    `end` counts sessions up to and including the last. A regret is in expected clicks per session: those of the best
    page for this user, less those of the page shown. `shares` tells which part of the candidates each arm was asked
    for.
    """

    end: int
    sessions: int
    clicks: int
    score: float
    untrained: float
    regret: float
    untrained_regret: float
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What became of the sessions: windows in time order, events, and what the ranker's test says at the end."""

    measure: str
    sessions: int
    clicks: int
    windows: tuple[Window, ...]
    ranker: str

    def mean(self, name: str, windows: Sequence[Window] | None = None) -> float:
        """Return the mean of a window's figure over all sessions, or those of the given windows."""
        chosen = self.windows if windows is None else windows
        return float(np.average([getattr(w, name) for w in chosen], weights=[w.sessions for w in chosen]))

    def charts(self) -> tuple[Chart, ...]:
        """Return the measure, the cumulative regret, and the arms' shares over time."""
        ends = tuple(float(window.end) for window in self.windows)

        def running(name: str) -> tuple[float, ...]:
            return tuple(np.cumsum([getattr(w, name) * w.sessions for w in self.windows]).tolist())

        arms = list(dict.fromkeys(arm for window in self.windows for arm in window.shares))
        return (
            Chart(
                title=f"{self.measure} of the pages shown",
                x_label="sessions",
                y_label=self.measure,
                curves=(
                    Curve(name="learning", x=ends, y=tuple(w.score for w in self.windows)),
                    Curve(name="untrained", x=ends, y=tuple(w.untrained for w in self.windows)),
                ),
            ),
            Chart(
                title="Cumulative regret",
                x_label="sessions",
                y_label="expected clicks missed",
                curves=(
                    Curve(name="learning", x=ends, y=running("regret")),
                    Curve(name="untrained", x=ends, y=running("untrained_regret")),
                ),
            ),
            Chart(
                title="Candidates asked of each arm",
                x_label="sessions",
                y_label="share",
                kind="area",
                curves=tuple(
                    Curve(name=arm, x=ends, y=tuple(w.shares.get(arm, 0.0) for w in self.windows)) for arm in arms
                ),
            ),
        )


def simulate(
    index: Path,
    queries: Sequence[EvalQuery],
    qrels: Mapping[str, Mapping[str, int]],
    *,
    sessions: int,
    users: Users,
    model: ClickModel,
    measure: Measure,
    k: int = 10,
    learn_every: int = 20,
    seed: int = 0,
    watch: Callable[[int, Engine], None] = lambda *_: None,
    progress: Callable[[str, int, int | None], None] = lambda *_: None,
) -> Simulated:
    """Run `sessions` simulated sessions on a scratch copy of the index, which starts with nothing learned.

    In each a user asks one of the queries, reads the page of `k` results as the click model says, and clicks; after
    every `learn_every` sessions the clicks are ingested. The same arguments give the same result. `watch` is called
    before the first session and after each ingest with the sessions done and the engine, which it may only ask;
    `progress` is told (step, units more, units in all).

    Raises `EvaluationError` without queries, `UsageError` for counts below 1.
    """
    if not queries:
        raise EvaluationError("there are no judged queries to ask")
    for name, value in (("sessions", sessions), ("learn-every", learn_every)):
        if value < 1:
            raise UsageError(f"{name} must be 1 or more, not {value}")
    plan = [queries[place] for place in np.random.default_rng([seed, 0]).integers(len(queries), size=sessions).tolist()]
    with scratch_copy(index) as scratch, Engine.open(scratch) as engine:
        distinct = list({query.text: query for query in plan}.values())
        untrained = {}
        for query in warmed([engine], distinct):
            page = engine.search(query.text, k=k, now=START, explore=False, log=False).results
            untrained[query.text] = [result.id for result in page]
            progress("untrained", 1, len(distinct))
        run = _Run(engine, untrained, qrels, users, model, measure, k, seed)
        events: list[Event] = []
        windows = []
        watch(0, engine)
        for number, query in enumerate(warmed([engine], plan)):
            events += run.session(number, query)
            done = number + 1
            if done % learn_every == 0 or done == sessions:
                engine.ingest(events, now=START + done * SECONDS)
                events = []
                watch(done, engine)
            if done * _POINTS // sessions > number * _POINTS // sessions:
                windows.append(run.window(done))
            progress("sessions", 1, sessions)
        ranker = engine.learn(now=START + sessions * SECONDS)
    return Simulated(
        measure=measure.name,
        sessions=sessions,
        clicks=sum(window.clicks for window in windows),
        windows=tuple(windows),
        ranker=ranker,
    )


class _Run:
    """The sessions' moving parts: the engine, the people, and the sums of the present window."""

    def __init__(
        self,
        engine: Engine,
        untrained: Mapping[str, list[str]],
        qrels: Mapping[str, Mapping[str, int]],
        users: Users,
        model: ClickModel,
        measure: Measure,
        k: int,
        seed: int,
    ) -> None:
        self._engine, self._untrained = engine, untrained
        self._qrels, self._users, self._model, self._measure = qrels, users, model, measure
        self._k, self._seed = k, seed
        self._top = max((grade for judged in qrels.values() for grade in judged.values()), default=0)
        self._group = cache(self._group_of)
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._depths: Counter[str] = Counter()

    def session(self, number: int, query: EvalQuery) -> Iterator[Event]:
        """Ask, read and click; yields the clicks."""
        rng = np.random.default_rng([self._seed, 1, number])
        user = self._users.pick(rng)
        now = START + number * SECONDS
        answer = self._engine.search(
            query.text,
            k=self._k,
            user=user,
            session=f"s{number:07d}",
            now=now,
            seed=int(rng.integers(2**48)),
            query_id=f"s{number:07d}",
        )
        page = [result.id for result in answer.results]
        attraction = self._attraction(user, query, page)
        clicked = self._model.clicks(attraction, rng)
        self._count(user, query, answer, attraction, len(clicked))
        for place in clicked:
            yield Event(
                id=f"{answer.query_id}.{place + 1}",
                entity_id=page[place],
                action="click",
                time=now + 2.0 * (place + 1),
                query_id=answer.query_id,
                text=query.text,
                user=user,
                session=f"s{number:07d}",
                position=place + 1,
            )

    def window(self, end: int) -> Window:
        """Return the means since the last window, and begin a new one."""
        sums, depths = self._sums, self._depths
        self._sums, self._depths = defaultdict(float), Counter()
        sessions, asked = sums["sessions"], depths.total()
        return Window(
            end=end,
            sessions=int(sessions),
            clicks=int(sums["clicks"]),
            score=sums["score"] / sessions,
            untrained=sums["untrained"] / sessions,
            regret=sums["regret"] / sessions,
            untrained_regret=sums["untrained_regret"] / sessions,
            shares={arm: depths[arm] / asked for arm in sorted(depths)},
        )

    def _count(self, user: str, query: EvalQuery, answer: Answer, attraction: list[float], clicks: int) -> None:
        judged = self._qrels[query.id]
        plain = self._untrained[query.text]
        ideal = sorted(self._attraction(user, query, list(judged)), reverse=True)[: self._k]
        # a page can always be filled up with something irrelevant, which is clicked by chance
        ideal += [self._users.noise] * (self._k - len(ideal))
        best = self._model.expected(ideal)
        sums = self._sums
        sums["sessions"] += 1
        sums["clicks"] += clicks
        sums["score"] += self._measure.score([result.id for result in answer.results], judged)
        sums["untrained"] += self._measure.score(plain, judged)
        sums["regret"] += best - self._model.expected(attraction)
        sums["untrained_regret"] += best - self._model.expected(self._attraction(user, query, plain))
        self._depths.update({arm.name: arm.depth for arm in answer.trace.arms})

    def _attraction(self, user: str, query: EvalQuery, ids: Sequence[str]) -> list[float]:
        judged = self._qrels[query.id]
        groups = [self._group(entity_id) for entity_id in ids] if self._users.taste else [""] * len(ids)
        return self._users.attraction(user, groups, [judged.get(entity_id, 0) for entity_id in ids], self._top)

    def _group_of(self, entity_id: str) -> str:
        """Return what a taste is about: the first text value that the entity has, else its type."""
        entity = self._engine.entity(entity_id)
        if entity is None:
            return ""
        texts = (value for values in entity.attributes.values() for value in values if isinstance(value, str))
        return next(texts, entity.type)
