"""Reading a line at the prompt: with history, completion and instant results where the terminal can show them.

On a dumb terminal a line is read as simply as can be. The history is kept in the index, as nothing is kept outside it.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from ltrr_cli.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import FrameType
    from typing import Self

    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import History

    from ltrr_cli.cli.instant import Instant
    from ltrr_cli.engine import Engine
    from ltrr_cli.wire.asking import Asking

HISTORY = "history"
"""The file in the index; LTRR_HISTORY names another one, or with `0` none."""


class Prompt:
    """Reads lines. While it is open a SIGTERM leaves with 143 wherever it comes."""

    def __init__(self, engine: Engine, path: Path, asking: Asking, commands: Sequence[str]) -> None:
        self._session: PromptSession[str] | None = None
        self._editing = False
        self._stopped = 0
        self._before: Any = None
        if os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown"):
            # (prompt_toolkit cannot be left with Ctrl-D on a dumb terminal, seen with 3.0.53)
            self._session = _session(engine, asking, commands, _history(path, keep=asking.log and not engine.read_only))

    def __enter__(self) -> Self:
        """Take SIGTERM over."""
        self._before = signal.signal(signal.SIGTERM, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        signal.signal(signal.SIGTERM, self._before)

    def ask(self, message: str) -> str:
        """Return a line. Raises EOFError at the end of input and KeyboardInterrupt on Ctrl-C."""
        if self._session is None:
            return input(message)
        self._editing = True
        try:
            return self._session.prompt(message, pre_run=self._leave_if_stopped)
        finally:
            self._editing = False
            if self._stopped:
                sys.exit(128 + self._stopped)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Leave on a signal. Raised within the editor, an exit could be swallowed: it is told to leave instead."""
        del frame
        self._stopped = number
        if not self._editing or self._session is None:
            _exit(number)
        loop = self._session.app.loop
        if loop is not None:
            loop.call_soon_threadsafe(self._leave_if_stopped)

    def _leave_if_stopped(self) -> None:
        """End the editor if a signal came before or while it runs; called in its loop."""
        app = self._session.app if self._session is not None else None
        if self._stopped and app is not None and app.is_running and app.future is not None and not app.future.done():
            app.exit(exception=EOFError)


def _exit(number: int) -> NoReturn:
    sys.exit(128 + number)


def _session(engine: Engine, asking: Asking, commands: Sequence[str], history: History) -> PromptSession[str]:
    # It asks the terminal where its cursor is, and warns on those that do not answer; one line needs no such answer.
    os.environ.setdefault("PROMPT_TOOLKIT_NO_CPR", "1")
    from prompt_toolkit import PromptSession
    from prompt_toolkit.output import ColorDepth
    from prompt_toolkit.styles import Style

    from ltrr_cli.cli.completing import completer
    from ltrr_cli.cli.instant import Instant

    session: PromptSession[str] = PromptSession(
        history=history,
        completer=completer(engine, commands),
        complete_while_typing=True,
        complete_in_thread=False,
        style=Style.from_dict({"mark": "bold ansiyellow", "rank": "bold"}),
        color_depth=ColorDepth.MONOCHROME if os.environ.get("NO_COLOR") else None,
        reserve_space_for_menu=4,
    )
    _add_below(session, Instant(engine, asking))
    return session


def _add_below(session: PromptSession[str], instant: Instant) -> None:
    """Draw instant results below the line: the editor's own toolbar waits until it knows where the cursor is."""
    from prompt_toolkit.filters import is_done
    from prompt_toolkit.layout import ConditionalContainer, FormattedTextControl, HSplit, Window

    whole = session.layout.container
    if isinstance(whole, HSplit):
        below = Window(FormattedTextControl(instant.lines), dont_extend_height=True)
        whole.children.append(ConditionalContainer(below, filter=~is_done))


def _history(path: Path, *, keep: bool) -> History:
    """Return the history: in the index, or in the file that LTRR_HISTORY names; in memory where nothing is logged.

    Raises:
        ConfigError: the history file cannot be written.
    """
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    named = os.environ.get("LTRR_HISTORY", "")
    if named == "0" or not (named or keep):
        return InMemoryHistory()
    file = named or str(path / HISTORY)
    try:
        with open(file, "ab"):  # noqa: PTH123 – FileHistory opens it so, later and in a thread
            return FileHistory(file)
    except OSError as error:
        if not named:
            return InMemoryHistory()
        raise ConfigError(f"LTRR_HISTORY cannot be written: {error.strerror}", where=file) from error
