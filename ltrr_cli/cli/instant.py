"""Results while typing, where the index is small enough: the best few below the line, gone when it is sent."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from ltrr_cli.cli.render import fit
from ltrr_cli.cli.text import safe
from ltrr_cli.errors import LtrrError

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import AnyFormattedText

    from ltrr_cli.engine import Engine
    from ltrr_cli.records import Answer
    from ltrr_cli.wire.asking import Asking

SHOWN = 5
LIMIT = 0.030
"""Seconds that an answer may take; typing must not be felt."""
_SLOW = 3
"""Answers in a row above the limit after which no more are tried."""
_LEAST = 2
_ROWS = 12
"""Lines of a terminal below which there is no room."""

Fragments: TypeAlias = "list[tuple[str, str]]"
"""Styles and texts, as prompt_toolkit draws them."""


class Instant:
    """Answers what stands in the line; nothing of it is logged, nothing explored."""

    def __init__(self, engine: Engine, asking: Asking) -> None:
        self._engine = engine
        self._asking = replace(asking, k=SHOWN, log=False, explore=False, explain=False, seed=0, interleave=None)
        self._slow = 0
        self._warm = False
        self._text = ""
        self._drawn: Fragments = []

    @property
    def on(self) -> bool:
        """Whether answers have been quick enough so far."""
        return self._slow < _SLOW

    def lines(self) -> AnyFormattedText:
        """Return what to draw below the line."""
        from prompt_toolkit.application import get_app

        return [*self.draw(get_app().current_buffer.text)]

    def draw(self, text: str) -> Fragments:
        """Return the best results for a text: (style, text) pieces; nothing for commands and single letters."""
        text = text.strip()
        if text == self._text:
            return self._drawn
        self._text = text
        size = shutil.get_terminal_size()
        if len(text) < _LEAST or text.startswith(":") or not self.on or size.lines < _ROWS:
            self._drawn = []
        else:
            self._drawn = self._answer(text, size.columns)
        return self._drawn

    def _answer(self, text: str, width: int) -> Fragments:
        started = time.perf_counter()
        try:
            answer = self._asking.ask(self._engine, text)
        except LtrrError:
            return []
        took = time.perf_counter() - started
        if self._warm:  # the first answer opens the encoder
            self._slow = self._slow + 1 if took > LIMIT else 0
        self._warm = True
        return self._fragments(answer, width)

    def _fragments(self, answer: Answer, width: int) -> Fragments:
        found: Fragments = []
        for result in answer.results:
            title = safe(result.title or result.id)
            kind = f"  {safe(result.type)}" if result.type else ""
            shown = fit(title + kind, max(8, width - 6)).rstrip()
            found += [("", "\n")] if found else []
            found.append(("class:rank", f"{result.rank:>3} "))
            found += _marked(shown, self._engine.marks(answer.query, shown))
        return found


def _marked(text: str, places: list[tuple[int, int]]) -> Fragments:
    found: Fragments = []
    at = 0
    for start, end in places:
        found += [("", text[at:start]), ("class:mark", text[start:end])]
        at = end
    return [piece for piece in [*found, ("", text[at:])] if piece[1]]
