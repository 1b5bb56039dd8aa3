"""Completion at the prompt: commands after a colon, else titles that begin with what was typed."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from ltrr_cli.cli.text import safe
from ltrr_cli.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_toolkit.completion import Completer

    from ltrr_cli.engine import Engine

MOST = 8
_LEAST = 2
_ENTITIES = 100_000
"""Entities up to which titles are listed: more would take seconds to read."""


class Titles:
    """The titles of an index, to be found by how they begin; read when first asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._listed: list[tuple[str, str]] | None = None

    def begin(self, prefix: str) -> list[str]:
        """Return the first titles, by the alphabet, that begin so, whatever their case and accents."""
        if self._listed is None:
            titles: set[str] = set()
            if self._engine.info().entities <= _ENTITIES:
                titles = {entity.title for entity in self._engine.entities() if entity.title}
            self._listed = sorted((fold(title), title) for title in titles)
        start = fold(prefix)
        at = bisect_left(self._listed, (start, ""))
        found = []
        for folded, title in self._listed[at : at + MOST]:
            if folded.startswith(start):
                found.append(title)
        return found


def suggestions(titles: Titles, commands: Sequence[str], line: str) -> list[str]:
    """Return what a line may become."""
    if line.startswith(":"):
        return [command for command in commands if command.startswith(line) and command != line]
    text = line.lstrip()
    return titles.begin(text) if len(text) >= _LEAST else []


def completer(engine: Engine, commands: Sequence[str]) -> Completer:
    """Return the completer of an index."""
    from prompt_toolkit.completion import Completer, Completion

    titles = Titles(engine)

    class Lines(Completer):
        """Completes whole lines: what was typed is replaced."""

        def get_completions(self, document: Any, complete_event: Any) -> Iterable[Completion]:
            del complete_event
            return self._found(document.text_before_cursor)

        def _found(self, line: str) -> Iterator[Completion]:
            for one in suggestions(titles, commands, line):
                shown = safe(one)
                yield Completion(shown, start_position=-len(line), display=shown)

    return Lines()
