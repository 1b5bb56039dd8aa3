"""Making the dictionary of a segment: an entry for every value and every title, sorted by the hash of its key."""

from __future__ import annotations

import json
import shutil
from itertools import chain, islice, product, repeat
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.counted import Counted
from ltrr_cli.index.dictionary import NONE, TITLE
from ltrr_cli.index.files import mapped
from ltrr_cli.index.growing import Growing
from ltrr_cli.index.ranges import pieces, ranges
from ltrr_cli.text import hash64, token_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_ENTRIES: dict[str, type[np.generic]] = {
    "hash": np.uint64,
    "attribute": np.uint16,
    "count": np.int32,
    "type": np.int32,
    "text": np.int32,
    "suggested": np.float32,
}
"""What an entry says: `text` is an alias's, `suggested` weights."""
_FIRSTS: dict[str, type[np.generic]] = {"first": np.uint64, "longest": np.uint8}


class DictionaryWriter:
    """Counts titles, and writes the arrays: those of titles and of values."""

    def __init__(self, directory: Path) -> None:
        """`directory` is where the arrays will be written."""
        self._directory = directory
        self._names = Counted(directory / "names.counted")
        self._alias: dict[str, set[str]] = {}

    def add_names(self, kind: str, names: Sequence[str]) -> None:
        """Count an entity's distinct keys of title and aliases, the title first, as names of entities of a type."""
        self._names.add((kind, name) for name in names)
        for alias in names[1:]:
            self._alias.setdefault(alias, set()).add(names[0])

    def write(
        self, values: Counted, suggested: Mapping[tuple[str, str], float], *, without: Collection[str]
    ) -> tuple[str, ...]:
        """Write the arrays; returns the attribute names that they number.

        `values` counts those of all entities by attribute, of which some are left out, `without`; `suggested` gives
        weights of values.
        """
        names = sorted({*values.names, *((TITLE,) if self._names.names else ())}.difference(without))
        types = sorted(self._names.names)
        folder = self._directory / "phrases"
        folder.mkdir()
        entries = _Entries(folder)
        number, of_type = {name: place for place, name in enumerate(names)}, {kind: n for n, kind in enumerate(types)}
        named = {*self._alias, *chain.from_iterable(self._alias.values())}
        known: dict[tuple[str, str], int] = {}
        for pairs, counts in _counts(values, without):
            words = [word for _, word in pairs]
            weights = [suggested.get(pair, 0.0) for pair in pairs]
            entries.begin(words)
            entries.add(words, [number[name] for name, _ in pairs], counts, suggested=weights)
            known.update((pair, count) for pair, count in zip(pairs, counts, strict=True) if pair[1] in named)
        for pairs, counts in _counts(self._names):
            words = [word for _, word in pairs]
            entries.begin(words)
            entries.add(words, repeat(number[TITLE]), counts, types=[of_type[kind] for kind, _ in pairs])
        texts: dict[str, int] = {}
        for alias, titles in self._alias.items():
            for title, name in product(sorted(titles), names):
                if (name, title) in known and (name, alias) not in known:
                    text, weight = texts.setdefault(title, len(texts)), suggested.get((name, title), 0.0)
                    entries.add([alias], [number[name]], [known[name, title]], texts=[text], suggested=[weight])
        entries.write(self._directory)
        (self._directory / "phrases.json").write_text(json.dumps({"types": types, "texts": list(texts)}) + "\n")
        shutil.rmtree(folder)
        self._names.remove()
        return tuple(names)


def _counts(counted: Counted, without: Collection[str] = ()) -> Iterator[tuple[list[tuple[str, str]], list[int]]]:
    """Yield what was counted, some ten thousands at a time: (name, word), and how many entities have each."""
    names = counted.names
    for table in counted.tables():
        for low, high in pieces(len(table)):
            rows = table[low:high].select("word", "name", "entities").rows()
            kept = [(names[name], word, count) for word, name, count in rows if names[name] not in without]
            yield [(name, word) for name, word, _ in kept], [count for _, _, count in kept]


class _Entries:
    """The entries, and the first words of their phrases, as they come; `write` sorts them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = {name: Growing(folder / f"{name}.npy", dtype) for name, dtype in (_ENTRIES | _FIRSTS).items()}

    def add(
        self,
        words: Sequence[str],
        attributes: Iterable[int],
        counts: Iterable[int],
        *,
        types: Iterable[int] = repeat(NONE),
        texts: Iterable[int] = repeat(NONE),
        suggested: Iterable[float] = repeat(0.0),
    ) -> None:
        """Add an entry for each word."""
        columns = (map(hash64, words), attributes, counts, types, texts, suggested)
        for name, column in zip(_ENTRIES, columns, strict=True):
            self._files[name].extend(islice(column, len(words)))

    def begin(self, phrases: Iterable[str]) -> None:
        """Note how long these phrases are that begin with a word."""
        for phrase in phrases:
            self._files["first"].add(token_hash(phrase.partition(" ")[0]))
            self._files["longest"].add(phrase.count(" ") + 1)

    def write(self, directory: Path) -> None:
        """Write the entries by their hashes, and for each first word how long the longest phrase is."""
        for file in self._files.values():
            file.close()
        columns = {name: mapped(self._folder / f"{name}.npy") for name in self._files}
        dtypes = _ENTRIES | _FIRSTS
        out = {name: Growing(directory / f"phrases.{name}.npy", dtype) for name, dtype in dtypes.items()}
        for places in ranges(columns["hash"]):
            own = [columns[name][places] for name in _ENTRIES]
            order = np.lexsort(own[::-1])
            for name, column in zip(_ENTRIES, own, strict=True):
                out[name].append(column[order])
        for places in ranges(columns["first"]):
            first, longest = columns["first"][places], columns["longest"][places]
            order = first.argsort()
            words, starts = np.unique(first[order], return_index=True)
            out["first"].append(words)
            out["longest"].append(np.maximum.reduceat(longest[order], starts) if len(starts) else longest)
        for file in out.values():
            file.close()
