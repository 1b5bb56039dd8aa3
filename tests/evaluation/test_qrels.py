"""Judgments are read in every form with all their grades; a damaged line is an error with its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.qrels import read_qrels

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = {"q1": {"d1": 2, "d2": 0}, "q2": {"d1": -1}}
spaced = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9).map(str.strip).filter(bool)
judged = st.dictionaries(
    spaced, st.dictionaries(spaced, st.integers(-5, 10**8), min_size=1, max_size=4), min_size=1, max_size=4
)


@pytest.mark.parametrize(
    "content",
    [
        "q1 0 d1 2\nq1 0 d2 0\nq2 0 d1 -1\n",
        "q1\t0\td1\t2\nq1\tQ0\td2\t0\nq2\t0\td1\t-1",
        "  q1   0 d1 +2 \r\nq1 0\x0bd2 0\r\nq2 0 d1 -1\r\n",
        "q1\td1\t2\nq1\td2\t0\nq2\td1\t-1\n",
        "\ufeffquery-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq2\td1\t-1\n",
        "query_id entity_id grade\nq1 d1 2\nq1 d2 0.0\nq2 d1 -1\n",
        (
            '{"query_id": "q1", "entity_id": "d1", "grade": 2}\n{"query_id": "q1", "doc_id": "d2", "relevance": 0}\n'
            '{"query-id": "q2", "corpus-id": "d1", "score": -1.0}\n'
        ),
    ],
)
def test_every_form(tmp_path: Path, content: str) -> None:
    """TREC, three columns, BEIR's header and JSON lines say the same; 0 and negative grades stay."""
    path = tmp_path / "qrels"
    path.write_text(content, newline="")
    qrels, notes = read_qrels(path)
    assert qrels == EXPECTED
    assert list(qrels["q1"]) == ["d1", "d2"]
    assert notes.counts == {"negative_grades": 1}


@given(qrels=judged)
@settings(max_examples=40, deadline=None)
def test_ids_with_spaces(tmp_path_factory: pytest.TempPathFactory, qrels: dict[str, dict[str, int]]) -> None:
    """Between tabs and in JSON an id may hold spaces; both give back what was written."""
    folder = tmp_path_factory.mktemp("qrels")
    rows = [(query, entity, grade) for query, grades in qrels.items() for entity, grade in grades.items()]
    table = "query-id\tcorpus-id\tscore\n" + "".join("\t".join(map(str, row)) + "\n" for row in rows)
    names = ("query_id", "entity_id", "grade")
    (folder / "table").write_text(table, encoding="utf-8", newline="\n")
    (folder / "json").write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows))
    assert read_qrels(folder / "table")[0] == qrels
    assert read_qrels(folder / "json")[0] == qrels


def test_given_twice(tmp_path: Path) -> None:
    """The last judgment counts; repeats and contradictions are counted apart, each with its first place."""
    path = tmp_path / "qrels"
    path.write_text("q d 1\nq d 1\nq d 2\nq e 0\nq d 0\n")
    qrels, notes = read_qrels(path)
    assert qrels == {"q": {"d": 0, "e": 0}}
    assert notes.counts == {"duplicate_judgments": 1, "contradicting_judgments": 2}
    assert notes.remarks[1].endswith(f"2 (first: {path}:3)")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no judgments"),
        (b"query-id\tcorpus-id\tscore\n", "only a header"),
        (b"q d\n", "3 columns .* or 4 .* expected, found 2.*file:1"),
        (b"q Q0 d 1 0.5 tag\n", "expected, found 6.*file:1.*looks like a run"),
        (b"q d 1\nq 0 d 1\n", "3 columns, as in the first line, expected, found 4.*file:2"),
        (b"q\t0\td\t1\n\nq\td\t1\n", "4 columns, as in the first line, expected, found 3.*file:3"),
        (b"q d 1\nq d 0.5\n", "'0.5' is not a whole number.*file:2"),
        (b"q d 1\nq d high\n", "'high' is not a whole number.*file:2"),
        (b"q d " + b"9" * 5000 + b"\n", "is not a whole number.*file:1"),
        (b"q\td\t1\n\td\t1\n", "expected, found 2.*file:2"),
        (b"q\td\t1\nq\t \t1\n", "entity id: missing.*file:2"),
        (b"q\td\t1\nq\t\xff\t1\n", "not UTF-8.*file:2"),
        (b'{"query_id": "q", "entity_id": "d"}\n', "without a grade.*file:1"),
        (b'{"query_id": "q", "entity_id": "d", "grade": true}\n', "'True' is not a whole number.*file:1"),
        (b'{"query_id": "q", "entity_id": "d", "grade": 1.5}\n', "'1.5' is not a whole number.*file:1"),
        (b'{"query_id": "q", "grade": 1}\n', "entity_id: missing.*file:1"),
        (b'{"entity_id": "q", "grade": 1}\n', "query_id: missing.*file:1"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, content: bytes, message: str) -> None:
    """Every unusable file gives one error: what, at which line."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(EvaluationError, match=message) as error:
        read_qrels(path)
    assert str(path) in error.value.where


@given(content=st.text("q1\t 0{}\n.-", max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_text(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    """Whatever a file holds, it gives whole grades of named entities, or the one error."""
    path = tmp_path_factory.getbasetemp() / "any-qrels"
    path.write_text(content)
    try:
        qrels, _ = read_qrels(path)
    except EvaluationError as error:
        assert error.where  # noqa: PT017 – both ends are fine
    else:
        assert all(isinstance(grade, int) for grades in qrels.values() for grade in grades.values())
        assert all(qrels)
        assert all(all(grades) for grades in qrels.values())
