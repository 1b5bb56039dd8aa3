"""The ranker's features, by hand, on small real segments."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ltrr_cli.memory.people import LATELY, People
from ltrr_cli.memory.person import Person
from ltrr_cli.memory.recall import Recall
from ltrr_cli.query.understand import understand
from ltrr_cli.ranking.features import Subject, features
from ltrr_cli.ranking.registry import meaning, names
from ltrr_cli.records import Entity

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ltrr_cli.index.view import View

ARMS = ("lexical", "semantic")
NAN = math.nan
ENTITIES = [
    Entity(id="a", title="The Love Song", popularity=10.0, attributes={"genre": ("love",)}),
    Entity(id="b", title="Love", popularity=30.0, attributes={"mood": ("love",)}),
    Entity(id="c", title="", popularity=None),
    Entity(id="d", title="Something Else", popularity=20.0),
]
VECTORS = np.eye(4, 16, dtype=np.float32)
NO_SCORES = np.empty(0, np.float32)
NOTHING = Recall(np.empty(0, np.int64), NO_SCORES, NO_SCORES, NO_SCORES, 0.0, known=False)


def _vector(*cosines: float) -> NDArray[np.float32]:
    out = np.zeros(16, np.float32)
    out[: len(cosines)] = cosines
    return out


def _subject(view: View, text: str, **changes: Any) -> Subject:
    subject = Subject(
        view=view,
        understood=understand(text, view),
        recall=NOTHING,
        vector=None,
        rewarded=np.array([0.5, 0, 1, 0], np.float32),
    )
    return replace(subject, **changes)


def _person(view: View, *masses: tuple[str, float], done: Any = None) -> Person:
    people = People()
    for entity_id, mass in masses:
        people.acted("u", "", entity_id, mass, 1.0)
    return Person(people, view, user="u", done=done)


def _table(
    subject: Subject, rows: list[int], ranks: list[list[int]], scores: list[list[float]], arms: tuple[str, ...] = ARMS
) -> dict[str, list[float]]:
    values = features(subject, np.array(rows, np.int64), np.array(ranks, np.int32), np.array(scores, np.float32), arms)
    assert values.shape == (len(rows), len(names(arms)))
    assert values.dtype == np.float32
    return {name: values[:, place].tolist() for place, name in enumerate(names(arms))}


@pytest.fixture(scope="module", params=["one segment", "two segments"])
def view(request: pytest.FixtureRequest, make_view: Callable[..., View]) -> View:
    """Return a view of four entities; their vectors are unit vectors of the axes."""
    if request.param == "one segment":
        return make_view(ENTITIES, vectors=VECTORS)
    return make_view(ENTITIES[:2], ENTITIES[2:], vectors=VECTORS)


def test_names() -> None:
    """Each arm has a score and a reciprocal rank; names are distinct."""
    assert names(ARMS)[:4] == ("lexical.score", "semantic.score", "lexical.reciprocal_rank", "semantic.reciprocal_rank")
    assert len(set(names(ARMS))) == len(names(ARMS))


def test_what_the_arms_say(view: View) -> None:
    """Scores are shares of the arm's best, ranks become 1 / rank; absent where an arm did not find the candidate."""
    table = _table(_subject(view, "love"), [0, 1, 3], [[2, 0], [1, 1], [0, 4]], [[3.0, NAN], [4.0, 0.8], [NAN, 0.2]])
    assert table["lexical.score"] == pytest.approx([0.75, 1, NAN], nan_ok=True)
    assert table["semantic.score"] == pytest.approx([NAN, 1, 0.25], nan_ok=True)
    assert table["lexical.reciprocal_rank"] == pytest.approx([0.5, 1, NAN], nan_ok=True)
    assert table["semantic.reciprocal_rank"] == pytest.approx([NAN, 1, 0.25], nan_ok=True)
    assert table["agreement"] == [0.5, 1, 0.5]


def test_similarity_for_all(view: View) -> None:
    """Every candidate gets its cosine, whoever found it; without a vector the feature is absent."""
    vector = _vector(0.1, 0.2, 0.3, 0.4)
    table = _table(_subject(view, "love", vector=vector), [0, 2, 3], [[1, 0]] * 3, [[1.0, NAN]] * 3)
    assert table["similarity"] == pytest.approx([0.1, 0.3, 0.4])
    assert table["similarity.unsure"] == pytest.approx([0.1, 0.3, 0.4])
    table = _table(_subject(view, "love"), [0], [[1, 0]], [[1.0, NAN]])
    assert math.isnan(table["similarity"][0])
    assert math.isnan(table["similarity.unsure"][0])


def test_titles(view: View) -> None:
    """`same`, `covered` and `filled` by hand: query words weigh by idf, title words alike."""
    table = _table(_subject(view, "the love"), [0, 1, 2, 3], [[1, 0]] * 4, [[1.0, NAN]] * 4)
    idf = {word: view.idf(count) for word, count in (("the", 1), ("love", 2))}
    weight = idf["love"] / (idf["the"] + idf["love"])
    assert table["title.same"] == [0, 0, 0, 0]
    assert table["title.covered"] == pytest.approx([1, weight, 0, 0])
    assert table["title.filled"] == pytest.approx([2 / 3, 1, 0, 0])
    assert table["title.unsure"] == table["title.covered"]
    assert _table(_subject(view, "LOVE!"), [0, 1], [[1, 0]] * 2, [[1.0, NAN]] * 2)["title.same"] == [0, 1]


def test_no_words(view: View) -> None:
    """For a query without words the title and value features are absent, not zero."""
    table = _table(_subject(view, "!?"), [0, 1, 2], [[1, 0]] * 3, [[1.0, NAN]] * 3)
    for name in ("title.same", "title.covered", "title.filled", "title.unsure", "values"):
        assert all(math.isnan(value) for value in table[name]), name


def test_values(view: View) -> None:
    """Two readings of "love", as likely as each other, are had by one entity each."""
    table = _table(_subject(view, "love"), [0, 1, 2], [[1, 0]] * 3, [[1.0, NAN]] * 3)
    assert table["values"] == pytest.approx([0.5, 0.5, 0])


def test_popularity_and_reward(make_view: Callable[..., View]) -> None:
    """Popularity is the share of known ones below, ties at their middle; reward is as given."""
    view = make_view(ENTITIES, vectors=VECTORS)
    table = _table(_subject(view, "love"), [0, 1, 2, 3], [[1, 0]] * 4, [[1.0, NAN]] * 4)
    assert table["popularity"] == pytest.approx([1 / 6, 5 / 6, NAN, 3 / 6], nan_ok=True)
    assert table["rewarded"] == [0.5, 0, 1, 0]


def test_memory(view: View) -> None:
    """With evidence 12 the observed share counts 12/16, the predicted and the looks 4/16."""
    recall = Recall(
        np.array([3, 1], np.int64),
        np.array([0.8, 0.2], np.float32),
        np.array([1.0, 0.5], np.float32),
        np.array([0.0, 0.4], np.float32),
        12.0,
        known=True,
    )
    subject = _subject(view, "love", recall=recall, vector=_vector(0.4, 0.8))
    table = _table(subject, [0, 1, 3], [[1, 0], [2, 0], [0, 1]], [[2.0, NAN], [1.0, NAN], [NAN, 1.0]])
    assert table["memory.mean"] == pytest.approx([0, 0.25, 1])
    assert table["memory.observed"] == pytest.approx([0, 0.375, 0.75])
    assert table["memory.predicted"] == pytest.approx([0, 0.1, 0])
    assert table["similarity.unsure"] == pytest.approx([0.1, 0.2, 0])
    assert table["text.unsure"] == pytest.approx([0.25, 0.125, NAN], nan_ok=True)
    assert table["title.unsure"] == pytest.approx([value / 4 for value in table["title.covered"]])


def test_nothing_remembered(view: View) -> None:
    """Where the memory recalls nothing its features are absent; "unsure" ones count in full."""
    table = _table(_subject(view, "love"), [0], [[1, 0]], [[1.0, NAN]])
    for name in ("memory.mean", "memory.observed", "memory.predicted", "user.entity"):
        assert math.isnan(table[name][0]), name
    assert table["text.unsure"] == [1]


def test_the_users_own(view: View) -> None:
    """A user's mass m for an entity counts m / (m + 1), in whatever order rows come; of a stranger it is absent."""
    person = _person(view, ("d", 3.0), ("a", 1.0))
    table = _table(_subject(view, "love", person=person), [0, 1, 3], [[1, 0]] * 3, [[1.0, NAN]] * 3)
    assert table["user.entity"] == pytest.approx([0.5, 0, 0.75])
    stranger = _table(_subject(view, "love", person=_person(view)), [0], [[1, 0]], [[1.0, NAN]])
    assert all(math.isnan(stranger[name][0]) for name in stranger if name.startswith("user."))


def test_what_is_done_once_is_not_done_again(view: View) -> None:
    """Only what the user acted on under this very query is held against an entity."""
    person = _person(view, ("d", 3.0), ("a", 1.0), done=lambda rows: np.where(rows == 0, 0.5, 0.0).astype(np.float32))
    table = _table(_subject(view, "love", person=person), [0, 1, 3], [[1, 0]] * 3, [[1.0, NAN]] * 3)
    assert table["user.done"] == [0.5, 0, 0]


def test_what_the_user_did_lately(view: View) -> None:
    """The latest counts most, as far as people come back at all."""
    people = People()
    people.acted("u", "", "d", 1.0, 1.0)
    people.acted("u", "", "a", 1.0, 1.0)
    subject = _subject(view, "love", person=Person(people, view, user="u"))
    assert _table(subject, [0, 3], [[1, 0]] * 2, [[1.0, NAN]] * 2)["user.lately"] == [0, 0]
    for _ in range(100):
        people.moved("u", "a")
    subject = _subject(view, "love", person=Person(people, view, user="u"))
    table = _table(subject, [0, 1, 3], [[1, 0]] * 3, [[1.0, NAN]] * 3)
    assert table["user.lately"] == pytest.approx([people.loyalty, 0, people.loyalty * 0.5 ** (1 / LATELY)])


def test_company_of_likes(view: View) -> None:
    """What others act on together with the likes has company, the more of them the more; nothing else has."""
    people = People()
    for user in ("x", "y", "z"):
        people.acted(user, "", "a", 1.0, 1.0)
        people.acted(user, "", "b", 1.0, 1.0)
    people.acted("x", "", "c", 1.0, 1.0)
    people.acted("u", "", "a", 1.0, 1.0)
    table = _table(
        _subject(view, "love", person=Person(people, view, user="u")), [1, 2, 3], [[1, 0]] * 3, [[1.0, NAN]] * 3
    )
    assert table["user.company"] == pytest.approx([1 / 4, 1 / 12, 0])  # of one like a quarter of the most


def test_the_better_text_arm_counts(view: View) -> None:
    """`text.unsure` is the better of lexical's and popular's scores; without either arm it is absent."""
    arms = ("popular", "semantic", "lexical")
    scores = [[1.0, 0.5, 4.0], [2.0, NAN, 1.0], [NAN, 0.1, NAN]]
    table = _table(_subject(view, "love"), [0, 1, 2], [[2, 1, 1], [1, 0, 2], [0, 2, 0]], scores, arms)
    assert table["text.unsure"] == pytest.approx([1, 1, NAN], nan_ok=True)
    assert table["agreement"] == pytest.approx([1, 2 / 3, 1 / 3])
    alone = _table(_subject(view, "love"), [0], [[1]], [[0.5]], ("semantic",))
    assert math.isnan(alone["text.unsure"][0])


def test_more_candidates_change_nothing(view: View) -> None:
    """A candidate's features do not depend on which others were drawn after it."""
    subject = _subject(view, "love song", vector=_vector(0.5, 0.5, 0.1, 0.2))
    few = _table(subject, [0, 1], [[1, 2], [2, 1]], [[2.0, 0.5], [1.0, 0.6]])
    many = _table(subject, [0, 1, 2], [[1, 2], [2, 1], [0, 3]], [[2.0, 0.5], [1.0, 0.6], [NAN, 0.1]])
    for name, column in few.items():
        assert many[name][:2] == pytest.approx(column, nan_ok=True), name


def test_words_of_fields(view: View) -> None:
    """Prefix, phrase and names of titles; BM25 of each field, at most 1; shares of what lexical's first have."""
    table = _table(_subject(view, "love song"), [0, 1, 3], [[1, 0], [2, 0], [0, 1]], [[2.0, NAN], [1.0, NAN], [NAN, 1]])
    assert table["title.prefix"] == [0, 0.5, 0]
    assert table["title.phrase"] == [1, 0, 0]
    assert table["title.named"] == [0, 1, 0]
    assert table["words.covered"][0] == 1
    assert table["words.covered"][2] == 0
    assert max(table["words.share"]) == max(table["words.whole"]) == 1
    assert 0 < table["title.bm25"][1] < table["title.bm25"][0] <= 1
    assert table["lexical.present"] == [1, 1, 0]
    assert table["words.share.sharp"] == pytest.approx([value**4 for value in table["words.share"]])


def test_company_is_of_lexicals_first(view: View) -> None:
    """Its own first is close to the middle of the first three, a stranger is not; without lexical it is absent."""
    table = _table(_subject(view, "love"), [0, 1, 3], [[1, 0], [2, 0], [0, 1]], [[2.0, NAN], [1.0, NAN], [NAN, 1]])
    assert table["company"][0] > table["company"][1] > table["company"][2] == pytest.approx(0)
    alone = _table(_subject(view, "love"), [0], [[1]], [[0.5]], ("semantic",))
    assert math.isnan(alone["company"][0])


def test_tastes(view: View) -> None:
    """The user's favourite is close to his taste; words of the session's earlier queries count, this query's do not."""
    subject = _subject(
        view, "song", person=_person(view, ("b", 2.0)), earlier=("something love song",), types={"": 1.0}
    )
    table = _table(subject, [0, 1, 3], [[1, 0]] * 3, [[1.0, NAN]] * 3)
    assert table["user.similarity"] == pytest.approx([0, 1, 0])
    assert table["session.title"] == pytest.approx([0.5, 0.5, 0.5])
    assert table["user.type"] == [0, 0, 0]


def test_the_registry_says_what_each_feature_is() -> None:
    """Names are distinct, and each has a meaning; one that is no feature has none."""
    known = names((*ARMS, "popular", "memory"))
    assert len(set(known)) == len(known)
    assert all(meaning(name) for name in known)
    assert not meaning("nonsense")
    assert not meaning("similarity.sharp")


def test_an_empty_pool(view: View) -> None:
    """No candidates give no rows, but all columns."""
    empty = features(
        _subject(view, "love"), np.empty(0, np.int64), np.empty((0, 2), np.int32), np.empty((0, 2), np.float32), ARMS
    )
    assert empty.shape == (0, len(names(ARMS)))


@pytest.mark.parametrize("scores", [[[-0.1], [-0.4]], [[0.0], [-0.3]]])
def test_scores_below_zero_stay_bounded(view: View, scores: list[list[float]]) -> None:
    """Where even the best cosine is not above zero there is nothing to be a share of: the score feature is absent."""
    table = _table(_subject(view, "love"), [0, 1], [[1], [2]], scores, ("semantic",))
    assert np.isnan(table["semantic.score"]).all()
