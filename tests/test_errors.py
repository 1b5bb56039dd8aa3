"""The error tree: what happened, where, and what to do next."""

from __future__ import annotations

import re

import pytest

from ltrr_cli import errors
from ltrr_cli.errors import LtrrError, UsageError

CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, LtrrError)]


@pytest.mark.parametrize(
    ("where", "advice", "line"),
    [
        ("", "", "it broke"),
        ("a.jsonl, line 3", "", "it broke (a.jsonl, line 3)"),
        ("", "mend it", "it broke – mend it"),
        ("a.jsonl", "mend it", "it broke (a.jsonl) – mend it"),
    ],
)
@pytest.mark.parametrize("kind", CLASSES)
def test_one_line(kind: type[LtrrError], where: str, advice: str, line: str) -> None:
    """An error reads: what (where) – next; absent parts leave no trace."""
    error = kind("it broke", where=where, next=advice)
    assert str(error) == line
    assert (error.what, error.where, error.next) == ("it broke", where, advice)


@pytest.mark.parametrize("kind", CLASSES)
def test_exit_codes(kind: type[LtrrError]) -> None:
    """Only a wrong call exits with 2."""
    assert kind.exit_code == (2 if issubclass(kind, UsageError) else 1)


def test_the_tree_in_the_docstring_is_complete() -> None:
    """The module's docstring names every class, each below its base."""
    lines = (errors.__doc__ or "").splitlines()
    named = {match[2]: len(match[1]) for line in lines if (match := re.match(r"([│├└─ ]*)([A-Z]\w+Error)", line))}
    assert set(named) == {kind.__name__ for kind in CLASSES}
    for kind in CLASSES:
        if kind is not LtrrError:
            base = kind.__base__
            assert base is not None
            assert named[kind.__name__] == named[base.__name__] + 4
