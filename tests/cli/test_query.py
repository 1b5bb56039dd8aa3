"""`ltrr query TEXT`: tables, JSON, explanations."""

from __future__ import annotations

import json
import math
import os
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from tests.cli.conftest import Ltrr, Open

KEYS = ["query_id", "query", "results", "took_ms"]
RESULT_KEYS = ["rank", "id", "type", "title", "score", "strategies"]


def test_json_contract(ltrr: Ltrr, index: Path) -> None:
    """Exactly these keys, in this order, with these types."""
    row = ltrr("query", "summer", "love", "-k", "3", "--json", "-i", index).json
    assert list(row) == KEYS
    assert row["query"] == "summer love"
    assert [list(result) for result in row["results"]] == [RESULT_KEYS] * 3
    assert [result["rank"] for result in row["results"]] == [1, 2, 3]
    scores = [result["score"] for result in row["results"]]
    assert all(isinstance(score, float) for score in scores)
    assert all(rank >= 1 for result in row["results"] for rank in result["strategies"].values())
    assert row["took_ms"] > 0


def test_explain_adds_to_the_json(ltrr: Ltrr, index: Path) -> None:
    """Readings, context, arms, propensity, mode; contributions add up to the score."""
    row = ltrr("query", "rock love", "--json", "--explain", "-i", index).json
    assert list(row) == [*KEYS, "readings", "context", "arms", "propensity", "mode"]
    assert 0 < row["propensity"] <= 1
    assert row["mode"] == "thompson"
    assert list(row["arms"][0]) == ["name", "depth", "returned", "ms", "error"]
    for result in row["results"]:
        assert math.isclose(sum(result["contributions"].values()), result["score"], abs_tol=1e-3)


def test_jsonl_is_one_line_and_ids_are_bare(ltrr: Ltrr, index: Path) -> None:
    """The two forms for pipes hold the same results."""
    line = ltrr("query", "rain", "--jsonl", "--seed", "1", "-i", index)
    ids = ltrr("query", "rain", "--ids", "--seed", "1", "-i", index)
    assert line.out.count("\n") == 1
    assert [result["id"] for result in line.json["results"]] == ids.out.split()
    assert ltrr("query", "rain", "--ids", "--json", "-i", index).code == 2


def test_a_seed_repeats_an_answer(ltrr: Ltrr, index: Path) -> None:
    """The same seed gives the same results and propensity; without exploration the mean decides."""
    first, again = (ltrr("query", "x", "--seed", "5", "--json", "--explain", "-i", index).json for _ in range(2))
    for key in ("results", "propensity", "mode"):
        assert first[key] == again[key]
    row = ltrr("query", "x", "--no-explore", "--json", "--explain", "-i", index).json
    assert (row["mode"], row["propensity"]) == ("no-explore", 1.0)


def test_strategies_override_the_policy(ltrr: Ltrr, index: Path) -> None:
    """Only the named ones run, at their depths; an unknown name lists what there is."""
    row = ltrr("query", "love", "--strategies", "lexical:3,popular", "--json", "--explain", "-i", index).json
    assert [(arm["name"], arm["depth"]) for arm in row["arms"]] == [("lexical", 3), ("popular", 50)]
    assert {name for result in row["results"] for name in result["strategies"]} <= {"lexical", "popular"}
    done = ltrr("query", "love", "--strategies", "nope", "-i", index)
    assert done.code == 2
    assert "this index has: lexical" in done.err


def test_no_log_leaves_no_trace(ltrr: Ltrr, index: Path) -> None:
    """Without --no-log a query is an impression; with it nothing is written anywhere in the index."""
    ltrr("query", "love", "-i", index)
    before = {path: path.stat().st_size for path in sorted((index / "log").rglob("*"))}
    assert ltrr("query", "love", "--no-log", "-i", index).code == 0
    assert before == {path: path.stat().st_size for path in sorted((index / "log").rglob("*"))}
    with Engine.open(index) as engine:
        assert engine.info().impressions == 1


def test_k_out_of_range_is_a_usage_error(ltrr: Ltrr, index: Path) -> None:
    """The message says what is allowed."""
    for k in ("0", "1001"):
        done = ltrr("query", "love", "-k", k, "-i", index)
        assert done.code == 2
        assert "k must be from 1 to 1000" in done.err


@pytest.mark.parametrize("columns", [24, 40, 59, 60, 80, 200])
def test_the_table_fits(columns: int, ltrr: Ltrr, index: Path) -> None:
    """No line of results is wider than the terminal; rank and title are always there."""
    out = ltrr("query", "summer love", "-k", "12", "--no-log", "-i", index, COLUMNS=str(columns)).out.splitlines()
    assert max(map(cell_len, out[:-1])) <= columns
    assert sum(line[:3].strip().isdigit() for line in out) == 12
    assert "12 results" in out[-1]
    if columns == 80:
        assert out[0].split() == ["#", "title", "type", "why"]
        assert "Summer" in out[1]
        assert "is about summer" in "".join(out)


def test_wide_characters_fit(ltrr: Ltrr, tmp_path: Path) -> None:
    """A title of double-width characters is cut at the terminal's cells, not at characters."""
    catalog = tmp_path / "c.jsonl"
    catalog.write_text(
        '{"id": "1", "title": "' + "東京の夜" * 30 + '"}\n{"id": "2", "title": "e\u0301' + "x" * 99 + '"}\n'
    )
    ltrr("index", "build", catalog, "-i", tmp_path / "c.ltrr")
    out = ltrr("query", "東京", "-i", tmp_path / "c.ltrr", COLUMNS="60").out.splitlines()
    assert max(map(cell_len, out[:-1])) <= 60


def test_a_catalogue_cannot_write_to_the_terminal(ltrr: Ltrr, index: Path) -> None:
    """Escape sequences in queries, and what reading left of them in titles and texts, are escaped in every form."""
    for form in ([], ["--explain"], ["--json"], ["--jsonl"], ["--ids"]):
        done = ltrr("query", "evil \x1b]0;x\x07 \x9b2J", "-k", "40", *form, "--no-log", "-i", index)
        assert done.code == 0
        text = (done.out + done.err).replace("\n", "")
        assert all(unicodedata.category(char) != "Cc" for char in text), form
        assert "\u202e" not in text
        if form != ["--ids"]:
            assert "\\u202e" in text


def test_explain_shows_where_a_score_comes_from(ltrr: Ltrr, index: Path) -> None:
    """Who chose the arms with what probability, how deep they ran, and value × weight."""
    out = ltrr("query", "summer love", "--explain", "-k", "2", "--seed", "1", "-i", index).out
    assert "chosen    by policy version 0 (thompson), propensity 0." in out
    assert "  lexical " in out
    assert " × " in out
    assert "score " in out
    assert "by --strategies" in ltrr("query", "a", "--explain", "--strategies", "popular", "-i", index).out


def test_no_results(ltrr: Ltrr, index: Path) -> None:
    """An answer without results says so."""
    done = ltrr("query", "qqqq", "--strategies", "structured", "-i", index)
    assert done.code == 0
    assert done.out.startswith("no results\n")


def test_text_wins_over_piped_queries(process: Ltrr, built: Path) -> None:
    """With both, the text is answered."""
    done = process("query", "love", "--jsonl", "--no-log", "-i", built, stdin="rain\n")
    assert [row["query"] for row in done.rows] == ["love"]


def test_a_prompt_needs_a_terminal_to_write_to(terminal: Open, built: Path) -> None:
    """A terminal in and a pipe out is a usage error."""
    read, write = os.pipe()
    opened = terminal("query", "-i", built, stdout=write)
    os.close(write)
    opened.until("a prompt needs a terminal")
    assert opened.process.wait(60) == 2
    os.close(read)


def test_an_output_that_is_not_utf8(process: Ltrr, built: Path) -> None:
    """Without UTF-8 there are no arrows or dots, and nothing fails."""
    env = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "COLUMNS": "40"}
    for args in (["query", "love"], ["query", "love", "--explain"], ["index", "info"]):
        done = process(*args, "-i", built, *(["--no-log"] if args[0] == "query" else []), **env)
        assert done.code == 0, done.err
        assert done.out.isascii()


def test_nothing_is_written_outside_the_index(process: Ltrr, index: Path, tmp_path: Path) -> None:
    """Home, the current folder and the temporary folder stay empty."""
    home = tmp_path / "home"
    home.mkdir()
    env = {"HOME": str(home), "XDG_CACHE_HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    assert process("query", "love", "-i", index, **env).code == 0
    assert process("query", "-i", index, stdin="rain\nlove\n", **env).code == 0
    assert list(home.rglob("*")) == []
    assert list(Path(tmp_path / "cwd").iterdir()) == []


def test_a_filter_in_a_piped_line(process: Ltrr, built: Path) -> None:
    """A line's own filter is obeyed, beside that of the call; one that cannot be read is that line's error."""
    lines = '{"query": "rain", "filter": "type = album"}\n{"query": "rain", "filter": "("}\n'
    done = process("query", "--no-log", "-i", built, stdin=lines)
    first, second = (json.loads(line) for line in done.out.splitlines())
    assert first["results"]
    assert {result["type"] for result in first["results"]} == {"album"}
    assert "error" in second
    both = process("query", "--no-log", "-i", built, "--filter", "type = song", stdin=lines.splitlines()[0])
    assert json.loads(both.out)["results"] == []
