"""Honest splits: what is tested on was not, in another form, trained on.

By time, a part for training that ends before the part for testing begins:

- The cut is a point in time, so records of equal time are never separated.
- A query belongs to the side on which it was shown (its first impression; without one, its first event).
- What happens to a query of the training part at or after the cut is left out: training must not know it, and for the
  test its page is missing. Training then sees these pages as they stood at the cut, perhaps not yet clicked.

By query, a part of all distinct queries for testing:

- Queries whose texts have the same key (`ltrr_cli.text.key`: case, accents and punctuation do not count) are one query.
- A hash of seed and key decides, so the same query with the same seed and share falls on the same side in every
  log and query set, and stays there as a log grows; the part is as large as asked for on average.
- Events follow their query. Left out is what names no query, and what says a text of the other side than its query's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from ltrr_cli.errors import EvaluationError, UsageError
from ltrr_cli.evaluation.notes import Notes
from ltrr_cli.feedback.times import format_time
from ltrr_cli.records import Event, Impression
from ltrr_cli.text import hash64, key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ltrr_cli.evaluation.queries import EvalQuery

Record: TypeAlias = Impression | Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSplit:
    """Two parts of a log, in time order (an event never before its page), and what was left out.

    `cut` is the first moment of the test part in seconds since 1970, None where queries were split.
    """

    train: tuple[Record, ...]
    test: tuple[Record, ...]
    notes: Notes
    cut: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPart:
    """A part of a query set: its queries, and the judgments for them."""

    queries: tuple[EvalQuery, ...]
    qrels: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSplit:
    """Two parts of a query set, and what was left out."""

    train: SetPart
    test: SetPart
    notes: Notes


def split_at(records: Iterable[Record], cut: float) -> LogSplit:
    """Split a log by time: what comes before `cut` (seconds since 1970), and what comes from then on.

    Raises:
        EvaluationError: one of the parts would be empty.
    """
    ordered = _in_order(records)
    began = _beginnings(ordered)
    notes = Notes()
    train: list[Record] = []
    test: list[Record] = []
    for record in ordered:
        if began.get(record.query_id, record.time) >= cut:
            test.append(record)
        elif record.time < cut:
            train.append(record)
        else:
            text = "records after the cut of queries from before it, left out"
            notes.add("crossing_records", text, first=f"query {record.query_id}")
    if not train or not test:
        times = [record.time for record in ordered]
        reach = f"it reaches from {format_time(min(times))} to {format_time(max(times))}" if times else "it is empty"
        part = "after" if train else "before"
        raise EvaluationError(f"the log has nothing {part} the cut at {format_time(cut)}", next=reach)
    return LogSplit(train=tuple(train), test=tuple(test), notes=notes, cut=cut)


def split_last(records: Iterable[Record], share: float) -> LogSplit:
    """Split a log by time so that the last `share` of its events (of its pages, if it has no event) is for testing.

    Between events of equal time there is no cut: the nearest possible one is made.

    Raises:
        UsageError: `share` is not between 0 and 1.
        EvaluationError: there are no two different times to cut between.
    """
    _check_share(share)
    records = list(records)
    times = sorted(record.time for record in records if isinstance(record, Event))
    times = times or sorted(record.time for record in records)
    cuts = []
    before = 0
    for time, same in groupby(times):
        cuts.append((abs(len(times) - before - share * len(times)), time))
        before += sum(1 for _ in same)
    if len(cuts) < 2:
        raise EvaluationError(
            "the log cannot be cut in time", next="its events all have the same time" if cuts else "it is empty"
        )
    return split_at(records, min(cuts[1:])[1])


def split_queries(records: Iterable[Record], share: float, *, seed: int = 0) -> LogSplit:
    """Split a log so that a `share` of its distinct queries, with all that happened to them, is for testing.

    Raises:
        UsageError: `share` is not between 0 and 1.
        EvaluationError: one of the parts would be empty.
    """
    _check_share(share)
    ordered = _in_order(records)
    texts = _texts(ordered)
    sides: dict[str, bool] = {}
    notes = Notes()
    parts: tuple[list[Record], list[Record]] = ([], [])
    for record in ordered:
        text = texts.get(record.query_id) or record.text
        if not text:
            notes.add("records_without_query", "records that name no query, left out", first=_name(record))
            continue
        side = _is_test(text, share, seed, sides)
        if record.text and record.text != text and _is_test(record.text, share, seed, sides) != side:
            what = "records with a text of the other part than their query's, left out"
            notes.add("contradicting_texts", what, first=_name(record))
            continue
        parts[side].append(record)
    _check_parts(*parts)
    return LogSplit(train=tuple(parts[0]), test=tuple(parts[1]), notes=notes)


def split_set(
    queries: Sequence[EvalQuery], qrels: Mapping[str, Mapping[str, int]], share: float, *, seed: int = 0
) -> SetSplit:
    """Split a query set so that a `share` of its distinct queries, with their judgments, is for testing.

    Queries without judgments are split like others; judgments of queries that are not there are left out.

    Raises:
        UsageError: `share` is not between 0 and 1.
        EvaluationError: one of the parts would be empty.
    """
    _check_share(share)
    sides: dict[str, bool] = {}
    parts: tuple[list[EvalQuery], list[EvalQuery]] = ([], [])
    for query in queries:
        parts[_is_test(query.text, share, seed, sides)].append(query)
    _check_parts(*parts)
    train, test = (
        SetPart(queries=tuple(part), qrels={query.id: qrels[query.id] for query in part if query.id in qrels})
        for part in parts
    )
    notes = Notes()
    known = {query.id for query in queries}
    strange = [query for query in qrels if query not in known]
    if strange:
        text = "judged queries that the queries file does not have, left out"
        notes.add("unknown_judged_queries", text, first=f"query {strange[0]}", count=len(strange))
    return SetSplit(train=train, test=test, notes=notes)


def keys_of(records: Iterable[Record]) -> set[str]:
    """Return the keys of all query texts in a part of a log."""
    return {key(text) for text in {record.text for record in records} if text}


def _in_order(records: Iterable[Record]) -> list[Record]:
    """Return records by time, pages first; an event that a clock dates before its page comes right after it."""
    records = list(records)
    shown: dict[str, float] = {}
    for record in records:
        if isinstance(record, Impression):
            shown[record.query_id] = min(record.time, shown.get(record.query_id, record.time))

    def place(record: Record) -> tuple[float, bool]:
        if isinstance(record, Impression):
            return record.time, False
        return max(record.time, shown.get(record.query_id, record.time)), True

    return sorted(records, key=place)


def _beginnings(ordered: Sequence[Record]) -> dict[str, float]:
    """Map the id of every query to when it was first shown, or, without a page, first acted on."""
    shown: dict[str, float] = {}
    acted: dict[str, float] = {}
    for record in ordered:
        if record.query_id:
            found = shown if isinstance(record, Impression) else acted
            found[record.query_id] = min(record.time, found.get(record.query_id, record.time))
    return acted | shown


def _texts(ordered: Sequence[Record]) -> dict[str, str]:
    """Map the id of every query to its text: the first one that a page gives, else the first that an event gives."""
    shown: dict[str, str] = {}
    acted: dict[str, str] = {}
    for record in ordered:
        if record.query_id and record.text:
            (shown if isinstance(record, Impression) else acted).setdefault(record.query_id, record.text)
    return acted | shown


def _is_test(text: str, share: float, seed: int, sides: dict[str, bool]) -> bool:
    """Tell whether a query is for testing; `sides` remembers what was worked out, since texts repeat."""
    side = sides.get(text)
    if side is None:
        side = sides[text] = hash64(f"{seed}\n{key(text)}") < share * 2**64
    return side


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise UsageError(f"a share of {share} is no part", next="give a number between 0 and 1, for example 0.2")


def _check_parts(train: Sequence[object], test: Sequence[object]) -> None:
    if not train or not test:
        what = "there is nothing to split" if not train and not test else "one part would be empty"
        raise EvaluationError(what, next="there are too few queries: use another share or --seed")


def _name(record: Record) -> str:
    return f"query {record.query_id}" if record.query_id else f"event {record.id}" if isinstance(record, Event) else ""
