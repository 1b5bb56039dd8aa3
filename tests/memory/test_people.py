"""People and persons: what goes together, whose company, and what is known of nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.memory.people import LATELY, MOST_OF_SESSION, MOST_OF_USER, MOST_SESSIONS, People
from ltrr_cli.memory.person import Person
from ltrr_cli.records import Entity
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.index.view import View

VECTORS = np.eye(4, 16, dtype=np.float32)


@pytest.fixture(scope="module")
def view(make_view: Callable[..., View]) -> View:
    """Return four entities, with the unit vectors of the axes."""
    entities = [
        Entity(id="a", title="a", type="song", attributes={"genre": ("rock",)}),
        Entity(id="b", title="b", type="song", attributes={"genre": ("rock", "pop")}),
        Entity(id="c", title="c", type="song"),
        Entity(id="d", title="d", type="album"),
    ]
    return make_view(entities, vectors=VECTORS)


def _together(people: People, one: str) -> dict[int, float]:
    items, masses = people.together.get(hash64(one))
    return dict(zip(items.tolist(), masses.tolist(), strict=True))


def test_a_pair_counts_once_a_person() -> None:
    """Clicking two entities by turns does not bring them together; a second person does."""
    people = People()
    for _ in range(5):
        for entity_id in ("a", "b"):
            people.acted("u", "", entity_id, 0.5, 1.0)
    assert _together(people, "a") == {hash64("b"): 0.5}
    people.acted("", "s", "a", 0.5, 1.0)
    people.acted("", "s", "b", 0.5, 1.0)
    assert _together(people, "b") == {hash64("a"): 1.0}


def test_dislikes_bring_nothing_together() -> None:
    """Neither a disliked entity nor what follows one is company."""
    people = People()
    people.acted("u", "", "a", -0.5, 1.0)
    people.acted("u", "", "b", 1.0, 1.0)
    people.acted("u", "", "c", -0.5, 1.0)
    assert _together(people, "a") == _together(people, "b") == _together(people, "c") == {}


def test_all_is_bounded() -> None:
    """A user has 200 entities, a session 30, and there are 10,000 sessions, however much comes."""
    people = People()
    for number in range(1000):
        people.acted("u", "s", f"e{number}", 1.0, 1.0)
    assert len(people.users.get(hash64("u"))[0]) == MOST_OF_USER
    assert len(people.sessions.get(hash64("s"))[0]) == MOST_OF_SESSION
    for number in range(MOST_SESSIONS):
        people.acted("", f"s{number}", "a", 1.0, 1.0)
    assert not len(people.sessions.get(hash64("s"))[0])
    assert len(people.sessions.get(hash64("s0"))[0]) == 1


def test_nobody(view: View) -> None:
    """Of somebody without a past nothing is known, and nothing fails."""
    person = Person(People(), view, user="u", session="s")
    assert not person.known
    assert person.own is None
    assert person.vector is None
    assert person.session_vector is None
    assert not len(person.company[0])
    assert not len(person.values[0])


def test_tastes(view: View) -> None:
    """Likes add to the vector and dislikes subtract; of a session the latest counts most."""
    people = People()
    people.acted("u", "", "a", 1.0, 2.0)
    people.acted("u", "", "b", -0.5, 2.0)
    people.acted("", "s", "c", 0.3, 1.0)
    people.acted("", "s", "d", 0.3, 1.0)
    person = Person(people, view, user="u", session="s", scale=2.0)
    assert person.vector is not None
    assert person.vector[:2] == pytest.approx(np.array([2, -1]) / np.sqrt(5))
    assert person.session_vector is not None
    assert 0 < person.session_vector[2] < person.session_vector[3]
    assert person.own is not None
    assert person.own[1].tolist() == [1.0, 0.0]


def test_values(view: View) -> None:
    """The values of what is liked, by how much; what is disliked has none."""
    people = People()
    people.acted("u", "", "a", 1.0, 1.0)
    people.acted("u", "", "b", 1.0, 1.0)
    people.acted("u", "", "d", -1.0, 1.0)
    hashes, shares = Person(people, view, user="u").values
    found = dict(zip(hashes.tolist(), shares.tolist(), strict=True))
    assert found[hash64("genre=rock")] == pytest.approx(2 * found[hash64("genre=pop")])
    assert hash64("type=album") not in found
    assert sum(found.values()) == pytest.approx(1)


def test_once() -> None:
    """People are taken not to come back only when many could have, and hardly any did."""
    people = People()
    assert people.once == 0
    for _ in range(1000):
        people.chose(before=False)
    assert people.once > 0.9
    for _ in range(100):
        people.chose(before=True)
    assert people.once == 0


def test_loyalty() -> None:
    """People are taken to come back only when many of many do; a first action and dislikes say nothing of it."""
    people = People()
    people.moved("u", "a")
    assert (people.moves, people.loyalty) == (0, 0)
    people.acted("u", "", "a", 1.0, 1.0)
    people.acted("u", "", "b", -0.5, 1.0)
    for entity_id in ("a", "b", "c"):
        people.moved("u", entity_id)
    assert (people.moves, people.comebacks) == (3, 1)
    for _ in range(1000):
        people.moved("u", "a")
    assert people.loyalty > 0.9
    for _ in range(9000):
        people.moved("u", "c")
    assert 0.3 < people.loyalty < 0.4


def test_only_the_latest_are_come_back_to() -> None:
    """What lies more than 20 entities back is not lately."""
    people = People()
    for number in range(LATELY + 1):
        people.acted("u", "", f"e{number}", 1.0, 1.0)
    people.moved("u", "e0")
    assert people.comebacks == 0
    people.moved("u", "e1")
    assert people.comebacks == 1


def test_lately(view: View) -> None:
    """The last counts as much as people are loyal, older ones less, what is disliked nothing."""
    people = People()
    for entity_id, mass in (("a", 1.0), ("b", -1.0), ("c", 0.1)):
        people.acted("u", "", entity_id, mass, 1.0)
    for _ in range(10_000):
        people.moved("u", "a")
    rows, weights = Person(people, view, user="u").lately
    assert dict(zip(rows.tolist(), weights.tolist(), strict=True)) == pytest.approx(
        {0: people.loyalty * 0.5 ** (2 / LATELY), 1: 0, 2: people.loyalty}
    )
