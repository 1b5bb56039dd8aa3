"""Filters through the whole engine: what is found, what is logged, and what is learned from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import UsageError
from ltrr_cli.records import Event, Impression
from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ltrr_cli.retrieval.base import Request

NOW = 1_700_000_000.0


def test_nothing_else_is_found(index: Path) -> None:
    """Every result, and every candidate of every arm, meets the filter."""
    with Engine.open(index) as engine:
        for wanted in ("genres = rock and year >= 1990", "type = album", "id in (e01, e02)"):
            answer = engine.search("love train", filter=wanted, seed=1)
            assert answer.results
            assert answer.filter == wanted.replace("(e01, e02)", "(e01, e02)")
            for entity_id in answer.trace.pool_ids:
                entity = engine.entity(entity_id)
                assert entity is not None
                year = entity.attributes["year"][0]
                assert isinstance(year, float)
                assert {
                    "genres = rock and year >= 1990": entity.attributes["genres"] == ("rock",) and year >= 1990,
                    "type = album": entity.type == "album",
                    "id in (e01, e02)": entity_id in {"e01", "e02"},
                }[wanted]
        assert engine.search("love", filter="genres = jazz").results == ()


def test_filters_in_the_text_are_the_same(index: Path) -> None:
    """What is typed in the query, and given beside it, give the same answer; its words are logged without them."""
    with Engine.open(index) as engine:
        beside = engine.search("love", filter="genres : rock and year >= 1990", seed=1)
        within = engine.search("love genres:rock year:>=1990", seed=1)
        both = engine.search("love genres:rock", filter="year >= 1990", seed=1)
        assert [one.id for one in within.results] == [one.id for one in beside.results]
        assert {one.id for one in both.results} == {one.id for one in beside.results}
        assert within.query == "love genres:rock year:>=1990"
        assert within.filter == beside.filter == "genres : rock and year >= 1990"
        assert within.allowed == beside.allowed == engine.count(beside.filter) == 10
        logged = engine._opened.impressions.find(within.query_id)
        assert logged is not None
        assert (logged.text, logged.filter) == ("love", within.filter)
        assert engine.retrieve("love genres:rock") == engine.retrieve("love", filter="genres:rock")


def test_a_filter_alone_browses(index: Path) -> None:
    """Without words the answer is what the filter allows, the best known first."""
    with Engine.open(index) as engine:
        answer = engine.search("type:album", k=20)
        assert [one.id for one in answer.results] == [f"e{n:02d}" for n in range(3, 40, 4)]
        facets = engine.search("type:album", facets=["genres", "year"]).facets
        assert facets is not None
        assert (facets.of, facets.entities) == ("filter", 10)
        assert facets.facets[0].values == (("pop", 10),)


def test_facets_count_the_pool(index: Path) -> None:
    """Counts of values are those of the candidates, by hand; what is beyond the most frequent is summed up."""
    with Engine.open(index) as engine:
        answer = engine.search("love", facets=["Genres", "year"])
        assert answer.facets is not None
        found = [engine.entity(one) for one in answer.trace.pool_ids]
        genres = [one.attributes["genres"][0] for one in found if one is not None]
        facets = answer.facets
        assert (facets.of, facets.entities, facets.facets[0].field) == ("pool", len(found), "genres")
        assert dict(facets.facets[0].values) == {value: genres.count(value) for value in set(genres)}
        years = facets.facets[1]
        assert sum(count for _, count in years.values) + years.others == len(found)
        with pytest.raises(UsageError, match="no such field"):
            engine.search("love", facets=["gener"])


def test_mistakes_are_usage_errors(index: Path) -> None:
    """Nothing is answered where the filter cannot be read."""
    with Engine.open(index) as engine:
        for wrong in ("genre = rock", "year >", "year > x", "(", 5):
            with pytest.raises(UsageError):
                engine.search("love", filter=wrong)  # type: ignore[arg-type]


def test_old_segments_have_filters_too(index: Path) -> None:
    """A segment that was built without postings makes them when they are first asked for."""
    with Engine.open(index) as engine:
        expected = engine.search("love", filter="genres = rock and title : love", seed=1)
    for path in index.glob("segments/*/columns/postings.*"):
        path.unlink()
    with Engine.open(index) as engine:
        found = engine.search("love", filter="genres = rock and title : love", seed=1)
        assert [one.id for one in found.results] == [one.id for one in expected.results]
        assert expected.results


class Blind:
    """A strategy of another package that knows nothing of filters: all rows, the last first."""

    name = "blind"
    learns = False

    def applies(self, request: Request) -> bool:
        """Where there is anything."""
        return request.view.rows > 0

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the last rows."""
        rows = np.arange(request.view.rows - 1, -1, -1, dtype=np.int64)[:depth]
        return Hits(rows, np.linspace(1, 0.5, len(rows), dtype=np.float32))


def test_strategies_that_know_of_no_filter(index: Path) -> None:
    """What the filter does not allow is taken out, and the strategy is asked for more, down to its depth."""
    with Engine.open(index, strategies=[Blind()]) as engine:
        answer = engine.search("love", filter="year < 1975", depths={"blind": 4})
        assert {one.id: one.strategies["blind"] for one in answer.results} == {"e04": 1, "e03": 2, "e02": 3, "e01": 4}


def test_filtered_pages_teach(
    index: Path, state_of: Callable[[Path], dict[str, object]], assert_same: Callable[[object, object], None]
) -> None:
    """A click on a filtered page is remembered under the query's words; the fold gives the same state again."""
    with Engine.open(index) as engine:
        answer = engine.search("love genres:rock", now=NOW, seed=1)
        engine.record(answer.query_id, answer.results[2].id, now=NOW + 1)
        again = engine.search("love", now=NOW + 2, seed=1)
        assert "memory" in {arm for one in again.results if one.id == answer.results[2].id for arm in one.strategies}
        engine.learn(now=NOW + 3)
        assert engine.has_learned_from("love")
    before = state_of(index)
    Engine.relearn(index)
    assert_same(before, state_of(index))


@pytest.mark.parametrize(
    ("filtered", "credited"),
    [("genres = pop", True), ("genres = rock", False), ("", True), ('{"term": "of another system"}', False)],
)
def test_hindsight_looks_within_the_filter(index: Path, filtered: str, credited: bool) -> None:
    """Ranks are those within the filter; where that does not allow the entity, or is not ours, no arm is credited."""
    shown = Impression(query_id="q", text="love", time=NOW, shown=("e01", "e11"), filter=filtered)
    event = Event(id="x", query_id="q", entity_id="e11", action="click", time=NOW + 5)
    with Engine.open(index) as engine:
        engine.ingest([shown, event], now=NOW + 10)
        ranks = engine.retrieve("love", now=NOW + 5, filter=filtered) if credited else {}
    lines = [line for path in (index / "log").glob("control-*") for line in path.read_text().splitlines()]
    rows = [json.loads(line[line.index("{") :]) for line in lines if '"hindsight"' in line]
    assert bool(rows) == credited
    for row in rows:
        for arm, rank in row["ranks"].items():
            ids = [one for one, _ in ranks[arm]]
            if arm != "memory":
                assert rank == (ids.index("e11") + 1 if "e11" in ids else 0)


def test_fields_are_called_as_in_the_catalogue(tmp_path: Path) -> None:
    """By the name of the field that plays a role, and objects without saying that their name is meant."""
    catalogue = tmp_path / "films.jsonl"
    rows = [
        {
            "id": number,
            "name": f"film {number}",
            "overview": "told",
            "views": number,
            "genres": [{"id": number, "name": genre}],
        }
        for number, genre in enumerate(["comedy", "drama", "comedy"])
    ]
    catalogue.write_text("".join(json.dumps(row) + "\n" for row in rows))
    Engine.build(catalogue, tmp_path / "films.ltrr")
    with Engine.open(tmp_path / "films.ltrr") as engine:
        answer = engine.search("film genres:comedy views:>=1", facets=["genres"])
        assert [one.id for one in answer.results] == ["2"]
        assert answer.filter == "genres.name : comedy and popularity >= 1"
        assert answer.facets is not None
        assert answer.facets.facets[0].field == "genres.name"
        assert engine.count("name : film and genres = comedy") == 2
        assert engine.search("film", cap="genres:1").results
        assert engine.search("film VIEWS:>=1").allowed == 2
        assert engine.search("film overview:told").filter == ""  # a text is searched, and no field of filters
        (note,) = engine.search("film genre:comedy").notes
        assert note.startswith("there is no field 'genre': it is read as words; fields: genres.id, genres.name")
        assert engine.search("film mood:happy http://example.com").notes == ()


def test_dates_are_compared_as_texts_without_a_word(tmp_path: Path) -> None:
    """Their letters have the order of time; those of prices have not."""
    catalogue = tmp_path / "c.jsonl"
    rows = [{"id": n, "title": "film", "added": f"200{n}-01-02T03:04:05", "size": f"{n} kg"} for n in range(3)]
    catalogue.write_text("".join(json.dumps(row) + "\n" for row in rows))
    Engine.build(catalogue, tmp_path / "c.ltrr")
    with Engine.open(tmp_path / "c.ltrr") as engine:
        answer = engine.search("film", filter="added >= 2001")
        assert ({one.id for one in answer.results}, answer.notes) == ({"1", "2"}, ())
        assert engine.search("film", filter="added >= 2001-01").notes == ()
        assert "letter by letter" in engine.search("film", filter="size >= 1").notes[0]
