"""The prompt in a terminal: search, click, see it move."""

from __future__ import annotations

import os
import re
import signal
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Open

PROMPT = r"ltrr>[\s\x08]*$"


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_click_moves_a_result_and_shows_it(term: str, terminal: Open, index: Path) -> None:
    """After a click the same query is asked again: what was clicked is marked as having come up."""
    opened = terminal("query", "--seed", "1", "-i", index, TERM=term)
    assert ":help" in opened.until(PROMPT)
    shown = opened.type("love")
    title = re.search(r"^ 10 +(\S+ \S+ \d+)", shown, re.MULTILINE)
    assert title, shown
    after = opened.type(":like 10")
    assert f"like 10: {title[1]}" in after
    found = re.search(rf"^ +(\d+) ▲ 10→(\d+) +{title[1]}", after, re.MULTILINE)
    assert found, after
    assert int(found[1]) == int(found[2]) < 10
    assert "▼" in after
    assert opened.leave() == 0


def test_every_command(terminal: Open, index: Path) -> None:
    """Each does what :help says, and mistakes do not end the session."""
    opened = terminal("query", "--seed", "1", "-i", index, TERM="dumb")
    opened.until(PROMPT)
    assert "nothing was asked yet" in opened.type(":click 1")
    assert "2 results from now on" in opened.type(":k 2")
    assert "2 results ·" in opened.type("rain")
    assert "name a result by its number, 1 to 2" in opened.type(":click 3")
    assert " × " in opened.type(":why 1")
    assert "propensity" in opened.type(":explain")
    assert "user: ann" in opened.type(":user ann")
    assert "play 2: " in opened.type(":play 2 3m")
    assert "'soon' is no time" in opened.type(":play 2 soon")
    for command, action in ((":click", "click"), (":skip", "skip"), (":dislike", "dislike"), (":buy", "purchase")):
        assert f"{action} 1: " in opened.type(f"{command} 1")
    assert "5 events" in opened.type(":info")
    assert "filter: type = album, 9 entities" in opened.type(":filter type = album")
    assert "results of 9 entities within the filter" in opened.type("rain")
    assert "expected a value" in opened.type(":filter type =")
    assert "no filter" in opened.type(":filter")
    assert "expects 0." in opened.type(":why 1")
    assert "it was shown, at rank" in opened.type(":missing e02") or "it was" in opened.type(":missing e02")
    assert "the index has no entity with this id" in opened.type(":missing nothing")
    assert re.search(r"^  3 ", opened.type(":more"), re.MULTILINE)
    assert "taken back" in opened.type(":undo")
    assert "policy version" in opened.type(":arms")
    assert "mean reward" in opened.type(":arms lexical")
    assert "there are lexical" in opened.type(":arms nope")
    assert "4 events" in opened.type(":learn") or "5 events" in opened.type(":learn")
    saved = index.parent / "answer.csv"
    assert "written: " in opened.type(f":save {saved}")
    assert len(saved.read_text().splitlines()) == 5
    assert "this file exists" in opened.type(f":save {saved}")
    assert "no form ends so" in opened.type(":save answer.doc")
    assert "there is no command :nonsense" in opened.type(":nonsense")
    assert "there is no command :" in opened.type(":")
    assert ":play N 180s" in opened.type(":help")
    assert ":k takes a number" in opened.type(":k many")
    os.write(opened.master, b":quit\r")
    assert opened.process.wait(60) == 0
    events = "".join(path.read_text() for path in (index / "log").glob("events-*"))
    assert '"ann"' in events
    assert "180" in events


def test_a_narrow_window(terminal: Open, index: Path) -> None:
    """In 40 columns no line of results is cut by the terminal."""
    opened = terminal("query", "--seed", "1", "-i", index, columns=40, TERM="dumb")
    opened.until(PROMPT)
    for text in ("summer love", ":click 5"):
        lines = opened.type(text).split("\n")
        results = [line for line in lines if re.match(r" {1,4}\S", line)]
        assert len(results) >= 20
        assert max(map(cell_len, results)) <= 40


def test_titles_cannot_write_to_the_terminal(terminal: Open, index: Path) -> None:
    """On a dumb terminal not one control character gets through, whatever was found or typed."""
    opened = terminal("query", "-k", "40", "-i", index, TERM="dumb")
    opened.until(PROMPT)
    assert "love\\u202e" in opened.type("evil love")
    opened.type(":explain")
    opened.type(":why 1")
    raw = opened.raw.replace("\r", "").replace("\n", "")
    assert all(unicodedata.category(char) != "Cc" for char in raw)


def test_without_a_log_there_is_nothing_to_click(terminal: Open, index: Path) -> None:
    """With --no-log a click is refused, and explained."""
    opened = terminal("query", "--no-log", "-i", index, TERM="dumb")
    opened.until(PROMPT)
    opened.type("love")
    assert "not logged" in opened.type(":click 1")
    assert opened.leave() == 0


def test_interrupting_clears_the_line_and_terminating_leaves(terminal: Open, index: Path) -> None:
    """Ctrl-C gives a new prompt; a termination leaves with 143."""
    opened = terminal("query", "-i", index)
    opened.until(PROMPT)
    os.write(opened.master, b"half a li\x03")
    opened.until(rf"(?s)half a li.*\n.*{PROMPT}")
    opened.process.send_signal(signal.SIGTERM)
    assert opened.process.wait(60) == 143


@pytest.mark.parametrize("attempt", range(4))
def test_a_termination_meets_the_prompt_as_it_starts_again(attempt: int, terminal: Open, index: Path) -> None:
    """Sent at once after Ctrl-C it is never swallowed, wherever the editor is between two prompts."""
    opened = terminal("query", "-i", index)
    opened.until(PROMPT)
    os.write(opened.master, b"x\x03" * attempt + b"half a li\x03")
    opened.process.send_signal(signal.SIGTERM)
    assert opened.process.wait(60) == 143


def test_history_is_kept_in_the_index_or_where_it_is_asked_for(terminal: Open, index: Path, tmp_path: Path) -> None:
    """Nothing is written outside the index, unless LTRR_HISTORY names a file, which must be writable; 0 keeps none."""
    home = tmp_path / "home"
    home.mkdir()
    env: dict[str, Any] = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    opened = terminal("query", "-i", index, **env)
    opened.until(PROMPT)
    opened.type("love")
    assert opened.leave() == 0
    assert list(home.rglob("*")) == []
    assert "+love\n" in (index / "history").read_text()
    for args, kept in (([], "0"), (["--no-log"], "")):
        opened = terminal("query", *args, "-i", index, LTRR_HISTORY=kept)
        opened.until(PROMPT)
        opened.type("summer")
        assert opened.leave() == 0
    assert "summer" not in (index / "history").read_text()
    opened = terminal("query", "-i", index, LTRR_HISTORY=str(home / "history"), **env)
    opened.until(PROMPT)
    opened.type("rain")
    assert opened.leave() == 0
    assert "+rain\n" in (home / "history").read_text()
    opened = terminal("query", "-i", index, LTRR_HISTORY=str(home / "no" / "history"))
    opened.until("LTRR_HISTORY cannot be written")
    assert opened.process.wait(60) == 1
