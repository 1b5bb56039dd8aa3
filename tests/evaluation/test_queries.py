"""Queries are read in every form; what would lose or mix up a query is an error with its line."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.queries import EvalQuery, read_queries

if TYPE_CHECKING:
    from pathlib import Path

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip).filter(bool)
ids = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).map(str.strip).filter(bool)


def lines(path: Path, *rows: object) -> Path:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_our_form(tmp_path: Path) -> None:
    """Every field of our own form arrives; unknown ones are passed over."""
    row = {"query_id": "q1", "query": " rain ", "split": "dev", "user_id": "u", "session_id": "s", "kind": "x"}
    queries, notes = read_queries(lines(tmp_path / "q.jsonl", row, {"query_id": 2, "query": 1984}))
    assert queries == [
        EvalQuery(id="q1", text="rain", split="dev", user="u", session="s"),
        EvalQuery(id="2", text="1984"),
    ]
    assert notes.counts == {}


def test_other_names(tmp_path: Path) -> None:
    """BEIR's names and the plainest ones are read; a null does not hide the next name."""
    rows = (
        {"_id": "a", "text": "x", "metadata": {}},
        {"id": "b", "title": "y"},
        {"query_id": None, "_id": "c", "text": "z"},
    )
    queries, _ = read_queries(lines(tmp_path / "q.jsonl", *rows))
    assert [(query.id, query.text) for query in queries] == [("a", "x"), ("b", "y"), ("c", "z")]


@pytest.mark.parametrize("begin", ["", "\ufeff", "query_id\tquery\n", "\ufeffqid\ttext\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_topics(tmp_path: Path, begin: str, end: str) -> None:
    """An id, a tab and a text, with or without header, byte order mark and CRLF, give the same queries."""
    path = tmp_path / "topics.tsv"
    path.write_text(f"{begin}301\tred  car\n302\t{{odd\n".replace("\n", end), newline="")
    assert [(query.id, query.text) for query in read_queries(path)[0]] == [("301", "red  car"), ("302", "{odd")]


@given(rows=st.dictionaries(ids, texts, min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_both_forms_agree(tmp_path_factory: pytest.TempPathFactory, rows: dict[str, str]) -> None:
    """JSON lines and a table with the same content give the same queries, compressed or not."""
    folder = tmp_path_factory.mktemp("both")
    content = "".join(json.dumps({"_id": key, "text": text}) + "\n" for key, text in rows.items()).encode()
    table = "query_id\tquery\n" + "".join(f"{key}\t{text}\n" for key, text in rows.items())
    (folder / "q.jsonl").write_bytes(content)
    (folder / "q.gz").write_bytes(gzip.compress(content))
    (folder / "q.zst").write_bytes(zstandard.compress(content))
    (folder / "q.tsv").write_text(table, encoding="utf-8", newline="\n")
    for name in ("q.jsonl", "q.gz", "q.zst", "q.tsv"):
        assert {query.id: query.text for query in read_queries(folder / name)[0]} == rows


def test_split(tmp_path: Path) -> None:
    """A split chooses its queries; one that no query carries is an error that names those there are."""
    rows = [{"id": str(n), "query": "x", "split": split} for n, split in enumerate(["train", "dev", "train", ""])]
    path = lines(tmp_path / "q.jsonl", *rows)
    assert [query.id for query in read_queries(path, split="train")[0]] == ["0", "2"]
    with pytest.raises(EvaluationError, match=r"no query of split 'test'.*it has dev, train"):
        read_queries(path, split="test")
    bare = lines(tmp_path / "bare.jsonl", {"id": "a", "query": "x"})
    with pytest.raises(EvaluationError, match="carry no split"):
        read_queries(bare, split="test")


def test_given_twice(tmp_path: Path) -> None:
    """The same query again is counted with its place; another query of the same id is an error."""
    row = {"id": "a", "query": "x"}
    path = lines(tmp_path / "q.jsonl", row, {"id": "b", "query": "y"}, row, row)
    queries, notes = read_queries(path)
    assert len(queries) == 2
    assert notes.counts == {"duplicate_queries": 2}
    assert notes.remarks == [f"queries given again in the same words: 2 (first: {path}:3)"]
    with pytest.raises(EvaluationError, match=r"q.jsonl:2"):
        read_queries(lines(path, row, {"id": "a", "query": "z"}))


def test_empty_lines_are_noted(tmp_path: Path) -> None:
    """Lines of nothing but white space change nothing, and are counted."""
    path = tmp_path / "q.tsv"
    path.write_text("\na\tx\n  \nb\ty\n")
    queries, notes = read_queries(path)
    assert [query.id for query in queries] == ["a", "b"]
    assert (notes.counts, notes.remarks) == ({"empty_lines": 2}, [f"empty lines: 2 (first: {path}:1)"])


GOOD = b'{"id": "a", "query": "x"}\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no queries"),
        (b"\n \n", "holds no queries"),
        (b"id\tquery\n", "only a header"),
        (GOOD + b"{broken\n", "not JSON.*file:2"),
        (GOOD + b"[1]\n", "JSON object expected, found list.*file:2"),
        (b'[{"id": 1}]', "JSON object expected.*file:1"),
        (GOOD + b'{"query": "x"}\n', "without an id.*file:2"),
        (GOOD + b'{"id": "", "query": "x"}\n', "without an id.*file:2"),
        (GOOD + b'{"id": "b"}\n', "'b' has no text.*file:2"),
        (GOOD + b'{"id": "b", "query": " "}\n', "'b' has no text.*file:2"),
        (GOOD + b'{"id": "b", "query": ["x"]}\n', "text expected, found list.*file:2"),
        (GOOD + b'{"id": "b\\n", "query": "x", "user_id": {}}\n', "user_id: text expected.*file:2"),
        (b"a\tx\nb\n", "2 tab-separated columns .id, text. expected, found 1.*file:2"),
        (b"a\tx\nb\ty\tz\n", "expected, found 3.*file:2"),
        (b"a\tx\n\tz\n", "without an id.*file:2"),
        (b"a\tx\nb\t\xe4\n", "not UTF-8: byte 3 of the line is 0xe4.*file:2"),
        (b"a\tx\nb\ty\0\n", "NUL byte.*file:2"),
        ("a\tx\n".encode("utf-16"), "is UTF-16"),
        ("a\tx\nb\ty\n".encode("utf-16-le"), "looks like UTF-16"),
        (b"\x7fELF\0\0\0\x01\x02\n", "not a text file"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"PAR1" + bytes(10), "Parquet"),
        (gzip.compress(GOOD * 1000)[:-20], "gzip data ends early.*file:[0-9]+"),
        (b"a\t" + b"x" * (17 << 20), "longer than 16 MiB.*file:1"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, content: bytes, message: str) -> None:
    """Every unusable file gives one error: what, at which line."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(EvaluationError, match=message) as error:
        read_queries(path)
    assert str(path) in error.value.where
    assert error.value.next


def test_no_such_file(tmp_path: Path) -> None:
    """A missing file is named, with the nearest name beside it; a folder is told as one."""
    lines(tmp_path / "queries.jsonl")
    with pytest.raises(EvaluationError, match=r"did you mean .*queries\.jsonl"):
        read_queries(tmp_path / "querys.jsonl")
    with pytest.raises(EvaluationError, match="is a folder"):
        read_queries(tmp_path)


@given(content=st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever a file holds, it gives queries with id and text, or the one error."""
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    try:
        queries, _ = read_queries(path)
    except EvaluationError as error:
        assert error.where  # noqa: PT017 – both ends are fine
    else:
        assert all(query.id and query.text for query in queries)
