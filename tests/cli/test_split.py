"""`ltrr split` writes both parts, tells what they hold, and never replaces a split."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import typer

from ltrr_cli.cli import split
from ltrr_cli.cli.main import Boundary
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.text import hash64
from tests.cli.conftest import Done

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return the command as a function, in an empty folder."""
    app = typer.Typer(cls=Boundary, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name="split", help=split.HELP, epilog=split.EPILOG)(split.split)
    app.callback()(lambda: None)  # without it, the only command would take the place of the group
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*args: str | Path) -> Done:
        with pytest.raises(SystemExit) as left:
            app(["split", *map(str, args)], prog_name="ltrr")
        out, err = capsys.readouterr()
        return Done(code=int(left.value.code or 0), out=out, err=err)

    return call


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log of ten clicks on ten days for two queries, a page with a click a week later, and a bad line."""
    days = [f"2026-01-{day:02}" for day in range(1, 11)]
    rows: list[dict[str, object]] = [
        {"query": "rain" if n % 2 else "Rain!", "entity_id": f"e{n}", "ts": day} for n, day in enumerate(days)
    ]
    rows.append({"query_id": "p", "query": "snow", "results": [{"id": "e1"}], "ts": "2026-01-02T12:00:00Z"})
    rows.append({"query_id": "p", "query": "snow", "entity_id": "e1", "ts": "2026-01-09T12:00:00Z"})
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "{broken\n")
    return path


def test_at(run: Run, log: Path, tmp_path: Path) -> None:
    """The summary counts both parts; what was left out is on standard error; both files are read as feedback."""
    done = run(log, "parts", "--at", "2026-01-07")
    assert done.code == 0
    assert "train  6 events, 1 impression, 2 queries (63.6%)\n" in done.out
    assert "       2026-01-01T00:00:00.000+00:00 to 2026-01-06T00:00:00.000+00:00\n" in done.out
    assert "test   4 events, 0 impressions, 1 query (36.4%)\n" in done.out
    assert "cut    2026-01-07T00:00:00.000+00:00\n" in done.out
    assert "known  1 of the 1 query in test also in train\n" in done.out
    assert "left out: 1 (first: query p)" in done.err
    assert "1 bad line left out, the first at" in done.err
    assert "log.jsonl:13: not JSON" in done.err
    train, test = (list(Feedback([tmp_path / "parts" / name])) for name in ("train.jsonl", "test.jsonl"))
    both = {record for record in Feedback([log]) if record.query_id != "p" or not hasattr(record, "entity_id")}
    assert {*train, *test} == both
    assert (len(train), len(test)) == (7, 4)


def test_last_as_json(run: Run, log: Path) -> None:
    """The same as JSON: the cut, each part, and what was left out."""
    row = run(log, "parts", "--last", "0.3", "--json").json
    assert row["cut"] == "2026-01-09T00:00:00.000+00:00"
    assert row["train"] == {
        "file": "parts/train.jsonl",
        "events": 8,
        "impressions": 1,
        "queries": 2,
        "share": 0.818182,
        "first": "2026-01-01T00:00:00.000+00:00",
        "last": "2026-01-08T00:00:00.000+00:00",
    }
    assert (row["test"]["events"], row["test"]["queries_in_train"]) == (2, 1)
    assert (row["left_out"], row["bad"]) == ({"crossing_records": 1}, 1)


def test_queries(run: Run, log: Path) -> None:
    """The two queries fall on the sides that their hashes give, all in all; another seed is another choice."""
    seeds = {(hash64(f"{n}\nrain") < 2**63, hash64(f"{n}\nsnow") < 2**63): str(n) for n in range(50)}
    row = run(log, "snow", "--queries", "0.5", "--seed", seeds[False, True], "--json").json
    assert (row["train"]["events"], row["test"]["events"], row["test"]["impressions"]) == (10, 1, 1)
    assert (row["cut"], row["test"]["queries_in_train"]) == (None, 0)
    row = run(log, "rain", "--queries", "0.5", "--seed", seeds[True, False], "--json").json
    assert (row["train"]["events"], row["test"]["events"]) == (1, 10)
    done = run(log, "none", "--queries", "0.5", "--seed", seeds[True, True])
    assert done.code == 1
    assert "one part would be empty" in done.err


def test_a_query_set(run: Run, tmp_path: Path) -> None:
    """Queries and judgments of each part are written and counted; reading's remarks come too."""
    queries = "".join(f'{{"_id": "q{n}", "text": "word {n}"}}\n' for n in range(20))
    (tmp_path / "queries.jsonl").write_text(queries)
    (tmp_path / "qrels.tsv").write_text("q1\td\t1\nq1\td\t2\nq2\td\t1\n")
    test = [n for n in range(20) if hash64(f"0\nword {n}") < 2**63]
    row = run("queries.jsonl", "parts", "--queries", "0.5", "--qrels", "qrels.tsv", "--json").json
    assert row["test"]["queries"] == len(test)
    assert row["train"]["queries"] == 20 - len(test)
    assert row["test"]["judgments"] == (1 in test) + (2 in test)
    assert row["train"]["judgments"] + row["test"]["judgments"] == 2
    assert (tmp_path / "parts" / "test.queries.jsonl").read_text().count("\n") == len(test)
    done = run("queries.jsonl", "other", "--queries", "0.5", "--qrels", "qrels.tsv")
    assert f"test   {len(test)} queries, " in done.out
    assert "contradict" in done.err


def test_nothing_is_replaced(run: Run, log: Path) -> None:
    """A second split into the same folder is refused, and the first stays."""
    assert run(log, "parts", "--at", "2026-01-07").code == 0
    done = run(log, "parts", "--at", "2026-01-03")
    assert (done.code, done.out) == (1, "")
    assert "there is a split here already (parts/train.jsonl)" in done.err


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["log.jsonl", "out"], 2, "one way to split is needed"),
        (["log.jsonl", "out", "--last", "0.2", "--queries", "0.2"], 2, "one way to split is needed"),
        (["log.jsonl", "out", "--last", "20"], 2, "a share of 20.0 is no part"),
        (["log.jsonl", "out", "--at", "soon"], 2, "--at: not a time: 'soon'"),
        (["log.jsonl", "out", "--at", "2020-01-01"], 1, "nothing before the cut at 2020-01-01"),
        (["log.jsonl", "out", "--at", "2026-01-05", "--seed", "1"], 2, "--seed goes with --queries"),
        (["log.jsonl", "out", "--last", "0.2", "--qrels", "x"], 2, "--qrels goes with --queries"),
        (["log.jsonl", "log.jsonl", "out", "--queries", "0.2", "--qrels", "x"], 2, "one file of queries"),
        (["log.jsonl", "out", "--queries", "0.2", "--qrels", "x"], 1, "a query without an id (log.jsonl:1)"),
        (["log.jsonl", "log.jsonl", "--last", "0.2"], 1, "'log.jsonl' is a file"),
        (["no.jsonl", "out", "--last", "0.2"], 1, "there is no file 'no.jsonl'"),
        (["queries.jsonl", "out", "--queries", "0.2"], 1, "a query set needs --queries and --qrels"),
    ],
)
def test_what_cannot_be_split(run: Run, log: Path, tmp_path: Path, args: list[str], code: int, message: str) -> None:
    """One clear error each, and nothing is written."""
    (tmp_path / "queries.jsonl").write_text('{"query_id": "a", "query": "x"}\n')
    done = run(*args)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert not (tmp_path / "out").exists()
