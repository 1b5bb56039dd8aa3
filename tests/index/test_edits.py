"""Costs of typing errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.index.edits import DOUBLE, SWAP, distances, one_error

WORD = st.text("abcé日", min_size=1, max_size=9)


def cost(typed: str, *words: str, limit: float = 2.0) -> list[float]:
    """Return the costs of typing `typed` for each of the words."""
    codes = np.zeros((len(words), max(map(len, words))), np.uint32)
    for row, word in enumerate(words):
        codes[row, : len(word)] = [*map(ord, word)]
    sizes = np.array([*map(len, words)], np.int64)
    found: list[float] = distances(np.array([*map(ord, typed)], np.uint32), codes, sizes, limit).tolist()
    return found


def slow(typed: str, word: str) -> float:
    """Return the same by the textbook's recurrence, over all cells."""
    rows = [[0.0] * (len(word) + 1) for _ in range(len(typed) + 1)]
    for i in range(len(typed) + 1):
        for j in range(len(word) + 1):
            options = [] if i or j else [0.0]
            if i:
                options.append(rows[i - 1][j] + (DOUBLE if i > 1 and typed[i - 2] == typed[i - 1] else 1.0))
            if j:
                options.append(rows[i][j - 1] + (DOUBLE if j > 1 and word[j - 2] == word[j - 1] else 1.0))
            if i and j:
                options.append(rows[i - 1][j - 1] + (typed[i - 1] != word[j - 1]))
            if i > 1 and j > 1 and typed[i - 1] == word[j - 2] and typed[i - 2] == word[j - 1]:
                options.append(rows[i - 2][j - 2] + SWAP)
            rows[i][j] = min(options)
    return rows[-1][-1]


def test_by_hand() -> None:
    """Each kind of error has its cost."""
    found = cost("taylor", "taylor", "tailor", "talor", "taylors", "atylor", "tayllor")
    assert found == pytest.approx([0, 1, 1, 1, SWAP, DOUBLE])


@given(WORD, st.lists(WORD, min_size=1, max_size=5))
def test_like_the_textbook(typed: str, words: list[str]) -> None:
    """All costs up to the limit are exact, and no other comes out below it."""
    for found, word in zip(cost(typed, *words), words, strict=True):
        exact = slow(typed, word)
        if exact <= 2 or found <= 2:
            assert found == pytest.approx(exact, abs=1e-5)


@given(WORD, WORD)
def test_one_error(typed: str, word: str) -> None:
    """One error at most costs 1 at most, and two cost more."""
    assert one_error(typed, word) == (slow(typed, word) <= 1)


@given(WORD, st.integers(0, 9), st.sampled_from(["swap", "drop", "double", "replace"]))
def test_one_error_made(word: str, place: int, kind: str) -> None:
    """Each kind of error, made in a word, is seen from both sides."""
    at = place % len(word)
    changed = {
        "swap": word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
        "drop": word[:at] + word[at + 1 :],
        "double": word[: at + 1] + word[at:],
        "replace": f"{word[:at]}x{word[at + 1 :]}",
    }[kind]
    assert one_error(changed, word)
    assert one_error(word, changed)
