"""Caps and diversity through the engine: on the page, in the log, from ltrr.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.records import Answer


def _genres(engine: Engine, answer: Answer) -> list[str]:
    found = [engine.entity(one.id) for one in answer.results]
    return [str(one.attributes["genres"][0]) for one in found if one is not None]


def test_caps(index: Path) -> None:
    """At most so many of each value; numbers and types count too; logged as it was."""
    with Engine.open(index) as engine:
        answer = engine.search("love rain", k=4, cap="Genres:2", seed=1, explore=False)
        assert sorted(_genres(engine, answer)) == ["pop", "pop", "rock", "rock"]
        logged = engine._opened.impressions.find(answer.query_id)
        assert logged is not None
        assert logged.trace is not None
        assert (logged.trace.cap, logged.trace.diversity) == ("genres:2", 0.0)
        assert [one.id for one in answer.results] == list(logged.shown)
        assert len({one.type for one in engine.search("love", k=2, cap="type:1", explore=False).results}) == 2


def test_diversity_spreads(index: Path) -> None:
    """The page's results are less alike; the first stays."""
    with Engine.open(index) as engine:

        def alike(answer: Answer) -> float:
            rows = [engine._opened.row(one.id) for one in answer.results]
            vectors = engine._opened.view.vectors(np.array(rows, np.int64))
            return float((vectors @ vectors.T)[np.triu_indices(len(rows), 1)].mean())

        pages = [engine.search("love", k=5, diversity=share, seed=1, explore=False) for share in (0.0, 0.3, 0.9)]
        likeness = [alike(page) for page in pages]
        assert likeness[0] > likeness[2]
        assert len({page.results[0].id for page in pages}) == 1


def test_settings_and_overrides(index: Path) -> None:
    """ltrr.toml arranges every page; a call may say otherwise; two systems on a page are arranged as well."""
    (index / "ltrr.toml").write_text('[query]\ncap = "type:1"\ndiversity = 0.2\nnoise = 0.1\n')
    with Engine.open(index) as engine:
        answer = engine.search("love", k=2, seed=3)
        assert (answer.trace.cap, answer.trace.diversity) == ("type:1", 0.2)
        assert len({one.type for one in answer.results}) == 2
        assert answer.trace.order_log_propensity < 0
        again = engine.search("love", k=2, seed=3)
        assert [one.id for one in again.results] == [one.id for one in answer.results]
        free = engine.search("love", k=2, seed=3, cap="", diversity=0.0)
        assert (free.trace.cap, free.trace.diversity) == ("", 0.0)
        both = engine.search("love", k=2, interleave=("ranker:live", "single:lexical"))
        assert both.trace.cap == "type:1"
        assert engine.record(answer.query_id, answer.results[1].id)


@pytest.mark.parametrize(
    "wrong", [{"cap": "genre:2"}, {"cap": "genres"}, {"diversity": 1.0}, {"diversity": -0.1}], ids=str
)
def test_mistakes(index: Path, wrong: dict[str, object]) -> None:
    """An unknown field, no number, a share out of range."""
    with Engine.open(index) as engine, pytest.raises(UsageError):
        engine.search("love", **wrong)  # type: ignore[arg-type]
