"""Filters inside a query's text: `love genre:rock -artist:"the who" year:>=1990`.

A word is one only where it begins with a field of the catalogue and a colon, and a value follows; everything else stays
text, so no text is ever an error. What stands in quotes stays text too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ltrr_cli.filters.expression import COMPARISONS, Condition, Expression, Not, all_of, between, number_of
from ltrr_cli.filters.grammar import MOST
from ltrr_cli.filters.names import NOTHING, field_named, is_like
from ltrr_cli.text import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

_PART = re.compile(
    r"""(?<!\S)(?P<minus>-?)(?:"(?P<named>[^"]+)"|(?P<field>[^\s:"]+)):(?P<sign>>=|<=|!=|[<>=])?"""
    r"""(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s"()]\S*))(?!\S)"""
    r"""|"[^"]*\"""",
    re.DOTALL,
)


def split(text: str, fields: Mapping[str, bool], called: Mapping[str, str] = NOTHING) -> tuple[str, Expression | None]:
    """Return the text without its filters, and what these demand together; fields as `parse` takes them."""
    if ":" not in text or len(text) > MOST:
        return text, None
    kept: list[str] = []
    found: list[Expression] = []
    at = 0
    for match in _PART.finditer(text):
        condition = _condition(match, fields, called)
        if condition is not None:
            kept.append(text[at : match.start()])
            found.append(condition)
            at = match.end()
    if not found:
        return text, None
    return " ".join("".join([*kept, text[at:]]).split()), all_of(*found)


def unread(text: str, fields: Mapping[str, bool], called: Mapping[str, str] = NOTHING) -> list[str]:
    """Return the names in the text that are meant as fields, and are none: `rating:>4`, or `genr:rock` of genres."""
    if ":" not in text or len(text) > MOST:
        return []
    names = [(match["named"] or match["field"] or "", match["sign"]) for match in _PART.finditer(text)]
    return [
        name
        for name, sign in dict.fromkeys(names)
        if name and field_named(name, fields, called) is None and (sign or is_like(name, (*fields, *called)))
    ]


def _condition(match: re.Match[str], fields: Mapping[str, bool], called: Mapping[str, str]) -> Expression | None:
    name = match["named"] or match["field"]
    field = field_named(name, fields, called) if name else None
    value = re.sub(r"\\(.)", r"\1", match["quoted"]) if match["quoted"] is not None else match["plain"]
    if field is None or not value or not fold(value).strip():
        return None
    sign = match["sign"] or ":"
    if sign in COMPARISONS and fields[field] and number_of(value) is None:
        return None
    condition: Expression = Condition(field, "=" if sign == "!=" else sign, (value,))
    if sign not in COMPARISONS and fields[field]:
        condition = between(field, value) or condition
    return Not(condition) if bool(match["minus"]) != (sign == "!=") else condition
