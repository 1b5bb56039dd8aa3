"""Strategies of others that do not keep to the contract take no answer down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import LtrrError
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.retrieval.base import Request


NONSENSE = {
    "nothing at all": lambda: None,
    "rows beyond the index": lambda: Hits(np.array([10**9]), np.ones(1, np.float32)),
    "negative rows": lambda: Hits(np.array([-1]), np.ones(1, np.float32)),
    "rows that are no numbers": lambda: Hits(np.array(["a"]), np.ones(1, np.float32)),
    "half rows": lambda: Hits(np.array([0.5]), np.ones(1, np.float32)),
    "an entity twice": lambda: Hits(np.zeros(2, np.int64), np.ones(2, np.float32)),
    "fewer scores than rows": lambda: Hits(np.arange(3), np.ones(1, np.float32)),
    "scores that are nan": lambda: Hits(np.arange(2), np.full(2, np.nan, np.float32)),
    "ascending scores": lambda: Hits(np.arange(2), np.arange(2, dtype=np.float32)),
}


class Mad:
    """A strategy that returns whatever it is given to return, and may not even know whether it applies."""

    name = "mad"
    learns = False

    def __init__(self, found: Any) -> None:
        self._found = found

    def applies(self, request: Request) -> bool:
        """Raise."""
        raise ValueError(request.query.text)

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return nonsense."""
        del request, depth
        return cast("Hits", self._found())


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_an_error_of_its_strategy(index: Path, what: str) -> None:
    """What a strategy returns is checked: nonsense is its own error, and the others answer."""
    with Engine.open(index, strategies=[Mad(NONSENSE[what])]) as engine:
        answer = engine.search("love rain", depths={"lexical": 5, "mad": 5}, now=1_750_000_000.0)
    assert answer.results
    assert {arm.name: bool(arm.error) for arm in answer.trace.arms} == {"lexical": False, "mad": True}


def test_more_hits_than_were_asked_for_are_cut(index: Path) -> None:
    """A strategy that returns all it has gives no more candidates than the selection says."""
    found = Hits(np.arange(30), -np.arange(30, dtype=np.float32))
    with Engine.open(index, strategies=[Mad(lambda: found)]) as engine:
        answer = engine.search("love rain", depths={"mad": 5}, now=1_750_000_000.0)
    assert [(arm.name, arm.returned, arm.error) for arm in answer.trace.arms] == [("mad", 5, "")]


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY\x01\x00v\x00{'descr': (((", b"\0" * 200], ids=["empty", "header", "zeros"]
)
def test_damaged_table_is_named(index: Path, content: bytes) -> None:
    """A damaged table of the learned state is an error that names it and says what to do."""
    learned = index / "learned" / read_manifest(index).learned.name
    (learned / "waiting.value.npy").write_bytes(content)
    with pytest.raises(LtrrError, match=r"waiting\.value\.npy is damaged.*ltrr learn --rebuild"):
        Engine.open(index)
