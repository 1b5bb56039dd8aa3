"""Judgments (qrels): which entities are how relevant to a query, in TREC, BEIR or JSON form."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from ltrr_cli.catalog.source import label
from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.lines import first_of, parse_line, read_lines, wrong_columns
from ltrr_cli.evaluation.notes import Notes
from ltrr_cli.feedback import fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_QUERY = ("query_id", "query-id")
_ENTITY = ("entity_id", "doc_id", "corpus-id")
_GRADE = ("grade", "score", "relevance")
_HEADER_GRADE = frozenset({*_GRADE, "rel", "label"})
_INTEGER = re.compile(r"[+-]?\d{1,9}(\.0*)?", re.ASCII)
_EXPECTED = "3 columns (query, entity, grade) or 4 (query, iteration, entity, grade)"


def read_qrels(path: str | Path) -> tuple[dict[str, dict[str, int]], Notes]:
    """Return {query id: {entity id: grade}} with all grades as given, 0 and below included, and what was noticed.

    Reads TREC lines (`query iteration entity grade`), three columns (`query entity grade`, BEIR's header or none) and
    JSON lines (`query_id`; `entity_id` or `doc_id`; `grade`, `score` or `relevance`). Columns are separated by tabs
    where the first line has any, so that ids may hold spaces, else by white space. Of two judgments of the same
    entity for the same query the last one counts.

    Raises:
        EvaluationError: the file or a line cannot be used; grades have to be whole numbers.
    """
    notes = Notes()
    rows = read_lines(path, notes, holds="judgments")
    first = next(rows)
    whole = chain((first,), rows)
    is_json = first[1].lstrip().startswith(("{", "["))
    found: dict[str, dict[str, int]] = {}
    for where, query, entity, grade in _from_json(whole) if is_json else _from_columns(whole, first[1]):
        grades = found.setdefault(query, {})
        before = grades.get(entity)
        if before is not None:
            if before == grade:
                notes.add("duplicate_judgments", "judgments given again", first=where)
            else:
                notes.add(
                    "contradicting_judgments", "judgments that contradict an earlier one and replace it", first=where
                )
        if grade < 0:
            notes.add("negative_grades", "grades below 0, which count as not relevant", first=where)
        grades[entity] = grade
    if not found:
        raise EvaluationError("there is only a header", where=label(path), next="check that it is the right file")
    return found, notes


def _from_columns(rows: Iterable[tuple[str, str]], first: str) -> Iterator[tuple[str, str, str, int]]:
    separator = "\t" if "\t" in first else None
    columns = first.strip().split(separator)
    count = len(columns)
    header = columns[-1].strip().lower() in _HEADER_GRADE
    grades: dict[str, int] = {}
    for where, line in rows:
        if header:
            header = False
            continue
        cells = line.strip().split(separator)
        if len(cells) != count or count not in (3, 4):
            raise _wrong_count(where, found=len(cells), first=count)
        try:
            query = fields.identifier(cells[0], "query id")
            entity = fields.identifier(cells[-2], "entity id")
        except ValueError as error:
            raise EvaluationError(str(error), where=where, next="correct the line") from None
        written = cells[-1]
        grade = grades.get(written)
        if grade is None:
            grade = grades[written] = _grade(written.strip(), where)
        yield where, query, entity, grade


def _wrong_count(where: str, *, found: int, first: int) -> EvaluationError:
    if first in (3, 4):
        return wrong_columns(where, expected=f"{first} columns, as in the first line,", found=found)
    advice = "this looks like a run: judgments are wanted" if found == 6 else "check that it is the right file"
    return wrong_columns(where, expected=_EXPECTED, found=found, advice=advice)


def _from_json(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str, int]]:
    for where, line in rows:
        row = parse_line(line, where)
        try:
            query = fields.identifier(first_of(row, _QUERY), "query_id")
            entity = fields.identifier(first_of(row, _ENTITY), "entity_id")
        except ValueError as error:
            raise EvaluationError(str(error), where=where, next="correct the line") from None
        yield where, query, entity, _grade(first_of(row, _GRADE), where)


def _grade(value: object, where: str) -> int:
    if value is None or value == "":
        raise EvaluationError("a judgment without a grade", where=where, next="give it one as grade")
    if isinstance(value, bool) or not _INTEGER.fullmatch(str(value)):
        raise EvaluationError(
            f"the grade {str(value)[:50]!r} is not a whole number", where=where, next="grades are 0, 1, 2 …"
        )
    return int(str(value).partition(".")[0])
