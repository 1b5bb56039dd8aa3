"""Queries to evaluate with: JSON lines (ours, BEIR) or tab-separated topics."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from ltrr_cli.catalog.source import label
from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.lines import first_of, parse_line, read_lines, wrong_columns
from ltrr_cli.evaluation.notes import Notes
from ltrr_cli.feedback import fields

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_ID = ("query_id", "_id", "id")
_TEXT = ("query", "text", "title")
_HEADER_ID = frozenset({*_ID, "query-id", "qid", "topic", "topic_id"})
_HEADER_TEXT = frozenset(_TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalQuery:
    """A query to evaluate with. `split`, `user` and `session` are empty where the file gives none."""

    id: str
    text: str
    split: str = ""
    user: str = ""
    session: str = ""


def read_queries(path: str | Path, *, split: str | None = None) -> tuple[list[EvalQuery], Notes]:
    """Return the queries of a file in its order, and what was noticed; with `split` only the queries that carry it.

    Reads JSON lines (`query_id`, `_id` or `id`; `query`, `text` or `title`; optional `split`, `user_id`, `session_id`)
    and lines `id<TAB>text`, with or without a header. A query given twice in the same words counts once.

    Raises:
        EvaluationError: the file or a line cannot be used, an id has two queries, or no query carries the split.
    """
    notes = Notes()
    rows = read_lines(path, notes, holds="queries")
    first = next(rows)
    read = _from_json if first[1].lstrip().startswith(("{", "[")) else _from_table
    found: dict[str, EvalQuery] = {}
    for where, line in rows if read is _from_table and _is_header(first[1]) else chain((first,), rows):
        query = read(line, where)
        known = found.setdefault(query.id, query)
        if known != query:
            raise EvaluationError(
                f"query {query.id!r} is given twice, and differs", where=where, next="give every query its own id"
            )
        if known is not query:
            notes.add("duplicate_queries", "queries given again in the same words", first=where)
    if not found:
        raise EvaluationError("there is only a header", where=label(path), next="check that it is the right file")
    queries = list(found.values())
    return (queries if split is None else of_split(queries, split, path)), notes


def of_split(queries: Iterable[EvalQuery], split: str, path: str | Path) -> list[EvalQuery]:
    """Return the queries that carry a split.

    Raises:
        EvaluationError: none does; it names the splits that there are.
    """
    queries = list(queries)
    kept = [query for query in queries if query.split == split]
    if not kept:
        known = sorted({query.split for query in queries if query.split})
        advice = f"it has {', '.join(known[:10])}" if known else "its queries carry no split: leave it away"
        raise EvaluationError(f"there is no query of split {split!r}", where=label(path), next=advice)
    return kept


def _from_json(line: str, where: str) -> EvalQuery:
    row = parse_line(line, where)
    try:
        return _checked(
            where,
            id=fields.optional_identifier(first_of(row, _ID), "query_id"),
            text=fields.query_text(first_of(row, _TEXT), "query"),
            split=fields.optional_identifier(row.get("split"), "split"),
            user=fields.optional_identifier(row.get("user_id"), "user_id"),
            session=fields.optional_identifier(row.get("session_id"), "session_id"),
        )
    except ValueError as error:
        raise EvaluationError(str(error), where=where, next="correct the line") from None


def _from_table(line: str, where: str) -> EvalQuery:
    columns = line.split("\t")
    if len(columns) != 2:
        advice = "a queries file holds JSON lines, or an id, a tab and the text in each line"
        raise wrong_columns(where, expected="2 tab-separated columns (id, text)", found=len(columns), advice=advice)
    try:
        found = fields.optional_identifier(columns[0], "query id")
        return _checked(where, id=found, text=fields.query_text(columns[1], "text"))
    except ValueError as error:
        raise EvaluationError(str(error), where=where, next="correct the line") from None


def _checked(where: str, *, id: str, text: str, split: str = "", user: str = "", session: str = "") -> EvalQuery:  # noqa: A002 – the record's field
    if not id:
        raise EvaluationError("a query without an id", where=where, next=f"give it one as {_ID[0]}")
    text = text.strip()
    if not text:
        raise EvaluationError(f"query {id!r} has no text", where=where, next=f"give it one as {_TEXT[0]}")
    return EvalQuery(id=id, text=text, split=split, user=user, session=session)


def _is_header(line: str) -> bool:
    columns = [column.strip().lower() for column in line.split("\t")]
    return len(columns) == 2 and columns[0] in _HEADER_ID and columns[1] in _HEADER_TEXT
