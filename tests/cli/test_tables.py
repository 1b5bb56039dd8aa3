"""Tables: whole and plain in a pipe, fitted but never cut in a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.cli.tables import show
from ltrr_cli.evaluation.chart import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

EVIL = "\x1b[31mEvil\x07\nlove\u202e \ud800"
MEASURES = Table(
    header=("system", "nDCG@10", "note"),
    rows=(("ltrr", "0.880", "learned"), ("音楽 bm25", "12.5"), ("x", "–", "[bold]:smile:")),
    numeric=(1,),
    caption="MSRD",
)


def test_a_pipe_gets_aligned_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns are two spaces apart, numbers right, wide letters count as two; markup is text, short rows are filled."""
    show(MEASURES)
    assert capsys.readouterr().out.split("\n") == [
        "MSRD",
        "system     nDCG@10  note",
        "ltrr         0.880  learned",
        "音楽 bm25     12.5",
        "x                –  [bold]:smile:",
        "",
    ]


def test_a_pipe_gets_whole_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """However narrow the terminal, what is piped is neither cut nor folded, nor coloured."""
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    show(Table(header=("name", "text"), rows=(("n" * 100, "t" * 300),)))
    out = capsys.readouterr().out
    assert out.splitlines()[1] == "n" * 100 + "  " + "t" * 300
    assert "\x1b" not in out


def test_control_characters_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    """Header, cells and caption are shown with escapes."""
    show(Table(header=(EVIL,), rows=((EVIL,),), caption=EVIL))
    assert capsys.readouterr().out == "\\x1b[31mEvil\\x07 love\\u202e \\ud800\n" * 3


@given(cells=st.lists(st.lists(st.text(max_size=8), max_size=4), max_size=4), numeric=st.sets(st.integers(0, 4)))
def test_any_table_is_printed(cells: list[list[str]], numeric: set[int]) -> None:
    """Whatever the cells, there is a line for the header and one for each row."""
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ltrr_cli.cli.tables.say", lambda text="": lines.append(text))
        show(Table(header=("a", "b"), rows=tuple(map(tuple, cells)), numeric=tuple(numeric)))
    assert len(lines) == 1 + len(cells)
    assert not any("\n" in line for line in lines)


def _in_terminal(table: Table, columns: int) -> Sequence[str]:
    """Return the lines that a terminal of so many columns gets."""
    program = f"from ltrr_cli.evaluation.chart import Table; from ltrr_cli.cli.tables import show; show({table!r})"
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm", "PYTHONUTF8": "1"}
    subprocess.run([sys.executable, "-c", program], stdout=follower, env=environment, check=True, timeout=60)
    os.close(follower)
    out = b""
    try:
        while piece := os.read(leader, 65536):
            out += piece
    except OSError:
        pass  # Linux says so when the other end is closed
    os.close(leader)
    return out.decode().replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "").splitlines()


def test_a_terminal_gets_the_same_table() -> None:
    """Where there is room, a terminal shows the same columns."""
    lines = [line.rstrip() for line in _in_terminal(MEASURES, 80)]
    assert lines == [
        "MSRD",
        "system     nDCG@10  note",
        "ltrr         0.880  learned",
        "音楽 bm25     12.5",
        "x                –  [bold]:smile:",
    ]


def test_a_narrow_terminal_folds_and_cuts_nothing() -> None:
    """A cell that is too long goes on in the lines below; no line is wider than the terminal."""
    letters = "abcdefghijklmnopqrstuvwxyz" * 3
    lines = _in_terminal(Table(header=("name", "n"), rows=((letters, "7"),), numeric=(1,)), 30)
    assert max(map(len, lines)) <= 30
    assert "".join(line.split()[0] for line in lines[1:]) == letters
    assert "7" in lines[1]
