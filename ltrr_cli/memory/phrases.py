"""Key phrases of a text: its few words, and runs of them, that say most by tf × idf over the segment's own texts.

A run is cut at words that are in more than a tenth of the texts: they are the function words of whatever language the
texts are in. A phrase of several words weighs the mean of its words' tf × idf times 1 + ln(its length), so that a name
of two words comes before either of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ltrr_cli.kept import Kept
from ltrr_cli.text import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_WORDS = 512
"""Words of a text beyond this are not looked at."""
LONGEST = 3
KNOWN = 1 << 18
"""Different words whose frequencies are known; of more the rarest are forgotten, as if they were in one text only."""
_GAINS = [0.0, *(1 + math.log(length) for length in range(1, LONGEST + 1))]
"""What a phrase's mean weight is times, by its length."""
_COMMON = 0.1
_FEW = 50
"""With fewer texts than this their frequencies say little, and nothing is taken for a function word."""


class Phrases:
    """First `count` every text, then ask for the phrases `of` each."""

    def __init__(self) -> None:
        self._texts = 0
        self._frequency: dict[str, int] = {}
        self._idf: Kept[int, float] = Kept(lambda texts: math.log(1 + self._texts / max(1, texts)))

    def count(self, text: str) -> None:
        """Count in how many texts each word occurs."""
        self._texts += 1
        self._idf.clear()
        for word in set(tokens(text)[:MOST_WORDS]):
            self._frequency[word] = self._frequency.get(word, 0) + 1
        if len(self._frequency) > 2 * KNOWN:
            least = sorted(self._frequency.values(), reverse=True)[KNOWN]
            self._frequency = {word: texts for word, texts in self._frequency.items() if texts > least}

    def of(self, text: str, most: int) -> list[str]:
        """Return at most `most` phrases as keys, the best first; none contains another or stands in one."""
        words = tokens(text)[:MOST_WORDS]
        idf = {word: self._idf[self._frequency.get(word, 0)] for word in set(words)}
        weights = dict.fromkeys(idf, 0.0)
        for word in words:
            weights[word] += idf[word]
        scores: dict[tuple[str, ...], float] = {}
        for run in self._runs(words):
            for start in range(len(run)):
                total = 0.0
                for length, word in enumerate(run[start : start + LONGEST], 1):
                    total += weights[word]
                    scores[tuple(run[start : start + length])] = total / length * _GAINS[length]
        kept: list[str] = []
        said: set[str] = set()
        for part in sorted(scores, key=lambda part: (-scores[part], part)):
            if len(kept) == most:
                break
            if said.isdisjoint(part):
                kept.append(" ".join(part))
                said.update(part)
        return kept

    def _runs(self, words: Sequence[str]) -> Iterator[list[str]]:
        most = _COMMON * self._texts if self._texts >= _FEW else math.inf
        run: list[str] = []
        for word in words:
            if self._frequency.get(word, 0) > most:
                yield run
                run = []
            elif not run or run[-1] != word:
                run.append(word)
        yield run
