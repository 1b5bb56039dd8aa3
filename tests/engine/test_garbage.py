"""The collector of garbage looks seldom while a segment is made, and as before afterwards."""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine.garbage import seldom_collected

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize("before", [(700, 10, 5), (0, 10, 10), (1_000_000, 20, 10)])
def test_seldom_and_then_as_before(before: tuple[int, int, int]) -> None:
    """Also where it was off, or seldom already, and where something fails."""
    gc.set_threshold(*before)
    with suppress(ZeroDivisionError), seldom_collected():
        young, *older = gc.get_threshold()
        assert tuple(older) == before[1:]
        assert young == (max(50_000, before[0]) if before[0] else 0)
        raise ZeroDivisionError
    assert gc.get_threshold() == before
