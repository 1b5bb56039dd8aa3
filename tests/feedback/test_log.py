"""Logs lose nothing that was written whole, and notice every damage."""

from __future__ import annotations

import errno
import multiprocessing
import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltrr_cli.errors import FeedbackError
from ltrr_cli.feedback.lines import parse_object
from ltrr_cli.feedback.log import Log, Position, decode_line, encode_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ltrr_cli.records import Bad

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.dictionaries(st.text(max_size=5), VALUES, max_size=4)


def make(folder: Path, rotate_bytes: int = 64 * 2**20) -> Log:
    """Return a log below a folder."""
    return Log(folder / "log", "events", lock=folder / "locks" / "events", rotate_bytes=rotate_bytes)


def numbered(numbers: Iterable[int]) -> list[dict[str, Any]]:
    """Return rows that can be told apart."""
    return [{"n": number, "text": "näh"} for number in numbers]


def first_file(folder: Path) -> Path:
    """Return the path of the log's first file."""
    return folder / "log" / "events-000001.jsonl"


def rows(log: Log, start: Position | None = None) -> list[int]:
    """Return the numbers of all rows that replay gives."""
    return [row["n"] for _, row in log.replay(start)]


@unhurried
@given(ROWS)
def test_lines_come_back(row: dict[str, Any]) -> None:
    """A row comes back from its line, which is one line with a checksum at its end."""
    line = encode_line(row)
    assert line.count(b"\n") == 1
    assert line[-20:-11] == b'"crc32":"'
    assert decode_line(line) == {name: value for name, value in row.items() if name != "crc32"}


def test_the_line_is_compact_utf_8() -> None:
    """The exact bytes of a line are part of the format."""
    assert (
        encode_line({"query_id": "q1", "text": "näh"}) == '{"query_id":"q1","text":"näh","crc32":"1232e8c6"}\n'.encode()
    )
    assert encode_line({}) == b'{"crc32":"a3a6bf43"}\n'


@pytest.mark.parametrize("number", [2**63, 2**64, 10**40, -(2**63), -(2**63) - 1, -(10**19)])
def test_whole_numbers_of_any_size_come_back(number: int) -> None:
    """A number is read as it is written, also where 64 bits do not hold it."""
    assert parse_object(b'{"a":[%d]}' % number) == {"a": [number]}
    assert decode_line(encode_line({"a": [number]})) == {"a": [number]}


@pytest.mark.parametrize("other", [b"1", b"1%d" % 2**64, b'"\\ud800"'])
def test_of_a_name_that_comes_twice_the_last_counts(other: bytes) -> None:
    """Whichever parser reads the line: orjson, or the patient one for what orjson refuses."""
    assert parse_object(b'{"a":%b,"b":{"a":0,"a":3},"a":2}' % other) == {"a": 2, "b": {"a": 3}}


def test_lone_surrogates_are_cleaned() -> None:
    """Text that UTF-8 cannot hold is written as its clean form."""
    assert decode_line(encode_line({"text": "a\ud800b", "pair": "\ud83d\ude00"})) == {"text": "a\ufffdb", "pair": "😀"}


def test_every_flipped_bit_is_noticed() -> None:
    """One flipped bit anywhere in a line makes it bad."""
    line = encode_line({"query_id": "q1", "n": 12})
    for place in range(len(line)):
        for bit in range(8):
            damaged = bytearray(line)
            damaged[place] ^= 1 << bit
            with pytest.raises(ValueError, match="line"):
                decode_line(bytes(damaged))


@unhurried
@given(st.binary(max_size=60))
def test_any_bytes_are_a_row_or_a_value_error(line: bytes) -> None:
    """Decoding never raises anything but ValueError."""
    with pytest.raises(ValueError, match=r"line|JSON|UTF"):
        decode_line(line)


def test_append_and_replay(tmp_path: Path) -> None:
    """Rows come back in order with the positions that append gave, from the start or from any of them."""
    log = make(tmp_path)
    assert log.end() == Position(1, 0)
    assert log.append([]) == []
    positions = log.append(numbered(range(3))) + log.append(numbered([3]), sync=False)
    log.sync()
    assert [position for position, _ in log.replay()] == positions
    assert rows(log) == [0, 1, 2, 3]
    assert rows(log, positions[2]) == [2, 3]
    assert log.read_at(positions[3]) == numbered([3])[0]
    assert log.end().offset == first_file(tmp_path).stat().st_size
    assert rows(log, log.end()) == []


def test_read_at_a_wrong_place_is_none(tmp_path: Path) -> None:
    """A position that no line starts at, or in no file, gives None."""
    log = make(tmp_path)
    log.append(numbered([0]))
    assert log.read_at(Position(1, 3)) is None
    assert log.read_at(Position(1, 9999)) is None
    assert log.read_at(Position(7, 0)) is None


def test_a_torn_last_line_waits_and_is_closed(tmp_path: Path) -> None:
    """A last line without newline is ignored; the next append closes it, and only then it is reported."""
    log = make(tmp_path)
    log.append(numbered(range(2)))
    whole = log.end()
    with first_file(tmp_path).open("ab") as out:
        out.write(encode_line({"n": 2})[:-9])
    bad: list[Bad] = []
    assert [row["n"] for _, row in log.replay(on_bad=bad.append)] == [0, 1]
    assert bad == []
    assert log.end() == whole
    (position,) = log.append(numbered([3]))
    assert [row["n"] for _, row in log.replay(on_bad=bad.append)] == [0, 1, 3]
    assert [(found.line, found.source) for found in bad] == [(3, str(first_file(tmp_path)))]
    assert log.read_at(position) == numbered([3])[0]


def test_damage_costs_its_own_line_only(tmp_path: Path) -> None:
    """A flipped byte in one line leaves the others readable."""
    log = make(tmp_path)
    positions = log.append(numbered(range(3)))
    content = bytearray(first_file(tmp_path).read_bytes())
    content[positions[1].offset + 6] ^= 1
    first_file(tmp_path).write_bytes(content)
    bad: list[Bad] = []
    assert [row["n"] for _, row in log.replay(on_bad=bad.append)] == [0, 2]
    assert [found.line for found in bad] == [2]
    assert "checksum" in bad[0].reason
    assert [row["n"] for _, row in log.replay(positions[1], on_bad=bad.append)] == [2]
    assert bad[1] == bad[0]


def test_rotation(tmp_path: Path) -> None:
    """A new file begins once the last one has grown over the limit; replay goes through all of them."""
    log = make(tmp_path, rotate_bytes=100)
    positions = [log.append(numbered([number]))[0] for number in range(12)]
    assert positions[-1].file > 2
    assert positions == sorted(positions)
    assert rows(log) == list(range(12))
    assert rows(log, positions[7]) == list(range(7, 12))
    assert log.end().file == positions[-1].file
    assert rows(log, Position(positions[5].file, 10**6)) == [
        number for number, position in enumerate(positions) if position.file > positions[5].file
    ]


def test_a_torn_line_before_rotation_is_reported(tmp_path: Path) -> None:
    """A torn line at the end of a file that is written no more is bad, and hides nothing."""
    log = make(tmp_path, rotate_bytes=10)
    log.append(numbered([0]))
    with first_file(tmp_path).open("ab") as out:
        out.write(b'{"n":1,')
    log.append(numbered([2]))
    bad: list[Bad] = []
    assert [row["n"] for _, row in log.replay(on_bad=bad.append)] == [0, 2]
    assert len(bad) == 1


def test_other_files_are_no_part_of_a_log(tmp_path: Path) -> None:
    """Files of other names, however close, are not read."""
    log = make(tmp_path)
    log.append(numbered([0]))
    for name in ("events-1.jsonl", "events-000002.jsonl.tmp", "queries-000002.jsonl", "xevents-000002.jsonl"):
        (tmp_path / "log" / name).write_bytes(encode_line({"n": 9}))
    assert rows(log) == [0]


def test_reading_needs_no_right_to_write(tmp_path: Path) -> None:
    """A read-only directory can be read, and no lock file is made for it."""
    make(tmp_path / "index").append(numbered(range(2)))
    (tmp_path / "index" / "locks" / "events").unlink()
    for folder in (tmp_path / "index" / "locks", tmp_path / "index" / "log", tmp_path / "index"):
        folder.chmod(0o555)
    try:
        log = make(tmp_path / "index")
        assert rows(log) == [0, 1]
        assert log.read_at(Position()) is not None
        assert list((tmp_path / "index" / "locks").iterdir()) == []
    finally:
        for folder in (tmp_path / "index", tmp_path / "index" / "log", tmp_path / "index" / "locks"):
            folder.chmod(0o755)


def append_many(folder: Path, first: int) -> None:
    """Append two hundred rows one by one."""
    log = make(folder, rotate_bytes=2000)
    for number in range(first, first + 200):
        log.append(numbered([number]), sync=False)


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    """Two processes that append at once both find all their rows, whole and in their order."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=append_many, args=(tmp_path, first)) for first in (0, 1000)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    bad: list[Bad] = []
    found = [row["n"] for _, row in make(tmp_path, 2000).replay(on_bad=bad.append)]
    assert bad == []
    assert [number for number in found if number < 1000] == list(range(200))
    assert [number for number in found if number >= 1000] == list(range(1000, 1200))


FULL = """
    import resource, sys
    from pathlib import Path
    from ltrr_cli.errors import FeedbackError
    from ltrr_cli.feedback.log import Log
    folder = Path(sys.argv[1])
    log = Log(folder / "log", "events", lock=folder / "locks" / "events")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    written = 0
    try:
        while True:
            log.append([{"n": written}, {"n": written + 1}])
            written += 2
    except FeedbackError as error:
        assert "cannot write the log" in str(error), error
        print(written)
"""


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    """Where the file can grow no further, the append that fails leaves nothing behind."""
    script = [sys.executable, "-c", textwrap.dedent(FULL), str(tmp_path)]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    bad: list[Bad] = []
    found = [row["n"] for _, row in make(tmp_path).replay(on_bad=bad.append)]
    assert found == list(range(int(done.stdout)))
    assert len(found) > 10
    assert bad == []
    assert first_file(tmp_path).read_bytes().endswith(b"\n")


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that takes a few bytes at a time ends with the same file."""
    whole = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: whole(handle, data[:7]))
    log = make(tmp_path)
    log.append(numbered(range(3)))
    assert rows(log) == [0, 1, 2]


def test_a_failed_sync_takes_the_rows_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that could not be made durable are not left in the log, so that a repeated append does not double them."""
    log = make(tmp_path)
    log.append(numbered([0]))

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(FeedbackError, match="Input/output error"):
            log.append(numbered([1]))
    assert rows(log) == [0]


def test_what_json_cannot_hold_is_refused_before_writing(tmp_path: Path) -> None:
    """A row with bytes raises TypeError and writes nothing."""
    log = make(tmp_path)
    with pytest.raises(TypeError, match="bytes"):
        log.append([{"n": 0}, {"n": b"1"}])
    assert rows(log) == []


def test_what_is_no_finite_number_is_null() -> None:
    """JSON has no nan and no infinity."""
    assert decode_line(encode_line({"n": float("nan"), "m": [float("inf"), 1.5]})) == {"n": None, "m": [None, 1.5]}
