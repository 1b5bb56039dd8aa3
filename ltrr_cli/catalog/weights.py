"""Values with weights: `{"genre": {"pop": 0.7, "country": 0.3}}`. Which nested objects are such, and what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from ltrr_cli.catalog import values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SUM = 0.05
"""Weights of one record that sum to 1 up to this are shares."""
_MANY = 20
"""In so many records values come again, twice on average, or they are no values but a table of data."""


def weighings(records: Sequence[Mapping[str, object]]) -> set[str]:
    """Return the fields that weigh their values: objects of numbers from 0 to 1 only, wherever they are objects.

    Objects whose keys are the same in all records are a group of numeric fields, unless their numbers sum to 1.
    """
    found: dict[str, list[Mapping[str, object]]] = {}
    for record in records:
        for name, value in record.items():
            if isinstance(value, dict) and value:
                found.setdefault(name, []).append(value)
    return {name for name, several in found.items() if _are_weights(several)}


def _are_weights(several: Sequence[Mapping[str, object]]) -> bool:
    shares = True
    for one in several:
        numbers = [weight for weight in one.values() if _is_number(weight)]
        if len(numbers) < len(one) or not all(0 <= weight <= 1 for weight in numbers):
            return False
        shares = shares and abs(sum(numbers) - 1) <= _SUM
    names = [name for one in several for name in one]
    again = len(several) < _MANY or len(set(names)) * 2 <= len(names)
    if not again or all(len(one) == 1 for one in several):
        return False
    return shares or any(one.keys() != several[0].keys() for one in several)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def weighed(value: Mapping[str, object]) -> list[tuple[str, float]]:
    """Return (value, weight in (0, 1]) of an object, the weightiest first; what is no such number is left out."""
    found: dict[str, float] = {}
    for name, raw in value.items():
        word, weight = values.attribute(name), values.number(raw)
        if isinstance(word, str) and not isinstance(raw, bool) and weight is not None and 0 < weight <= 1:
            found[word] = max(weight, found.get(word, 0.0))
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))
