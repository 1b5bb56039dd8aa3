"""Which rows a filter allows, and the view that holds no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.filters.expression import All, Condition, Expression, Not
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ltrr_cli.index.segment import Segment
    from ltrr_cli.index.view import View

ID = "id"


def fields_of(view: View) -> Mapping[str, bool]:
    """Return the fields that a filter may name, and whether all of a field's values are numbers."""
    found = {ID: False, "type": False, "title": False}
    for segment in view.segments:
        for name in segment.postings.names:
            texts, _ = segment.postings.kinds(name)
            found[name] = not texts and found.get(name, True)
    return found


def narrowed(view: View, expression: Expression) -> View:
    """Return the view of the living rows that meet the expression."""
    parts = [_allowed(segment, expression) for segment in view.segments]
    allowed = np.concatenate([np.empty(0, np.bool_), *parts])
    return view.within(allowed & view.living(np.arange(view.rows)))


def _allowed(segment: Segment, expression: Expression) -> NDArray[np.bool_]:
    """Return which rows of a segment meet the expression: (rows,) bool."""
    if isinstance(expression, Condition):
        met = np.zeros(len(segment), np.bool_)
        met[meeting(segment, expression)] = True
        return met
    if isinstance(expression, Not):
        return ~_allowed(segment, expression.part)
    parts = [_allowed(segment, part) for part in expression.parts]
    joined: NDArray[np.bool_] = (np.logical_and if isinstance(expression, All) else np.logical_or).reduce(parts)
    return joined


def meeting(segment: Segment, condition: Condition) -> NDArray[np.integer]:
    """Return the rows that meet a condition. Ids are compared as they are, also by `:`; they have no order."""
    if condition.field != ID or condition.operator not in {"=", ":"}:
        return segment.postings.rows(condition)
    rows = segment.ids.rows(np.array([hash64(value) for value in condition.values], np.uint64))
    return rows[rows >= 0]
