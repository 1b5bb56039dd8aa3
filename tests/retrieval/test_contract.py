"""What every built-in strategy promises, on small real segments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.memory.evidence import Evidence
from ltrr_cli.memory.people import People
from ltrr_cli.memory.person import Person
from ltrr_cli.retrieval.base import BUILT_IN, Hits, Strategy, built_in
from ltrr_cli.retrieval.external import PREFIX, ExternalVectors
from ltrr_cli.retrieval.sparse import SparseTerms

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ltrr_cli.index.view import View
    from ltrr_cli.records import Entity
    from ltrr_cli.retrieval.base import Request

QUERIES = (
    "love",
    "love death",
    "river song king winter dance road ghost moon fire",
    "love story movies 90s by anna king",
    "comedy songs 1980-1995",
    "songs",
    "東京",
    "तुम",
    "LOVE!!!",
    "love xyzzy",
    "nigth riverr",
    "ghostmoon dan",
    "तुमम नाम",
    'title:love AND (death OR "night) \\ ~* [a TO b]',
    "love " * 200,
    "1980-1995 " * 8000,
    "moon fire " * 8000 + "x" * 20_000,
    "wintr " * 17_000 + "y" * 10_000,
)
BARREN = ("", "  ", "xyzzy plugh", "🎬", "!?", "\x00", "\ud800", "ⵣ")
DEPTHS = (1, 2, 5, 10, 20, 50, 100)
GONE = (0, 1, 2, 7, 8, 9, 30, 31)


@pytest.fixture(scope="module", params=["one segment", "tombstones", "two segments", "two, with tombstones"])
def view(request: pytest.FixtureRequest, make_view: Callable[..., View], catalogue: list[Entity]) -> View:
    """Return views of the catalogue: whole or cut in two, with or without deleted entities."""
    if "two" in request.param:
        gone = (GONE, [n - 40 for n in (44, 45, 59)]) if "tombstones" in request.param else ()
        return make_view(catalogue[:40], catalogue[40:], tombstones=gone)
    return make_view(catalogue, tombstones=(GONE,) if request.param == "tombstones" else ())


ARMS = (*BUILT_IN, "vectors:sound", "sparse")
WITHOUT_WORDS = ("semantic", "sparse")
"""Arms that may compare what has no words that the index knows."""


def arm(name: str) -> Strategy:
    """Return a built-in strategy, or one that an index has by what it was built with."""
    if name.startswith(PREFIX):
        return ExternalVectors(name.removeprefix(PREFIX))
    return SparseTerms() if name == "sparse" else built_in(name)


@pytest.fixture(scope="module", params=ARMS)
def strategy(request: pytest.FixtureRequest) -> Strategy:
    """Return each strategy."""
    return arm(request.param)


def _check(hits: Hits, view: View, depth: int) -> None:
    assert hits.rows.dtype == np.int64
    assert hits.scores.dtype == np.float32
    assert len(hits.rows) == len(hits.scores) <= depth
    assert len(set(hits.rows.tolist())) == len(hits.rows)
    assert all(0 <= row < view.rows for row in hits.rows.tolist())
    assert view.living(hits.rows).all()
    assert np.isfinite(hits.scores).all()
    order = list(zip((-hits.scores).tolist(), hits.rows.tolist(), strict=True))
    assert order == sorted(order), "scores fall, and equal ones are ordered by row"


@pytest.mark.parametrize("text", QUERIES)
def test_hits(strategy: Strategy, view: View, text: str, make_request: Callable[..., Request]) -> None:
    """Hits are distinct living rows, best first, at most as many as asked for; asking again gives the same."""
    request = make_request(view, text)
    if not strategy.applies(request):
        return
    again_asked = make_request(view, text)
    deepest = strategy.retrieve(request, 100)
    for depth in DEPTHS:
        hits = strategy.retrieve(request, depth)
        _check(hits, view, depth)
        assert len(hits.rows) == min(depth, len(deepest.rows)), "a greater depth may only add"
        again = strategy.retrieve(again_asked, depth)
        assert np.array_equal(again.rows, hits.rows)
        assert np.array_equal(again.scores, hits.scores)


@pytest.mark.parametrize("text", QUERIES[:9])
def test_a_shallow_answer_is_the_start_of_a_deep_one(
    strategy: Strategy, view: View, text: str, make_request: Callable[..., Request]
) -> None:
    """Depth cuts the list and changes nothing else: hindsight relies on it. Equal scores at the cut included."""
    request = make_request(view, text)
    if not strategy.applies(request):
        return
    deepest = strategy.retrieve(request, 100)
    for depth in DEPTHS:
        hits = strategy.retrieve(request, depth)
        assert hits.rows.tolist() == deepest.rows[:depth].tolist()
        assert hits.scores == pytest.approx(deepest.scores[:depth], rel=1e-5)


FILTERS = (
    "year >= 1990 and genre != comedy",
    "type = song or genre : story",
    "not (type = song)",
    "id in (e3, e17, e33, e52)",
    "id = e44",
    "genre = nothing",
)


@pytest.mark.parametrize("text", QUERIES[:9])
@pytest.mark.parametrize("within", FILTERS)
def test_filters_only_leave_out(
    strategy: Strategy, view: View, text: str, within: str, make_request: Callable[..., Request]
) -> None:
    """Under a filter, at every depth: the best of the whole ranking that the filter allows, with the same scores.

    Arms that go by what else is found go by what the filter allows: of them it is asked that they find nothing else.
    """
    whole = strategy.retrieve(make_request(view, text), view.rows)
    request = make_request(view, text, within=within)
    allowed = request.view.allowed
    assert allowed is not None
    expected = [(row, score) for row, score in zip(whole.rows.tolist(), whole.scores.tolist(), strict=True)]
    expected = [pair for pair in expected if allowed[pair[0]]]
    if strategy.name not in {*ABSOLUTE, "fuzzy"}:
        hits = strategy.retrieve(request, 100)
        _check(hits, view, 100)
        assert allowed[hits.rows].all()
        assert strategy.retrieve(request, 3).rows.tolist() == hits.rows[:3].tolist()
        return
    for depth in (1, 3, 10, 100):
        hits = strategy.retrieve(request, depth)
        _check(hits, view, depth)
        assert hits.rows.tolist() == [row for row, _ in expected[:depth]]
        assert hits.scores.tolist() == pytest.approx([score for _, score in expected[:depth]], rel=1e-5)


@pytest.mark.parametrize("within", ["", *FILTERS])
def test_without_words_the_best_known_are_found(view: View, within: str, make_request: Callable[..., Request]) -> None:
    """One arm finds what the filter allows, by the catalogue's popularity; all there is where there is none either."""
    request = make_request(view, "", Evidence("queries", words=True), within=within)
    popular = built_in("popular")
    assert popular.applies(request)
    hits = popular.retrieve(request, 100)
    _check(hits, view, 100)
    allowed = request.view.allowed
    every = view.living_rows() if allowed is None else np.flatnonzero(allowed)
    assert sorted(hits.rows.tolist()) == every.tolist()
    assert hits.scores.tolist() == np.nan_to_num(view.popularity(hits.rows)).tolist()


@pytest.mark.parametrize("text", BARREN)
def test_barren_queries(strategy: Strategy, view: View, text: str, make_request: Callable[..., Request]) -> None:
    """Nothing to go by: no arm, or no harm. Only vectors compare what has no words; nothing at all is browsing."""
    if strategy.name == "popular" and not text.strip():
        return
    request = make_request(view, text, Evidence("queries", words=True))
    if strategy.name not in WITHOUT_WORDS:
        assert not strategy.applies(request)
    hits = strategy.retrieve(request, 10)
    _check(hits, view, 10)
    if strategy.name not in WITHOUT_WORDS:
        assert len(hits.rows) == 0


@pytest.mark.parametrize("name", ARMS)
def test_each_finds_something(name: str, view: View, make_request: Callable[..., Request]) -> None:
    """The suite above is about something: every strategy applies to its query, and finds more than one entity."""
    request = make_request(view, {"fuzzy": "nigth rivver"}.get(name, "love story"))
    strategy = arm(name)
    assert strategy.name == name
    assert strategy.applies(request)
    assert len(strategy.retrieve(request, 100).rows) > 1


ABSOLUTE = ("lexical", "popular", "structured", "semantic", "memory", "sparse")
"""Strategies that score each entity by itself; the others go by what else is found."""
WITHOUT_TEXT = ("popular", "personal", "related", "fresh")


@pytest.mark.parametrize("name", ABSOLUTE)
def test_deleting_changes_no_order(
    name: str, make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> None:
    """What is left after deletions keeps its order; but a query of `vectors:` is made of what is found."""
    strategy = arm(name)
    whole, holed = make_view(catalogue), make_view(catalogue, tombstones=(GONE,))
    text = {"fuzzy": "nigth rivver"}.get(name, "love story")
    before = strategy.retrieve(make_request(whole, text), 100)
    after = strategy.retrieve(make_request(holed, text), 100)
    assert after.rows.tolist() == [row for row in before.rows.tolist() if row not in GONE]


def test_recommendations(strategy: Strategy, view: View, make_request: Callable[..., Request]) -> None:
    """Without a query some strategies are arms and the others none; nobody is told of what he knows already."""
    request = make_request(view, "", recommend=True)
    assert strategy.applies(request) == (strategy.name in WITHOUT_TEXT)
    if not strategy.applies(request):
        return
    deepest = strategy.retrieve(request, 100)
    for depth in DEPTHS:
        hits = strategy.retrieve(make_request(view, "", recommend=True), depth)
        _check(hits, view, depth)
        assert hits.rows.tolist() == deepest.rows[:depth].tolist()
    assert len(deepest.rows) > 1
    known = {f"e{number}" for number in range(0, 24, 2)}
    assert not known & set(view.ids(deepest.rows))


@pytest.mark.parametrize("depth", [1, 9, 60])
@pytest.mark.parametrize("within", ["", FILTERS[0]])
@pytest.mark.parametrize("rewarded", [0.0, 0.1, 1.0])
def test_what_most_like_is_recommended(
    view: View, depth: int, within: str, rewarded: float, make_request: Callable[..., Request]
) -> None:
    """What was rewarded, and half of the popularity, of all that the person does not know, as looking at all finds."""
    request = make_request(view, "", within=within, recommend=True)
    rng = np.random.default_rng(1)
    rewards = (rng.random(view.rows) * (rng.random(view.rows) < rewarded)).astype(np.float32)
    request = replace(request, rewarded=rewards)
    every = request.view.living_rows()
    every = every[request.new(every)]
    scores = rewards[every] + np.nan_to_num(view.popularity(every)) / 2
    best = [place for place in np.lexsort((every, -scores)).tolist() if scores[place] > 0][:depth]
    hits = built_in("popular").retrieve(request, depth)
    assert hits.rows.tolist() == every[best].tolist()
    assert hits.scores.tolist() == scores[best].tolist()


@pytest.mark.parametrize("name", [name for name in WITHOUT_TEXT if name != "popular"])
def test_an_empty_query_is_no_wish_for_recommendations(
    name: str, view: View, make_request: Callable[..., Request]
) -> None:
    """Only who asks for recommendations gets them."""
    assert not built_in(name).applies(make_request(view, "", Evidence("queries", words=True)))


def _one_and_two(
    text: str, make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> tuple[Hits, Hits]:
    """Return what lexical finds among the same entities in one segment, and in two."""
    views = make_view(catalogue), make_view(catalogue[:25], catalogue[25:])
    one, two = (built_in("lexical").retrieve(make_request(view, text), 60) for view in views)
    return one, two


@pytest.mark.parametrize("text", QUERIES[:5])
def test_segments_do_not_change_what_lexical_finds(
    text: str, make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> None:
    """The same entities are found in one and in two segments, in nearly the same order."""
    one, two = _one_and_two(text, make_view, catalogue, make_request)
    assert set(one.rows.tolist()) == set(two.rows.tolist())
    ranks = [two.rows.tolist().index(row) for row in one.rows.tolist()]
    assert np.corrcoef(ranks, np.arange(len(ranks)))[0, 1] > 0.8


@pytest.mark.parametrize("text", QUERIES[:5])
def test_segments_hardly_change_lexical_scores(
    text: str, make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> None:
    """Scores in one and in two segments differ by a tenth at most, which the segments' mean field lengths explain."""
    one, two = _one_and_two(text, make_view, catalogue, make_request)
    scores, others = (dict(zip(hits.rows.tolist(), hits.scores.tolist(), strict=True)) for hits in (one, two))
    assert others == pytest.approx(scores, rel=0.1)


@pytest.mark.parametrize("name", ["semantic", "structured", "sparse"])
def test_segments_change_nothing_where_no_statistics_count(
    name: str, make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> None:
    """Cosines do not depend on how entities are spread over segments, and neither do the sets that others find."""
    strategy = arm(name)
    one = strategy.retrieve(make_request(make_view(catalogue), "love story movies"), 60)
    two = strategy.retrieve(make_request(make_view(catalogue[:25], catalogue[25:]), "love story movies"), 60)
    assert set(one.rows.tolist()) == set(two.rows.tolist())
    if name == "semantic":
        assert one.rows.tolist() == two.rows.tolist()


@pytest.mark.parametrize("depth", [1, 3, 10])
def test_equal_vectors_are_cut_by_row(
    depth: int, make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> None:
    """Of many entities with the same vector, the first rows come back, whatever the depth."""
    vectors = np.tile(np.eye(16, dtype=np.float32)[0], (60, 1))
    request = make_request(make_view(catalogue, vectors=vectors), "love")
    assert built_in("semantic").retrieve(request, depth).rows.tolist() == list(range(depth))


def test_popular_needs_popularity(
    make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> None:
    """Without any popularity in the catalogue `popular` is no arm: it would repeat lexical."""
    plain = make_view([replace(entity, popularity=None) for entity in catalogue])
    assert not built_in("popular").applies(make_request(plain, "love"))
    assert built_in("lexical").applies(make_request(plain, "love"))


def test_popularity_at_most_doubles(
    make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> None:
    """`popular` scores are lexical ones times 1 … 2, by the share of entities that are less popular."""
    view = make_view(catalogue)
    request = make_request(view, "love night")
    lexical, popular = (built_in(name).retrieve(request, 100) for name in ("lexical", "popular"))
    base = dict(zip(lexical.rows.tolist(), lexical.scores.tolist(), strict=True))
    assert set(base) == set(popular.rows.tolist())
    shares = np.nan_to_num(view.popularity(popular.rows))
    expected = [
        base[row] * np.log2(2 + 2 * share) for row, share in zip(popular.rows.tolist(), shares.tolist(), strict=True)
    ]
    assert popular.scores == pytest.approx(expected, rel=1e-4)


def test_lexical_prefers_titles(make_view: Callable[..., View], make_request: Callable[..., Request]) -> None:
    """The title counts more than the text, two words more than one, a phrase more than its words apart."""
    from ltrr_cli.records import Entity

    view = make_view(
        [
            Entity(id="text", title="other thing", text="blue moon blue moon"),
            Entity(id="one", title="moon thing"),
            Entity(id="apart", title="moon so blue"),
            Entity(id="phrase", title="so blue moon"),
            Entity(id="none", title="other"),
        ]
    )
    hits = built_in("lexical").retrieve(make_request(view, "blue moon"), 10)
    found = view.ids(hits.rows)
    assert found[:2] == ["phrase", "apart"]
    assert set(found) == {"text", "one", "apart", "phrase"}


def test_structured_by_hand(make_view: Callable[..., View], make_request: Callable[..., Request]) -> None:
    """An entity scores probability × idf of each named value that it has."""
    from ltrr_cli.records import Entity

    rows: list[dict[str, tuple[str | float, ...]]] = [
        ({"genre": ("western",), "year": (1994.0,)}),
        ({"genre": ("western",)}),
        ({"year": (1992.0,)}),
        {},
        {},
    ]
    view = make_view([Entity(id=str(n), title=f"t{n}", attributes=values) for n, values in enumerate(rows)])
    request = make_request(view, "western 90s")
    western, nineties = (0.6 * view.idf(2) for _ in range(2))
    hits = built_in("structured").retrieve(request, 10)
    assert hits.rows.tolist() == [0, 1, 2]
    assert hits.scores == pytest.approx([western + nineties, western, nineties], rel=1e-5)


def test_semantic_by_hand(
    make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> None:
    """Scores are cosines: the order is that of a plain matrix product."""
    view = make_view(catalogue)
    request = make_request(view, "love")
    cosines = view.segments[0].vectors.matrix @ request.vector
    hits = built_in("semantic").retrieve(request, 60)
    assert hits.rows.tolist() == np.lexsort((np.arange(60), -cosines)).tolist()
    assert hits.scores == pytest.approx(np.sort(cosines)[::-1], abs=1e-6)


def test_the_query_is_encoded_once(
    make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> None:
    """The request's vector is made when it is first asked for, and kept."""
    calls: list[str] = []
    plain = make_request(make_view(catalogue), "love")

    def encode(text: str) -> NDArray[np.float32]:
        calls.append(text)
        first: NDArray[np.float32] = np.eye(16, dtype=np.float32)[0]
        return first

    request = replace(plain, encode=encode)
    built_in("lexical").retrieve(request, 5)
    assert calls == []
    built_in("semantic").retrieve(request, 5)
    built_in("semantic").retrieve(request, 5)
    assert calls == ["love"]


def test_vectors_elsewhere_by_hand(
    make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> None:
    """The query's vector is the weighted mean of what words find; given one, that; a user adds what they liked."""
    view = make_view(catalogue)
    external = view.segments[0].external["sound"]
    request = make_request(view, "love death", Evidence("queries", words=True))
    nothing = replace(request.recall, rows=request.recall.rows[:0])
    request = replace(request, remember=lambda: nothing)
    lexical = built_in("lexical").retrieve(request, 5)
    has, vectors = external.of(lexical.rows)
    mean = (vectors * (lexical.scores[has] / lexical.scores[0])[:, None]).sum(0)
    rows, scores = external.nearest((mean / np.linalg.norm(mean)).astype(np.float32), 60)
    hits = arm("vectors:sound").retrieve(request, 60)
    assert hits.rows.tolist() == rows.tolist()
    assert hits.scores == pytest.approx(scores, abs=1e-5)
    own = int(external.rows[3])
    (vector,) = external.of(np.array([own]))[1]
    given = replace(request, query=replace(request.query, vectors={"sound": tuple(vector.tolist())}))
    assert arm("vectors:sound").retrieve(given, 1).rows.tolist() == [own]
    people = People()
    people.acted("bo", "", view.ids(np.array([own]))[0], 1.0, 1.0)
    barren = replace(make_request(view, "xyzzy"), person=Person(people, view, user="bo"), before={})
    barren = replace(barren, remember=lambda: nothing)
    assert arm("vectors:sound").retrieve(barren, 1).rows.tolist() == [own]


def test_sparse_by_hand(
    make_view: Callable[..., View], catalogue: list[Entity], make_request: Callable[..., Request]
) -> None:
    """All weights are 1: the score is how many of the query's words the title has."""
    hits = arm("sparse").retrieve(make_request(make_view(catalogue), "love death"), 60)
    expected = [sum(word in entity.title.split() for word in ("love", "death")) for entity in catalogue]
    assert hits.scores == pytest.approx([expected[row] for row in hits.rows.tolist()], rel=0.01)
    assert len(hits.rows) == sum(count > 0 for count in expected)
