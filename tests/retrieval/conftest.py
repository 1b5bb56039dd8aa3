"""A small catalogue with everything that strategies look at, and requests for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest

from ltrr_cli.filters.expression import text_of
from ltrr_cli.filters.grammar import parse
from ltrr_cli.index.narrow import fields_of, narrowed
from ltrr_cli.memory.evidence import Evidence, growth
from ltrr_cli.memory.people import People
from ltrr_cli.memory.person import Person
from ltrr_cli.memory.predicted import open_predicted
from ltrr_cli.memory.recall import recall
from ltrr_cli.query.understand import understand
from ltrr_cli.records import Entity, Query
from ltrr_cli.retrieval.base import Request, built_in
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ltrr_cli.index.view import View

TIME = 1_700_000_000.0
HALF_LIFE = 1e7
WORDS = ["love", "death", "night", "river", "song", "fire", "king", "winter", "dance", "road", "ghost", "moon"]


class MakeRequest(Protocol):
    """Makes a request of a query's text."""

    def __call__(
        self, view: View, text: str, observed: Evidence | None = None, *, within: str = "", recommend: bool = False
    ) -> Request:
        """Return the request of somebody known, with what the memory recalls of the text; with `observed` a stranger's.

        Every third entity was hardly ever shown. With `recommend` nothing is asked for; `within` is a filter.
        """


def entities(count: int = 60) -> list[Entity]:
    """Return a seeded catalogue. Every fifth entity is, but for its id, a copy of the one before it."""
    rng = np.random.default_rng(0)
    found: list[Entity] = []
    for number in range(count):
        if number % 5 == 4:
            last = found[-1]
            found.append(
                Entity(
                    id=f"e{number}",
                    type=last.type,
                    title=last.title,
                    text=last.text,
                    popularity=last.popularity,
                    attributes=last.attributes,
                )
            )
            continue
        found.append(
            Entity(
                id=f"e{number}",
                type=("movie", "song")[number % 2],
                title=" ".join(rng.choice(WORDS, rng.integers(1, 4))),
                text=" ".join(rng.choice([*WORDS, "東京物語", "तुम"], 12)),
                popularity=None if number % 7 == 0 else float(rng.integers(100)),
                attributes={
                    "genre": (str(rng.choice(["drama", "love story", "comedy"])),),
                    "year": (float(rng.integers(1970, 2020)),),
                    "creator": (str(rng.choice(["Anna King", "Tom Road"])),),
                },
            )
        )
    return found


def encode(text: str) -> NDArray[np.float32]:
    """Return a unit vector that depends on the text alone."""
    vector = np.random.default_rng(hash64(text)).normal(size=16)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture(scope="session")
def catalogue() -> list[Entity]:
    """Return 60 entities."""
    return entities()


@pytest.fixture(scope="session")
def make_request(weigh: Callable[[str], tuple[NDArray[np.int32], NDArray[np.float32]]]) -> MakeRequest:
    """Return a function that understands a text and recalls what the memory knows."""

    def make(
        view: View, text: str, observed: Evidence | None = None, *, within: str = "", recommend: bool = False
    ) -> Request:
        people, known = People(), observed is None
        if observed is None:
            for user in ("bo", "cy", "ana"):
                for number in range(0, 24, 2 if user == "ana" else 3):
                    people.acted(user, "", f"e{number}", 1.0 if number != 4 else -0.5, 1.0)
            observed = Evidence("queries", words=True)
            for number in range(30):
                observed.add(WORDS[number % 4], f"e{number}", growth(TIME, HALF_LIFE) * (1 + number % 3))
        understood = understand(text, view)
        predicted = [(open_predicted(segment.vectors._path.parent), segment.base) for segment in view.segments]
        recalled = recall(
            understood.words, predicted, observed, view.row, living=view.living, now=TIME, half_life=HALF_LIFE
        )
        expression = parse(within, fields_of(view)) if within else None
        searched = view if expression is None else narrowed(view, expression)
        query = Query(id="q", text=text, time=TIME, filter=text_of(expression), user="ana", recommend=recommend)

        def exposure(rows: NDArray[np.int64]) -> NDArray[np.float32]:
            return np.array([10.0 * (int(one[1:]) % 3 > 0) for one in view.ids(rows)], np.float32)

        request = Request(
            query,
            understood,
            lambda: recalled,
            searched,
            encode,
            person=Person(people, view, user="ana"),
            rewarded=np.linspace(1, 0, view.rows, dtype=np.float32),
            exposure=exposure,
            pages=2000.0 if known else 0.0,
            weigh=weigh,
        )
        lexical = built_in("lexical")
        return replace(request, before={"lexical": lexical.retrieve(request, 100)} if lexical.applies(request) else {})

    return make
