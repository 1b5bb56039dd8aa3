"""Answers as tables and explanations, made by hand."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from ltrr_cli.cli.console import make_console
from ltrr_cli.cli.explain import show_explained
from ltrr_cli.cli.render import fit, moved, show_answer, why
from ltrr_cli.cli.text import dumps
from ltrr_cli.records import Answer, Arm, Reserved, Result, Trace
from ltrr_cli.wire.answers import answer_json

EVIL = "\x1b[31mEvil\x1b]0;owned\x07\nlove\u202e \x9b2J\x7f end \ud800"


def _answer(count: int = 2, text: str = EVIL) -> Answer:
    """Return an answer in which every text is `text`."""
    results = tuple(
        Result(
            rank=n + 1,
            id=f"{text}{n}",
            type=text,
            title=text,
            text=f"{text} and more {text}",
            score=0.75,
            strategies={text: n + 1},
            contributions={text: 0.5, "other": 0.25},
        )
        for n in range(count)
    )
    trace = Trace(
        now=0.0,
        k=10,
        segments=("000001",),
        learned="000001",
        policy_version=3,
        ranker_version=0,
        mode=text,
        particle=1,
        epsilon=0.02,
        explored=True,
        seed=1,
        context={"words": 1.0, "broken": float("nan")},
        arms=(Arm(name=text, depth=5, returned=2, ms=0.1, error=text),),
        propensity=0.5,
        pool_ids=(),
        pool={},
        feature_names=(text, "other"),
        features=((1.0, 0.5),) * count,
        scores=(0.75,) * count,
        reserved=Reserved(position=2, entity_id=text, arm=text),
    )
    return Answer(query_id=text, query=text, results=results, took_ms=1.25, trace=trace, readings=(text,))


@pytest.mark.parametrize("columns", ["30", "100"])
def test_nothing_in_an_answer_reaches_the_terminal_raw(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever field of an answer holds control characters, the table and the explanation show escapes."""
    monkeypatch.setenv("COLUMNS", columns)
    answer = _answer()
    show_answer(make_console(), answer, before={answer.results[0].id: 2})
    show_explained(make_console(), answer)
    shown = capsys.readouterr().out.replace("\n", "")
    assert "\\x1b[31mEvil\\x1b" in shown
    assert all(unicodedata.category(char) not in ("Cc", "Cs") for char in shown)
    assert "\u202e" not in shown
    written = dumps(answer_json(answer, explain=True))
    assert all(unicodedata.category(char) not in ("Cc", "Cs") for char in written)


def test_what_moved() -> None:
    """Up, down, new, or nothing to say."""
    assert [moved(1, 5)[0], moved(2, 1)[0], moved(3, None)[0], moved(4, 4)[0]] == ["▲ 5→1", "▼ 1→2", "new", ""]


def test_why_is_ordered_by_rank() -> None:
    """The strategy that ranked a result highest comes first; equal ranks by name."""
    result = replace(_answer().results[0], strategies={"b": 2, "a": 2, "c": 1})
    assert why(result) == ("c 1", "a 2", "b 2")


def test_fit_counts_cells() -> None:
    """Cut text ends with an ellipsis; a wide character that does not fit whole is left out."""
    assert fit("abc", 5) == "abc  "
    assert fit("abcdef", 4) == "abc…"
    assert fit("東京都", 4) == "東 …"
    assert fit("abc", 0) == ""


def test_the_text_shown_is_near_the_query(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the query's word is far into the text, the line starts near it."""
    monkeypatch.setenv("COLUMNS", "80")
    answer = _answer(1, "plain")
    found = replace(answer.results[0], title="T", text="word " * 100 + "needle in the hay")
    show_answer(
        make_console(),
        replace(answer, results=(found,)),
        marks=lambda text: [(at, at + 6) for at in (text.find("needle"),) if at >= 0],
    )
    out = capsys.readouterr().out
    assert "… word" in out
    assert "needle in the hay" in out


def test_explained_parts_add_up(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part is value × weight = contribution, then the score; who chose, and the place kept for exploring."""
    monkeypatch.setenv("COLUMNS", "80")
    show_explained(make_console(), _answer(1, "plain"))
    out = capsys.readouterr().out
    assert "1.000 ×  0.500 =  0.500\n" in out
    assert "0.500 ×  0.500 =  0.250\n" in out
    assert "score                                      =  0.750\n" in out
    assert "by policy version 3 (plain), propensity 0.5000, exploring" in out
    assert "place 2 is kept for a find of plain alone" in out
    assert "failed: plain" in out
