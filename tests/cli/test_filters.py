"""Filters and facets on the command line, in pipes and at the prompt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr


def test_options(ltrr: Ltrr, index: Path) -> None:
    """--filter and --type narrow; both, and several, must be met."""
    row = ltrr("query", "love", "--filter", "popularity >= 50", "--type", "song", "--json", "-i", index).json
    assert row["filter"]["text"] == "popularity >= 50 and type = song"
    assert {one["type"] for one in row["results"]} == {"song"}
    two = ltrr("query", "love", "--type", "song", "--type", "album", "--json", "-i", index).json
    assert two["filter"]["text"] == "type in (album, song)"


def test_mistakes_show_the_place(ltrr: Ltrr, index: Path) -> None:
    """One line says what is wrong, and where; exit code 2."""
    done = ltrr("query", "love", "--filter", "popluarity >= 9", "-i", index)
    assert done.code == 2
    (line,) = done.err.splitlines()
    place = "filter, column 1, at popluarity >= 9"
    assert line.startswith(f"error: there is no field 'popluarity' ({place}) – fields: popularity, ")


def test_what_nothing_can_meet_is_said(ltrr: Ltrr, index: Path) -> None:
    """A type or value that nothing has, and no number where there are numbers: a note with what there is instead."""
    done = ltrr("query", "love", "--type", "sogn", "-i", index)
    assert "note: nothing has type = sogn; the nearest values are song" in done.err
    row = ltrr("query", "love", "--filter", "not popularity = nan", "--json", "-i", index).json
    assert row["notes"] == ["nothing has popularity = nan: popularity holds numbers from 1 to 100"]
    assert "notes" not in ltrr("query", "love", "--type", "song", "--json", "-i", index).json


def test_tables_and_explanations(ltrr: Ltrr, index: Path) -> None:
    """How many entities the filter allows is told, and the facets' values."""
    done = ltrr("query", "love popularity:>=50", "--facets", "type", "-i", index)
    assert "within the filter" in done.out
    assert "type: song" in done.out
    assert "candidates of this query" in done.out
    assert "popularity >= 50 (" in ltrr("query", "love popularity:>=50", "--explain", "-i", index).out
    none = ltrr("query", "love", "--filter", "popularity > 3000", "-i", index)
    assert (none.code, none.out.splitlines()[0]) == (0, "no results: nothing in the index meets the filter")


def test_facets_as_json(ltrr: Ltrr, index: Path) -> None:
    """Counts by value, what was counted, and how many that are."""
    row = ltrr("query", "love", "--facets", "type,popularity", "--json", "-i", index).json["facets"]
    assert row["of"] == "pool"
    assert list(row["fields"]) == ["type", "popularity"]
    values = row["fields"]["type"]["values"]
    assert sum(one["entities"] for one in values) + row["fields"]["type"]["others"] <= row["entities"]
    assert ltrr("query", "love", "--facets", "nothing", "-i", index).code == 2


def test_pipes(process: Ltrr, index: Path) -> None:
    """A line's filter adds to the command line's; one that cannot be read is that line's error."""
    lines = [
        {"query": "love", "filter": "type = song"},
        {"query": "love", "filter": "type ="},
        {"query": "love"},
        {"query": "love", "filter": 5},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = process("query", "--filter", "popularity >= 50", "-i", index, stdin=text)
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert rows[0]["filter"]["text"] == "popularity >= 50 and type = song"
    assert "expected a value" in rows[1]["error"]
    assert rows[2]["filter"]["text"] == "popularity >= 50"
    assert rows[3]["error"] == "filter: must be a text"
    assert done.code == 1
