"""Where ids were first seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.catalog import seen
from ltrr_cli.catalog.seen import Seen

HASHES = st.sampled_from([0, 1, 2, 3, 5, 8, 2**63, 2**64 - 2, 2**64 - 1])


@given(values=st.lists(HASHES, max_size=40), recent=st.integers(1, 5))
def test_as_a_dictionary(values: list[int], recent: int) -> None:
    """However few are kept in the dictionary, each hash has the place that it first came with."""
    expected: dict[int, int] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen, "_RECENT", recent)
        found = Seen()
        for place, value in enumerate(values):
            assert found.before(value, place) == expected.get(value)
            expected.setdefault(value, place)
