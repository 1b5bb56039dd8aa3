"""What the caller gives of context: read from the command line, checked, hashed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.errors import UsageError
from ltrr_cli.query.given import MAX_ENTRIES, SLOTS, check_given, hashed, parse_given
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from ltrr_cli.records import Value

NAMES = st.text(alphabet="abcxyz019_-.é", min_size=1, max_size=64)
VALUES = st.text(alphabet="abc Ж=", max_size=64) | st.floats() | st.integers() | st.booleans()


def _place(entry: str) -> tuple[str, float]:
    number = hash64(entry)
    return f"given.{number % 8}", 1.0 if (number >> 32) % 2 else -1.0


def test_hashing_by_hand() -> None:
    """A number enters under its name, clipped; a text as 1 under name=text; the sign comes from the hash as well."""
    slot, sign = _place("age")
    assert hashed({"age": 0.25}) == {slot: sign * 0.25}
    assert hashed({"age": -7}) == {slot: -sign}
    assert hashed({"age": 10**400}) == {slot: sign}
    assert hashed({"age": 0}) == {slot: 0.0}
    slot, sign = _place("device=phone")
    assert hashed({"device": "phone"}) == {slot: sign}
    assert hashed({"age": math.nan}) == hashed({}) == {}


def test_hashing_never_changes() -> None:
    """Slots and signs are the same on every machine and in every release: what was learned depends on them."""
    assert hashed({"device": "phone"}) == {"given.1": -1.0}
    assert hashed({"device": "desktop"}) == {"given.2": -1.0}
    assert hashed({"age": 0.5}) == {"given.3": -0.5}


def test_entries_that_meet_add_up() -> None:
    """Entries in the same slot add up with their signs, and the sum is clipped."""
    slot, sign = _place("n0")
    same = next(f"n{i}" for i in range(1, 999) if _place(f"n{i}") == (slot, sign))
    other = next(f"n{i}" for i in range(1, 999) if _place(f"n{i}") == (slot, -sign))
    assert hashed({"n0": 0.25, same: 0.5}) == {slot: sign * 0.75}
    assert hashed({"n0": 1, same: 1}) == {slot: sign}
    assert hashed({"n0": 0.5, other: 0.5}) == {slot: 0.0}


def test_hashing_is_even_and_its_signs_balance() -> None:
    """Over many names each slot gets its share, within 5 standard deviations, and half of the signs are +."""
    places = [next(iter(hashed({f"name{i}": 1.0}).items())) for i in range(4000)]
    for slot in range(SLOTS):
        assert abs(sum(name == f"given.{slot}" for name, _ in places) - 500) < 5 * math.sqrt(4000 / 8 * 7 / 8)
    assert abs(sum(value for _, value in places)) < 5 * math.sqrt(4000)


@given(entries=st.dictionaries(NAMES, VALUES, max_size=20))
def test_hashed_is_bounded(entries: dict[str, Value]) -> None:
    """Whatever is given, at most eight features come out, each finite and in [-1, 1]."""
    features = hashed(entries)
    assert set(features) <= {f"given.{slot}" for slot in range(8)}
    assert all(-1 <= value <= 1 for value in features.values())


@given(entries=st.dictionaries(NAMES, st.text(alphabet="abc Ж=", max_size=64) | st.integers(-9, 9), max_size=16))
def test_what_is_usable_passes(entries: dict[str, Value]) -> None:
    """Names of letters, digits and _-. with short texts and finite numbers are accepted, up to sixteen."""
    check_given(entries)


@pytest.mark.parametrize(
    ("entries", "what"),
    [
        ({f"n{i}": 1.0 for i in range(MAX_ENTRIES + 1)}, "17 entries"),
        ({"": 1.0}, "a name of the context is ''"),
        ({"a b": 1.0}, "'a b'"),
        ({"a\n": 1.0}, r"'a\n'"),
        ({"\ud800": 1.0}, r"'\ud800'"),
        ({"x" * 65: 1.0}, "xxx…"),
        ({5: 1.0}, "of type int"),
        ({"a": "x" * 65}, "65 characters"),
        ({"a": "x\x1b[0m"}, r"'x\x1b[0m'"),
        ({"a": "\udc80"}, r"'\udc80'"),
        ({"a": "x\u2028"}, r"'x\u2028'"),
        ({"a": math.nan}, "a is no finite number"),
        ({"a": -math.inf}, "a is no finite number"),
        ({"a": 10**400}, "a is no finite number"),
        ({"a": None}, "of type NoneType"),
        ({"a": [1]}, "of type list"),
    ],
)
def test_what_is_not_usable_is_refused(entries: dict[str, Value], what: str) -> None:
    """Each thing that does not fit gives one error that says what it is and what to do, in little space."""
    with pytest.raises(UsageError) as caught:
        check_given(entries)
    assert what in caught.value.what
    assert caught.value.next
    assert len(str(caught.value)) < 250
    assert str(caught.value).isprintable()


def test_parsing_by_hand() -> None:
    """Values that read as finite numbers are numbers, all others texts; only the first = divides."""
    pairs = ["age=0.5", "n=-1e3", "device=phone", "big=1e999", "no=nan", "snake=1_000", "empty=", "eq=a=b", "sp= 2 "]
    assert parse_given(pairs) == {
        "age": 0.5,
        "n": -1000.0,
        "device": "phone",
        "big": "1e999",
        "no": "nan",
        "snake": "1_000",
        "empty": "",
        "eq": "a=b",
        "sp": 2.0,
    }
    assert parse_given([]) == {}


@pytest.mark.parametrize(
    ("pairs", "what"),
    [
        (["phone"], "'phone' has no ="),
        ([""], "'' has no ="),
        (["a=1", "b=2", "a=1"], "'a' is given twice"),
        (["=1"], "a name of the context is ''"),
        (["a=" + "x" * 65], "65 characters"),
        ([f"n{i}=1" for i in range(17)], "17 entries"),
    ],
)
def test_pairs_that_cannot_be_read(pairs: list[str], what: str) -> None:
    """A pair without =, a name given twice and whatever the check refuses give one clear error."""
    with pytest.raises(UsageError) as caught:
        parse_given(pairs)
    assert what in caught.value.what
    assert caught.value.next


@given(pairs=st.lists(st.text(max_size=80), max_size=20))
def test_any_pairs(pairs: list[str]) -> None:
    """Any arguments give a context that passes the check, or the one error."""
    try:
        check_given(parse_given(pairs))
    except UsageError as error:
        assert error.next  # noqa: PT017
