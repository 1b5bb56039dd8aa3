"""Postings: which rows have which value of which field. For filters and facets; every value, of every attribute.

Files, in `columns/`: `postings.json` names the fields. Texts are sorted by field, then by folded value:
`postings.text.of` (fields + 1,) says where each field begins, `.folded`, `.label` and `.words` hold the values folded,
as first written, and as words (each one text after the other, `.at` where each begins), `.starts` where in `.rows` its
rows begin. Numbers: `postings.number.of`, and `.values` (n,) float64, ascending in each field, with `.rows` (n,).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.filters.expression import COMPARISONS, Condition, number_of
from ltrr_cli.index.files import mapped
from ltrr_cli.text import fold, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


FORMAT_VERSION = 1
LONGEST = 512
"""Characters of a folded value beyond this do not count."""
DESCRIPTION = "postings.json"
TEXTS = ("folded", "label", "words")


def folded(value: str) -> str:
    """Return a value as filters compare it: case, accents and the width of spaces do not count."""
    return " ".join(fold(value).split())[:LONGEST]


def words_of(value: str) -> str:
    """Return a value's words, with a space before, between and after them."""
    return f" {' '.join(tokens(value))} "


class Postings:
    """The rows of every value of one segment."""

    def __init__(self, names: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> None:
        self.names = tuple(names)
        self._number = {name: number for number, name in enumerate(names)}
        self._arrays = arrays

    @classmethod
    def open(cls, directory: Path) -> Postings | None:
        """Map what `PostingsWriter.write` wrote; None where there is none: segments of ltrr before 0.2."""
        path = directory / DESCRIPTION
        if not path.exists():
            return None
        row = json.loads(path.read_bytes())
        if row["format_version"] != FORMAT_VERSION:
            raise ValueError(f"postings of format version {row['format_version']}")
        return cls(row["fields"], {name: mapped(directory / f"postings.{name}.npy") for name in row["arrays"]})

    def kinds(self, name: str) -> tuple[bool, bool]:
        """Return whether a field has texts, and whether it has numbers."""
        (low, high), (first, last) = self._texts(name), self._numbers(name)
        return high > low, last > first

    def labels(self, name: str, most: int) -> list[str]:
        """Return a field's distinct texts as first written, none where they are more than `most`."""
        low, high = self._texts(name)
        return [self._text("label", entry) for entry in range(low, high)] if high - low <= most else []

    def span(self, name: str) -> tuple[float, float] | None:
        """Return the least and the greatest number of a field, None where it has none."""
        low, high = self._numbers(name)
        values = self._arrays["number.values"]
        return (float(values[low]), float(values[high - 1])) if high > low else None

    def rows(self, condition: Condition) -> NDArray[np.int32]:
        """Return the rows that meet a condition on a field; a row may come twice."""
        name, operator = condition.field, condition.operator
        if operator in COMPARISONS:
            return self._compared(name, operator, condition.values[0])
        found = []
        for value in condition.values:
            found.append(self._equal(name, value) if operator == "=" else self._with_words(name, value))
            number = number_of(value)
            if number is not None:
                found.append(self._between(name, number, number))
        return np.concatenate(found)

    def _texts(self, name: str) -> tuple[int, int]:
        return self._bounds("text.of", name)

    def _numbers(self, name: str) -> tuple[int, int]:
        return self._bounds("number.of", name)

    def _bounds(self, array_name: str, name: str) -> tuple[int, int]:
        number = self._number.get(name)
        if number is None:
            return 0, 0
        of = self._arrays[array_name]
        return int(of[number]), int(of[number + 1])

    def _text(self, column: str, entry: int) -> str:
        at = self._arrays[f"text.{column}.at"]
        piece: bytes = self._arrays[f"text.{column}"][at[entry] : at[entry + 1] - 1].tobytes()
        return piece.decode()

    def _place(self, name: str, value: str, *, after: bool = False) -> int:
        """Return the first of a field's values that is not below `value`; with `after` the first that is above it."""
        low, high = self._texts(name)
        while low < high:
            middle = (low + high) // 2
            here = self._text("folded", middle)
            if here < value or (after and here == value):
                low = middle + 1
            else:
                high = middle
        return low

    def _of_entries(self, low: int, high: int) -> NDArray[np.int32]:
        starts = self._arrays["text.starts"]
        found: NDArray[np.int32] = self._arrays["text.rows"][starts[low] : starts[high]]
        return found

    def _equal(self, name: str, value: str) -> NDArray[np.int32]:
        word = folded(value)
        return self._of_entries(self._place(name, word), self._place(name, word, after=True))

    def _with_words(self, name: str, value: str) -> NDArray[np.int32]:
        """Return the rows with a text that has the words of `value` next to each other; without words: that is it."""
        words = words_of(value).encode()
        if not words.strip():
            return self._equal(name, value)
        low, high = self._texts(name)
        at = self._arrays["text.words.at"][low : high + 1]
        text = self._arrays["text.words"][at[0] : at[-1]].tobytes()
        found, entries = text.find(words), []
        while found >= 0:
            entry = int(np.searchsorted(at, at[0] + found, "right")) - 1
            entries.append(self._of_entries(low + entry, low + entry + 1))
            found = text.find(words, int(at[entry + 1] - at[0]))
        return np.concatenate(entries) if entries else np.empty(0, np.int32)

    def _between(self, name: str, least: float, most: float) -> NDArray[np.int32]:
        low, high = self._numbers(name)
        values = self._arrays["number.values"][low:high]
        first, last = np.searchsorted(values, least, "left"), np.searchsorted(values, most, "right")
        found: NDArray[np.int32] = self._arrays["number.rows"][low + first : low + last]
        return found

    def _compared(self, name: str, operator: str, value: str) -> NDArray[np.int32]:
        """Return the rows with a number, or where the field has none a text, on that side of `value`."""
        number = number_of(value)
        if number is not None and self.kinds(name)[1]:
            if operator[0] == "<":
                return self._between(name, -np.inf, number if operator == "<=" else np.nextafter(number, -np.inf))
            return self._between(name, number if operator == ">=" else np.nextafter(number, np.inf), np.inf)
        low, high = self._texts(name)
        place = self._place(name, folded(value), after=operator in {"<=", ">"})
        return self._of_entries(low, place) if operator[0] == "<" else self._of_entries(place, high)

    def held(self, name: str, rows: NDArray[np.int64]) -> list[tuple[int, str | float]]:
        """Return (place in `rows`, value) for each value of a field, texts folded; `rows` (n,) are distinct."""
        order = np.argsort(rows)
        ascending = rows[order]

        def places(own: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
            at = np.minimum(np.searchsorted(ascending, own), max(0, len(rows) - 1))
            hits = np.flatnonzero(ascending[at] == own) if len(rows) else np.empty(0, np.intp)
            return order[at[hits]], hits

        low, high = self._texts(name)
        starts = self._arrays["text.starts"]
        begin = int(starts[low])
        found, hits = places(self._arrays["text.rows"][begin : int(starts[high])])
        entries = np.searchsorted(starts, hits + begin, "right") - 1
        held: list[tuple[int, str | float]] = [
            (place, self._text("folded", entry)) for place, entry in zip(found.tolist(), entries.tolist(), strict=True)
        ]
        first, last = self._numbers(name)
        found, hits = places(self._arrays["number.rows"][first:last])
        return [*held, *zip(found.tolist(), self._arrays["number.values"][first:last][hits].tolist(), strict=True)]

    def counts(self, name: str, chosen: NDArray[np.bool_]) -> list[tuple[str | float, int]]:
        """Return how many of the chosen rows, (rows,) bool, have each value of a field; values that none has left out.

        Texts are as first written.
        """
        low, high = self._texts(name)
        starts = self._arrays["text.starts"][low : high + 1]
        sums = np.concatenate([[0], np.cumsum(chosen[self._arrays["text.rows"][starts[0] : starts[-1]]])])
        each = np.diff(sums[starts - starts[0]])
        found: list[tuple[str | float, int]] = [
            (self._text("label", low + entry), int(each[entry])) for entry in np.flatnonzero(each).tolist()
        ]
        first, last = self._numbers(name)
        rows = self._arrays["number.rows"][first:last]
        values, count = np.unique(self._arrays["number.values"][first:last][chosen[rows]], return_counts=True)
        return [*found, *zip(values.tolist(), count.tolist(), strict=True)]
