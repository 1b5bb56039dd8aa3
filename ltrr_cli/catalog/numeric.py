"""Texts in fields of numbers: an amount among them is a number, whatever else there is stays a text and is told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ltrr_cli.catalog import unlike
from ltrr_cli.catalog.amounts import read_amount
from ltrr_cli.catalog.names import is_count, is_price

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ltrr_cli.catalog.unlike import Unlike
    from ltrr_cli.records import Value

_SHARE = 9
"""A field is of numbers while it has so many times as many of them as texts."""


class Numeric:
    """Counts for each field how many entities have `numbers` there, and how many texts among them."""

    def __init__(self, seen: Unlike, amounts: Iterable[str]) -> None:
        self.numbers: Counter[str] = Counter()
        self._amounts = frozenset(amounts)  # the fields of which it is known
        self._seen = seen

    def texts(self, name: str, found: tuple[Value, ...]) -> tuple[Value, ...]:
        """Return an entity's texts in a field where others have numbers; amounts as numbers, if most have them."""
        if name not in self._amounts and self.numbers[name] < _SHARE * (self._seen.count(name, unlike.TEXT) + 1):
            self._seen.add(name, unlike.TEXT, found[0])
            return found
        read = tuple(_number(name, value) for value in found)
        self._seen.add(name, unlike.AMOUNT if isinstance(read[0], float) else unlike.TEXT, found[0])
        return read

    def settle(self) -> None:
        """Forget the texts of fields that turned out to be of texts."""
        for name, numbers in self.numbers.items():
            if name not in self._amounts and numbers < _SHARE * self._seen.count(name, unlike.TEXT):
                self._seen.drop(name, unlike.TEXT)


def _number(name: str, value: Value) -> Value:
    """Return the number of an amount with a currency, or of any where the field is a price or a count by its name."""
    found = read_amount(value) if isinstance(value, str) else None
    return found[0] if found is not None and (found[1] or is_price(name) or is_count(name)) else value
