"""Filter expressions: conditions on fields, joined by and, or, not.

A filter's text is canonical: two expressions that mean the same part by part have the same, and it reads back to them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TypeAlias

COMPARISONS = ("<", "<=", ">", ">=")
WORDS = ("and", "or", "not", "in")
"""Words of the language: a field or value that is one of them is written in quotes."""
_PLAIN = re.compile(r"[\w.+&/-][\w.+&'/-]*")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.IGNORECASE | re.ASCII)


_RANGE = re.compile(r"(\d+(?:\.\d+)?)(?:-|–|\.\.)(\d+(?:\.\d+)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Condition:
    """A field and what its values must be: of several values any.

    `operator` is `=` (is the whole value), `:` (has these words, next to each other) or one of COMPARISONS, which has
    one value. An entity with several values in a field meets the condition if one of them does.
    """

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What the part does not allow; so an entity without the field meets `not field = value`."""

    part: Expression


@dataclass(frozen=True, slots=True)
class All:
    """All of two parts or more."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of two parts or more."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = Condition | Not | All | Either


def number_of(text: str) -> float | None:
    """Return a value as a number (`true` is 1, `false` 0), None where it is none."""
    if text.lower() in ("true", "false"):
        return float(text.lower() == "true")
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def between(field: str, text: str) -> Expression | None:
    """Return what `1990-1995` demands of a field of numbers; None where the text is no such range."""
    found = _RANGE.fullmatch(text)
    if found is None or float(found[1]) > float(found[2]):
        return None
    return All((Condition(field, ">=", (found[1],)), Condition(field, "<=", (found[2],))))


def all_of(*parts: Expression | None) -> Expression | None:
    """Return the expression that demands all of the parts; None stands for no demand."""
    flat: list[Expression] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, All) else [] if part is None else [part])
    distinct = tuple(dict.fromkeys(flat))
    return All(distinct) if len(distinct) > 1 else distinct[0] if distinct else None


def text_of(expression: Expression | None) -> str:
    """Return the expression as it is written, "" for none."""
    if expression is None:
        return ""
    if isinstance(expression, Condition):
        return _condition(expression, " in ", f" {expression.operator} ")
    if isinstance(expression, Not):
        inner = expression.part
        if isinstance(inner, Condition) and inner.operator == "=":
            return _condition(inner, " not in ", " != ")
        return f"not {_within(inner)}"
    word = " and " if isinstance(expression, All) else " or "
    return word.join(_within(part) for part in expression.parts)


def _condition(one: Condition, any_of: str, is_one: str) -> str:
    values = [quoted(value) for value in one.values]
    if len(values) == 1:
        return f"{quoted(one.field)}{is_one}{values[0]}"
    return f"{quoted(one.field)}{any_of if one.operator == '=' else is_one}({', '.join(values)})"


def _within(part: Expression) -> str:
    return f"({text_of(part)})" if isinstance(part, All | Either) else text_of(part)


def quoted(text: str) -> str:
    """Return a field or value as it is written, in quotes where it is not a plain word."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in WORDS
    return text if plain else '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
