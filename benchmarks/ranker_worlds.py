"""Simulated sessions over cached pools, honest and hostile, and the index's own doubt rule on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from ranker_data import NAMES

from ltrr_cli.engine.contest import Contest
from ltrr_cli.engine.training import Page, curve_of, samples_of
from ltrr_cli.ranking.linear import LinearRanker
from ltrr_cli.ranking.train import Sample, train
from ltrr_cli.records import Event, Impression, Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from ranker_data import Pages

K = 10
NOISE = 0.1
JITTER = 0.03
"""Deviation of what memory and exploration add to a score, so that the same entity stands at several places."""
TRAIN_EVERY = 100
SESSIONS = 8000
EVERY = 20


class Clicks(Protocol):
    """How the people of a session act."""

    def __call__(
        self, number: int, wanted: NDArray[np.bool_], rng: np.random.Generator, /
    ) -> tuple[NDArray[np.bool_], str]:
        """Return what is clicked of a page of which so much is wanted, and the user's name."""


@dataclass(frozen=True, slots=True)
class Session:
    """One page: query, rows shown (places in the query's pool), what was clicked, and by whom."""

    query: int
    shown: NDArray[np.intp]
    clicked: NDArray[np.bool_]
    user: str


@dataclass(frozen=True, slots=True)
class Log:
    """Sessions over pools."""

    data: Pages
    rows: tuple[Session, ...]

    def first(self, count: int) -> Log:
        """Return the first sessions."""
        return Log(self.data, self.rows[:count])

    def pages(self) -> list[Page]:
        """Return the pages that somebody clicked, as the index's training takes them; one user's at most a share."""
        clicked = [one for one in self.rows if one.clicked.any()]
        cap, counts, kept = max(20, 0.05 * len(clicked)), dict[str, int](), []
        for one in reversed(clicked):
            counts[one.user] = counts.get(one.user, 0) + 1
            if not one.user or counts[one.user] <= cap:
                kept.append(one)
        return [
            Page(
                text=str(one.query),
                shown=tuple(map(str, one.shown.tolist())),
                names=NAMES,
                values=self.data.of(one.query)[0][one.shown],
                gains=one.clicked.astype(np.float32),
            )
            for one in reversed(kept)
        ]

    def samples(self, *, naive: bool = False) -> list[Sample]:
        """Return what is trained on; naive: as if all had been looked at."""
        found = self.pages()
        samples = list(samples_of(found, curve_of(found)))
        if not naive:
            return samples
        return [Sample(names=one.names, values=one.values, gains=one.gains) for one in samples]


def position_based(_: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    """Look at place r with probability 1/r, click what is wanted, and a tenth of the rest."""
    chance = np.where(wanted, 1.0, NOISE) / np.arange(1, len(wanted) + 1)
    return rng.random(len(wanted)) < chance, ""


def first_only(_: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    """Click the first place, whatever it is."""
    del rng
    return np.arange(len(wanted)) == 0, ""


def random_clicks(_: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    """Click one place, all alike."""
    return np.arange(len(wanted)) == rng.integers(len(wanted)), ""


def one_user(number: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    """Act normally, but for the sessions 1,000 to 1,999: one user's, who clicks all that is not wanted."""
    if 1000 <= number < 2000:
        return ~wanted, "mallory"
    return position_based(number, wanted, rng)[0], f"u{rng.integers(300)}"


def some_reversed(number: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    """Act normally, but a fifth of the users want what the others do not."""
    user = int(rng.integers(300))
    return position_based(number, ~wanted if user < 60 else wanted, rng)[0], f"u{user}"


def reversed_window(number: int, wanted: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], str]:
    """Begin with 1,500 sessions of people who want what is not wanted, then go on normally."""
    return position_based(number, ~wanted if number < 1500 else wanted, rng)


HOSTILE = {
    "normal clicks": position_based,
    "all clicks on rank 1": first_only,
    "random clicks": random_clicks,
    "one user clicks 1,000 times": one_user,
    "a fifth of the users reversed": some_reversed,
    "a reversed window, then normal": reversed_window,
}


class World:
    """People who ask the queries of a set."""

    def __init__(self, data: Pages, *, seed: int) -> None:
        self.data, self._seed = data, seed
        self._scored: tuple[LinearRanker, NDArray[np.float32]] | None = None

    def sessions(self, count: int, ranker: LinearRanker, kind: Clicks = position_based, start: int = 0) -> Log:
        """Return sessions of pages that the ranker orders."""
        if self._scored is None or self._scored[0] is not ranker:
            self._scored = ranker, ranker.score(NAMES, self.data.values)
        scores = self._scored[1]
        rows = []
        for number in range(start, start + count):
            rng = np.random.default_rng([self._seed, number])
            query = int(rng.integers(len(self.data)))
            span = slice(self.data.starts[query], self.data.starts[query + 1])
            own = scores[span]
            shown = np.argsort(-(own + rng.normal(scale=JITTER, size=len(own))), kind="stable")[:K]
            clicked, user = kind(number, self.data.grades[span][shown] > 0, rng)
            rows.append(Session(query, shown, clicked, user))
        return Log(self.data, tuple(rows))

    def null_run(self, seed: int, *, ingests: int) -> bool:
        """Whether a ranker that is as good as the live one is promoted within so many ingests of one session each.

        Both rankers are the prior plus noise that is as large for both, so that neither is better; the challenger is
        another one whenever the rule would train anew.
        """
        rng = np.random.default_rng([self._seed, seed, 1])
        held = Contest()
        log = World(self.data, seed=1000 + seed).sessions(ingests, held.live)
        lists, due = 0, TRAIN_EVERY
        for number in range(ingests):
            one = log.rows[number]
            wanted = rng.permutation(self.data.of(one.query)[1][one.shown] > 0)  # worth has nothing to do with order
            clicked = rng.random(len(wanted)) < np.where(wanted, 1.0, NOISE) / np.arange(1, len(wanted) + 1)
            if feed(held, Session(one.query, one.shown, clicked, ""), self.data, number):
                return True
            lists += bool(clicked.any())
            if lists >= due:
                due = 2 * lists
                noisy = {name: weight + rng.normal(scale=0.1) for name, weight in held.live.weights.items()}
                held.enter({"ranker": LinearRanker(noisy, version=held.latest + 1).to_dict()})
        return False


def feed(held: Contest, session: Session, data: Pages, number: int) -> bool:
    """Show a session to the doubt rule; whether it promoted."""
    version = held.live.version
    if not held.trials or not session.clicked.any():
        return False
    values = data.of(session.query)[0][session.shown]
    shown = tuple(map(str, session.shown.tolist()))
    impression = Impression(query_id=f"q{number}", text=str(session.query), time=0.0, shown=shown)
    trace = _trace(values)
    for place in np.flatnonzero(session.clicked).tolist():
        event = Event(id=f"{number}.{place}", entity_id=shown[place], action="click", time=0.0, user=session.user)
        held.observe(event, impression, trace)
    return held.live.version != version


def contest(world: World, kind: Clicks) -> tuple[LinearRanker, list[tuple[int, LinearRanker]]]:
    """Run the whole rule: pages by the live ranker, training at 100, 200, 400 … lists, the test on what follows.

    Returns the ranker that is live at the end, and each promotion: after how many sessions, and what.
    """
    held = Contest()
    rows: list[Session] = []
    changes: list[tuple[int, LinearRanker]] = []
    lists, due = 0, TRAIN_EVERY
    for start in range(0, SESSIONS, EVERY):
        for session in world.sessions(EVERY, held.live, kind, start=start).rows:
            rows.append(session)
            lists += bool(session.clicked.any())
            if feed(held, session, world.data, len(rows)):
                changes.append((len(rows), held.live))
        if lists >= due:
            due = 2 * lists
            found = Log(world.data, tuple(rows)).pages()
            curve = curve_of(found)
            ranker = train(list(samples_of(found, curve)), version=held.latest + 1)
            held.enter({"ranker": ranker.to_dict(), "examination": [curve.examination(r) for r in range(1, K + 1)]})
    return held.live, changes


def _trace(values: NDArray[np.float32]) -> Trace:
    return Trace(
        now=0.0,
        k=K,
        segments=(),
        learned="",
        policy_version=0,
        ranker_version=0,
        mode="",
        particle=0,
        epsilon=0.0,
        explored=False,
        seed=0,
        context={},
        arms=(),
        propensity=1.0,
        pool_ids=(),
        pool={},
        feature_names=NAMES,
        features=tuple(map(tuple, values.tolist())),
        scores=(),
    )
