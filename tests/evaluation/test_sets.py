"""Queries and judgments are joined, and what does not fit together is counted."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation import sets
from ltrr_cli.evaluation.queries import EvalQuery

if TYPE_CHECKING:
    from pathlib import Path

QUERIES = (
    '{"_id": "a", "text": "one", "split": "dev"}\n{"_id": "b", "text": "two", "split": "dev"}\n'
    '{"_id": "c", "text": "three", "split": "train"}\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a BEIR folder with two splits."""
    (tmp_path / "qrels").mkdir()
    (tmp_path / "queries.jsonl").write_text(QUERIES)
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\na\td1\t1\nb\td2\t1\n")
    (tmp_path / "qrels" / "train.tsv.gz").write_bytes(gzip.compress(b"query-id\tcorpus-id\tscore\nc\td3\t2\n"))
    return tmp_path


def ids(found: sets.TestSet) -> list[str]:
    """Return the ids of the queries, after a check that the judgments are theirs."""
    assert [query.id for query in found.queries] == list(found.qrels)
    return list(found.qrels)


def test_two_files(tmp_path: Path) -> None:
    """Queries without judgments and judgments without queries are left out and counted, with the first of each."""
    queries, qrels = tmp_path / "q.jsonl", tmp_path / "qrels.tsv"
    queries.write_text(QUERIES)
    qrels.write_text("x\td1\t1\nc\td1\t1\na\td1\t0\na\td1\t0\na\td2\t-1\ny\td1\t1\n")
    found = sets.read_set(queries, qrels)
    assert ids(found) == ["a", "c"]
    assert found.queries[0] == EvalQuery(id="a", text="one", split="dev")
    assert found.qrels == {"a": {"d1": 0, "d2": -1}, "c": {"d1": 1}}
    assert found.notes.counts == {
        "duplicate_judgments": 1,
        "negative_grades": 1,
        "queries_without_judgments": 1,
        "unknown_judged_queries": 2,
        "splits": 2,
        "queries_without_relevant": 1,
    }
    assert found.notes.remarks[2:4] == [
        "queries without judgments, left out: 1 (first: query b)",
        "judged queries that the queries file does not have, left out: 2 (first: query x)",
    ]


def test_a_split_of_two_files(tmp_path: Path) -> None:
    """Judged queries of other splits are no oddity."""
    (tmp_path / "q.jsonl").write_text(QUERIES)
    (tmp_path / "qrels.tsv").write_text("a\td1\t1\nc\td1\t1\n")
    found = sets.read_set(tmp_path / "q.jsonl", tmp_path / "qrels.tsv", split="train")
    assert ids(found) == ["c"]
    assert found.notes.counts == {}


def test_a_beir_folder(folder: Path) -> None:
    """The split names the file of judgments: test by itself; other files may stand in for the folder's."""
    assert ids(sets.read_set(folder)) == ["a", "b"]
    assert ids(sets.read_set(folder, split="train")) == ["c"]
    assert ids(sets.read_set(folder, folder / "qrels" / "train.tsv.gz")) == ["c"]
    with pytest.raises(EvaluationError, match=r"no judgments for split 'dev'.*it has test, train: choose one"):
        sets.read_set(folder, split="dev")


def test_the_only_split_is_taken(folder: Path) -> None:
    """A folder with a single file of judgments needs no split; without test, several do."""
    (folder / "qrels" / "test.tsv").rename(folder / "qrels" / "dev.tsv")
    with pytest.raises(EvaluationError, match="it has dev, train: choose one with --split"):
        sets.read_set(folder)
    (folder / "qrels" / "train.tsv.gz").unlink()
    assert ids(sets.read_set(folder)) == ["a", "b"]


def test_a_folder_with_plain_judgments(folder: Path) -> None:
    """Without a folder qrels, qrels.tsv is taken, and the split is that of the queries."""
    (folder / "qrels").rename(folder / "elsewhere")
    with pytest.raises(EvaluationError, match=r"no qrels\.tsv"):
        sets.read_set(folder)
    (folder / "qrels.tsv").write_text("a\td1\t1\nc\td1\t1\n")
    assert ids(sets.read_set(folder, split="dev")) == ["a"]


def test_judgments_alone(tmp_path: Path) -> None:
    """For a run that is made already, judged queries without texts are enough."""
    (tmp_path / "qrels").write_text("b d 1\na d 0\n")
    found = sets.read_set(None, tmp_path / "qrels")
    assert found.queries == (EvalQuery(id="b", text=""), EvalQuery(id="a", text=""))
    assert found.notes.counts == {"queries_without_relevant": 1}


def test_what_does_not_fit(tmp_path: Path) -> None:
    """No judged query shows an id of each side; a part that is missing is named."""
    (tmp_path / "q.jsonl").write_text(QUERIES)
    (tmp_path / "qrels").write_text("7 d 1\n")
    with pytest.raises(EvaluationError, match=r"none of the 3 queries has a judgment.*like 'a'.*like '7'"):
        sets.read_set(tmp_path / "q.jsonl", tmp_path / "qrels")
    with pytest.raises(EvaluationError, match="judgments are missing"):
        sets.read_set(tmp_path / "q.jsonl")
    with pytest.raises(EvaluationError, match="nothing to evaluate with"):
        sets.read_set(None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvaluationError, match=r"no queries\.jsonl"):
        sets.read_set(tmp_path / "empty")


def test_entities_that_the_index_does_not_have() -> None:
    """Distinct judged ids are counted once, whatever queries they belong to; three are shown."""
    qrels = {"q": {"a": 1, "x1": 0, "x2": 1}, "r": {"x1": 1, "x3": 1, "x4": 1}}
    found = sets.check_entities(qrels, "a".__eq__)
    assert (found.count, found.judged, found.examples, found.share) == (4, 5, ("x1", "x2", "x3"), 0.8)
    assert sets.check_entities({}, "a".__eq__).share == 0
