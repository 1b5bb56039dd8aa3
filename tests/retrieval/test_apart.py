"""What a strategy promises that says `apart`: segments searched by others, as parts, give what the whole gives."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, cast

import pytest

from ltrr_cli.cluster.replica import Replica
from ltrr_cli.cluster.spread import Spread
from ltrr_cli.retrieval.base import BUILT_IN, Hits, Request, Strategy, apart, built_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ltrr_cli.cluster.asked import Asked, Found
    from ltrr_cli.cluster.fleet import Fleet
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


class Here:
    """A fleet whose replicas, which have nothing but their segment, are in this process; and what they were asked."""

    def __init__(self, view: View) -> None:
        self._root = {segment.name: str(segment.vectors._path.parents[2]) for segment in view.segments}
        self.depths: list[dict[str, int]] = []

    def search(self, wanted: Mapping[str, Asked]) -> tuple[dict[str, Found], list[str]]:
        """Search each segment; questions and answers pass between processes."""
        self.depths.append({name: asked.depth for name, asked in wanted.items()})
        asked = pickle.loads(pickle.dumps(wanted))  # noqa: S301 – as they do
        return {name: Replica(self._root[name], name).search([one])[0] for name, one in asked.items()}, []


def _apart(strategy: Strategy, request: Request, depth: int) -> Hits:
    """Search each segment by a replica, and put the finds together."""
    return Spread(strategy, cast("Fleet", Here(request.view))).retrieve(request, depth)


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


@pytest.mark.parametrize("name", ["lexical", "semantic"])
def test_deletions_cost_little(
    name: str, catalogue: list[Entity], make_view: Callable[..., View], make_request: Callable[..., Request]
) -> None:
    """A few more are asked for than are wanted; where just the best are deleted, deeper and deeper."""
    strategy, parts = built_in(name), (catalogue[:31], catalogue[31:])
    best = strategy.retrieve(make_request(make_view(*parts), "love"), 60).rows
    best = best[best >= 31] - 31
    seldom = make_view(*parts, tombstones=((), (int(best[-1]),)))
    here = Here(seldom)
    request = make_request(seldom, "love")
    found = Spread(strategy, cast("Fleet", here)).retrieve(request, 5)
    assert found.rows.tolist() == strategy.retrieve(request, 5).rows.tolist()
    assert [sorted(depths.values()) for depths in here.depths] == [[5, 6]]
    often = make_view(*parts, tombstones=((), tuple(best[:20].tolist())))
    here, request = Here(often), make_request(often, "love")
    found = Spread(strategy, cast("Fleet", here)).retrieve(request, 2)
    assert found.rows.tolist() == strategy.retrieve(request, 2).rows.tolist()
    assert len(here.depths) > 1
    assert set(here.depths[1]) == {often.segments[1].name}


def test_some_are_apart() -> None:
    """These arms do the most work: if one of them no longer is apart, a cluster does it in one place."""
    assert ARMS == ["lexical", "popular", "structured", "semantic", "fuzzy"]
