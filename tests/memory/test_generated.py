"""The file of generated queries: written, read, damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.memory.generated import NAME, Generated, read_generated, write_generated

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
ROWS = st.builds(
    Generated,
    text=st.integers(0, 2**64 - 1),
    by=st.text(CHARACTERS),
    queries=st.lists(st.text(CHARACTERS)).map(tuple),
)


@given(rows=st.lists(ROWS))
def test_round_trip(rows: list[Generated], tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is written is read."""
    directory = tmp_path_factory.mktemp("segment")
    write_generated(directory, rows)
    assert list(read_generated(directory)) == rows


def test_damage(tmp_path: Path) -> None:
    """A line that is none is left out; where there is no file there are no queries."""
    assert list(read_generated(tmp_path)) == []
    good = Generated(text=7, by="m:3", queries=("love",))
    write_generated(tmp_path, [good])
    line = (tmp_path / NAME).read_bytes()
    bad = [b'{"text": 7}', b"[]", b"\xff", line.replace(b'["love"]', b"[1]"), line.replace(b'"0000', b'"zz'), line[:20]]
    (tmp_path / NAME).write_bytes(b"\n".join([*bad, line]))
    assert list(read_generated(tmp_path)) == [good]
    (tmp_path / NAME).write_bytes(line.replace(b"love", rb"\ud800"))
    write_generated(tmp_path, list(read_generated(tmp_path)))
    assert [one.queries for one in read_generated(tmp_path)] == [("\ufffd",)]
