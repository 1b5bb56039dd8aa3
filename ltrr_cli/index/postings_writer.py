"""Making postings: the values of entities, in row order, become arrays."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.index.postings import TEXTS, Postings, folded, words_of
from ltrr_cli.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.records import Entity


class PostingsWriter:
    """Collects the values of entities in row order."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, int]] = {}
        self._labels: list[str] = []
        self._entries, self._entry_rows = array("q"), array("q")
        self._numbers: dict[str, tuple[array[float], array[int]]] = {}
        self._row = 0

    def add(self, entity: Entity) -> None:
        """Add the next row."""
        self._text("type", entity.type)
        self._text("title", entity.title)
        if entity.popularity is not None:
            self._number("popularity", entity.popularity)
        for name, values in entity.attributes.items():
            for value in values:
                if isinstance(value, str):
                    self._text(name, value)
                else:
                    self._number(name, value)
        self._row += 1

    def _text(self, name: str, value: str) -> None:
        word = folded(value)
        if word:
            of_field = self._texts.setdefault(name, {})
            number = of_field.get(word)
            if number is None:
                number = of_field[word] = len(self._labels)
                self._labels.append(clean(value))
            self._entries.append(number)
            self._entry_rows.append(self._row)

    def _number(self, name: str, value: float) -> None:
        values, rows = self._numbers.setdefault(name, (array("d"), array("q")))
        values.append(value)
        rows.append(self._row)

    def finish(self) -> Postings:
        """Return what was collected."""
        names = sorted({*self._texts, *self._numbers, "title", "type"})
        arrays: dict[str, NDArray[Any]] = {}
        ordered = [sorted(self._texts.get(name, {}).items()) for name in names]
        place = np.empty(len(self._labels), np.int64)
        place[[number for entries in ordered for _, number in entries]] = np.arange(len(self._labels))
        entries = place[np.array(self._entries, np.int64)]
        rows = np.array(self._entry_rows, np.int64)
        pairs = np.unique(np.stack([entries, rows]), axis=1)  # a row may have a value twice
        arrays["text.of"] = _ends([len(one) for one in ordered])
        arrays["text.starts"] = _ends(np.bincount(pairs[0], minlength=len(self._labels)).tolist())
        arrays["text.rows"] = pairs[1].astype(np.int32)
        labels = [self._labels[number] for entries in ordered for _, number in entries]
        columns = ([word for entries in ordered for word, _ in entries], labels, [words_of(one) for one in labels])
        for name, column in zip(TEXTS, columns, strict=True):
            pieces = [f"{one}\n".encode() for one in column]
            arrays[f"text.{name}"] = np.frombuffer(b"".join(pieces), np.uint8)
            arrays[f"text.{name}.at"] = _ends([len(piece) for piece in pieces])
        numbers = [_sorted(*self._numbers.get(name, (array("d"), array("q")))) for name in names]
        arrays["number.of"] = _ends([len(values) for values, _ in numbers])
        arrays["number.values"] = np.concatenate([values for values, _ in numbers])
        arrays["number.rows"] = np.concatenate([own for _, own in numbers])
        return Postings(names, arrays)


def _ends(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)


def _sorted(values: array[float], rows: array[int]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    found, own = np.array(values, np.float64), np.array(rows, np.int32)
    order = np.lexsort((own, found))
    return found[order], own[order]
