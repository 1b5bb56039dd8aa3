"""Runs: rankings in TREC form (`query Q0 entity rank score tag`), read and written so that every tool sees one order.

Order is decided by the scores, as trec_eval does it (Chris Buckley, https://github.com/usnistgov/trec_eval,
form_res_rels.c): descending scores, held as 32-bit floats, ties by descending bytes of the id. The rank column
counts for nothing.
"""

from __future__ import annotations

import math
from array import array
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.lines import read_lines, wrong_columns
from ltrr_cli.evaluation.notes import Notes
from ltrr_cli.evaluation.write import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_EXPECTED = "6 columns (query, Q0, entity, rank, score, tag)"


def read_run(path: str | Path) -> tuple[dict[str, list[str]], Notes]:
    """Return {query id: entity ids, best first} and what was noticed.

    Of an entity that a query has twice, the line that comes first in the file counts.

    Raises:
        EvaluationError: the file or a line cannot be used.
    """
    notes = Notes()
    found: dict[str, dict[str, float]] = {}
    for where, line in read_lines(path, notes, holds="rankings"):
        cells = line.split()
        if len(cells) != 6:
            advice = "these look like judgments: a run is wanted" if len(cells) in (3, 4) else ""
            raise wrong_columns(where, expected=_EXPECTED, found=len(cells), advice=advice)
        scores = found.setdefault(cells[0], {})
        if cells[2] in scores:
            notes.add("duplicate_results", "entities that their query has already, left out", first=where)
        else:
            scores[cells[2]] = _score(cells[4], where)
    return {query: _ordered(query, scores, notes) for query, scores in found.items()}, notes


def write_run(
    path_or_stream: str | Path | TextIO, rankings: Mapping[str, Sequence[tuple[str, float]]], *, tag: str
) -> None:
    """Write {query id: (entity id, score) best first}, a file in one step; queries without results leave no line.

    The order given is the order that every reader sees: where a score is not below the one before it, as a 32-bit
    float, it becomes the next lower such float.

    Raises:
        EvaluationError: the file cannot be written, an id or the tag holds white space or is empty, a query has an
            entity twice, or a score is not finite or too large for 32 bits.
    """
    _check_name(tag, "the tag")
    if isinstance(path_or_stream, str | Path):
        with written(path_or_stream) as out:
            out.writelines(_lines(rankings, tag))
    else:
        path_or_stream.writelines(_lines(rankings, tag))


def _ordered(query: str, scores: dict[str, float], notes: Notes) -> list[str]:
    # array("f") rounds to 32 bits, as trec_eval does; Python compares text by code point, which is UTF-8's byte order
    ranked = sorted(zip(array("f", scores.values()), scores, strict=True), reverse=True)
    ties = sum(above[0] == below[0] for above, below in pairwise(ranked))
    notes.add("tied_scores", "results tied with the one before, ordered by id", first=f"query {query}", count=ties)
    return [entity for _, entity in ranked]


def _score(text: str, where: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise EvaluationError(f"the score {text[:50]!r} is not a number", where=where, next="correct the line")
    return score


def _lines(rankings: Mapping[str, Sequence[tuple[str, float]]], tag: str) -> Iterator[str]:
    for query, ranking in rankings.items():
        _check_name(query, "query id")
        seen = set()
        for rank, ((entity, given), score) in enumerate(zip(ranking, _falling(ranking), strict=True), 1):
            _check_name(entity, "entity id")
            if entity in seen:
                raise EvaluationError(f"query {query!r} has {entity!r} twice", next="give every entity once")
            if not math.isfinite(score):
                raise EvaluationError(
                    f"query {query!r}, entity {entity!r}: {given} is no score that a run can hold",
                    next="scores have to be finite, and within what 32 bits hold",
                )
            seen.add(entity)
            yield f"{query} Q0 {entity} {rank} {score:.9g} {tag}\n"  # 9 digits tell any two 32-bit floats apart


def _falling(ranking: Sequence[tuple[str, float]]) -> list[float]:
    """Return 32-bit scores, each below the one before; not finite where that leaves no room, or one does not fit."""
    import numpy as np

    lowest = np.float32(-np.inf)
    out: list[float] = []
    with np.errstate(over="ignore", under="ignore"):
        before = np.float32(np.inf)
        for score in np.array([score for _, score in ranking], np.float64).astype(np.float32):
            before = np.nextafter(before, lowest) if before <= score < np.inf else score
            out.append(float(before))
    return out


def check_names(ids: Iterable[str]) -> None:
    """Refuse query ids that cannot stand in a run.

    Raises:
        EvaluationError: an id is empty or holds white space.
    """
    for name in ids:
        _check_name(name, "query id")


def _check_name(name: str, what: str) -> None:
    """Refuse what would not be one column: readers split at every kind of white space."""
    if name.split() != [name]:
        raise EvaluationError(
            f"{what} {name!r} cannot stand in a TREC run",
            next="it has to be without white space: rename it" if name.strip() else "it must not be empty",
        )
