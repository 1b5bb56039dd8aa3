"""Runs are ordered as trec_eval orders them, and every tool reads back the order that was written."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import ir_measures
import numpy as np
import pytest
import pytrec_eval
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.runs import read_run, write_run

if TYPE_CHECKING:
    from pathlib import Path

names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cf"]), min_size=1, max_size=8)
near = st.sampled_from([0.0, -0.0, 1.0, 1.0 + 1e-9, 1.0 + 1e-12, 0.1 + 0.2, 0.3, 1e30, -1e30, 3.4e38, 1e-300])
scores = near | st.floats(-1e38, 1e38)
ranking = st.lists(st.tuples(names, scores), max_size=8, unique_by=lambda pair: pair[0])


def trec_order(found: dict[str, float]) -> list[str]:
    """Return the order that trec_eval sees: each entity's rank is 1 / its reciprocal rank as the only relevant one."""
    qrels = {f"only-{entity}": {entity: 1} for entity in found}
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank"})
    measured = evaluator.evaluate({f"only-{entity}": found for entity in found})
    return sorted(found, key=lambda entity: -float(measured[f"only-{entity}"]["recip_rank"]))


@given(found=st.dictionaries(names, scores, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
@example(found={"a": 1.0, "b": 1.0 + 1e-12, "ä": 1.0, "B": 2.0})
def test_order_is_trec_evals(tmp_path_factory: pytest.TempPathFactory, found: dict[str, float]) -> None:
    """Scores that differ in 64 bits only, ties and ids beyond ASCII come in the order that trec_eval gives them."""
    path = tmp_path_factory.getbasetemp() / "ordered.run"
    path.write_text("".join(f"q Q0 {key} 0 {score!r} t\n" for key, score in found.items()), encoding="utf-8")
    assert read_run(path)[0] == {"q": trec_order(found)}


@given(rankings=st.dictionaries(names, ranking, max_size=3))
@settings(max_examples=60, deadline=None)
def test_every_tool_reads_the_order(
    tmp_path_factory: pytest.TempPathFactory, rankings: dict[str, list[tuple[str, float]]]
) -> None:
    """Whatever the scores, ours, ir_measures' and trec_eval's order of a written run is the one given."""
    path = tmp_path_factory.getbasetemp() / "written.run"
    write_run(path, rankings, tag="test")
    expected = {query: [entity for entity, _ in ranked] for query, ranked in rankings.items() if ranked}
    if not expected:
        assert path.read_bytes() == b""
        return
    ours, notes = read_run(path)
    assert ours == expected
    assert notes.counts == {}
    theirs: dict[str, dict[str, float]] = {}
    for doc in ir_measures.read_trec_run(str(path)):  # type: ignore[no-untyped-call]
        theirs.setdefault(doc.query_id, {})[doc.doc_id] = doc.score
    for query, entities in expected.items():
        assert sorted(theirs[query], key=lambda entity: -theirs[query][entity]) == entities
        assert trec_order(theirs[query]) == entities


def test_scores_change_as_little_as_possible() -> None:
    """A score below the one before stays; a tie and a rise become the next lower 32-bit float."""
    out = io.StringIO()
    write_run(out, {"q": [("a", 0.5), ("b", 0.5), ("c", 0.75), ("d", 0.25)]}, tag="t")
    rows = [line.split() for line in out.getvalue().splitlines()]
    below = np.nextafter(np.float32(0.5), np.float32(0))
    expected = [0.5, float(below), float(np.nextafter(below, np.float32(0))), 0.25]
    assert [float(np.float32(row[4])) for row in rows] == expected
    assert [row[:4] + row[5:] for row in rows[:2]] == [["q", "Q0", "a", "1", "t"], ["q", "Q0", "b", "2", "t"]]


def test_ties_and_duplicates_are_noted(tmp_path: Path) -> None:
    """Ties go to the higher id, whatever the rank column says; of an entity given twice the first line counts."""
    path = tmp_path / "run"
    path.write_text("q Q0 a 1 2 t\nq Q0 b 2 2.0 t\nq Q0 c 3 1 t\nq Q0 c 4 9 t\nq Q0 d 5 2 t\n")
    found, notes = read_run(path)
    assert found == {"q": ["d", "b", "a", "c"]}
    assert notes.counts == {"duplicate_results": 1, "tied_scores": 2}
    assert f"{path}:4" in notes.remarks[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no rankings"),
        (b"q Q0 a 1 1 t\nq Q0 a 1 1\n", "6 columns .* expected, found 5.*run:2"),
        (b"q 0 a 1\n", "expected, found 4.*run:1.*a run is wanted"),
        (b"q Q0 a 1 high t\n", "'high' is not a number.*run:1"),
        (b"q Q0 a 1 nan t\n", "'nan' is not a number.*run:1"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, content: bytes, message: str) -> None:
    """A line that is no part of a ranking is an error with its place."""
    path = tmp_path / "run"
    path.write_bytes(content)
    with pytest.raises(EvaluationError, match=message):
        read_run(path)


@pytest.mark.parametrize(
    ("rankings", "tag", "message"),
    [
        ({"q": [("a b", 1.0)]}, "t", "entity id 'a b' cannot stand.*white space"),
        ({"q": [("a\xa0b", 1.0)]}, "t", "cannot stand"),
        ({"q": [("", 1.0)]}, "t", "entity id '' .*empty"),
        ({"q 1": [("a", 1.0)]}, "t", "query id 'q 1'"),
        ({"q": [("a", 1.0)]}, "my tag", "the tag 'my tag'"),
        ({"q": [("a", 1.0), ("a", 0.5)]}, "t", "has 'a' twice"),
        ({"q": [("a", float("nan"))]}, "t", "'a': nan is no score"),
        ({"q": [("a", 1e39)]}, "t", "'a': 1e.39 is no score"),
        ({"q": [("a", -3.4028234663852886e38), ("b", 0.0)]}, "t", "'b': 0.0 is no score"),
        ({"q": [("\ud800", 1.0)]}, "t", "cannot write"),
    ],
)
def test_what_cannot_be_written(
    tmp_path: Path, rankings: dict[str, list[tuple[str, float]]], tag: str, message: str
) -> None:
    """The error names the id; an earlier file stays as it was, and nothing is left beside it."""
    path = tmp_path / "run"
    path.write_text("before")
    with pytest.raises(EvaluationError, match=message):
        write_run(path, {"good": [("x", 1.0)], **rankings}, tag=tag)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["run"]  # noqa: PTH208 – hidden names too


def test_where_it_is_written(tmp_path: Path) -> None:
    """A link's target is replaced, not the link; a device is written to; a missing folder is an error."""
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_run(tmp_path / "link", {"q": [("a", 1.0)]}, tag="t")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "q Q0 a 1 1 t\n"
    write_run("/dev/null", {"q": [("a", 1.0)]}, tag="t")
    assert not os.path.isfile("/dev/null")  # noqa: PTH113
    with pytest.raises(EvaluationError, match="No such file or directory"):
        write_run(tmp_path / "no" / "run", {}, tag="t")
