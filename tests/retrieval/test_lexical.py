"""lexical and popular: what they find, and what counts how much."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.records import Entity
from ltrr_cli.retrieval import popular
from ltrr_cli.retrieval.lexical import Lexical, ceiling
from ltrr_cli.retrieval.popular import Popular

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.index.view import View
    from ltrr_cli.retrieval.base import Request

TITLES = (
    "Spiderman",
    "Spider-Man 2",
    "Toy Story",
    "The Who",
    "Yes",
    "It",
    "C++ Primer",
    "C# in Depth",
    ".NET Basics",
    "AC/DC",
    "R.E.M.",
    "P!nk",
    "$uicideboy$",
    "Ke$ha",
    "A$AP Rocky",
    "Straße",
    "Café Müller",
    "Łódź",
    "Tom & Jerry",
    "M*A*S*H",
    "1,000 Years",
    "हिन्दी सिनेमा",
    "학교에 가다",
    "東京",
    "ไทยแลนด์",
    "l'été",
    "Schindler's List",
    "me@example.com",
    "Быстрый йод",
    "Ταινία",
    "לָלֶכֶת",
    "Der Wald und die Häuser",
)


def _entity(title: str, text: str = "", popularity: float | None = None) -> Entity:
    return Entity(id=title, type="x", title=title, text=text, attributes={}, popularity=popularity)


@pytest.fixture(scope="module")
def view(make_view: Callable[..., View]) -> View:
    """Return an index of titles that are hard to type."""
    return make_view([_entity(title) for title in TITLES])


def _found(view: View, request: Request) -> list[str]:
    return view.ids(Lexical().retrieve(request, 10).rows) if Lexical().applies(request) else []


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("spiderman", ["Spiderman", "Spider-Man 2"]),
        ("spider man", ["Spider-Man 2", "Spiderman"]),
        ("spider-man", ["Spider-Man 2", "Spiderman"]),
        ("toystory", ["Toy Story"]),
        ("the who", ["The Who"]),
        ("yes", ["Yes"]),
        ("it", ["It"]),
        ("c++", ["C++ Primer"]),
        ("c#", ["C# in Depth"]),
        (".net", [".NET Basics"]),
        ("acdc", ["AC/DC"]),
        ("ac dc", ["AC/DC"]),
        ("rem", ["R.E.M."]),
        ("R E M", ["R.E.M."]),
        ("pink", ["P!nk"]),
        ("suicideboys", ["$uicideboy$"]),
        ("kesha", ["Ke$ha"]),
        ("asap rocky", ["A$AP Rocky"]),
        ("strasse", ["Straße"]),
        ("cafe muller", ["Café Müller"]),
        ("CAFÉ", ["Café Müller"]),
        ("lodz", ["Łódź"]),
        ("tom&jerry", ["Tom & Jerry"]),
        ("mash", ["M*A*S*H"]),
        ("1000 years", ["1,000 Years"]),
        ("हिंदी", ["हिन्दी सिनेमा"]),
        ("학교는", ["학교에 가다"]),
        ("京", ["東京"]),
        ("ไทย", ["ไทยแลนด์"]),
        ("été", ["l'été"]),
        ("schindlers list", ["Schindler's List"]),
        ("example.com", ["me@example.com"]),
        ("быстрая", ["Быстрый йод"]),
        ("ταινια", ["Ταινία"]),
        ("ללכת", ["לָלֶכֶת"]),
        ("haus", ["Der Wald und die Häuser"]),
    ],
)
def test_ways_to_write(view: View, text: str, titles: list[str], make_request: Callable[..., Request]) -> None:
    """A title is found first however it is written: with punctuation or without, in one word or two, with accents."""
    assert _found(view, make_request(view, text))[: len(titles)] == titles


def test_the_query_is_made_once_for_a_text(view: View, make_request: Callable[..., Request]) -> None:
    """Arms share it, and another text has its own."""
    request = make_request(view, "spider man")
    alone = Popular().retrieve(make_request(view, "spider man"), 10)
    Lexical().retrieve(request, 10)
    (made,) = request.text_queries.values()
    assert Popular().retrieve(request, 10).rows.tolist() == alone.rows.tolist()
    assert [*request.text_queries.values()] == [made]
    other = replace(request, query=replace(request.query, text="toy story"))
    assert view.ids(Lexical().retrieve(other, 1).rows) == ["Toy Story"]


def test_words_in_several_segments(make_view: Callable[..., View], make_request: Callable[..., Request]) -> None:
    """What is found first does not depend on how the entities are spread over segments, and scores little."""
    entities = [_entity(f"{title} {extra}") for extra in ("night", "rain", "gold") for title in TITLES[:12]]
    one, two = make_view(entities), make_view(entities[:17], entities[17:])
    for text in ("spider man rain", "acdc gold", "the who night", "spidermanrain", "c++"):
        found = [Lexical().retrieve(make_request(view, text), 5) for view in (one, two)]
        assert found[0].scores == pytest.approx(found[1].scores, rel=0.35)
        first, other = (view.ids(hits.rows)[0].rsplit(" ", 1)[0] for view, hits in zip((one, two), found, strict=True))
        assert first == other


def test_function_words_count_less(make_view: Callable[..., View], make_request: Callable[..., Request]) -> None:
    """Beside a word that says something a function word counts half, though the index has it as rarely."""
    view = make_view([_entity("which x"), _entity("comet y"), *(_entity(f"word{n}") for n in range(9))])
    hits = Lexical().retrieve(make_request(view, "which comet"), 5)
    assert view.ids(hits.rows) == ["comet y", "which x"]
    assert hits.scores[0] == pytest.approx(2 * hits.scores[1])
    request = make_request(view, "comet")
    assert Lexical().retrieve(request, 1).scores[0] <= ceiling(request)


def test_popularity_is_tunable(
    make_view: Callable[..., View], make_request: Callable[..., Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 0 the order is lexical's, and the more it counts, the higher the well-known come: 2^p times at most."""
    entities = [_entity(f"love song {'la ' * (n % 5)}{n}", popularity=float(n % 7 * 10)) for n in range(40)]
    view = make_view(entities)
    request = make_request(view, "love song")
    plain = Lexical().retrieve(request, 40)
    bm25 = dict(zip(plain.rows.tolist(), plain.scores.tolist(), strict=True))
    means = []
    for power in (0.0, 0.5, 1.0, 2.0):
        hits = Popular().retrieve(replace(request, popularity=power), 40)
        factor = np.log2(2 + 2 * view.popularity(hits.rows)) ** power
        assert hits.scores == pytest.approx([bm25[row] for row in hits.rows.tolist()] * factor, rel=1e-5)
        means.append(float(view.popularity(hits.rows[:10]).mean()))
    assert means == sorted(means)
    assert means[0] < means[-1]
    assert Popular().retrieve(replace(request, popularity=0.0), 40).rows.tolist() == plain.rows.tolist()
    monkeypatch.setattr(popular, "WINDOW", 3)
    assert len(Popular().retrieve(replace(request, popularity=2.0), 40).rows) == 3
