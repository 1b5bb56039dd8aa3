"""Making a table of keys: it is written from files to files, since there may be twenty keys for each entity.

First what is known of each key is written as it comes. Then the keys are numbered, range by range of their hashes; at
last the words' postings are made, range by range of theirs. See `index/ranges.py`.
"""

from __future__ import annotations

import shutil
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.growing import Growing, Lists
from ltrr_cli.index.ranges import laid, pieces, ranges
from ltrr_cli.text import hash64, token_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_TOGETHER = 256
"""Keys that wait as Python objects."""
_COLUMNS: dict[str, type[np.generic]] = {
    "hash": np.uint64,
    "size": np.int32,  # distinct words
    "length": np.int32,  # entries
    "total": np.float64,
    "ref": np.int64,
    "value": np.float64,
    "token": np.uint64,
}
"""What is known of the keys, in the order in which they come: of each one number, or one after the other."""


def write_keys(
    directory: Path, entries: Iterable[tuple[str, Sequence[int], Sequence[float]]], *, words: bool = True
) -> None:
    """Write the table of (key, refs, values), each key once. Without `words` it is found by the exact key only.

    See `keys.Keys` for what it is. Half a million keys, or postings, are in memory at a time; of a word that is in more
    keys all of its postings.
    """
    folder = directory / "gathered"
    folder.mkdir(parents=True)
    try:
        _gather(folder, entries, words=words)
        columns = {name: mapped(folder / f"{name}.npy") for name in _COLUMNS}
        numbers = laid(folder / "number.npy", np.int32, len(columns["hash"]))
        _number(directory, numbers, columns)
        _write_entries(directory, numbers, columns)
        _write_postings(directory, folder, numbers, columns)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _gather(folder: Path, entries: Iterable[tuple[str, Sequence[int], Sequence[float]]], *, words: bool) -> None:
    files = {name: Growing(folder / f"{name}.npy", dtype) for name, dtype in _COLUMNS.items()}
    source = iter(entries)
    while part := list(islice(source, _TOGETHER)):
        tokens = [set(key.split(" ")) for key, _, _ in part]
        files["hash"].extend(hash64(key) for key, _, _ in part)
        files["size"].extend(map(len, tokens))
        files["length"].extend(len(refs) for _, refs, _ in part)
        files["total"].extend(sum(values) for _, _, values in part)
        files["ref"].extend(chain.from_iterable(refs for _, refs, _ in part))
        files["value"].extend(chain.from_iterable(values for _, _, values in part))
        if words:
            files["token"].extend(map(token_hash, chain.from_iterable(tokens)))
    for file in files.values():
        file.close()


def _number(directory: Path, numbers: NDArray[np.int32], columns: dict[str, NDArray[Any]]) -> None:
    """Number the keys by how many words they have, then by hash; write the sorted hashes, and the number of each."""
    hashes, sizes = columns["hash"], columns["size"]
    counts = np.zeros(int(sizes.max(initial=0)) + 1, np.int64)
    for low, high in pieces(len(sizes)):
        counts += np.bincount(sizes[low:high], minlength=len(counts))
    following = counts.cumsum() - counts  # the next number of each size
    by_hash, number_of = Growing(directory / "hashes.npy", np.uint64), Growing(directory / "numbers.npy", np.int32)
    for places in ranges(hashes):
        ordered = places[hashes[places].argsort(kind="stable")]
        size = sizes[ordered]
        by_size = size.argsort(kind="stable")
        own = size[by_size]
        given = np.empty(len(own), np.int32)
        given[by_size] = following[own] + np.arange(len(own)) - own.searchsorted(own)
        following += np.bincount(size, minlength=len(following))
        numbers[ordered] = given
        by_hash.append(hashes[ordered])
        number_of.append(given)
    by_hash.close()
    number_of.close()


def _write_entries(directory: Path, numbers: NDArray[np.int32], columns: dict[str, NDArray[Any]]) -> None:
    """Write the keys' totals and entries, in the order of their numbers."""
    totals = laid(directory / "totals.npy", np.float64, len(numbers))
    starts = laid(directory / "starts.npy", np.int64, len(numbers) + 1)
    for low, high in pieces(len(numbers)):
        totals[numbers[low:high]] = columns["total"][low:high]
        starts[1:][numbers[low:high]] = columns["length"][low:high]
    end = 0
    for low, high in pieces(len(starts)):
        starts[low:high] = starts[low:high].cumsum() + end
        end = starts[high - 1]
    refs = laid(directory / "refs.npy", np.int64, len(columns["ref"]))
    values = laid(directory / "values.npy", np.float64, len(refs))
    begin = 0
    for low, high in pieces(len(numbers)):
        lengths = columns["length"][low:high].astype(np.int64)
        ends = lengths.cumsum()
        places = np.repeat(starts[numbers[low:high]] - ends + lengths, lengths) + np.arange(ends[-1])
        refs[places] = columns["ref"][begin : begin + len(places)]
        values[places] = columns["value"][begin : begin + len(places)]
        begin += len(places)


def _write_postings(
    directory: Path, folder: Path, numbers: NDArray[np.int32], columns: dict[str, NDArray[Any]]
) -> None:
    """Write the words, the keys that have each, and the keys' masses."""
    tokens = columns["token"]
    owners = Growing(folder / "owner.npy", np.int32)
    for low, high in pieces(len(numbers) if len(tokens) else 0):
        owners.append(np.repeat(numbers[low:high], columns["size"][low:high]))
    owners.close()
    holders = mapped(folder / "owner.npy")
    masses = laid(folder / "mass.npy", np.float64, len(numbers))
    words = Growing(directory / "words.npy", np.uint64)
    postings = Lists(directory / "postings.npy", directory / "word_starts.npy", np.int32)
    for places in ranges(tokens):
        token, holder = tokens[places], holders[places]
        order = np.lexsort((holder, token))
        token, holder = token[order], holder[order]
        new = np.ones(len(token), bool)
        np.not_equal(token[1:], token[:-1], out=new[1:])
        first = new.nonzero()[0]
        frequency = np.diff(first, append=len(token))
        np.add.at(masses, holder.astype(np.intp), np.repeat(np.log1p(len(numbers) / frequency), frequency))
        words.append(token[first])
        postings.append(holder, frequency)
    rounded = Growing(directory / "masses.npy", np.float32)
    for low, high in pieces(len(masses)):
        rounded.append(masses[low:high].astype(np.float32))
    for file in (words, postings, rounded):
        file.close()
