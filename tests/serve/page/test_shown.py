"""What a result shows: pieces that join to the text they were cut from, marked where the query's words stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli import Engine
from ltrr_cli.serve.page.shown import facts, pieces, shown, snippet

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = "Nothing of it here, only words. " * 40 + "Then the yellow submarine dives. " + "And more of nothing. " * 40


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    root = tmp_path_factory.mktemp("shown")
    rows = [
        {"id": "a", "title": "Yellow Submarine", "text": LONG, "year": 1966, "artist_id": "b", "mood": ["odd", "glad"]},
        {"id": "b", "title": "The Beatles", "text": "Four from \u202eLiverpool.", "year": 1962, "rating": 4.5},
        {"id": "c", "title": "Blue", "text": "Blue", "year": 3.5, "note": "x" * 50},
    ]
    (root / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Engine.build(root / "c.jsonl", root / "c.ltrr")
    with Engine.open(root / "c.ltrr") as found:
        yield found


def test_title_and_text_are_cut_where_words_of_the_query_stand(engine: Engine) -> None:
    answer = engine.search("yellow", log=False)
    told = shown(engine, "yellow", answer.results[0])
    assert told["title"] == [("Yellow", True), (" Submarine", False)]
    marked = [text for text, mark in told["text"] if mark]
    assert marked == ["yellow"]  # far behind the beginning of the text
    assert told["text"][0][0].startswith("…")


def test_the_title_is_not_told_twice(engine: Engine) -> None:
    (blue,) = [one for one in engine.search("blue", log=False).results if one.id == "c"]
    assert shown(engine, "blue", blue)["text"] == []


def test_what_would_turn_the_text_is_told(engine: Engine) -> None:
    (beatles,) = [one for one in engine.search("beatles", log=False).results if one.id == "b"]
    assert r"\u202eLiverpool" in "".join(text for text, _ in shown(engine, "beatles", beatles)["text"])


def test_facts_are_years_and_short_words_but_no_ids(engine: Engine) -> None:
    found = {one.id: facts(engine, one) for one in engine.entities()}
    assert found == {"a": ["1966", "odd, glad"], "b": ["1962"], "c": []}


_CUTS = st.lists(st.integers(0, 300), max_size=12).map(lambda found: sorted(set(found)))


@given(st.text(alphabet="ab ", min_size=0, max_size=300), _CUTS)
def test_pieces_join_to_the_text(text: str, cuts: list[int]) -> None:
    inside = [cut for cut in cuts if cut <= len(text)]
    marks = list(zip(inside[::2], inside[1::2], strict=False))
    found = pieces(text, marks)
    assert "".join(piece for piece, _ in found) == text
    assert [piece for piece, mark in found if mark] == [text[low:high] for low, high in marks]


@given(st.text(alphabet="abc ", min_size=0, max_size=900), _CUTS, st.integers(80, 240))
def test_a_snippet_is_short_and_a_part_of_the_text(text: str, cuts: list[int], size: int) -> None:
    inside = [cut for cut in cuts if cut <= len(text)]
    marks = list(zip(inside[::2], inside[1::2], strict=False))
    found = snippet(text, marks, size)
    joined = "".join(piece for piece, _ in found)
    assert joined.removeprefix("… ").removesuffix(" …") in text
    assert len(joined) <= size + 4


def test_a_snippet_begins_where_most_words_stand_together() -> None:
    text = "one " + "filler " * 60 + "one two three " + "filler " * 60
    places = [(0, 3)] + [(at, at + len(word)) for word in ("one", "two", "three") if (at := text.index(word, 10))]
    found = [piece for piece, mark in snippet(text, places) if mark]
    assert found == ["one", "two", "three"]
