"""How far a typed word is from many words at once: optimal string alignment with costs by kind of error.

Damerau, A technique for computer detection and correction of spelling errors, 1964. A letter left out, put in, or
replaced costs 1; two neighbours in the wrong order, and a letter doubled or not doubled, cost less, since fingers do
that more often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SWAP = 0.8
DOUBLE = 0.7


def one_error(typed: str, word: str) -> bool:
    """Whether one error at most lies between two words: where `distances` are 1 or less."""
    if len(typed) > len(word):
        typed, word = word, typed
    same = next((place for place, pair in enumerate(zip(typed, word, strict=False)) if pair[0] != pair[1]), len(typed))
    if len(typed) < len(word):
        return typed[same:] == word[same + 1 :]
    rest = typed[same + 1 :], word[same + 1 :]
    return rest[0] == rest[1] or (typed[same : same + 2] == word[same : same + 2][::-1] and rest[0][1:] == rest[1][1:])


def distances(
    typed: NDArray[np.uint32], words: NDArray[np.uint32], sizes: NDArray[np.int64], limit: float
) -> NDArray[np.float32]:
    """Return the costs of typing `typed` (m,) in place of each of `words` (n, longest), `sizes` letters each: (n,).

    Costs above `limit`, a few errors, may come out higher than they are: only errors near the diagonal are looked for.
    """
    n, longest = words.shape
    size, band = len(typed), int(limit) + 1
    letters = np.ascontiguousarray(words.T)
    missing = np.ones((longest, n), np.float32)  # the cost of leaving out a word's letter
    missing[1:][letters[1:] == letters[:-1]] = DOUBLE
    far = np.full(n, 1e3, np.float32)
    before: list[NDArray[np.float32]] = []
    above = [np.zeros(n, np.float32)]
    for column in range(longest):
        above.append(above[column] + missing[column] if column < band else far)
    for row in range(1, size + 1):
        letter = typed[row - 1]
        added = DOUBLE if row > 1 and typed[row - 2] == letter else 1.0
        current = [above[0] + added if row <= band else far]
        for column in range(1, longest + 1):
            if abs(column - row) > band:
                current.append(far)
                continue
            cost = np.minimum(above[column] + added, current[column - 1] + missing[column - 1])
            np.minimum(cost, above[column - 1] + (letters[column - 1] != letter), out=cost)
            if row > 1 and column > 1:
                swapped = (letters[column - 1] == typed[row - 2]) & (letters[column - 2] == letter)
                np.minimum(cost, before[column - 2] + np.where(swapped, np.float32(SWAP), np.float32(1e3)), out=cost)
            current.append(cost)
        before, above = above, current
    return np.array([above[end][number] for number, end in enumerate(sizes.tolist())], np.float32)
