"""Making postings: the values of entities, in row order, are gathered in files and become arrays in files."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.gathered import Gathered
from ltrr_cli.index.growing import Growing, Lists
from ltrr_cli.index.postings import DESCRIPTION, FORMAT_VERSION, TEXTS, folded, words_of
from ltrr_cli.index.ranges import pieces, ranges
from ltrr_cli.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.records import Entity

_FIRST = 0x10000
"""A text is gathered by its field and its folded value: the field is a character before it, this one or a later one."""
_ALWAYS = ("title", "type")
"""Fields that are told even if no entity has a value."""


class PostingsWriter:
    """Collects the values of entities in row order; `add` them all, then `write`."""

    def __init__(self, directory: Path, attributes: Iterable[str]) -> None:
        """`directory` is where the arrays will be written; no entity has other attributes than these."""
        self._directory = directory
        self._folder = directory / "postings"
        self._names = sorted({*attributes, *_ALWAYS, "popularity"})
        self._field = {name: chr(_FIRST + number) for number, name in enumerate(self._names)}
        self._texts = Gathered(self._folder / "texts", texts=True)
        self._numbers: dict[str, tuple[Growing, Growing]] = {}
        self._row = 0

    def add(self, entity: Entity) -> None:
        """Add the next row."""
        texts = [("type", entity.type), ("title", entity.title)]
        if entity.popularity is not None:
            self._number("popularity", entity.popularity)
        for name, values in entity.attributes.items():
            for value in values:
                if isinstance(value, str):
                    texts.append((name, value))
                else:
                    self._number(name, value)
        kept = [(self._field[name] + word, value) for name, value in texts if (word := folded(value))]
        count = len(kept)
        self._texts.extend(
            [word for word, _ in kept],
            [self._row] * count,
            bytes(count),
            bytes(count),
            [clean(value) for _, value in kept],
        )
        self._row += 1

    def _number(self, name: str, value: float) -> None:
        files = self._numbers.get(name)
        if files is None:
            self._folder.mkdir(exist_ok=True)
            path = self._folder / f"{len(self._numbers)}"
            files = Growing(path.with_suffix(".values"), np.float64), Growing(path.with_suffix(".rows"), np.int32)
            self._numbers[name] = files
        files[0].add(value)
        files[1].add(self._row)

    def write(self) -> None:
        """Write the files."""
        texts, numbers = self._write_texts(), self._write_numbers()
        kept = [place for place, name in enumerate(self._names) if texts[place] or numbers[place] or name in _ALWAYS]
        arrays = [f"text.{name}" for name in ("of", "rows", "starts", *TEXTS, *(f"{name}.at" for name in TEXTS))]
        arrays += [f"number.{name}" for name in ("of", "rows", "values")]
        np.save(self._path("text.of"), np.cumsum(np.append(0, texts[kept])))
        np.save(self._path("number.of"), np.cumsum(np.append(0, numbers[kept])))
        row = {
            "format_version": FORMAT_VERSION,
            "fields": [self._names[place] for place in kept],
            "arrays": sorted(arrays),
        }
        (self._directory / DESCRIPTION).write_text(json.dumps(row) + "\n")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._directory / f"postings.{name}.npy"

    def _write_texts(self) -> NDArray[np.int64]:
        """Write the texts and their rows; returns how many different ones each field has."""
        counts = np.zeros(len(self._names), np.int64)
        rows = Lists(self._path("text.rows"), self._path("text.starts"), np.int32)
        texts = [Lists(self._path(f"text.{name}"), self._path(f"text.{name}.at"), np.uint8) for name in TEXTS]
        for table in self._texts.tables():
            keys, own = table["key"], table["number"].to_numpy()
            new = (keys != keys.shift()).fill_null(True).to_numpy()
            kept = new | (own != np.roll(own, 1))  # a row may have a value twice
            first = new.nonzero()[0]
            rows.append(own[kept], np.diff(kept.cumsum()[first] - 1, append=np.count_nonzero(kept)))
            for low, high in pieces(len(first)):
                some = table[first[low:high]]
                folds, labels = some["key"].to_list(), some["text"].to_list()
                counts += np.bincount([ord(fold[0]) - _FIRST for fold in folds], minlength=len(counts))
                for column, of_column in zip(
                    texts, ((fold[1:] for fold in folds), labels, map(words_of, labels)), strict=True
                ):
                    written = [f"{text}\n".encode() for text in of_column]
                    column.append(np.frombuffer(b"".join(written), np.uint8), np.array([*map(len, written)], np.int64))
        for file in (rows, *texts):
            file.close()
        return counts

    def _write_numbers(self) -> NDArray[np.int64]:
        """Write the numbers, in each field ascending, and their rows; returns how many each field has."""
        counts = np.zeros(len(self._names), np.int64)
        values, rows = Growing(self._path("number.values"), np.float64), Growing(self._path("number.rows"), np.int32)
        for place, name in enumerate(self._names):
            files = self._numbers.get(name, ())
            for file in files:
                file.close()
            if files:
                found, own = (mapped(file.path) for file in files)
                counts[place] = len(found)
                for places in ranges(found):
                    order = places[np.lexsort((own[places], found[places]))]
                    values.append(found[order])
                    rows.append(own[order])
        values.close()
        rows.close()
        return counts
