"""Exposure: read off the lines of the queries log."""

from __future__ import annotations

import numpy as np
import pytest

from ltrr_cli.feedback.log import encode_line
from ltrr_cli.feedback.ubi import impression_to_ubi
from ltrr_cli.memory.exposure import HALF_LIFE, Exposure, shown_at, shown_on
from ltrr_cli.records import Impression
from ltrr_cli.text import hash64

TIME = 1_750_000_000.0
TRICKY = '"query_response_hit_ids":["x"] "timestamp":"1999'


def test_places_and_time() -> None:
    """The first place counts 1, the second 1/2; after the half-life half is left."""
    exposure = Exposure()
    exposure.add(["a", "b"], TIME)
    exposure.add(["b"], TIME)
    entities = np.array([hash64(one) for one in ("a", "b", "c")], np.uint64)
    assert exposure.of(entities, TIME).tolist() == pytest.approx([1, 1.5, 0])
    assert exposure.of(entities[:1], TIME + HALF_LIFE).tolist() == pytest.approx([0.5])
    assert exposure.pages(TIME) == pytest.approx(2)


@pytest.mark.parametrize("text", ["love", TRICKY, 'a "quoted" \\ line', "東京\n"])
def test_lines(text: str) -> None:
    """What was shown, and when, is read off a line, whatever was typed."""
    line = encode_line(impression_to_ubi(Impression(query_id="q", text=text, time=TIME, shown=('a"b', "東", "c"))))
    assert shown_on(line) == ['a"b', "東", "c"]
    assert shown_at(line).startswith("2025-06-15")


@pytest.mark.parametrize("line", [b"", b"{}", b'{"query_response_hit_ids":[1, "a"', b'{"query_response_hit_ids":[\xff'])
def test_torn_lines(line: bytes) -> None:
    """A torn line shows nothing."""
    assert shown_on(line) == []
