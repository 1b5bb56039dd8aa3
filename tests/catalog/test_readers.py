"""Raw records come out of every format, and nothing that a file may hold raises anything but CatalogError."""

from __future__ import annotations

import gzip
import io
import json
import math
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltrr_cli.catalog.jsonl import elements
from ltrr_cli.catalog.lines import MAX_RECORD, lines
from ltrr_cli.catalog.readers import read
from ltrr_cli.catalog.source import Meter
from ltrr_cli.errors import CatalogError
from ltrr_cli.records import Bad

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Building the table of Unicode takes Hypothesis seconds on a slow machine, which is no fault of the test.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ROWS = [{"id": "a", "n": 1, "tags": ["x", "y"]}, {"id": "b", "n": 2.5, "tags": []}]


def piped(data: bytes) -> list[tuple[int, Any]]:
    """Read bytes from standard input."""
    return list(read("-", stdin=io.BytesIO(data)))


def good(data: bytes) -> list[Any]:
    """Return the records, without the bad ones."""
    return [record for _, record in piped(data) if not isinstance(record, Bad)]


def bad(data: bytes) -> list[tuple[int, str]]:
    """Return line and reason of the bad records."""
    return [(line, record.reason) for line, record in piped(data) if isinstance(record, Bad)]


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    """Write JSON lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
@pytest.mark.parametrize(
    "data",
    [
        jsonl(ROWS),
        json.dumps(ROWS).encode(),
        json.dumps(ROWS, indent=2).encode(),
        b'id,n,tags\na,1,"[""x"", ""y""]"\nb,2.5,[]\n',
    ],
)
def test_formats_and_compression_are_found_by_content(
    tmp_path: Path, data: bytes, pack: Callable[[bytes], bytes]
) -> None:
    """JSON lines, arrays and CSV give the same records, packed or not, from a file of any name and from stdin."""
    path = tmp_path / "no-suffix"
    path.write_bytes(pack(data))
    assert [record for _, record in read(path)] == ROWS
    assert good(pack(data)) == ROWS


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_parquet_is_read_plain_packed_and_piped(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """Parquet gives plain Python values; dates become text."""
    buffer = io.BytesIO()
    pl.DataFrame({"id": ["a", "b"], "n": [1, None], "l": [["x"], []], "d": [date(2020, 1, 2), None]}).write_parquet(
        buffer
    )
    path = tmp_path / "x.bin"
    path.write_bytes(pack(buffer.getvalue()))
    rows = [{"id": "a", "n": 1, "l": ["x"], "d": "2020-01-02"}, {"id": "b", "n": None, "l": [], "d": None}]
    assert list(read(path)) == [(1, rows[0]), (2, rows[1])]
    assert good(pack(buffer.getvalue())) == rows


def test_damaged_parquet_is_an_error(tmp_path: Path) -> None:
    """A file that only begins like Parquet is refused."""
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 nothing else PAR1")
    with pytest.raises(CatalogError, match="Parquet"):
        list(read(path))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder is an error that says so and names a pattern."""
    with pytest.raises(CatalogError, match=r"is a folder.*\*\.jsonl"):
        list(read(tmp_path))


def test_a_missing_file_suggests_the_nearest(tmp_path: Path) -> None:
    """A misspelt name gets the name that is there; globs are not expanded."""
    (tmp_path / "films.jsonl").write_text("{}")
    with pytest.raises(CatalogError, match=r"did you mean .*films\.jsonl"):
        list(read(tmp_path / "film.jsonl"))
    with pytest.raises(CatalogError, match="no file"):
        list(read(tmp_path / "*.jsonl"))
    with pytest.raises(CatalogError, match="no folder"):
        list(read(tmp_path / "nowhere" / "film.jsonl"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"PK\x03\x04zip", "ZIP"), (b"\x00\x01binary", "not a text file"), (gzip.compress(gzip.compress(b"x")), "twice")],
    ids=["zip", "binary", "twice"],  # the bytes of gzip hold the time: names made from them would change
)
def test_foreign_files_are_named(data: bytes, reason: str) -> None:
    """What is no catalogue says what it is instead of giving garbage."""
    with pytest.raises(CatalogError, match=reason):
        piped(data)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": }', "not JSON"),
        (b"[1, 2]", "a list"),
        (b"3", "a int"),
        (b"null", "null"),
        (b'{"a": 1} {"b": 2}', "follows the value"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too long"),
    ],
)
def test_bad_json_lines_are_left_out(line: bytes, reason: str) -> None:
    """A bad line is reported with its number, and the lines around it are read."""
    data = b'{"id": 1}\n\n' + line + b'\n{"id": 2}\n'
    assert good(data) == [{"id": 1}, {"id": 2}]
    ((number, why),) = bad(data)
    assert number == 3
    assert reason in why


def test_lenient_json() -> None:
    """NaN and Infinity are no value, the last of two equal keys wins, raw control characters pass."""
    assert good(b'{"a": NaN, "b": -Infinity, "c": 1, "c": 2, "d": "x\ty"}') == [
        {"a": None, "b": None, "c": 2, "d": "x\ty"}
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_byte_order_marks(encoding: str) -> None:
    """UTF-8 and UTF-16 with a byte order mark are read as what they are."""
    text = '{"title": "Żółć 🎬"}\n'
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    assert good((mark + text).encode(encoding)) == [{"title": "Żółć 🎬"}]


def test_cesu_8_passes() -> None:
    """Emoji written as two surrogates are let through, to be joined later."""
    assert good('{"t": "\ud83c\udfac"}'.encode("utf-8", "surrogatepass"))[0]["t"] == "\ud83c\udfac"


def test_a_line_beyond_the_limit_is_skipped() -> None:
    """A line of more than 16 MiB is bad, also in an array and in CSV; its neighbours are read."""
    long = b"x" * (MAX_RECORD + 10)
    for data in (
        b'{"id": 1}\n{"id": "' + long + b'"}\n{"id": 2}\n',
        b'[{"id": 1}, \n{"id": "' + long + b'"}, {"id": 2}]',
        b"id,t\n1,\n" + long + b",\n2,\n",
    ):
        assert [row["id"] for row in good(data)] == [1, 2]
        assert [why for _, why in bad(data)] == ["longer than 16 MiB"]


@PATIENT
@given(st.lists(st.binary(max_size=20)), st.integers(1, 12))
def test_lines_are_cut_as_a_whole_file_is(pieces: list[bytes], limit: int) -> None:
    """However the chunks fall, the lines are those of the whole."""
    whole = b"".join(pieces).split(b"\n")
    whole = whole[:-1] if not whole[-1] else whole
    assert list(lines(pieces, limit)) == [line if len(line) <= limit else None for line in whole]


def test_array_elements_spoil_no_neighbours() -> None:
    """A malformed element is one bad record, with its line."""
    data = b'[\n{"id": 1},\n{"id": oops},\n7,\n{"s": "],}\\"["},\n{"id": 2}\n]\n'
    assert good(data) == [{"id": 1}, {"s": '],}"['}, {"id": 2}]
    assert [line for line, _ in bad(data)] == [3, 4]


def test_an_array_that_is_not_closed_keeps_its_records() -> None:
    """A torn array gives what is whole, then one bad record."""
    assert good(b'[{"id": 1}, {"id": 2}') == [{"id": 1}, {"id": 2}]
    assert [why for _, why in bad(b'[{"id": 1}, {"id": 2}')] == ["the array is not closed"]
    assert bad(b"[]") == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@PATIENT
@given(st.lists(st.dictionaries(st.text(), JSON, max_size=4)), st.sampled_from([None, 2]), st.booleans())
def test_json_round_trip(rows: list[dict[str, Any]], indent: int | None, ascii_only: bool) -> None:
    """Whatever objects are written as lines or as an array, the same are read; a single one may be an export."""
    rows = [*rows, {"id": 1}]
    text = "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows)
    assert good(text.encode("utf-8", "surrogatepass")) == rows
    array = json.dumps(rows, indent=indent, ensure_ascii=ascii_only)
    assert good(array.encode("utf-8", "surrogatepass")) == rows


@PATIENT
@given(st.lists(JSON, max_size=5), st.integers(1, 7))
def test_arrays_are_cut_wherever_the_chunks_fall(values: list[Any], step: int) -> None:
    """The elements do not depend on how the bytes arrive."""
    data = json.dumps(values).encode()
    pieces = [data[i : i + step] for i in range(0, len(data), step)]
    assert [json.loads(element) for element, _ in elements(pieces)] == values


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(delimiter: str) -> None:
    """Comma, semicolon, tab and bar; quoted cells may hold delimiters, quotes and newlines."""
    data = f'id{delimiter}title\n1{delimiter}"a{delimiter} ""b""\nc"\n2{delimiter}d\n'.encode()
    assert piped(data) == [(2, {"id": 1, "title": f'a{delimiter} "b"\nc'}), (4, {"id": 2, "title": "d"})]


def test_a_row_with_other_columns_is_bad() -> None:
    """Too few or too many cells make a bad row."""
    data = b"id,title\n1,a\n2\n3,b,c\n\n4,d\n"
    assert [row["id"] for row in good(data)] == [1, 4]
    assert bad(data) == [(3, "1 columns where the header has 2"), (4, "3 columns where the header has 2")]


@pytest.mark.parametrize("tail", [b"3,c\n4,d\n", b'3,c\n4,"d"\n'])
def test_a_quote_that_is_not_closed_costs_one_line(tail: bytes) -> None:
    """The rows that a stray quote swallowed are read again."""
    data = b'id,title\n1,a\n2,"b\n' + tail
    assert [row["id"] for row in good(data)] == [1, 3, 4]
    ((line, reason),) = bad(data)
    assert line == 3
    assert "quote" in reason


def test_quotes_in_imdb_files_mean_nothing() -> None:
    r"""In a TSV whose titles begin with lone quotes, quotes are text and \N is no value."""
    data = b'tconst\ttitle\tyear\ntt1\t"Giliap\t1975\ntt2\tThe "X"\t\\N\ntt3\t"Y\t1990\n'
    assert good(data) == [
        {"tconst": "tt1", "title": '"Giliap', "year": 1975},
        {"tconst": "tt2", "title": 'The "X"', "year": None},
        {"tconst": "tt3", "title": '"Y', "year": 1990},
    ]


def test_columns_are_typed_as_a_whole() -> None:
    """Numbers, truth values and lists are read where the whole column holds them; leading zeros keep text."""
    data = (
        b"id,zip,price,used,a,b,c,mixed,big\n"
        b'1,007,1.50,True,x|y,"[\'p\', \'q\']","[""r"", 2]",5,12345678901234567\n'
        b"2,123,,False,z,[],[],n/a?,2\n"
    )
    first, second = good(data)
    assert first == {
        "id": 1, "zip": "007", "price": 1.5, "used": True, "a": ["x", "y"], "b": ["p", "q"], "c": ["r", 2],
        "mixed": "5", "big": "12345678901234567",
    }  # fmt: skip
    assert second == {
        "id": 2, "zip": "123", "price": None, "used": False, "a": ["z"], "b": [], "c": [], "mixed": "n/a?", "big": "2",
    }  # fmt: skip


def test_ids_with_exponents_stay_text() -> None:
    """12e4 is a number in a column of prices and an id in a column of ids."""
    assert good(b"id,price\n12e4,12e4\n7,1\n") == [{"id": "12e4", "price": 120000.0}, {"id": "7", "price": 1}]


def test_huge_numbers_in_csv_are_infinite() -> None:
    """1e999 is read as infinite, to be dropped later."""
    assert math.isinf(good(b"id,popularity\na,1e999\nb,1\n")[0]["popularity"])


def test_headers_are_made_usable() -> None:
    """Empty and repeated column names become names of their own."""
    assert good(b" id ,,x,x\na,b,c,d\n") == [{"id": "a", "column 2": "b", "x": "c", "x 2": "d"}]


def test_latin_1_is_assumed_with_a_note() -> None:
    """A CSV without any line of UTF-8 is latin-1; one bad line in UTF-8 is only that."""
    meter = Meter()
    rows = list(read("-", stdin=io.BytesIO("id,t\n1,é\n2,ü\n".encode("latin-1")), meter=meter))
    assert [row["t"] for _, row in rows if not isinstance(row, Bad)] == ["é", "ü"]
    assert meter.notes == ["stdin is not UTF-8: latin-1 assumed"]
    mixed = "id,t\n1,é\n".encode() + b"2,\xff\n3,x\n"
    assert [row["id"] for row in good(mixed)] == [1, 3]
    assert bad(mixed) == [(3, "not UTF-8")]


def test_old_mac_line_ends() -> None:
    """Carriage returns alone end lines, too."""
    assert good(b"id,t\r1,a\r2,b\r") == [{"id": 1, "t": "a"}, {"id": 2, "t": "b"}]


def test_a_cell_may_be_long() -> None:
    """A cell of a megabyte is read; the csv module alone would stop at 128 KiB."""
    assert len(good(b"id,t\n1," + b"x" * 1_000_000 + b"\n")[0]["t"]) == 1_000_000


def test_a_damaged_first_line_does_not_hide_json_lines() -> None:
    """Most lines decide what a file is."""
    data = b'oops\n{"id": 1}\n{"id": 2}\n'
    assert (good(data), [line for line, _ in bad(data)]) == ([{"id": 1}, {"id": 2}], [1])


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("head", [b"", b"id,title\n"])
def test_a_truncated_file_keeps_what_came_before(pack: Callable[[bytes], bytes], head: bytes) -> None:
    """Records before the break are kept, the torn one is not, and the break is one bad record."""
    line = b"%d,%x\n" if head else b'{"id": %d, "title": "%x"}\n'
    data = head + b"".join(line % (i, i * i * 7919 % 65521) for i in range(50_000))
    packed = pack(data)
    torn = piped(packed[: len(packed) * 3 // 4])
    records = [record for _, record in torn if not isinstance(record, Bad)]
    assert records == good(data)[: len(records)]
    assert 10_000 < len(records) < 50_000
    assert [record.reason[-10:] for _, record in torn if isinstance(record, Bad)] == ["ends early"]


def test_damaged_compression_is_a_break() -> None:
    """Garbage inside gzip or Zstandard ends the records with one bad one."""
    wrong_sum = gzip.compress(jsonl(ROWS * 9))[:-8] + b"\0" * 8
    assert "damaged" in bad(wrong_sum)[0][1]
    assert good(wrong_sum) == ROWS * 9
    assert "damaged" in bad(zstandard.compress(jsonl(ROWS))[:5] + b"\xff" * 40)[0][1]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_members_follow_each_other(pack: Callable[[bytes], bytes]) -> None:
    """Concatenated gzip members and Zstandard frames are one stream."""
    assert good(pack(jsonl(ROWS[:1])) + pack(jsonl(ROWS[1:]))) == ROWS


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_bomb_is_streamed(pack: Callable[[bytes], bytes]) -> None:
    """64 MiB without a newline, packed into little, is one bad record."""
    assert bad(b"".join((pack(b'{"id": 1}\n'), pack(b"{" * (64 << 20))))) == [(2, "longer than 16 MiB")]


def test_bytes_are_counted_as_stored(tmp_path: Path) -> None:
    """The meter counts compressed bytes."""
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(jsonl(ROWS * 100)))
    meter = Meter()
    assert len(list(read(path, meter=meter))) == 200
    assert meter.bytes_read == path.stat().st_size


MARKS = st.sampled_from(
    [b"{", b"}", b"[", b"]", b'"', b",", b"\n", b"\r", b"\\", b"\xff", b"\0", b"id", b"\x1f\x8b", b"PAR1"]
)


@PATIENT
@given(st.binary() | st.lists(MARKS | st.binary(max_size=3), max_size=40).map(b"".join))
def test_any_bytes_give_records_or_a_catalog_error(data: bytes) -> None:
    """No content raises anything but CatalogError."""
    for packed in (data, gzip.compress(data), zstandard.compress(data)):
        try:
            rows = piped(packed)
        except CatalogError:
            continue
        assert all(line >= 0 and isinstance(row, (dict, Bad)) for line, row in rows)
