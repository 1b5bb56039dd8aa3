"""Impressions are found by id without reading the whole log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.feedback import impressions as module
from ltrr_cli.feedback.impressions import Impressions
from ltrr_cli.feedback.log import Log, Position, encode_line
from ltrr_cli.feedback.ubi import impression_to_ubi
from ltrr_cli.records import Impression
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from pathlib import Path

IDS = [f"q{number}" for number in range(30)]


def make(folder: Path, rotate_bytes: int = 600) -> Log:
    """Return a log that rotates early."""
    return Log(folder / "log", "queries", lock=folder / "lock", rotate_bytes=rotate_bytes)


def shown(query_id: str, text: str = "tax") -> Impression:
    """Return a small impression."""
    return Impression(query_id=query_id, text=text, time=1.0, shown=("e1",))


def append(log: Log, *impressions: Impression) -> list[Position]:
    """Log impressions one by one, so that the log can rotate between them."""
    return [log.append([impression_to_ubi(found)])[0] for found in impressions]


def test_scanning_finds_ids_over_rotated_files(tmp_path: Path) -> None:
    """Every id is found whichever file it is in; others are unknown."""
    log = make(tmp_path)
    assert append(log, *map(shown, IDS))[-1].file > 2
    impressions = Impressions(log)
    assert [impressions.find(query_id) for query_id in IDS] == [shown(query_id) for query_id in IDS]
    assert impressions.find("q30") is None
    assert impressions.known("q7")
    assert not impressions.known("")


def test_later_lines_are_seen(tmp_path: Path) -> None:
    """What is appended after the first look is found at the next one, across a rotation too; the latest line counts."""
    log = make(tmp_path)
    impressions = Impressions(log)
    assert not impressions.known("q1")
    append(log, shown("q1"))
    assert impressions.find("q1") == shown("q1")
    append(log, *map(shown, IDS), shown("q1", "law"))
    assert impressions.find("q1") == shown("q1", "law")


def test_scanning_parses_no_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that start as ours do are scanned without parsing them."""
    log = make(tmp_path)
    append(log, *map(shown, IDS))
    monkeypatch.setattr(module, "decode_line", None)
    assert len(Impressions(log).table()[0]) == len(IDS)


@pytest.mark.parametrize("query_id", ['with "quotes"', "back\\slash", "näh 😀", "", "\u2028"])
def test_unusual_ids(query_id: str, tmp_path: Path) -> None:
    """Ids that JSON escapes, and those that are not the first member, are found all the same."""
    log = make(tmp_path)
    log.append([{"query_id": query_id, "timestamp": 1}, {"timestamp": 1, "query_id": f"{query_id}2"}])
    assert Impressions(log).known(query_id)
    assert Impressions(log).known(f"{query_id}2")


def test_table_covers_what_came_before(tmp_path: Path) -> None:
    """The arrays of one session serve the next: what they cover is not scanned again, what follows is."""
    log = make(tmp_path)
    append(log, *map(shown, IDS[:20]))
    hashes, files, offsets, reached = Impressions(log).table()
    assert hashes.dtype == np.uint64
    assert files.dtype == np.uint32
    assert offsets.dtype == np.uint64
    assert list(hashes) == sorted(hash64(query_id) for query_id in IDS[:20])
    assert reached == log.end()
    append(log, *map(shown, IDS[20:]), shown("q3", "law"))
    later = Impressions(log, hashes=hashes, files=files, offsets=offsets, start=reached)
    assert [later.find(query_id) for query_id in IDS[:3]] == [shown(query_id) for query_id in IDS[:3]]
    assert later.find("q3") == shown("q3", "law")
    assert later.find("q25") == shown("q25")
    merged = later.table()
    assert merged[3] == log.end()
    alone = Impressions(log, hashes=merged[0], files=merged[1], offsets=merged[2], start=merged[3])
    assert alone.find("q3") == shown("q3", "law")
    assert [alone.known(query_id) for query_id in (*IDS, "q30")] == [True] * 30 + [False]
    np.testing.assert_array_equal(merged[0], Impressions(log).table()[0])


def test_an_empty_log(tmp_path: Path) -> None:
    """A log that does not exist yet has an empty table."""
    hashes, _, _, reached = Impressions(make(tmp_path)).table()
    assert len(hashes) == 0
    assert reached == Position()


def test_colliding_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all ids have the same hash, each still finds its own impression, from memory and from the arrays."""
    monkeypatch.setattr(module, "hash64", lambda _: 7)
    log = make(tmp_path)
    append(log, *map(shown, IDS))
    scanned = Impressions(log)
    hashes, files, offsets, reached = scanned.table()
    loaded = Impressions(log, hashes=hashes, files=files, offsets=offsets, start=reached)
    for impressions in (scanned, loaded):
        assert [impressions.find(query_id) for query_id in IDS] == [shown(query_id) for query_id in IDS]
        assert not impressions.known("q30")


def test_damaged_lines_are_no_impressions(tmp_path: Path) -> None:
    """A damaged line is passed over for an earlier sound one, or for none."""
    log = make(tmp_path, rotate_bytes=10**6)
    append(log, shown("q1"), shown("q1", "law"), shown("q2"))
    path = tmp_path / "log" / "queries-000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b"law", b"low") + b'{"query_id":"q3\xff"}\n{"query_id":"q4\n' + b"torn")
    impressions = Impressions(log)
    assert impressions.find("q1") == shown("q1")
    assert impressions.known("q2")
    assert not impressions.known("q3")
    assert not impressions.known("q4")


def test_a_row_that_is_no_impression_is_known_but_not_found(tmp_path: Path) -> None:
    """A sound line without a usable impression is known, since its id is taken, and gives none."""
    log = make(tmp_path)
    log.append([{"query_id": "q1", "timestamp": "soon"}])
    assert Impressions(log).known("q1")
    assert Impressions(log).find("q1") is None


def test_a_line_being_written_is_taken_in_later(tmp_path: Path) -> None:
    """A line seen half written is found once it is whole."""
    log = make(tmp_path)
    append(log, shown("q1"))
    line = encode_line(impression_to_ubi(shown("q2")))
    path = tmp_path / "log" / "queries-000001.jsonl"
    impressions = Impressions(log)
    with path.open("ab") as out:
        out.write(line[:40])
    assert not impressions.known("q2")
    with path.open("ab") as out:
        out.write(line[40:])
    assert impressions.find("q2") == shown("q2")
