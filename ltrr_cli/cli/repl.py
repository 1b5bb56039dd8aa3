"""The prompt: search, click, and see at once what that changed."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from ltrr_cli.cli.asking import tell_failures
from ltrr_cli.cli.console import make_console
from ltrr_cli.cli.render import show_answer
from ltrr_cli.cli.text import notice, plural, safe, say, tell_error
from ltrr_cli.errors import ConfigError, LtrrError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ltrr_cli.cli.asking import Asking
    from ltrr_cli.engine import Engine
    from ltrr_cli.records import Answer, Result

ACTIONS = {"click": "click", "like": "like", "play": "play", "skip": "skip", "dislike": "dislike", "buy": "purchase"}
HELP = """\
words          search
:click N       say what you did with result N: also :like, :skip,
               :dislike, :buy; the query is asked again at once
:play N 180s   played, and for how long (seconds, or 3m)
:why N         what made up the score of result N
:explain       how the whole answer came about
:k N           how many results
:user NAME     who asks (nothing: nobody)
:filter EXPR   find only what meets it, such as year >= 1990 and
               genre = rock (nothing: everything)
:info          what the index holds and has learned
:quit          leave, as does Ctrl-D"""


class Repl:
    """A prompt on one index. It remembers the last answer, which commands refer to by rank."""

    def __init__(self, engine: Engine, path: Path, asking: Asking, *, explain: bool = False) -> None:
        self._engine = engine
        self._path = path
        self._asking = replace(asking, session=asking.session or f"prompt-{secrets.token_hex(4)}", explain=True)
        self._explain = explain
        self._last: Answer | None = None

    def run(self) -> None:
        """Prompt until the end of input."""
        ask = _prompt()
        say(f"{safe(self._path)}: type words to search, :help for commands, Ctrl-D to leave")
        while True:
            try:
                line = ask("ltrr> ").strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if line in (":quit", ":q", ":exit"):
                return
            if line:
                try:
                    self.handle(line)
                except LtrrError as error:
                    tell_error(error)

    def handle(self, line: str) -> None:
        """Do what a line says."""
        if not line.startswith(":"):
            self._search(line)
            return
        command, *words = line[1:].split() or [""]
        if command == "filter":
            self._filter(line[1:].strip().removeprefix("filter").strip())
            return
        if command in ACTIONS:
            self._act(ACTIONS[command], words)
        elif command == "why":
            from ltrr_cli.cli.explain import show_why

            answer = self._answered()
            show_why(make_console(), answer, self._result(words))
        elif command == "explain":
            from ltrr_cli.cli.explain import show_explained

            show_explained(make_console(), self._answered())
        elif command == "info":
            from ltrr_cli.cli.info import show_info

            show_info(make_console(), self._engine.info())
        elif command == "help":
            say(HELP)
        else:
            self._set(command, words)

    def _set(self, command: str, words: list[str]) -> None:
        if command == "k":
            if len(words) != 1 or not words[0].isascii() or not words[0].isdigit() or not int(words[0]):
                raise UsageError(":k takes a number from 1")
            self._asking = replace(self._asking, k=int(words[0]))
            say(f"{int(words[0])} results from now on")
        elif command == "user":
            self._asking = replace(self._asking, user=" ".join(words))
            say(f"user: {safe(self._asking.user) or 'nobody'}")
        else:
            raise UsageError(f"there is no command :{command}", next="see :help")

    def _filter(self, written: str) -> None:
        """Find only what meets a filter from now on. Raises `UsageError` where it cannot be read."""
        allowed = self._engine.count(written)
        self._asking = replace(self._asking, filter=written)
        say(f"filter: {safe(written)}, {plural(allowed, 'entity', 'entities')}" if written else "no filter")

    def _search(self, text: str) -> None:
        self._last = self._asking.ask(self._engine, text)
        tell_failures(self._last)
        if self._explain:
            from ltrr_cli.cli.explain import show_choice

            show_choice(make_console(), self._last)
        show_answer(make_console(), self._last)

    def _act(self, action: str, words: list[str]) -> None:
        """Record an action on the last answer, ask its query again, and show what moved."""
        before, result = self._answered(), self._result(words)
        if not self._asking.log:
            raise UsageError("this answer was not logged, so nothing can refer to it", next="start without --no-log")
        dwell = _seconds(words[1]) if len(words) > 1 else 0.0
        user, session = self._asking.user, self._asking.session
        new = self._engine.record(before.query_id, result.id, action, user=user, session=session, dwell=dwell)
        if not new:
            notice("recorded before: nothing changed")
        # the same seed: what moves has moved because of the action, not by chance
        after = replace(self._asking, seed=before.trace.seed).ask(self._engine, before.query)
        ranks = {shown.id: shown.rank for shown in before.results}
        say(f"{action}: {safe(result.title or result.id)}")
        show_answer(make_console(), after, before=ranks)
        now = {shown.id for shown in after.results}
        gone = [safe(r.title or r.id) for r in before.results[: self._asking.k] if r.id not in now]
        if gone:
            say(f"gone: {', '.join(gone)}")
        self._last = after

    def _answered(self) -> Answer:
        if self._last is None:
            raise UsageError("nothing was asked yet", next="type some words first")
        return self._last

    def _result(self, words: list[str]) -> Result:
        """Return the result of the last answer that a command names by its rank."""
        results = self._answered().results
        rank = int(words[0]) if words and re.fullmatch("[0-9]{1,4}", words[0]) else 0
        if not 1 <= rank <= len(results):
            raise UsageError(f"name a result by its number, 1 to {len(results)}", next="for example :click 1")
        return results[rank - 1]


def _seconds(text: str) -> float:
    """Read `180`, `180s` or `3m`."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(s|m|)", text)
    if found is None:
        raise UsageError(f"{safe(text)!r} is no time", next="write 180s or 3m")
    return float(found[1]) * (60 if found[2] == "m" else 1)


def _prompt() -> Callable[[str], str]:
    """Return what reads a line: an editor with a history in memory (LTRR_HISTORY: in a file), or as simple as can be.

    Raises:
        ConfigError: the history file cannot be written.
    """
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        return input  # prompt_toolkit cannot be left with Ctrl-D there (seen with 3.0.53)
    # It asks the terminal where its cursor is, and warns on those that do not answer; one line needs no such answer.
    os.environ.setdefault("PROMPT_TOOLKIT_NO_CPR", "1")
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory

    history: History = InMemoryHistory()
    if name := os.environ.get("LTRR_HISTORY"):
        try:
            with open(name, "ab"):  # noqa: PTH123 – FileHistory opens it so, later and in a thread
                history = FileHistory(name)
        except OSError as error:
            raise ConfigError(f"LTRR_HISTORY cannot be written: {error.strerror}", where=name) from error
    session: PromptSession[str] = PromptSession(history=history)
    return session.prompt
