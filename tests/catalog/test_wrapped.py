"""One object around the records, and records over several lines: found, and told from records that hold lists."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.catalog.jsonl import elements
from ltrr_cli.catalog.readers import read
from ltrr_cli.catalog.source import Meter
from ltrr_cli.catalog.stream import HEAD
from ltrr_cli.catalog.wrapped import around
from ltrr_cli.records import Bad

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS: list[dict[str, Any]] = [
    {"id": 1, "title": "a ]} [{", "variants": [{"price": 1}, {"price": 2}]},
    {"id": 2, "title": 'say "{"', "variants": []},
]
EXPORTS: list[dict[str, Any]] = [
    {"products": ROWS},
    {
        "count": 2,
        "next": None,
        "meta": {"page": 1, "tags": "}"},
        "kinds": ["a", "b"],
        "items": ROWS,
        "more": [{"x": 1}],
    },
    {"type": "FeatureCollection", "features": ROWS},
]


def rows(text: str) -> tuple[list[tuple[int, Mapping[str, object] | Bad]], list[str]]:
    """Return what a file holds, and what is said of it."""
    meter = Meter()
    return list(read("-", stdin=io.BytesIO(text.encode()), meter=meter)), meter.notes


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("export", EXPORTS)
def test_an_export_is_read(export: dict[str, Any], indent: int | None) -> None:
    """The list that holds objects is the catalogue, and nothing else of the object is; each record has its line."""
    text = json.dumps(export, indent=indent)
    found, notes = rows(f"\n{text}\n")
    assert [row for _, row in found] == ROWS
    lines = f"\n{text}".split("\n")
    assert all("{" in lines[number - 1] for number, _ in found)
    name = next(name for name, value in export.items() if value is ROWS)
    assert notes == [f"stdin is one object: the records are those under {name!r}"]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_great_export_is_read_bit_by_bit(indent: int | None) -> None:
    """What is looked at ends within it."""
    export = {"count": 1, "items": [{"id": number, "title": "x" * 1000} for number in range(HEAD // 900)]}
    found, _ = rows(json.dumps(export, indent=indent))
    assert [row["id"] for _, row in found if not isinstance(row, Bad)] == list(range(HEAD // 900))


def test_a_broken_record_in_it_is_one() -> None:
    """With its line; the others are read."""
    found, _ = rows('{"items": [\n{"id": 1},\n{"id": oops},\n{"id": 2}], "next": 3}')
    assert [row["id"] for _, row in found if not isinstance(row, Bad)] == [1, 2]
    assert [(line, row.reason[:8]) for line, row in found if isinstance(row, Bad)] == [(3, "not JSON")]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS[0]),
        json.dumps(ROWS[0], indent=1),
        "\n".join(json.dumps({"genres": [{"name": "a"}], "text": "b"}) for _ in range(3)),
        "\n".join(json.dumps({"genres": [{"name": "a"}], "text": "b"}, indent=1) for _ in range(3)),
        json.dumps({"genres": [{"name": "a"}], "title": "after"}),
        json.dumps({"data": {"items": [{"id": 1}]}}),
        json.dumps({"items": []}),
        '{"a": True, "items": [{"id": 1}',
        '{"a\\u00": 1, "items": [{"id": 1}',
        '{"id": 1}\nbad\nbad\nbad',
        "{",
        "",
    ],
)
def test_records_with_lists_are_no_exports(text: str) -> None:
    """What has an id or a title, before the list or after, or is not alone, is a record."""
    assert around(text.encode()) is None


@pytest.mark.parametrize(
    "text",
    [
        "{broken\n" + '{"id": 1}\n' + "bad\n" * 30,
        '{"id":\n' + '{"id": 1}\n' + "bad\n" * 30,
        "{\n" + '{"id": 1}\n' * 3,
    ],
)
def test_damaged_lines_are_lines(text: str) -> None:
    """A first one that is torn does not hide the others."""
    assert {"id": 1} in [row for _, row in rows(text)[0]]


@pytest.mark.parametrize("between", ["\n", "", "\n\n", " "])
def test_objects_over_several_lines(between: str) -> None:
    """As `jq` writes them, one after the other."""
    text = between.join(json.dumps(row, indent=2) for row in ROWS)
    assert rows(text) == ([(1, ROWS[0]), (text.count("\n", 0, text.index('"id": 2')), ROWS[1])], [])


def test_a_damaged_object_is_bad() -> None:
    """It is named; one that is torn at the end too."""
    text = '{\n "id": 1\n}\n{\n "id": oops\n}\n{\n "id": 2\n}\n{\n "id": 3'
    found, _ = rows(text)
    assert [row for _, row in found if not isinstance(row, Bad)] == [{"id": 1}, {"id": 2}]
    assert [line for line, row in found if isinstance(row, Bad)] == [4, 10]


JSON = st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=6)


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=3), min_size=1, max_size=5), st.integers(1, 7))
def test_objects_are_cut_wherever_the_chunks_fall(values: list[dict[str, Any]], step: int) -> None:
    """They do not depend on how the bytes arrive, and an export around them gives the same."""
    data = "\n".join(json.dumps(value, indent=1) for value in values).encode()
    pieces = [data[i : i + step] for i in range(0, len(data), step)]
    assert [json.loads(element) for element, _ in elements(pieces, apart=True)] == values
    data = json.dumps(values).encode() + b', "next": [1, {"a": 2}]}'
    pieces = [data[i : i + step] for i in range(0, len(data), step)]
    assert [json.loads(element) for element, _ in elements(pieces, alone=True)] == values
