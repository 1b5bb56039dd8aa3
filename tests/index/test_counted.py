"""Values that are counted in files."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.index import gathered
from ltrr_cli.index.counted import Counted

PAIRS = st.lists(st.tuples(st.sampled_from(["genre", "artist", "tag"]), st.sampled_from(["", "a", "ab", "ä", "東京"])))


@settings(deadline=None)  # files
@given(entities=st.lists(PAIRS, max_size=20), length=st.integers(1, 30))
def test_as_counted_in_memory(
    entities: list[list[tuple[str, str]]], length: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In however many tables, and asked for twice, it is what a counter says, of the values and of their words."""
    folder = tmp_path_factory.mktemp("counted") / "values"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_TOGETHER", 5), ("_RANGE", length), ("_SAMPLED", 1)):
            patch.setattr(gathered, name, value)
        counted = Counted(folder)
        for pairs in entities:
            counted.add(pairs)
        pl.concat(counted.tables())
        table = pl.concat(counted.tables())
    names = counted.names
    assert counted.entities == len(entities)
    expected = Counter(pair for pairs in entities for pair in set(pairs))
    assert {(names[name], word): count for word, name, count, _ in table.iter_rows()} == expected
    words = table.group_by("word", maintain_order=True).agg(pl.col("first").sum())
    assert dict(words.iter_rows()) == Counter(word for pairs in entities for word in {word for _, word in pairs})
    assert words["word"].to_list() == sorted({word for _, word in expected})
    counted.remove()
    assert not folder.exists()
