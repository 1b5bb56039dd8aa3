"""What was made is kept, and never too much of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.kept import Kept


@given(st.lists(st.integers(0, 9)), st.integers(1, 12))
def test_as_if_made_each_time(arguments: list[int], most: int) -> None:
    """Whatever comes in whatever order has its own value; what is kept is not made again."""
    made: list[int] = []

    def make(argument: int) -> str:
        made.append(argument)
        return str(argument)

    kept = Kept(make, most)
    for argument in arguments:
        known = argument in kept
        before = len(made)
        assert kept[argument] == str(argument)
        assert len(made) == before + (not known)
        assert len(kept) <= most
