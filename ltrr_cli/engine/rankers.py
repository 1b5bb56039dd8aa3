"""What can be asked of, and done to, the ranker's versions: show, promote, roll back, train on judgments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.engine.judged import judged_samples
from ltrr_cli.engine.learn import at_the_end, checkpoint
from ltrr_cli.engine.training import acted_pages, live_row, shown_of, trained_row
from ltrr_cli.errors import FeedbackError, NotFoundError, UsageError
from ltrr_cli.ranking.bias import METHODS, Estimate
from ltrr_cli.ranking.linear import PRIOR
from ltrr_cli.ranking.losses import LOSSES
from ltrr_cli.ranking.registry import meaning, names
from ltrr_cli.ranking.train import JUDGED_STRENGTH, train

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ltrr_cli.engine.judged import Judged
    from ltrr_cli.engine.opened import Opened

_FOR_JUDGMENTS = ("listwise", "pairwise")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureInfo:
    """A feature: its meaning, the live weight, the prior's, the challenger's (None without one), and the scaler's."""

    name: str
    meaning: str
    weight: float
    prior: float
    challenger: float | None
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionInfo:
    """What happened to a version of the ranker: `trained`, `live` or `aside`, and why."""

    version: int
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialInfo:
    """A version in its test: `evidence` of the `needed`, after `actions` that gave it this mean `advantage`."""

    version: int
    evidence: float
    needed: float
    actions: int
    advantage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerReport:
    """The live ranker, and those in their tests, the last trained first: that is the `challenger` (0: none)."""

    version: int
    status: str
    challenger: int
    tests: tuple[TrialInfo, ...]
    features: tuple[FeatureInfo, ...]
    history: tuple[VersionInfo, ...]


def report(opened: Opened) -> RankerReport:
    """Collect it."""
    contest = opened.learned.contest
    known = names([strategy.name for strategy in opened.strategies])
    challenger = contest.challenger
    return RankerReport(
        version=contest.live.version,
        status=contest.status(),
        challenger=0 if challenger is None else challenger.version,
        tests=tuple(
            TrialInfo(
                version=trial.ranker.version,
                evidence=trial.bet.wealth,
                needed=trial.needed,
                actions=trial.bet.seen,
                advantage=trial.bet.mean,
            )
            for trial in reversed(contest.trials)
        ),
        features=tuple(
            FeatureInfo(
                name=name,
                meaning=meaning(name),
                weight=contest.live.weight(name),
                prior=PRIOR.get(name, 0.0),
                challenger=None if challenger is None else challenger.weight(name),
                scale=contest.live.scale.get(name, 1.0),
            )
            for name in dict.fromkeys([*known, *contest.live.weights])
        ),
        history=tuple(
            VersionInfo(version=int(row["version"]), status=str(row["status"]), reason=str(row["reason"]))
            for row in contest.history
        ),
    )


def estimates(opened: Opened) -> Mapping[str, Estimate]:
    """Return the examination curves by method. Raises `FeedbackError` without a page that was acted on."""
    pages = acted_pages(opened)
    if not any((page.gains > 0).any() for page in pages):
        raise FeedbackError(
            "no answer of this index was acted on yet, so the log says nothing of positions",
            where=str(opened.root),
            next="click at the prompt of ltrr query, or ltrr feedback record",
        )
    shown = shown_of(pages)
    return {name: method(shown) for name, method in METHODS.items()}


def put_live(opened: Opened, version: int | None, *, now: float, reason: str) -> int:
    """Put a version live, by default the challenger; returns it."""
    if version is None:
        if opened.learned.challenger is None:
            raise NotFoundError("there is no challenger: no ranker is in its test", next="name a version")
        version = opened.learned.challenger.version
    with at_the_end(opened):
        opened.logs.control.append([live_row(opened, version, now, reason)])
    opened.catch_up()
    checkpoint(opened)
    return version


def roll_back(opened: Opened, version: int | None, *, now: float) -> int:
    """Put an earlier version live again, by default the one that was live before; returns it."""
    contest = opened.learned.contest
    before = [0, *(int(row["version"]) for row in contest.history if row["status"] == "live")]
    if version is None:
        if contest.live.version == 0 and len(before) == 1:
            raise NotFoundError("the prior is live, and no version was before it", where=str(opened.root))
        version = next(one for one in reversed(before) if one != contest.live.version)
    return put_live(opened, version, now=now, reason=f"rolled back from version {contest.live.version}")


def train_on_judgments(
    opened: Opened, queries: Sequence[Judged], *, loss: str, promote: bool, now: float, progress: Callable[[int], None]
) -> int:
    """Train on judgments, and write the ranker down; returns its version."""
    if loss not in _FOR_JUDGMENTS:
        raise UsageError(f"no loss is called {loss!r}", next=f"use one of {', '.join(_FOR_JUDGMENTS)}")
    samples = list(judged_samples(opened, queries, now=now, progress=progress))
    if not samples:
        raise UsageError("the index finds nothing relevant for any of the queries", next="check ids and grades")
    ranker = train(samples, strength=JUDGED_STRENGTH, loss=LOSSES[loss])
    source = f"judgments of {len(samples)} queries"
    with at_the_end(opened):
        row = trained_row(opened, ranker, now, source=source, promote=promote)
        opened.logs.control.append([row])
    opened.catch_up()
    checkpoint(opened)
    return int(row["ranker"]["version"])
