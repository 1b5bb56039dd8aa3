"""Piped queries: in order, at once, and one bad line does not end it."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

from ltrr_cli.cli.stream import BATCH, MAX_LINE, Lines

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr


def _batches(content: bytes) -> list[list[tuple[int, bytes]]]:
    """Return the batches of what a pipe holds that was closed."""
    read, write = os.pipe()

    def fill() -> None:
        with open(write, "wb") as pipe:  # noqa: PTH123 – a file descriptor
            pipe.write(content)

    writer = threading.Thread(target=fill)
    writer.start()
    found = list(iter(Lines(read).take, []))
    writer.join()
    os.close(read)
    return found


def test_batches_number_all_lines() -> None:
    """Empty lines count, a last line needs no newline, and no batch is larger than 64."""
    assert _batches(b"") == []
    assert _batches(b"\n") == [[(1, b"")]]
    flat = [pair for batch in _batches(b"a\n\nb") for pair in batch]
    assert flat == [(1, b"a"), (2, b""), (3, b"b")]
    many = _batches(b"x\n" * 200)
    assert max(map(len, many)) <= BATCH
    assert [number for batch in many for number, _ in batch] == list(range(1, 201))


def test_a_batch_is_what_has_arrived() -> None:
    """A line that is there is handed out, though the next has only begun."""
    read, write = os.pipe()
    os.write(write, b"one\ntw")
    found = Lines(read)
    assert found.take() == [(1, b"one")]
    assert found.take(wait=False) == []
    os.write(write, b"o\nthree\n")
    assert found.take() == [(2, b"two"), (3, b"three")]
    os.close(write)
    assert found.take() == []
    os.close(read)


def test_a_line_without_end_takes_no_more_memory_than_allowed() -> None:
    """Of a line of 3 MiB no more is kept than is needed to refuse it, and the next line is whole."""
    flat = [pair for batch in _batches(b"x" * 3 * MAX_LINE + b"\nnext\n") for pair in batch]
    assert [(number, len(line) > MAX_LINE) for number, line in flat] == [(1, True), (2, False)]
    assert len(flat[0][1]) < MAX_LINE + (1 << 17)
    assert flat[1][1] == b"next"


def test_answers_come_in_order_with_errors_in_their_place(process: Ltrr, index: Path) -> None:
    """Plain and JSON lines are answered; a bad one gives an error object and exit code 1; empty ones are skipped."""
    lines = [
        b"summer love",
        b"",
        b'{"query": "rain", "k": 2, "user_id": "u1", "session_id": "s1", "other": 1}',
        b"{broken",
        b'{"query": 5}',
        b'{"query": "x", "k": "two"}',
        b'{"query": "x", "k": 0}',
        b'{"query": "x", "user_id": 7}',
        b"\xff\xfe",
        b"y" * (MAX_LINE + 1),
        b"  night \r",
        b'{"query": "\\ud800"}',
    ]
    done = process("query", "-k", "4", "-i", index, stdin=b"\xef\xbb\xbf" + b"\n".join(lines))
    rows = done.rows
    assert done.code == 1
    assert [row.get("query") for row in rows[:2]] == ["summer love", "rain"]
    assert [len(row["results"]) for row in rows[:2]] == [4, 2]
    errors = [(row["line"], row["error"].split(":")[0]) for row in rows if "error" in row]
    assert errors == [
        (4, "not JSON"),
        (5, "query"),
        (6, "k"),
        (7, "k must be from 1 to 1000, not 0"),
        (8, "user_id"),
        (9, "not UTF-8"),
        (10, "longer than 1,048,576 bytes"),
    ]
    assert rows[-2]["query"] == "night"
    assert len(rows) == 11
    logged = "".join(path.read_text() for path in (index / "log").glob("queries-*"))
    assert '"u1"' in logged
    assert '"s1"' in logged


def test_good_lines_leave_with_0(process: Ltrr, built: Path) -> None:
    """Many lines, all answered, each with --explain's keys; no input at all is no error."""
    done = process("query", "--no-log", "--explain", "-k", "1", "-i", built, stdin="love\n" * 150)
    assert done.code == 0
    assert len(done.rows) == 150
    assert all("propensity" in row for row in done.rows)
    assert process("query", "-i", built, stdin="") == type(done)(code=0, out="", err="")


def test_seeds_count_up(process: Ltrr, ltrr: Ltrr, built: Path) -> None:
    """The nth query of a stream uses the seed + n, so that a stream is repeatable and its queries still differ."""
    rows = process("query", "--no-log", "--seed", "3", "-i", built, stdin="love\n\nlove\n").rows
    for row, seed in zip(rows, ("3", "4"), strict=True):
        alone = ltrr("query", "love", "--no-log", "--seed", seed, "--json", "-i", built).json
        assert row["results"] == alone["results"]


def test_a_conversation(running: Any, built: Path) -> None:
    """Each answer comes before the next query is written."""
    process = running("query", "--no-log", "-i", built)
    for text in ("love", "rain", "home"):
        process.stdin.write(text.encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["query"] == text
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdin = None
