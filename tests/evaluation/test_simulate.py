"""Simulated sessions: the loop learns from them, repeatably, and the index is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import EvaluationError, UsageError
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.evaluation.queries import EvalQuery
from ltrr_cli.evaluation.simulate import Simulated, Window, simulate
from ltrr_cli.evaluation.users import Users, click_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Qrels = Mapping[str, Mapping[str, int]]

(NDCG,) = parse_measures(["nDCG@10"])


def _run(index: Path, queries: tuple[EvalQuery, ...], qrels: Qrels, **more: Any) -> Simulated:
    wanted: dict[str, Any] = {"sessions": 6, "seed": 3, "model": "position", "noise": 0.1, "taste": 0.0, **more}
    seed, model, noise, taste = (wanted.pop(name) for name in ("seed", "model", "noise", "taste"))
    return simulate(
        index,
        queries,
        qrels,
        users=Users(10, taste=taste, noise=noise, seed=seed),
        model=click_model(model),
        measure=NDCG,
        seed=seed,
        **wanted,
    )


def test_it_learns(index: Path, queries: tuple[EvalQuery, ...], qrels: Qrels, files_of: Callable[[Path], Any]) -> None:
    """Relevant entities that are found at rank 8 come up by clicks; the twin that does not learn leaves them there."""
    before = files_of(index)
    done = _run(index, queries, qrels, sessions=100, learn_every=5, noise=0.0)
    assert files_of(index) == before
    assert [window.end for window in done.windows] == list(range(4, 101, 4))
    last = done.windows[-5:]
    assert {round(window.untrained, 6) for window in done.windows} == {0.315465}  # 1 / log2(9)
    assert done.mean("score", last) > 0.9
    assert done.mean("regret", last) < 0.1 < done.mean("untrained_regret", last)
    assert done.mean("untrained_regret") == pytest.approx(1 - 1 / 8)  # the best page has it on top
    assert done.clicks == sum(window.clicks for window in done.windows) > 20
    assert all(sum(window.shares.values()) == pytest.approx(1) for window in done.windows)


def test_before_the_first_ingest_nothing_is_learned(index: Path, queries: tuple[EvalQuery, ...], qrels: Qrels) -> None:
    """Where learning comes only after the last session, pages differ from the untrained by exploration alone."""
    (index / "ltrr.toml").write_text("[query]\nepsilon = 0\n")
    done = _run(index, queries, qrels, sessions=8, learn_every=8, noise=0.0)
    assert done.mean("untrained") == pytest.approx(0.315465, abs=1e-6)
    assert done.mean("score") < 0.4
    busy = _run(index, queries[:1], qrels, sessions=30, learn_every=1, noise=0.0)
    lazy = _run(index, queries[:1], qrels, sessions=30, learn_every=30, noise=0.0)
    assert busy.mean("score") > lazy.mean("score") + 0.2


def test_the_same_arguments_give_the_same_result(index: Path, queries: tuple[EvalQuery, ...], qrels: Qrels) -> None:
    """Twice the same is the same to the last bit, whatever the index has learned; another seed is not."""
    one = _run(index, queries, qrels, taste=0.5, noise=0.3, sessions=12, learn_every=4)
    with Engine.open(index) as engine:
        answer = engine.search("love")
        engine.record(answer.query_id, "love-7", "like")
    assert _run(index, queries, qrels, taste=0.5, noise=0.3, sessions=12, learn_every=4) == one
    assert _run(index, queries, qrels, taste=0.5, noise=0.3, sessions=12, learn_every=4, seed=4) != one


@pytest.mark.parametrize("model", ["cascade", "dependent"])
def test_one_session(index: Path, queries: tuple[EvalQuery, ...], qrels: Qrels, model: str) -> None:
    """A single session of a single query is one window."""
    told: list[tuple[str, int, int | None]] = []
    done = _run(index, queries[:1], qrels, sessions=1, model=model, progress=lambda *said: told.append(said))
    assert [(window.end, window.sessions) for window in done.windows] == [(1, 1)]
    assert told == [("untrained", 1, 1), ("sessions", 1, 1)]
    assert done.ranker == "the prior is live"


def test_odd_values(index: Path, qrels: Qrels) -> None:
    """Judged entities that the index lacks, odd queries, a page of one and one that is never learned from all go."""
    odd = (EvalQuery(id="a", text="\x00\x1b[2J?!"), EvalQuery(id="b", text="love"), EvalQuery(id="c", text="LOVE!"))
    judged = {"a": {"nowhere": 3}, "b": {"love-7": 3, "love-1": -1}, "c": {"love-7": 0}}
    done = _run(index, odd, judged, sessions=6, k=1, learn_every=10**9, taste=1.0)
    assert done.sessions == sum(window.sessions for window in done.windows) == 6


def test_a_simulation_holds_nothing_out(index: Path, queries: tuple[EvalQuery, ...], qrels: Qrels) -> None:
    """What is learned in the copy is measured against judgments: queries that the index holds out are learned, too."""
    (index / "ltrr.toml").write_text("[learning]\nholdout = 0.9\n[query]\nepsilon = 0\n")
    from ltrr_cli.config import read_config

    config = read_config(index)
    held = tuple(query for query in queries if config.is_held_out(query.text))
    assert held
    done = _run(index, held, qrels, sessions=20, learn_every=1, noise=0.0)
    assert done.clicks > 0
    assert done.mean("score", done.windows[-5:]) > done.mean("untrained", done.windows[-5:])


def test_what_is_refused(index: Path, queries: tuple[EvalQuery, ...], qrels: Qrels) -> None:
    """No queries, no sessions, never learning and pages of nothing are clear errors."""
    with pytest.raises(EvaluationError, match="no judged queries"):
        _run(index, (), qrels)
    with pytest.raises(UsageError, match="sessions must be 1 or more, not 0"):
        _run(index, queries, qrels, sessions=0)
    with pytest.raises(UsageError, match="learn-every must be 1 or more, not -1"):
        _run(index, queries, qrels, learn_every=-1)
    with pytest.raises(UsageError, match="k must be from 1 to 1000, not 0"):
        _run(index, queries, qrels, k=0)


def _window(end: int, sessions: int, score: float, regret: float, shares: dict[str, float]) -> Window:
    return Window(
        end=end,
        sessions=sessions,
        clicks=1,
        score=score,
        untrained=0.5,
        regret=regret,
        untrained_regret=1.0,
        shares=shares,
    )


def test_means_and_charts_by_hand() -> None:
    """Means weigh windows by their sessions, regret adds up, and an arm that was not asked has a share of 0."""
    windows = (_window(1, 1, 0.0, 1.0, {"a": 1.0}), _window(4, 3, 0.8, 0.5, {"a": 0.25, "b": 0.75}))
    done = Simulated(measure="RR", sessions=4, clicks=2, windows=windows, ranker="")
    assert done.mean("score") == pytest.approx(0.6)
    assert done.mean("score", windows[1:]) == pytest.approx(0.8)
    score, regret, shares = done.charts()
    assert [(curve.name, curve.x, curve.y) for curve in score.curves] == [
        ("learning", (1.0, 4.0), (0.0, 0.8)),
        ("untrained", (1.0, 4.0), (0.5, 0.5)),
    ]
    assert [curve.y for curve in regret.curves] == [(1.0, 2.5), (1.0, 4.0)]
    assert {curve.name: curve.y for curve in shares.curves} == {"a": (1.0, 0.25), "b": (0.0, 0.75)}
