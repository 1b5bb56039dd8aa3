"""The second stage: arms that come after others see what those found; which arms run is settled before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.engine import Engine
from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.retrieval.base import Request

NOW = 1_750_000_000.0


class Echo:
    """Finds what the arms before it found, worst first."""

    name = "echo"
    learns = False
    after = ("lexical", "semantic")

    def __init__(self) -> None:
        self.seen: list[dict[str, int]] = []

    def applies(self, request: Request) -> bool:
        """Say yes; what others find is not known yet."""
        assert not request.before
        return True

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the others' rows backwards."""
        self.seen.append({name: len(hits.rows) for name, hits in request.before.items()})
        rows = np.unique(np.concatenate([hits.rows for hits in request.before.values()] or [np.empty(0, np.int64)]))
        rows = rows[::-1][:depth]
        return Hits(rows, np.arange(len(rows), 0, -1, dtype=np.float32))


def test_it_sees_the_others(index: Path) -> None:
    """Those that were chosen, as deep as they ran; lexical, which always runs first, as deep as can be."""
    echo = Echo()
    with Engine.open(index, strategies=[echo]) as engine:
        answer = engine.search("love", depths={"semantic": 4, "echo": 10}, now=NOW, log=False)
        assert echo.seen[-1] == {"semantic": 4}
        pool = answer.trace.pool
        found = {answer.trace.pool_ids[place] for place in pool["semantic"].candidates}
        assert {answer.trace.pool_ids[place] for place in pool["echo"].candidates} == found
        chosen = engine.search("love", now=NOW, seed=1, log=False)
        depths = {arm.name: arm.depth for arm in chosen.trace.arms}
        assert depths["echo"] > 0
        assert echo.seen[-1]["semantic"] == depths["semantic"]
        assert echo.seen[-1]["lexical"] == max(arm.returned for arm in chosen.trace.arms if arm.name == "lexical") > 0
        assert 0 < chosen.trace.propensity <= 1


def test_alone_and_in_hindsight(index: Path) -> None:
    """Asked alone the others run first as well; the order of the answer stays that of the strategies."""
    echo = Echo()
    with Engine.open(index, strategies=[echo]) as engine:
        found = engine.retrieve("love", depth=5, now=NOW)
        assert list(found)[-1] == "echo"
        assert {"lexical", "semantic"} <= set(echo.seen[-1])
        assert len(found["echo"]) == 5


def test_nothing_before_it(index: Path) -> None:
    """Where none of the others runs it is told so."""
    echo = Echo()
    with Engine.open(index, strategies=[echo]) as engine:
        answer = engine.search("love", depths={"echo": 10}, now=NOW, log=False)
    assert echo.seen == [{}]
    assert answer.results == ()


def test_a_longer_page_has_a_larger_pool(index: Path) -> None:
    """Up to 20 results the budget is the setting's; with five times as many, five times as much."""
    (index / "ltrr.toml").write_text("[query]\ncandidates = 15\n")
    with Engine.open(index) as engine:
        spent = [
            sum(arm.depth for arm in engine.search("love", k=k, now=NOW, seed=1, log=False).trace.arms)
            for k in (1, 20, 100)
        ]
    assert spent[0] == spent[1] <= 15
    assert 60 < spent[2] <= 75
