"""What a strategy promises that says `apart`: segments searched by others, as parts, give what the whole gives."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.cluster.asked import Asked
from ltrr_cli.cluster.replica import Replica
from ltrr_cli.retrieval.base import BUILT_IN, Hits, Request, Strategy, apart, built_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.index.view import View
    from ltrr_cli.records import Entity

ARMS = [name for name in BUILT_IN if apart(built_in(name))]
QUERIES = (
    "love",
    "love death",
    "river song king winter dance road ghost moon fire",
    "love story movies 90s by anna king",
    "comedy songs 1980-1995",
    "東京",
    "nigth riverr",
    "ghostmoon dan",
    "love xyzzy",
    "love " * 200,
)


@pytest.fixture(scope="module")
def view(make_view: Callable[..., View], catalogue: list[Entity]) -> View:
    """Return a catalogue in three segments of different sizes, with deleted entities in two."""
    return make_view(catalogue[:31], catalogue[31:50], catalogue[50:], tombstones=((3, 8), (), (1,)))


def _apart(strategy: Strategy, request: Request, depth: int) -> Hits:
    """Search each segment by a replica, which has nothing but the segment, and put the finds together."""
    view, rows, scores = request.view, [], []
    for segment in view.segments:
        asked = Asked.of(request, strategy.name, depth + view.dead_in(segment))
        asked = pickle.loads(pickle.dumps(asked))  # noqa: S301 – as it passes between processes
        (found,) = Replica(str(segment.vectors._path.parents[2]), segment.name).search([asked])
        assert found.error == ""
        rows.append(found.hits.rows + segment.base)
        scores.append(found.hits.scores)
    return Hits(*view.top(np.concatenate(rows), np.concatenate(scores), depth))


@pytest.mark.parametrize("name", ARMS)
@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("depth", [3, 100])
def test_parts_give_the_whole(
    name: str, text: str, depth: int, view: View, make_request: Callable[..., Request]
) -> None:
    """The same rows with the same scores in the same order."""
    strategy, request = built_in(name), make_request(view, text)
    if not strategy.applies(request):
        return
    whole, parts = strategy.retrieve(request, depth), _apart(strategy, request, depth)
    assert parts.rows.tolist() == whole.rows.tolist()
    assert parts.scores.tolist() == whole.scores.tolist()


@pytest.mark.parametrize("name", [name for name in ARMS if name != "fuzzy"])
@pytest.mark.parametrize("within", ["year >= 1990 and genre != comedy", "id in (e3, e17, e33, e52)", "genre = nothing"])
def test_filters_hold_in_parts(name: str, within: str, view: View, make_request: Callable[..., Request]) -> None:
    """Under a filter, too: what it names need not be in every part."""
    strategy, request = built_in(name), make_request(view, "love river songs 90s", within=within)
    whole, parts = strategy.retrieve(request, 10), _apart(strategy, request, 10)
    assert parts.rows.tolist() == whole.rows.tolist()
    assert parts.scores.tolist() == whole.scores.tolist()


def test_some_are_apart() -> None:
    """These arms do the most work: if one of them no longer is apart, a cluster does it in one place."""
    assert ARMS == ["lexical", "popular", "structured", "semantic", "fuzzy"]
