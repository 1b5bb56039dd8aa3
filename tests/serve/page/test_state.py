"""Addresses: what is read from one is what it was made of, whatever stands in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from ltrr_cli.filters.grammar import parse
from ltrr_cli.serve.page.state import State, is_value, label
from ltrr_cli.wire.text import plain

_TEXT = st.text(min_size=1, max_size=40).filter(lambda text: text.strip() == text != "")
_ASKED = _TEXT.filter(lambda text: plain(text) == text)


def read(address: str) -> State:
    return State.read(QueryParams(address.partition("?")[2]), "")


@given(st.builds(State, q=_ASKED, filters=st.lists(_TEXT, unique=True, max_size=3).map(tuple), user=_TEXT))
def test_an_address_says_all_of_a_search(state: State) -> None:
    assert read(state.url()) == state
    assert read(state.at(20, "id")) == State(state.q, state.filters, 20, "id", state.user)


@given(_TEXT, _TEXT)
def test_a_filter_goes_in_and_out(part: str, other: str) -> None:
    state = State(q="x", filters=(part,))
    assert read(state.toggled(part)).filters == ()
    if other != part:
        assert read(state.toggled(other)).filters == (part, other)


@given(st.text(min_size=1, max_size=40), st.text(max_size=60))
def test_any_value_of_any_field_can_be_filtered_by(field: str, value: str) -> None:
    name = field.strip() or "x"
    found = parse(is_value(name, value), {name: False})
    assert found is not None
    assert (found.field, found.operator, found.values) == (name, "=", (value,))  # type: ignore[union-attr]


def test_several_filters_are_all_demanded() -> None:
    assert State(q="x", filters=("a = b or c = d", "e = f")).filter == "(a = b or c = d) and (e = f)"
    assert State(q="x").filter == ""
    assert State().filter == 'id != ""'  # nothing is asked: all there is


def test_ranges_and_types_are_filters() -> None:
    found = read("/?q=x&least.year=1990&most.year=2,000&least.size=&most.price=cheap&type=song")
    assert found.filters == ("year >= 1990", "year <= 2000", 'type = "song"')


@pytest.mark.parametrize("offset", ["-1", "1e9", "", "٣", "99999999", "x"])
def test_an_offset_that_is_none_is_left_out(offset: str) -> None:
    assert read(f"/?q=x&offset={offset}").offset == 0


def test_people_read_filters_without_quotes() -> None:
    assert label('genre = "drum & \\"bass\\""') == 'genre: drum & "bass"'
    assert label("year >= 1990") == "year from 1990"
    assert label("not a = b") == "not a = b"
