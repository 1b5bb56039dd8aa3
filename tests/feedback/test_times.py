"""Times are read in every common form and refused otherwise."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltrr_cli.feedback.times import format_time, parse_time

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
NEW_YEAR_2012 = 1_325_376_000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2012-01-01T00:00:00+00:00", NEW_YEAR_2012),
        ("2012-01-01T00:00:00Z", NEW_YEAR_2012),
        ("2012-01-01t00:00:00z", NEW_YEAR_2012),
        ("2012-01-01T02:00:00+02:00", NEW_YEAR_2012),
        ("2011-12-31 19:00:00-05:00", NEW_YEAR_2012),
        ("2012-01-01T00:00:00", NEW_YEAR_2012),
        ("2012-01-01 00:00:00 UTC", NEW_YEAR_2012),
        (" 2012-01-01 ", NEW_YEAR_2012),
        ("20120101", NEW_YEAR_2012),
        ("2012-01-01T00:00:00.250+00:00", NEW_YEAR_2012 + 0.25),
        ("2011-12-31T23:59:60Z", NEW_YEAR_2012),
        (1_325_376_000, NEW_YEAR_2012),
        (1_325_376_000.5, NEW_YEAR_2012 + 0.5),
        (1_325_376_000_000, NEW_YEAR_2012),
        ("1325376000", NEW_YEAR_2012),
        ("1325376000.5", NEW_YEAR_2012 + 0.5),
        ("1325376000000", NEW_YEAR_2012),
        ("1704061112359", 1_704_061_112.359),  # also a basic ISO date, of 1704
        (0, 0.0),
        (-1, -1.0),
        ("1969-12-31T23:59:59Z", -1.0),
    ],
)
def test_common_forms(value: object, seconds: float) -> None:
    """Each form of a time gives the same seconds since 1970."""
    assert parse_time(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, [], {}, b"2012-01-01", float("nan"), float("inf"), 1e300, 10**400, 1_325_376_000_000_000),
        *("", "   ", "yesterday", "2012", "2012-13-01", "0000-01-01", "2012-01-01T25:00:00Z", "12:30", "١٣٢٥٣٧٦٠٠٠"),
        *("0001-01-01T00:00:00+14:00", "9" * 5000, "2012-01-01T00:00:61Z"),
    ],
)
def test_anything_else_is_refused(value: object) -> None:
    """What is no time, or lies outside the years 1 to 9999, raises ValueError."""
    with pytest.raises(ValueError, match="not a time"):
        parse_time(value)


def test_format_is_rfc_3339_with_milliseconds() -> None:
    """A time is written with milliseconds, rounded to the nearest, and an offset."""
    assert format_time(NEW_YEAR_2012) == "2012-01-01T00:00:00.000+00:00"
    assert format_time(NEW_YEAR_2012 + 0.9996) == "2012-01-01T00:00:01.000+00:00"
    assert format_time(-0.001) == "1969-12-31T23:59:59.999+00:00"


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e300, -1e12])
def test_format_refuses_what_has_no_date(seconds: float) -> None:
    """A number outside the calendar raises ValueError."""
    with pytest.raises(ValueError, match="not a time"):
        format_time(seconds)


@unhurried
@given(st.integers(-62_135_596_800_000, 253_402_300_799_000))
def test_milliseconds_survive(milliseconds: int) -> None:
    """Any whole number of milliseconds comes back exactly."""
    written = format_time(milliseconds / 1000)
    assert parse_time(written) == milliseconds / 1000
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    assert written == moment.isoformat(timespec="milliseconds")


@unhurried
@given(st.integers(-60_000_000_000, 250_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_offsets_count(seconds: int, minutes: int) -> None:
    """The same moment written with any offset is the same time."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert parse_time(moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()) == seconds


@unhurried
@given(st.one_of(st.text(), st.integers(), st.floats(), st.binary(), st.none(), st.booleans()))
def test_only_value_errors(value: object) -> None:
    """No value raises anything but ValueError."""
    with suppress(ValueError):
        assert isinstance(parse_time(value), float)
