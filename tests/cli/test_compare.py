"""`ltrr compare`: what A and B may be, on planted runs and on an index."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr

_THEMES = ("love", "rain", "summer", "night", "train", "home")


@pytest.fixture
def judged(tmp_path: Path) -> tuple[str | Path, ...]:
    """Return the options that name six queries; of each theme the first two entities are relevant."""
    queries, qrels = tmp_path / "queries.jsonl", tmp_path / "qrels.txt"
    queries.write_text(
        "".join(
            json.dumps({"query_id": f"q{n}", "query": theme, "split": "dev" if n < 2 else "test"}) + "\n"
            for n, theme in enumerate(_THEMES)
        )
    )
    qrels.write_text("".join(f"q{n} 0 e0{n} 1\nq{n} 0 e1{n} 2\n" for n in range(len(_THEMES))))
    return ("--queries", queries, "--qrels", qrels)


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Return two runs and qrels: RR is 1, ½, 0 against ½, 1, 1."""
    one, two, qrels = (tmp_path / name for name in ("one.run", "two.run", "planted.txt"))
    one.write_text("q1 Q0 a 1 9 t\nq1 Q0 b 2 8 t\nq2 Q0 x 1 9 t\nq2 Q0 b 2 8 t\nq9 Q0 a 1 1 t\n")
    two.write_text("q1 Q0 b 1 9 t\nq1 Q0 a 2 8 t\nq2 Q0 b 1 9 t\nq3 Q0 c 1 9 t\n")
    qrels.write_text("q1 0 a 1\nq2 0 b 1\nq3 0 c 1\n")
    return one, two, qrels


def test_two_runs(ltrr: Ltrr, runs: tuple[Path, Path, Path]) -> None:
    """Judgments are enough for two runs, no index is needed, and nothing is timed."""
    one, two, qrels = runs
    done = ltrr("compare", one, two, "--qrels", qrels, "-m", "RR", "--worst", "1", "--json")
    assert done.code == 0
    found = done.json
    assert found["queries"] == 3
    assert (found["a"]["name"], found["b"]["name"]) == ("one.run", "two.run")
    assert found["a"]["measures"]["RR"]["value"] == 0.5
    assert found["compared"]["RR"]["difference"] == pytest.approx(-1 / 3, abs=1e-6)
    assert found["compared"]["RR"]["p"] == 0.75
    assert [found["compared"]["RR"][name] for name in ("wins", "ties", "losses")] == [1, 0, 2]
    assert found["common_at_10"]["value"] == 0.5
    assert found["rank_biased_overlap"]["value"] == pytest.approx(0.45)
    assert found["losses"] == [{"query_id": "q3", "query": "", "a": 0, "b": 1}]
    assert found["gains"] == [{"query_id": "q1", "query": "", "a": 1, "b": 0.5}]
    assert found["a"]["notes"] == {"lacking_queries": 1, "other_queries": 1}
    assert found["latency"] is found["a"]["latency"] is found["b"]["latency"] is None
    assert "note: A: judged queries that the run lacks" in done.err
    assert "note: B" not in done.err


def test_the_page_for_people(ltrr: Ltrr, runs: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """The same numbers stand in the terminal and in the report, and the charts are written."""
    one, two, qrels = runs
    html, chart = tmp_path / "out.html", tmp_path / "out.svg"
    done = ltrr("compare", one, two, "--qrels", qrels, "-m", "RR", "--worst", "2", "--html", html, "--chart", chart)
    assert done.code == 0
    for page in (done.out, html.read_text()):
        for text in ("A: one.run", "B: two.run", "-0.3333", "0.7500", "rank-biased overlap", "q3"):
            assert text in page
        assert "Latency" not in page
    assert "<svg" in chart.read_text()


def test_an_index_and_its_own_run(ltrr: Ltrr, built: Path, judged: tuple[str | Path, ...], tmp_path: Path) -> None:
    """A run that `ltrr evaluate` wrote equals its index in every measure and every ranking; the index is timed."""
    run = tmp_path / "own.run"
    assert ltrr("evaluate", "-i", built, *judged, "--run", run, "--json").code == 0
    done = ltrr("compare", built, run, *judged, "--json")
    assert done.code == 0
    found = done.json
    assert set(found["compared"]) == {"nDCG@10", "RR@10", "R@100", "Judged@10"}
    assert {(one["difference"], one["p"], one["ties"]) for one in found["compared"].values()} == {(0, 1, 6)}
    assert found["a"]["measures"]["nDCG@10"]["value"] > 0.2  # both find something: 0 would be no agreement
    assert found["common_at_10"]["value"] == found["rank_biased_overlap"]["value"] == 1
    assert 0 < found["a"]["latency"]["median_ms"] <= found["a"]["latency"]["p95_ms"]
    assert found["b"]["latency"] is None
    assert "encoding is not in these times" in found["latency"]["remark"]


def test_an_index_against_itself(ltrr: Ltrr, built: Path, judged: tuple[str | Path, ...]) -> None:
    """The same folder twice is fine: no difference, both timed."""
    found = ltrr("compare", built, built, *judged, "-m", "nDCG@10", "--json").json
    assert (found["compared"]["nDCG@10"]["difference"], found["compared"]["nDCG@10"]["p"]) == (0, 1)
    assert found["b"]["latency"]["median_ms"] > 0


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("policy:live", "policy:equal"),
        ("ranker:prior", "policy:prior"),
        ("strategies:lexical:20,semantic", "strategies:popular"),
    ],
)
def test_ways_to_answer(ltrr: Ltrr, built: Path, judged: tuple[str | Path, ...], a: str, b: str) -> None:
    """Policies, rankers and strategies answer from the index of --index, under the name that was typed."""
    done = ltrr("compare", a, b, "-i", built, *judged, "-m", "RR", "--json")
    assert done.code == 0
    found = done.json
    assert (found["a"]["name"], found["b"]["name"]) == (a, b)
    assert found["a"]["latency"]["median_ms"] > 0
    assert found["b"]["latency"]["median_ms"] > 0


def test_strategies_make_a_difference(ltrr: Ltrr, built: Path, judged: tuple[str | Path, ...]) -> None:
    """One hit of one strategy is another ranking than fifty, so the word reaches the engine."""
    found = ltrr("compare", "strategies:lexical:1", "strategies:lexical:50", "-i", built, *judged, "--json").json
    assert found["common_at_10"]["value"] < 0.5
    assert found["a"]["measures"]["R@100"]["value"] < found["b"]["measures"]["R@100"]["value"]


def test_nothing_changes(ltrr: Ltrr, built: Path, judged: tuple[str | Path, ...]) -> None:
    """Nothing is learned or logged: every file of the index is as it was."""
    before = {path: path.read_bytes() for path in built.rglob("*") if path.is_file() and path.parent.name != "locks"}
    assert ltrr("compare", built, "policy:equal", "-i", built, *judged, "-m", "RR").code == 0
    after = {path: path.read_bytes() for path in built.rglob("*") if path.is_file() and path.parent.name != "locks"}
    assert before == after


def test_doubts_are_told_once_for_one_index(
    ltrr: Ltrr, built: Path, judged: tuple[str | Path, ...], tmp_path: Path
) -> None:
    """Judged entities that the index lacks are noted, once where both sides are of one index."""
    more = tmp_path / "more.txt"
    more.write_text("q0 0 nowhere 1\nq0 0 e00 1\n")
    done = ltrr("compare", built, "policy:equal", "-i", built, *judged[:2], "--qrels", more, "--json")
    assert done.err.count("judged entities that the index does not have") == 1
    assert done.json["notes"]["unknown_entities"] == 1


def test_a_split(ltrr: Ltrr, built: Path, judged: tuple[str | Path, ...]) -> None:
    """Only the queries of the split are compared on."""
    assert ltrr("compare", built, "policy:equal", "-i", built, *judged, "--split", "dev", "--json").json["queries"] == 2


def test_one_query_has_no_interval(ltrr: Ltrr, built: Path, judged: tuple[str | Path, ...], tmp_path: Path) -> None:
    """A single query gives numbers without bounds, on the page and as JSON."""
    one = tmp_path / "one.txt"
    one.write_text("q0 0 e00 1\n")
    chosen = ("compare", built, "strategies:popular", "-i", built, *judged[:2], "--qrels", one)
    assert ltrr(*chosen, "--json").json["compared"]["nDCG@10"]["interval"] == [None, None]
    assert ltrr(*chosen, "--html", tmp_path / "one.html").code == 0


def test_held_out(ltrr: Ltrr, index: Path, judged: tuple[str | Path, ...]) -> None:
    """--held-out asks the index of A what it never learns from; an index that holds nothing out is an error."""
    done = ltrr("compare", index, "policy:equal", "-i", index, *judged, "--held-out")
    assert (done.code, "holds no queries out" in done.err) == (1, True)
    config = index / "ltrr.toml"
    text = config.read_text()
    assert "# holdout = 0.0\n" in text
    config.write_text(text.replace("# holdout = 0.0\n", "holdout = 0.5\n"))
    done = ltrr("compare", index, index, *judged, "--held-out", "-m", "RR", "--json")
    assert done.code == 0
    assert 0 < done.json["queries"] < len(_THEMES)
    assert done.json["notes"]["not_held_out"] == len(_THEMES) - done.json["queries"]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("nowhere.ltrr", ["nothing called 'nowhere.ltrr'", "folder of an index", "policy:live|prior|equal"]),
        ("policy:best", ["no policy is called 'best'", "live, prior, equal"]),
        ("ranker:", ["no ranker is called ''", "live, prior, challenger"]),
        ("strategies:", ["strategies:NAME[:DEPTH]", "strategies:lexical,semantic:50"]),
        ("strategies:lexical:0", ["strategies:lexical:0", "NAME[:DEPTH]"]),
        ("strategies:guess", ["no strategy is called 'guess'"]),
        ("ranker:challenger", ["there is no challenger"]),
    ],
)
def test_words_that_name_nothing(
    ltrr: Ltrr, built: Path, judged: tuple[str | Path, ...], word: str, told: list[str]
) -> None:
    """What cannot be compared is a usage error that says what can."""
    done = ltrr("compare", built, word, "-i", built, *judged)
    assert (done.code, done.out) == (2, "")
    assert all(one in done.err for one in told)


def test_what_is_missing(ltrr: Ltrr, built: Path, runs: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Judgments, the queries of an index, an index in a folder, a run's lines: each has its own clear error."""
    one, two, qrels = runs
    for args, code, told in (
        ((one, two), 2, "name --qrels"),
        ((one, two, "--qrels", qrels, "--split", "dev"), 2, "--split needs --queries"),
        ((built, one, "--qrels", qrels), 2, "--qrels needs --queries"),
        ((tmp_path, one, "--qrels", qrels), 1, "no index here"),
        ((one, qrels, "--qrels", qrels), 1, "a run is wanted"),
        (("policy:live", one, "--qrels", qrels), 1, "there is no index"),
        ((one,), 2, "B"),
        ((one, two, two), 2, "unexpected extra argument"),
    ):
        done = ltrr("compare", *args)
        assert (done.code, done.out) == (code, "")
        assert told in done.err
