"""Interleaved pages on the command line: asked for in every way, logged, and judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr, Open

PAIR = ("policy:live", "single:semantic")


def test_one_answer(ltrr: Ltrr, index: Path) -> None:
    """One query has its page, whose teams are told with --explain only: people should not see who supplied what."""
    done = ltrr("query", "love", "rain", "-k", "6", "--interleave", *PAIR, "--seed", "1", "--json", "-i", index)
    assert done.code == 0
    assert all("team" not in result for result in done.json["results"])
    told = ltrr(
        "query", "love", "rain", "-k", "6", "--interleave", *PAIR, "--seed", "1", "--json", "--explain", "-i", index
    ).json
    assert [result["id"] for result in told["results"]] == [result["id"] for result in done.json["results"]]
    assert {result["team"] for result in told["results"]} <= {"a", "b", None}
    assert (told["mode"], told["propensity"]) == ("interleaved", 1)
    assert told["interleaved"]["b"]["name"] == "single:semantic"
    assert told["interleaved"]["b"]["depths"] == {"semantic": 100}
    shown = ltrr("query", "love", "--interleave", *PAIR, "--explain", "-i", index).out
    for text in (
        "share the page",
        "team a    policy:live (policy 0, ranker 0)",
        "team b    single:semantic",
        "teams   ",
    ):
        assert text in shown


def test_pipes(process: Ltrr, index: Path) -> None:
    """Every line of a pipe is answered by both, and logged."""
    done = process("query", "--interleave", *PAIR, "-i", index, stdin="love\nrain\n")
    assert done.code == 0
    assert len(done.out.splitlines()) == 2
    lines = next((index / "log").glob("queries-*")).read_text().splitlines()
    assert all('"mode":"interleaved"' in line for line in lines)


def test_the_prompt(terminal: Open, index: Path) -> None:
    """At the prompt a click on an interleaved page counts, and the verdict finds it."""
    opened = terminal("query", "--seed", "1", "--interleave", *PAIR, "-i", index, TERM="dumb")
    opened.until(r"ltrr>[\s\x08]*$")
    opened.type("love")
    for rank in (1, 2, 3, 4):
        assert f"click {rank}: " in opened.type(f":click {rank}")
    assert opened.leave() == 0
    with Engine.open(index) as engine:
        assert engine.info().events == 4


def test_the_verdict(ltrr: Ltrr, index: Path) -> None:
    """First there is nothing, and what to do is said; after pages and clicks a verdict, for scripts and people."""
    assert ltrr("compare", index, "--interleaved", "--json").json == {"pairs": [], "notes": {}}
    assert ltrr("compare", index, "--interleaved", "-i", index).code == 2
    assert ltrr("compare", index, "--interleaved", "--json", LTRR_INDEX="nowhere").code == 0
    empty = ltrr("compare", "ranker:live", "ranker:prior", "--interleaved", "-i", index)
    assert (empty.code, "--interleave ranker:live ranker:prior" in empty.out) == (0, True)
    with Engine.open(index) as engine:
        texts = [f"{theme} {other}" for theme in ("love", "rain", "summer") for other in ("night", "home", "gold", "")]
        for number, text in enumerate(texts):
            answer = engine.search(text, k=6, seed=number, now=1_700_000_000 + 86400.0 * number, interleave=PAIR)
            assert answer.trace.interleaved is not None
            teams = answer.trace.interleaved.teams
            if "b" in teams:
                engine.record(answer.query_id, answer.results[teams.index("b")].id)
    (found,) = ltrr("compare", "-i", index, "--interleaved", "--json").json["pairs"]
    assert (found["a"], found["b"], found["pages"]) == (*PAIR, 12)
    assert found["acted"] == found["lost"] == found["votes"]["losses"] >= 8
    assert found["interval"][0] <= found["delta"] == -0.5
    assert found["prefers"] == "b"
    assert found["p"] < found["anytime_p"] < 0.05
    (turned,) = ltrr("compare", *PAIR[::-1], "-i", index, "--interleaved", "--json").json["pairs"]
    assert (turned["a"], turned["won"], turned["prefers"]) == (PAIR[1], found["lost"], "a")
    page = index.parent / "page.html"
    done = ltrr("compare", index, "--interleaved", "--html", page)
    for text in (done.out, page.read_text()):
        assert "People prefer B: single:semantic." in text
        assert "exact sign test" in text


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("compare", "--interleaved", "policy:live"), "two ways to answer"),
        (("compare", "--interleaved", "policy:live", "x.ltrr"), "two ways to answer"),
        (("compare", "--interleaved", "policy:live", "policy:best"), "no policy is called 'best'"),
        (("compare", "--interleaved", "--qrels", "q.txt"), "asks people, not judgments"),
        (("compare", "policy:live"), "both A and B are needed"),
        (("compare",), "both A and B are needed"),
        (("query", "love", "--interleave", "policy:live", "x"), "'x' is no way to answer"),
        (("query", "love", "--interleave", "policy:live", "ranker:prior", "--strategies", "lexical"), "--strategies"),
    ],
)
def test_wrong_calls(ltrr: Ltrr, built: Path, args: tuple[str, ...], told: str) -> None:
    """Each has its own clear error."""
    done = ltrr(*args, "-i", built)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_no_index(ltrr: Ltrr, tmp_path: Path) -> None:
    """A folder that is no index is an error, not an empty verdict."""
    done = ltrr("compare", tmp_path, "--interleaved")
    assert (done.code, "no index here" in done.err) == (1, True)


def test_damaged_lines_are_noted(ltrr: Ltrr, index: Path) -> None:
    """What cannot be read of the log is said on standard error."""
    with Engine.open(index) as engine:
        engine.search("love", interleave=PAIR)
    path = next((index / "log").glob("queries-*"))
    path.write_text(path.read_text().replace('"teams":"', '"teams":"x'))
    done = ltrr("compare", index, "--interleaved", "--json")
    assert done.code == 0
    assert json.loads(done.out)["notes"] == {"damaged": 1}
    assert "note: damaged lines of interleaved pages" in done.err
