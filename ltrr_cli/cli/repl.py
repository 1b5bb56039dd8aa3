"""The prompt: search, click, and see at once what that changed."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from ltrr_cli.cli.asking import tell_failures
from ltrr_cli.cli.console import make_console
from ltrr_cli.cli.prompt import Prompt
from ltrr_cli.cli.render import show_answer
from ltrr_cli.cli.text import notice, plural, safe, say, tell_error
from ltrr_cli.errors import LtrrError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ltrr_cli.engine import Engine
    from ltrr_cli.records import Answer, Result
    from ltrr_cli.wire.asking import Asking

ACTIONS = {"click": "click", "like": "like", "play": "play", "skip": "skip", "dislike": "dislike", "buy": "purchase"}
HELP = """\
words          search
:click N       say what you did with result N: also :like, :dislike,
               :buy, :skip; the query is asked again at once
:play N 180s   played, and for how long (seconds, or 3m)
:undo          take the last of these back
:why N         what made up the score of result N, and what is known
               of the strategies that found it
:missing ID    why an entity is not there
:more          the next results of the same list
:explain       how the whole answer came about
:arms [NAME]   what was learned of each strategy
:learn         train now, and write down what was learned
:save FILE     write the answer: .json, .csv, .tsv
:k N           how many results
:user NAME     who asks (nothing: nobody)
:filter EXPR   find only what meets it, such as year >= 1990 and
               genre = rock (nothing: everything)
:info          what the index holds and has learned
:quit          leave, as does Ctrl-D"""
COMMANDS = (*(f":{name}" for name in ACTIONS), *re.findall(r"(?m)^(:[a-z]+)", HELP)[1:], ":help")


class Repl:
    """A prompt on one index. It remembers the last answer, which commands refer to by rank."""

    def __init__(self, engine: Engine, path: Path, asking: Asking, *, explain: bool = False) -> None:
        self._engine = engine
        self._path = path
        self._asking = replace(asking, session=asking.session or f"prompt-{secrets.token_hex(4)}", explain=True)
        self._explain = explain
        self._last: Answer | None = None
        self._commands: Mapping[str, Callable[[list[str]], None]] = {
            "undo": self._undo,
            "why": self._why,
            "missing": self._missing,
            "more": self._more,
            "explain": self._show_explained,
            "arms": self._arms,
            "learn": self._learn,
            "save": self._save,
            "k": self._k,
            "user": self._user,
            "info": self._info,
            "help": lambda _: say(HELP),
        }

    def run(self) -> None:
        """Prompt until the end of input."""
        with Prompt(self._engine, self._path, self._asking, COMMANDS) as prompt:
            say(f"{safe(self._path)}: type words to search, :help for commands, Ctrl-D to leave")
            while True:
                try:
                    line = prompt.ask("ltrr> ").strip()
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
        elif command in self._commands:
            self._commands[command](words)
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
        self._show(self._last)

    def _show(self, answer: Answer, *, before: Mapping[str, int] | None = None) -> None:
        marks = self._engine.marks
        show_answer(make_console(), answer, before=before, marks=lambda shown: marks(answer.query, shown))

    def _act(self, action: str, words: list[str]) -> None:
        """Record an action on the last answer, ask its query again, and show what moved."""
        before = self._answered()
        result = self._result(words or (["1"] if action == "skip" else []))
        if not self._asking.log:
            raise UsageError("this answer was not logged, so nothing can refer to it", next="start without --no-log")
        dwell = _seconds(words[1]) if len(words) > 1 else 0.0
        user, session = self._asking.user, self._asking.session
        new = self._engine.record(before.query_id, result.id, action, user=user, session=session, dwell=dwell)
        if not new:
            notice("recorded before: nothing changed")
        say(f"{action} {result.rank}: {safe(result.title or result.id)}")
        self._ask_again(before)

    def _undo(self, words: list[str]) -> None:
        del words
        before = self._answered()
        self._engine.undo()
        say("taken back")
        self._ask_again(before)

    def _ask_again(self, before: Answer) -> None:
        """Ask a query again, and show what moved: with the same seed, so that nothing moves by chance."""
        whole = replace(self._asking, k=max(self._asking.k, max((r.rank for r in before.results), default=0)))
        after = replace(whole, seed=before.trace.seed).ask(self._engine, before.query)
        ranks = {shown.id: shown.rank for shown in before.results}
        self._show(after, before=ranks)
        now = {shown.id for shown in after.results}
        gone = [safe(result.title or result.id) for result in before.results if result.id not in now]
        if gone:
            say(f"gone: {', '.join(gone)}")
        if ranks == {shown.id: shown.rank for shown in after.results}:
            say("nothing moved")
        self._last = after

    def _why(self, words: list[str]) -> None:
        from ltrr_cli.cli.explain import show_found, show_why

        answer, result = self._answered(), self._result(words)
        show_why(make_console(), answer, result)
        show_found(make_console(), answer, result, self._engine.arms())

    def _missing(self, words: list[str]) -> None:
        from ltrr_cli.cli.explain import show_missing

        if not words:
            raise UsageError(
                ":missing takes the id of an entity", next="ids are in :save FILE.csv, or ltrr query --ids"
            )
        if not self._asking.log:
            raise UsageError("this answer was not logged, so nothing can refer to it", next="start without --no-log")
        show_missing(make_console(), self._engine.missing(self._answered().query_id, " ".join(words)))

    def _more(self, words: list[str]) -> None:
        del words
        before = self._answered()
        if not self._asking.log:
            raise UsageError("the list behind a page is in the log", next="start without --no-log")
        reached = max((result.rank for result in before.results), default=0)
        page = self._engine.page(before.query_id, offset=reached, k=self._asking.k)
        self._show(page)
        self._last = replace(before, results=(*before.results, *page.results))

    def _show_explained(self, words: list[str]) -> None:
        from ltrr_cli.cli.explain import show_explained

        del words
        show_explained(make_console(), self._answered())

    def _arms(self, words: list[str]) -> None:
        from ltrr_cli.cli.arms import show_arm, show_arms

        info, arms = self._engine.info(), self._engine.arms()
        if not words:
            show_arms(make_console(), info, arms)
            return
        named = [arm for arm in arms if arm.name == words[0]]
        if not named:
            raise UsageError(f"no strategy is called {words[0]!r}", next=f"there are {', '.join(a.name for a in arms)}")
        show_arm(make_console(), info, named[0])

    def _learn(self, words: list[str]) -> None:
        del words
        status = self._engine.learn()
        say(f"learned from {plural(self._engine.info().events, 'event')}; ranker: {safe(status)}")

    def _save(self, words: list[str]) -> None:
        from ltrr_cli.cli.save import save

        if len(words) != 1:
            raise UsageError(":save takes a file name without spaces", next="for example :save answer.json")
        path = save(self._answered(), words[0], explain=self._explain)
        say(f"written: {safe(path)}")

    def _k(self, words: list[str]) -> None:
        if len(words) != 1 or not words[0].isascii() or not words[0].isdigit() or not int(words[0]):
            raise UsageError(":k takes a number from 1")
        self._asking = replace(self._asking, k=int(words[0]))
        say(f"{int(words[0])} results from now on")

    def _user(self, words: list[str]) -> None:
        self._asking = replace(self._asking, user=" ".join(words))
        say(f"user: {safe(self._asking.user) or 'nobody'}")

    def _info(self, words: list[str]) -> None:
        from ltrr_cli.cli.info import show_info

        del words
        show_info(make_console(), self._engine.info())

    def _answered(self) -> Answer:
        if self._last is None:
            raise UsageError("nothing was asked yet", next="type some words first")
        return self._last

    def _result(self, words: list[str]) -> Result:
        """Return the result of the last answer that a command names by its rank."""
        results = self._answered().results
        rank = int(words[0]) if words and re.fullmatch("[0-9]{1,4}", words[0]) else 0
        for result in results:
            if result.rank == rank:
                return result
        raise UsageError(f"name a result by its number, 1 to {len(results)}", next="for example :click 1")


def _seconds(text: str) -> float:
    """Read `180`, `180s` or `3m`."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(s|m|)", text)
    if found is None:
        raise UsageError(f"{safe(text)!r} is no time", next="write 180s or 3m")
    return float(found[1]) * (60 if found[2] == "m" else 1)
