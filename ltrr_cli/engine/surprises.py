"""What of a filter may surprise: a value that nothing has, numbers that are compared as texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ltrr_cli.filters.expression import COMPARISONS, Condition, Not, number_of, quoted, text_of
from ltrr_cli.filters.names import nearest
from ltrr_cli.index.narrow import ID, meeting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltrr_cli.filters.expression import Expression
    from ltrr_cli.index.view import View

_MOST = 5000
"""Distinct values of a field, up to which the nearest are looked for."""
_SHOWN = 4
_DATE = re.compile(r"[12]\d{3}(?:-\d\d|$)", re.ASCII)
_MONEY = re.compile(r"\W*\d[\d.,]*\W*")


def remarks(view: View, expression: Expression | None) -> tuple[str, ...]:
    """Return a sentence for each condition that nothing can meet, or that is compared otherwise than it looks."""
    said = [remark for one in _conditions(expression) for remark in _of(view, one)]
    return tuple(dict.fromkeys(said))


def _conditions(expression: Expression | None) -> Iterator[Condition]:
    if isinstance(expression, Condition):
        yield expression
    elif isinstance(expression, Not):
        yield from _conditions(expression.part)
    elif expression is not None:
        for part in expression.parts:
            yield from _conditions(part)


def _of(view: View, condition: Condition) -> Iterator[str]:
    field = condition.field
    if condition.operator in COMPARISONS:
        value = condition.values[0]
        if not _numbers(view, field) and (number_of(value) is not None or _MONEY.fullmatch(value)):
            some = next((label for segment in view.segments for label in segment.postings.labels(field, _MOST)), "")
            if _DATE.match(some) and _DATE.match(value):
                return  # whose letters have the order of time
            such = f", such as {some[:40]}" if some else ""
            yield f"{field} holds texts{such}: they are compared letter by letter"
        return
    for value in condition.values:
        one = Condition(field, condition.operator, (value,))
        if not any(len(meeting(segment, one)) for segment in view.segments):
            yield f"nothing has {text_of(one)}{_instead(view, field, value)}"


def _numbers(view: View, field: str) -> list[tuple[float, float]]:
    """Return the least and the greatest number of a field in each segment that has any."""
    spans = (segment.postings.span(field) for segment in view.segments)
    return [span for span in spans if span is not None]


def _instead(view: View, field: str, value: str) -> str:
    """Say which values there are, the nearest first."""
    if field == ID:
        return ""
    if spans := _numbers(view, field):
        return f": {field} holds numbers from {min(low for low, _ in spans):g} to {max(high for _, high in spans):g}"
    labels = dict.fromkeys(label for segment in view.segments for label in segment.postings.labels(field, _MOST))
    near = [quoted(label[:40]) for label in nearest(value, labels)[:_SHOWN]]
    return f"; the nearest values are {', '.join(near)}" if near else ""
