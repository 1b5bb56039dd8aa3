"""The view: several segments, with deleted rows, searched as one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.analysis.base import Slot
from ltrr_cli.records import Entity
from ltrr_cli.text import hash64, token_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.index.segment import Segment
    from ltrr_cli.index.view import View

FIRST = [Entity(id=f"a{n}", title=f"love {n}", popularity=float(n)) for n in range(5)]
SECOND = [
    Entity(id="a1", title="love anew", popularity=9.0),
    Entity(id="b1", title="rain"),
    Entity(id="b2", title="love rain"),
    Entity(id="b3", title="gone love"),
]
VECTORS = np.array([[math.cos(n / 9), math.sin(n / 9), *[0] * 14] for n in range(9)], np.float32)
QUERY = VECTORS[0]


@pytest.fixture(scope="module")
def view(make_view: Callable[..., View]) -> View:
    """Return a view in which a0 and b3 are deleted, and a1 has been replaced."""
    return make_view(FIRST, SECOND, tombstones=[[0, 1], [3]], vectors=VECTORS)


def hashes(*ids: str) -> NDArray[np.uint64]:
    """Return the ids' hashes."""
    return np.array([hash64(one) for one in ids], np.uint64)


def nearest(segment: Segment, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Search one segment's vectors."""
    return segment.vectors.nearest(QUERY, limit)


def test_counts(view: View) -> None:
    """Rows count the deleted ones, entities do not."""
    assert (view.rows, view.entities, view.names) == (9, 6, ("000001", "000002"))


def test_ids_have_their_living_row(view: View) -> None:
    """An id gives the row that lives: the later one of a replaced entity, none of a deleted or unknown one."""
    assert view.rows_of(hashes("a0", "a1", "a4", "b2", "b3", "none")).tolist() == [-1, 5, 4, 7, -1, -1]
    assert [view.row(one) for one in ("a0", "a1", "none", "b2")] == [None, 5, None, 7]
    assert view.living(np.arange(9)).tolist() == [False, False, True, True, True, True, True, True, False]


def test_rows_give_entities(view: View) -> None:
    """Ids, entities and popularity of rows in any order come from the right segment."""
    rows = np.array([7, 2, 5, 8, 0])
    assert view.ids(rows) == ["b2", "a2", "a1", "b3", "a0"]
    assert [view.entity(int(row)).title for row in rows] == ["love rain", "love 2", "love anew", "gone love", "love 0"]
    assert [view.face(int(row)).title for row in rows] == [view.entity(int(row)).title for row in rows]
    assert view.hashes(rows).tolist() == [hash64(one) for one in view.ids(rows)]
    assert view.popularity(rows).tolist() == pytest.approx([np.nan, 0.5, 0.5, np.nan, 0.1], nan_ok=True)


def test_by_segment_splits_rows(view: View) -> None:
    """Each row is given to its segment once, with its place and its number there."""
    rows = np.array([8, 0, 5, 4, 5])
    parts = [(segment.name, places.tolist(), own.tolist()) for segment, places, own in view.by_segment(rows)]
    assert parts == [("000001", [1, 3], [0, 4]), ("000002", [0, 2, 4], [3, 0, 0])]


def test_what_is_written_by_segment_lands_in_place(view: View, make_view: Callable[..., View]) -> None:
    """Of one segment and of several, each row's own number comes to the row's place."""
    for some, rows in ((view, np.array([8, 0, 5, 4, 5])), (make_view(FIRST), np.array([3, 0, 3]))):
        out = np.full(len(rows), -1)
        for segment, places, own in some.placed(rows):
            out[places] = own + segment.base
        assert out.tolist() == rows.tolist()


def test_what_an_entity_is_named(make_view: Callable[..., View]) -> None:
    """The key of its title, and its values in order, each with its term and the hash of its key."""
    view = make_view([Entity(id="x", type="Song", title="Love, Love!", attributes={"mood": ("Sad", "Big Joy")})])
    assert view.named(0).title == "love love"
    assert view.named(0).values == (
        ("mood", "mood=big joy", token_hash("big joy")),
        ("mood", "mood=sad", token_hash("sad")),
        ("type", "type=song", token_hash("song")),
    )


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 6, 50])
def test_search_returns_the_best_that_live(view: View, depth: int) -> None:
    """Whatever is deleted, as many as asked for come back, the best of all segments first."""
    rows, scores = view.search(nearest, depth)
    assert rows.tolist() == [2, 3, 4, 5, 6, 7][:depth]
    assert scores.tolist() == pytest.approx((VECTORS[rows] @ QUERY).tolist())


@pytest.mark.parametrize("gone", [range(0, 200, 2), range(60), [*range(3, 200)]])
def test_the_deleted_cost_little(make_view: Callable[..., View], gone: Sequence[int]) -> None:
    """As many as asked for come back, whichever are deleted, and a search is asked for a few more, not for all."""
    view = make_view([Entity(id=f"e{n}", title="love") for n in range(200)], tombstones=[[*gone]])
    asked = []

    def first(_: Segment, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        asked.append(limit)
        return np.arange(limit), -np.arange(limit, dtype=np.float32)

    living = [row for row in range(200) if row not in set(gone)]
    assert view.search(first, 5)[0].tolist() == living[:5]
    assert asked[0] <= 5 + 5 * len(gone) // len(living) + 8
    assert view.entities == len(living)
    assert view.living_rows().tolist() == living


def test_equal_scores_are_ordered_by_row(view: View) -> None:
    """Where all score the same, the order is that of the rows."""
    rows, _ = view.search(lambda _, limit: (range(limit), [1.0] * limit), 6)
    assert rows.tolist() == [2, 3, 4, 5, 6, 7]


def test_top_leaves_out_the_dead(view: View) -> None:
    """`top` sorts by score and drops deleted rows."""
    rows, scores = view.top(np.array([0, 5, 2, 8, 4]), np.array([9, 1, 1, 9, 2], np.float32), 2)
    assert (rows.tolist(), scores.tolist()) == ([4, 2], [2, 1])


def test_document_frequency_sums_up(view: View) -> None:
    """A term's frequency is the sum over segments, deleted rows included, and gives BM25's idf."""
    assert [view.frequencies(Slot(term, (term,)), ["title"]) for term in ("love", "rain", "none")] == [[8], [2], [0]]
    assert view.idf(2) == pytest.approx(math.log(1 + 7.5 / 2.5))
    assert view.idf(2, entities=4) == pytest.approx(math.log(2))


def test_all_deleted_finds_nothing(make_view: Callable[..., View]) -> None:
    """An index of which everything was deleted answers with nothing."""
    view = make_view(FIRST, tombstones=[[0, 1, 2, 3, 4]])
    assert view.entities == 0
    rows, scores = view.search(lambda segment, limit: segment.vectors.nearest(VECTORS[0], limit), 10)
    assert (len(rows), len(scores)) == (0, 0)
