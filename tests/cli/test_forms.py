"""Answers as CSV, TSV, TREC and ids; pages of one list; exit codes of what finds nothing."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.cli.forms import COLUMNS
from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr


def test_every_form_holds_the_same_results(ltrr: Ltrr, index: Path) -> None:
    """The same ids in the same order, whatever the form."""
    ids = ltrr("query", "rain", "--ids", "--seed", "1", "-i", index).out.split()
    assert len(ids) == 10
    table = list(csv.DictReader(io.StringIO(ltrr("query", "rain", "--csv", "--seed", "1", "-i", index).out)))
    assert list(table[0]) == list(COLUMNS)
    assert [row["id"] for row in table] == ids
    assert [row["rank"] for row in table] == [str(rank) for rank in range(1, 11)]
    lines = ltrr("query", "rain", "--tsv", "--seed", "1", "-i", index).out.splitlines()
    assert lines[0].split("\t") == list(COLUMNS)
    assert [line.split("\t")[3] for line in lines[1:]] == ids
    run = [line.split() for line in ltrr("query", "rain", "--trec", "--seed", "1", "-i", index).out.splitlines()]
    assert [(row[1], row[2], row[3], row[5]) for row in run] == [
        ("Q0", name, str(rank), "ltrr") for rank, name in enumerate(ids, 1)
    ]
    assert sorted((float(row[4]) for row in run), reverse=True) == [float(row[4]) for row in run]
    assert ltrr("query", "rain", "--ids", "-0", "--seed", "1", "-i", index).out.split("\0") == [*ids, ""]


def test_forms_exclude_each_other(ltrr: Ltrr, index: Path) -> None:
    """Two forms, or -0 without ids, are usage errors."""
    assert ltrr("query", "rain", "--csv", "--tsv", "-i", index).code == 2
    assert ltrr("query", "rain", "-0", "-i", index).code == 2


def test_csv_holds_no_formulas(ltrr: Ltrr, tmp_path: Path) -> None:
    """What a spreadsheet would run begins with an apostrophe; TSV, which is for programs, keeps texts as they are."""
    catalog = tmp_path / "c.jsonl"
    titles = ["=1+1", "+love", "-love", "@love", 'love, "and" rain', "love"]
    catalog.write_text("".join(json.dumps({"id": f"={n}", "title": title}) + "\n" for n, title in enumerate(titles)))
    ltrr("index", "build", catalog, "-i", tmp_path / "c.ltrr")
    args = ("query", "=love", "-k", "6", "-i", tmp_path / "c.ltrr")
    rows = list(csv.DictReader(io.StringIO(ltrr(*args, "--csv").out)))
    assert {row["title"] for row in rows} == {"'=1+1", "'+love", "'-love", "'@love", titles[4], "love"}
    assert not any(row[name].startswith(("=", "+", "-", "@")) for row in rows for name in COLUMNS if name != "score")
    assert {line.split("\t")[5] for line in ltrr(*args, "--tsv").out.splitlines()[1:]} == set(titles)


def test_pages_are_of_one_list_whatever_is_learned(ltrr: Ltrr, index: Path) -> None:
    """Pages by query id are cut from the list that the first answer began with, also after clicks turned it round."""
    whole = [
        row["id"] for row in ltrr("query", "love", "-k", "30", "--seed", "1", "--json", "-i", index).json["results"]
    ]
    first = ltrr("query", "love", "--seed", "1", "--json", "-i", index).json
    assert [row["id"] for row in first["results"]] == whole[:10]
    with Engine.open(index) as engine:
        for entity_id in whole[20:25]:
            engine.record(first["query_id"], entity_id, "purchase")
    assert [row["id"] for row in ltrr("query", "love", "--seed", "1", "--json", "-i", index).json["results"]] != whole[
        :10
    ]
    for offset in (0, 10, 20):
        page = ltrr("query", "--query-id", first["query_id"], "--offset", str(offset or 1), "--json", "-i", index).json
        start = offset or 1
        assert [row["id"] for row in page["results"]] == whole[start : start + 10]
        assert [row["rank"] for row in page["results"]] == list(range(start + 1, start + 11))
        assert page["query_id"] == first["query_id"]
    scores = [
        row["score"]
        for row in ltrr(
            "query", "--query-id", first["query_id"], "--offset", "5", "-k", "25", "--json", "-i", index
        ).json["results"]
    ]
    assert scores == sorted(scores, reverse=True)


def test_what_is_done_on_a_later_page_has_its_rank(ltrr: Ltrr, index: Path) -> None:
    """An action on result 15 is recorded at position 15, under the id that all pages share."""
    first = ltrr("query", "love", "--json", "-i", index).json
    later = ltrr("query", "--query-id", first["query_id"], "--offset", "10", "--json", "-i", index).json
    assert ltrr("feedback", "record", first["query_id"], later["results"][4]["id"], "click", "-i", index).code == 0
    events = "".join(path.read_text() for path in (index / "log").glob("events-*"))
    assert '"position":{"ordinal":15}' in events


def test_pages_without_an_id_repeat_by_seed(ltrr: Ltrr, index: Path) -> None:
    """With a seed the list is the same as long as nothing was learned; its end is the end."""
    args = ("query", "love", "--seed", "3", "--ids", "--no-log", "-i", index)
    whole = ltrr(*args, "-k", "20").out.split()
    assert ltrr(*args, "--offset", "10").out.split() == whole[10:]
    past = ltrr(*args, "--offset", "900")
    assert (past.code, past.out) == (0, "")
    assert "no results: love" in past.err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["rain", "--offset", "100000"], 2, "at most 1,000 results, offset and k ask for 100,010"),
        (["rain", "--offset", "5", "-k", "0"], 2, "k must be from 1"),
        (["--query-id", "nope", "--offset", "10"], 1, "no query with this id"),
        (["rain", "--query-id", "q1", "--offset", "10"], 2, "the query with this id was 'love'"),
        (["--query-id", "q1", "--offset", "10", "--explain"], 2, "first page only"),
        (["rain", "--interleave", "policy:live", "policy:prior", "--offset", "1"], 2, "has no further ones"),
        (["rain", "--offset", "995", "-k", "10"], 2, "at most 1,000 results"),
        (["rain", "--timeout", "0"], 2, "--timeout"),
        (["rain", "--timeout", "nan"], 2, "--timeout"),
    ],
)
def test_what_cannot_be_paged(args: list[str], code: int, said: str, ltrr: Ltrr, index: Path) -> None:
    """Each mistake says what it is."""
    ltrr("query", "love", "--query-id", "q1", "-i", index)
    done = ltrr("query", *args, "-i", index)
    assert done.code == code
    assert said in done.err


def test_a_shared_page_has_further_ones(ltrr: Ltrr, index: Path) -> None:
    """What neither system had a place for follows; a result there is of no team."""
    args = ("query", "love", "--query-id", "q1", "--interleave", "policy:live", "single:lexical", "-i", index)
    first = ltrr(*args, "-k", "3", "--explain", "--json").json["results"]
    assert [one["rank"] for one in first] == [1, 2, 3]
    more = ltrr("query", "--query-id", "q1", "--offset", "3", "-k", "3", "--json", "-i", index).json["results"]
    assert [one["rank"] for one in more] == [4, 5, 6]
    assert not {one["id"] for one in first} & {one["id"] for one in more}


def test_fail_empty(ltrr: Ltrr, process: Ltrr, index: Path) -> None:
    """Exit code 4 where nothing is found, in one shot and in a stream; 0 without the flag, 0 with results."""
    nothing = ("query", "qqqq", "--strategies", "structured", "-i", index)
    assert ltrr(*nothing).code == 0
    assert ltrr(*nothing, "--fail-empty").code == 4
    assert ltrr("query", "love", "--fail-empty", "-i", index).code == 0
    stream = ("query", "--strategies", "structured", "--fail-empty", "-i", index)
    assert process(*stream, stdin="qqqq\nlove\n").code == 4
    assert process(*stream, stdin="qqqq\n{bad\n").code == 1


def test_streams_in_other_forms(process: Ltrr, index: Path) -> None:
    """One header, rows of all queries in order, bad lines on standard error; TREC has the caller's query ids."""
    lines = b'{"query": "love", "query_id": "a", "k": 2}\n{bad\n{"query": "rain", "query_id": "b", "k": 1}\n'
    done = process("query", "--csv", "-i", index, stdin=lines)
    assert [row["query_id"] for row in csv.DictReader(io.StringIO(done.out))] == ["a", "a", "b"]
    assert done.err.startswith("line 2: not JSON")
    assert done.code == 1
    run = process(
        "query",
        "--trec",
        "-i",
        index,
        stdin=b'{"query": "love", "query_id": "c", "k": 2}\n{"query": "x", "query_id": "d d"}\n',
    )
    assert [line.split()[0] for line in run.out.splitlines()] == ["c", "c"]
    assert "without white space" in run.err
    more = process("query", "-i", index, stdin=b'{"query": "love", "query_id": "a", "k": 2, "offset": 2}\n')
    assert [row["rank"] for row in more.rows[0]["results"]] == [3, 4]


def test_a_page_by_id_is_the_logged_one(ltrr: Ltrr, index: Path) -> None:
    """Offset 0 is the page that was answered; a filter cannot change it, and no other query may have its id."""
    first = ltrr("query", "love", "--json", "-k", "5", "--seed", "1", "-i", index).json
    named = ("--query-id", first["query_id"], "-i", index)
    page = ltrr("query", "--offset", "0", "-k", "5", "--json", *named).json
    assert page["results"] == first["results"]
    assert ltrr("query", "--offset", "0", "--filter", "type = song", *named).code == 2
    refused = ltrr("query", "rain", *named)
    assert (refused.code, "the query with this id was 'love'" in refused.err) == (2, True)


def test_ids_of_piped_queries(process: Ltrr, index: Path) -> None:
    """One a line, of one query after the other; `-0` ends them by NUL bytes."""
    done = process("query", "--ids", "-k", "2", "-i", index, stdin="love\nrain\n")
    assert (done.code, len(done.out.splitlines())) == (0, 4)
    assert process("query", "--ids", "-0", "-k", "2", "-i", index, stdin="love\n").out.count("\0") == 2
