"""Completion at the prompt: commands after a colon, else titles, values and remembered queries that go on so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.cli.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_toolkit.completion import Completer

    from ltrr_cli.engine import Engine

MOST = 8
_LEAST = 2


def suggestions(engine: Engine, commands: Sequence[str], line: str) -> list[str]:
    """Return what a line may become."""
    if line.startswith(":"):
        return [command for command in commands if command.startswith(line) and command != line]
    text = line.lstrip()
    return [one.text for one in engine.complete(text, k=MOST)] if len(text) >= _LEAST else []


def completer(engine: Engine, commands: Sequence[str]) -> Completer:
    """Return the completer of an index."""
    from prompt_toolkit.completion import Completer, Completion

    class Lines(Completer):
        """Completes whole lines: what was typed is replaced."""

        def get_completions(self, document: Any, complete_event: Any) -> Iterable[Completion]:
            del complete_event
            return self._found(document.text_before_cursor)

        def _found(self, line: str) -> Iterator[Completion]:
            for one in suggestions(engine, commands, line):
                shown = safe(one)
                yield Completion(shown, start_position=-len(line), display=shown)

    return Lines()
