"""Results and completions while typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.cli import instant
from ltrr_cli.cli.completing import suggestions
from ltrr_cli.cli.instant import SHOWN, Instant
from ltrr_cli.cli.repl import COMMANDS, HELP
from ltrr_cli.engine import Engine
from ltrr_cli.wire.asking import Asking

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def _text(drawn: list[tuple[str, str]]) -> str:
    return "".join(text for _, text in drawn)


def test_the_best_are_shown_and_nothing_is_logged(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five lines, the query's words marked; commands, single letters and low terminals show nothing."""
    monkeypatch.setattr(instant, "LIMIT", 60.0)
    monkeypatch.setenv("COLUMNS", "40")
    with Engine.open(index) as engine:
        shown = Instant(engine, Asking())
        drawn = shown.draw("summer love")
        assert len(_text(drawn).split("\n")) == SHOWN
        assert max(map(len, _text(drawn).split("\n"))) <= 40
        assert ("class:mark", "Summer") in drawn
        assert shown.draw("s") == []
        assert shown.draw(":click 1") == []
        monkeypatch.setenv("LINES", "8")
        assert shown.draw("night") == []
        assert engine.info().impressions == 0


def test_a_slow_index_is_not_asked_at_every_key(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few answers above the limit there are no more."""
    monkeypatch.setattr(instant, "LIMIT", 0.0)
    with Engine.open(index) as engine:
        shown = Instant(engine, Asking())
        assert (
            sum(bool(shown.draw(text)) for text in ("lov", "love", "love r", "love ra", "love rai", "love rain")) == 4
        )
        assert not shown.on


def test_titles_cannot_write_to_the_terminal(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a catalogue holds is escaped here too."""
    monkeypatch.setattr(instant, "LIMIT", 60.0)
    with Engine.open(index) as engine:
        text = _text(Instant(engine, Asking()).draw("evil end"))
        assert "\\u202e" in text
        assert "\u202e" not in text


def test_suggestions(built: Path) -> None:
    """Commands after a colon; else what goes on so, whatever its case."""
    with Engine.open(built) as engine:
        assert suggestions(engine, COMMANDS, ":cl") == [":click"]
        assert suggestions(engine, COMMANDS, "l") == []
        found = suggestions(engine, COMMANDS, "lOve ")
        assert found
        assert all("love" in text.casefold() for text in found)
        assert suggestions(engine, COMMANDS, "nothing so") == []


def test_help_names_every_command() -> None:
    """What can be completed is what :help explains, and help itself."""
    assert all(command in HELP for command in COMMANDS if command != ":help")
    assert {":undo", ":missing", ":save", ":play"} <= set(COMMANDS)
