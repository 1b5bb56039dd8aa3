"""`ltrr evaluate`: tables, JSON, files, notes, and one clear error for everything that cannot be evaluated."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.evaluation.runs import read_run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr

NOW = 1_750_000_000.0


@pytest.fixture
def judged(tmp_path: Path) -> tuple[Path, Path]:
    """Return files of three queries and of their judgments."""
    queries, qrels = tmp_path / "queries.jsonl", tmp_path / "qrels.tsv"
    rows = [
        {"query_id": f"q{number}", "query": text} for number, text in enumerate(("love", "rain night", "gold\x1b[2J"))
    ]
    queries.write_text("".join(json.dumps(row) + "\n" for row in rows))
    qrels.write_text("".join(f"q{number}\t0\te{number + 10}\t1\n" for number in range(3)))
    return queries, qrels


def _hash(root: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


def test_tables(ltrr: Ltrr, index: Path, judged: tuple[Path, Path]) -> None:
    """Systems with intervals, the comparison, the worst queries, nothing that takes over a terminal, and no change."""
    before = _hash(index)
    done = ltrr("evaluate", "-i", index, "--queries", judged[0], "--qrels", judged[1], "--worst", "2")
    assert done.code == 0, done.err
    assert "Judged queries: 3." in done.out
    assert "ltrr against each other system, nDCG@10" in done.out
    assert "Worst queries: where ltrr loses most to" in done.out
    for name in ("ltrr", "lexical", "popular", "structured", "semantic", "memory", "rrf", "convex"):
        assert f"\n{name} " in done.out
    assert "\x1b" not in done.out
    assert _hash(index) == before


def test_json(ltrr: Ltrr, index: Path, judged: tuple[Path, Path]) -> None:
    """The JSON has means by system and measure, intervals, comparison, worst queries and notes; twice the same."""
    args = ("evaluate", "-i", index, "--queries", judged[0], "--qrels", judged[1], "--json", "--worst", "1")
    row = ltrr(*args, "-m", "nDCG@10", "-m", "RR").json
    assert row["measures"] == ["nDCG@10", "RR"]
    assert row["queries"] == 3
    assert set(row["systems"]["ltrr"]) == {"nDCG@10", "RR"}
    assert list(row["systems"]) == ["ltrr", *row["compared"]]
    assert "lexical" in row["systems"]
    for name, means in row["systems"].items():
        for measure, value in means.items():
            low, high = row["intervals"][name][measure]
            assert 0 <= low <= value <= high <= 1
    for name, paired in row["compared"].items():
        difference = row["systems"]["ltrr"]["nDCG@10"] - row["systems"][name]["nDCG@10"]
        assert paired["difference"] == pytest.approx(difference, abs=2e-6)
        assert paired["wins"] + paired["ties"] + paired["losses"] == 3
        assert 0 < paired["p"] <= 1
    assert set(row["worst"][0]) == {"query_id", "query", "value", "best_other"}
    assert row["best_other"] in row["compared"]
    assert row["notes"] == {}
    assert ltrr(*args, "-m", "nDCG@10", "-m", "RR").json == row


def test_one_query(ltrr: Ltrr, index: Path, judged: tuple[Path, Path], tmp_path: Path) -> None:
    """A single query has no interval: null in JSON, and the table and the chart are shown all the same."""
    queries = tmp_path / "one.tsv"
    queries.write_text("q0\tlove\n")
    args = ("evaluate", "-i", index, "--queries", queries, "--qrels", judged[1])
    assert ltrr(*args, "--json").json["intervals"]["ltrr"]["RR@10"] == [None, None]
    done = ltrr(*args, "--html", tmp_path / "a.html", "--chart", tmp_path / "a.svg")
    assert done.code == 0, done.err
    assert "Judged queries: 1." in done.out
    assert "-inf … inf" in done.out


def test_a_run(ltrr: Ltrr, index: Path, judged: tuple[Path, Path], tmp_path: Path) -> None:
    """The run that is written reads back in the order of the answers."""
    path = tmp_path / "a.run"
    done = ltrr("evaluate", "-i", index, "--queries", judged[0], "--qrels", judged[1], "--run", path, "--json")
    assert done.code == 0, done.err
    assert f"wrote {path}" in done.err
    rankings, _ = read_run(path)
    with Engine.open(index) as engine:
        for number, text in enumerate(("love", "rain night", "gold\x1b[2J")):
            results = engine.search(text, k=100, explore=False, log=False).results
            assert rankings[f"q{number}"] == [result.id for result in results]


def test_a_run_that_cannot_be_written_costs_no_result(ltrr: Ltrr, built: Path, tmp_path: Path) -> None:
    """Where an id has white space, which no run can hold, the results are shown, and then the error."""
    catalog = tmp_path / "odd.jsonl"
    catalog.write_text(json.dumps({"id": "an id", "title": "love"}) + "\n")
    from tests.engine.conftest import ENCODER

    Engine.build(catalog, tmp_path / "odd.ltrr", encoder=str(ENCODER))
    (tmp_path / "q.tsv").write_text("q0\tlove\n")
    (tmp_path / "j.jsonl").write_text('{"query_id": "q0", "doc_id": "an id", "relevance": 1}\n')
    args = ("--queries", tmp_path / "q.tsv", "--qrels", tmp_path / "j.jsonl", "--run", tmp_path / "a.run", "--json")
    done = ltrr("evaluate", "-i", tmp_path / "odd.ltrr", *args)
    assert done.code == 1
    assert done.json["systems"]["ltrr"]["RR@10"] == 1.0
    assert "white space" in done.err
    assert not (tmp_path / "a.run").exists()


def test_reports_and_charts(ltrr: Ltrr, index: Path, judged: tuple[Path, Path], tmp_path: Path) -> None:
    """A report and charts are written, and said to be."""
    html, chart = tmp_path / "a.html", tmp_path / "a.svg"
    args = ("--queries", judged[0], "--qrels", judged[1], "--html", html, "--chart", chart)
    done = ltrr("evaluate", "-i", index, *args)
    assert done.code == 0, done.err
    assert f"wrote {html}" in done.err
    assert f"wrote {chart}" in done.err
    assert "nDCG@10" in html.read_text()
    assert chart.read_text().lstrip().startswith("<?xml")


def test_held_out_queries(ltrr: Ltrr, index: Path, judged: tuple[Path, Path]) -> None:
    """`--held-out` takes the files' held-out queries, and without files those of the log."""
    args = ("evaluate", "-i", index, "--held-out", "--json")
    assert "holds no queries out" in ltrr(*args).err
    (index / "ltrr.toml").write_text("[learning]\nholdout = 0.6\n")
    done = ltrr(*args)
    assert done.code == 1
    assert "no feedback on held-out queries yet" in done.err
    with Engine.open(index) as engine:
        held = [text for text in ("love", "rain night", "gold\x1b[2J") if engine._opened.config.is_held_out(text)]
        assert 0 < len(held) < 3
        for number, text in enumerate(("love", "rain night", "gold")):
            answer = engine.search(text, query_id=f"s{number}", explore=False)
            engine.record(answer.query_id, answer.results[0].id, "like")
    row = ltrr(*args).json
    assert row["systems"]["ltrr"]["RR@10"] == 1.0
    assert row["queries"] >= 1
    assert row["notes"] == {}
    row = ltrr(*args, "--queries", judged[0], "--qrels", judged[1]).json
    assert row["queries"] == len(held)
    assert row["notes"] == {"not_held_out": 3 - len(held)}


def test_doubts_are_told(ltrr: Ltrr, index: Path, judged: tuple[Path, Path]) -> None:
    """Unknown entities and queries that the index has learned are noted, on standard error and in JSON."""
    judged[1].write_text(judged[1].read_text() + "q0\t0\tnowhere\t1\n")
    with Engine.open(index) as engine:
        answer = engine.search("LOVE")
        engine.record(answer.query_id, answer.results[0].id)
    done = ltrr("evaluate", "-i", index, "--queries", judged[0], "--qrels", judged[1], "--json")
    assert done.json["notes"] == {"unknown_entities": 1, "queries_learned_from": 1}
    assert "note: judged entities that the index does not have, 25.0% of 4" in done.err
    assert "(first: query q0)" in done.err


def test_an_index_that_may_not_be_written_to(process: Ltrr, index: Path, judged: tuple[Path, Path]) -> None:
    """Where nothing may be written the evaluation is the same."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    for path in (index, *index.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = process("evaluate", "-i", index, "--queries", judged[0], "--qrels", judged[1], "--json")
    assert done.code == 0, done.err


def test_what_is_refused(ltrr: Ltrr, index: Path, judged: tuple[Path, Path], tmp_path: Path) -> None:
    """Each mistake is one line, with exit code 1 for what was read and 2 for what was typed, and no traceback."""
    queries, qrels = judged
    empty = tmp_path / "empty"
    empty.write_text("")
    other = tmp_path / "other.tsv"
    other.write_text("q9\t0\te1\t1\n")
    both = ("--queries", queries, "--qrels", qrels)
    cases: list[tuple[int, str, tuple[str | Path, ...]]] = [
        (1, "no index here", ("-i", tmp_path / "none.ltrr", *both)),
        (2, "name --queries and --qrels", ("-i", index)),
        (2, "--qrels needs --queries", ("-i", index, "--qrels", qrels)),
        (2, "--split needs --queries", ("-i", index, "--held-out", "--split", "dev")),
        (1, "judgments are missing", ("-i", index, "--queries", queries)),
        (1, "empty", ("-i", index, "--queries", queries, "--qrels", empty)),
        (1, "empty", ("-i", index, "--queries", empty, "--qrels", qrels)),
        (1, "has a judgment", ("-i", index, "--queries", queries, "--qrels", other)),
        (1, "queries.jsonl", ("-i", index, "--queries", queries, "--qrels", queries)),
        (1, "qrels.tsv", ("-i", index, "--queries", qrels, "--qrels", qrels)),
        (1, "no query of split 'dev'", ("-i", index, *both, "--split", "dev")),
        (2, "no measure 'nDCG10'", ("-i", index, *both, "-m", "nDCG10")),
        (2, "no measure ''", ("-i", index, *both, "-m", "")),
        (2, "cutoff of 99999", ("-i", index, *both, "-m", "R@99999")),
        (2, "--worst", ("-i", index, *both, "--worst", "-1")),
        (2, "--seed", ("-i", index, *both, "--seed", "-1")),
        (2, "folder does not exist", ("-i", index, *both, "--html", tmp_path / "no" / "a.html")),
        (2, "folder does not exist", ("-i", index, *both, "--run", tmp_path / "no" / "a.run")),
        (2, "this is a folder", ("-i", index, *both, "--run", tmp_path)),
        (2, "neither .svg nor .png", ("-i", index, *both, "--chart", tmp_path / "a.gif")),
    ]
    for code, message, args in cases:
        done = ltrr("evaluate", *args)
        assert (done.code, done.out) == (code, ""), args
        assert message in done.err.replace("\n", " "), (args, done.err)
        assert "Traceback" not in done.err
        assert "internal error" not in done.err


def test_a_file_has_one_use(ltrr: Ltrr, index: Path, judged: tuple[Path, Path], tmp_path: Path) -> None:
    """Two results in one file, a result in place of an input, and one input for two, are refused before any work."""
    queries, qrels = judged
    one, before = tmp_path / "x.svg", queries.read_bytes()
    for options in (("--html", one, "--chart", one), ("--run", one, "--chart", one), ("--html", queries)):
        done = ltrr("evaluate", "-i", index, "--queries", queries, "--qrels", qrels, *options)
        assert done.code == 2
        assert "one file" in done.err or "cannot be written too" in done.err
    assert not one.exists()
    assert queries.read_bytes() == before
    done = ltrr("evaluate", "-i", index, "--queries", "-", "--qrels", "-")
    assert (done.code, "only one input" in done.err) == (2, True)


def test_a_query_id_that_no_run_can_hold(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """It is refused before the queries are answered."""
    queries, qrels = tmp_path / "q.tsv", tmp_path / "q.qrels"
    queries.write_text("a b\tlove\n")
    qrels.write_text("a b\te1\t1\n")
    done = ltrr("evaluate", "-i", index, "--queries", queries, "--qrels", qrels, "--run", tmp_path / "x.run")
    assert (done.code, done.out) == (1, "")
    assert "query id 'a b' cannot stand in a TREC run" in done.err
