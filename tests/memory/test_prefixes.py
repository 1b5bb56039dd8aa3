"""Texts by their beginning."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.memory.prefixes import Prefixes, write_prefixes


def test_nothing_written(tmp_path: Path) -> None:
    """An index of before has no table."""
    assert Prefixes.open(tmp_path / "none") is None


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.text(alphabet="ab 東é", max_size=4), st.integers(0, 3), st.integers(0, 5)), max_size=30),
    st.text(alphabet="ab 東é", max_size=3),
    st.integers(1, 5),
)
def test_the_heaviest_that_begin_so(rows: list[tuple[str, int, int]], prefix: str, most: int) -> None:
    """Exactly the keys with the prefix and a number high enough, the heaviest first, equal ones by their bytes."""
    with TemporaryDirectory() as folder:
        write_prefixes(Path(folder), ((key, float(weight), number) for key, weight, number in rows))
        table = Prefixes.open(Path(folder))
        assert table is not None
        assert len(table) == len(rows)
        for least in (None, 3):
            fitting = [row for row in rows if row[0].startswith(prefix) and (least is None or row[2] >= least)]
            fitting.sort(key=lambda row: (-row[1], row[0].encode(), row[2]))
            found = table.best(prefix, most, least=least)
            assert [(one.key, one.weight, one.number) for one in found] == fitting[:most]
