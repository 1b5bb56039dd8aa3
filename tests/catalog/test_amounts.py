"""Amounts: what is read as a number, and what looks like one and is none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.catalog import Catalog
from ltrr_cli.catalog.amounts import COMMA, POINT, amount, mark_of
from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = [
    ("x", ["$12.50", "$7", "-$1,299.00"], POINT, [12.5, 7, -1299]),
    ("x", ["1.299,00 €", "12,50 €", "€7"], COMMA, [1299, 12.5, 7]),
    ("x", ["CHF 1'200.50", "CHF 3"], POINT, [1200.5, 3]),
    ("x", ["10\u00a0000 kr", "999 kr"], POINT, [10000, 999]),
    ("x", ["1,299 €", "2,499 €"], POINT, [1299, 2499]),
    ("x", ["999 €", "1.299 €", "2.499 €"], COMMA, [999, 1299, 2499]),
    ("x", ["$1.2995", "$1.3095"], POINT, [1.2995, 1.3095]),
    ("x", ["$12", "USD 5.50", "US$7"], POINT, [12, 5.5, 7]),
    ("x", ["€9.99", "1299,50 €", "€12.00"], POINT, [9.99, 1299.5, 12]),
    ("x", ["5,- €", "12.- €", "7,– €"], POINT, [5, 12, 7]),
    ("x", ["5,- €", "7,–€"], COMMA, [5, 7]),
    ("price", ["5,-", "1.299,-"], COMMA, [5, 1299]),
    ("x", ["₹1,20,000", "Rs. 12,34,56,789.50", "Rs 499", "INR 1,299"], POINT, [120000, 123456789.5, 499, 1299]),
    ("x", ["From $5", "from $12.50", "$7"], POINT, [5, 12.5, 7]),
    ("x", ["$5.00 USD", "US$7 USD"], POINT, [5, 7]),
    ("x", ["$5.00 CAD", "CAD 7"], POINT, [5, 7]),
    ("x", ["call us", *["$3"] * 12], POINT, [None, *[3] * 12]),
    ("variant.price", ["12.50", "7"], POINT, [12.5, 7]),
    ("votes", ["1,204", "33"], POINT, [1204, 33]),
    ("price", ["0.125", "1.250"], POINT, [0.125, 1.25]),
    ("x", ["$12", "€13"], "", []),
    ("x", ["$12 EUR", "€13 USD"], "", []),
    ("price", ["from 5", "from 7"], "", []),
    ("price", ["1,2,000", "12,345,00"], "", []),
    ("score", ["3-", "5,-2"], "", []),
    ("x", ["call us", "$3", "$4"], "", []),
    ("version", ["1.10", "2.3"], "", []),
    ("latitude", ["52,123", "13,405"], "", []),
    ("price", ["007", "008"], "", []),
    ("phone", ["555 123 4567"], "", []),
    ("part", ["R100", "K9"], "", []),
    ("part", ["SEK105", "10kr", "S$100", "try 3"], "", []),
    ("score", ["21,19", "19,21"], "", []),
    ("price", [], "", []),
]


@pytest.mark.parametrize(("name", "texts", "mark", "numbers"), FIELDS)
def test_fields(name: str, texts: list[str], mark: str, numbers: list[float | None]) -> None:
    """The mark before the decimals is the field's, and so is what its texts are."""
    assert mark_of(name, texts) == mark
    if mark:
        assert [amount(text, mark) for text in texts] == numbers


@given(st.floats(0, 1e9).map(lambda number: round(number, 2)), st.sampled_from(["$", "€", "EUR "]), st.booleans())
def test_what_is_written_is_read(number: float, unit: str, german: bool) -> None:
    """With marks between thousands, in either country."""
    text = f"{number:,.2f}"
    text = unit + (text.translate(str.maketrans(",.", ".,")) if german else text)
    mark = mark_of("x", [text])
    assert mark == (COMMA if german else POINT)
    found = amount(text, mark)
    assert found is not None
    assert math.isclose(found, number)


@given(st.text(alphabet="0123456789.,' $€-+eurUSD\u00a0x", max_size=45))
def test_anything_is_a_number_or_none(text: str) -> None:
    """And whatever it is, it takes no time and raises nothing."""
    for mark in (POINT, COMMA):
        found = amount(text, mark)
        assert found is None or math.isfinite(found)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_filters_compare_them(tmp_path: Path, suffix: str) -> None:
    """A catalogue of either kind can be narrowed by price, added to and updated, and is asked for by words."""
    prices = ["$7.99", "$12.50", "$101.00", "$1,299.00", *["$50"] * 6]
    if suffix == "csv":
        lines = ["id,title,price", *(f'{number},red shoe,"{price}"' for number, price in enumerate(prices))]
        more = 'id,title,price\nnew,blue shoe,"$9"\n'
    else:
        lines = [f'{{"id": {number}, "title": "red shoe", "price": "{price}"}}' for number, price in enumerate(prices)]
        more = '{"id": "new", "title": "blue shoe", "price": "$9"}\n'
    catalogue, added = tmp_path / f"c.{suffix}", tmp_path / f"more.{suffix}"
    catalogue.write_text("\n".join(lines) + "\n")
    added.write_text(more)
    assert Catalog([catalogue]).schema.amounts == (("price", POINT),)
    index = tmp_path / "shoes.ltrr"
    Engine.build(catalogue, index)
    Engine.build(added, index, add=True)
    (tmp_path / "changed.jsonl").write_text('{"id": "2", "price": "$5.00"}\n')
    Engine.update(tmp_path / "changed.jsonl", index)
    with Engine.open(index) as engine:
        found = engine.search("shoe", filter="price < 20").results
        assert {result.id for result in found} == {"0", "1", "2", "new"}
        assert [one.attribute for one in engine.understand("shoe under $20").ranges] == ["price"]


def test_several_currencies_are_told(tmp_path: Path) -> None:
    """They stay texts, which nobody should find out by a filter that finds nothing."""
    catalogue = tmp_path / "c.csv"
    catalogue.write_text("id,title,cost\na,one,$7\nb,two,8 €\nc,three,$9\n")
    read = Catalog([catalogue])
    assert [entity.attributes["cost"] for entity in read] == [("$7",), ("8 €",), ("$9",)]
    assert read.notes == ["cost: amounts in several currencies ($, €) are compared as texts, letter by letter"]


def test_counts_are_popularity(tmp_path: Path) -> None:
    """Marks between thousands do not hide which field counts."""
    catalogue = tmp_path / "c.csv"
    catalogue.write_text('id,title,votes\na,one,"1,204"\nb,two,33\nc,three,"12,000"\n')
    read = Catalog([catalogue])
    assert read.schema.popularity == "votes"
    assert [entity.popularity for entity in read] == [1204, 33, 12000]
