"""Impressions are found by id, and by session, without reading the whole log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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
    from typing import Any

IDS = [f"q{number}" for number in range(30)]


def make(folder: Path, rotate_bytes: int = 600) -> Log:
    """Return a log that rotates early."""
    return Log(folder / "log", "queries", lock=folder / "lock", rotate_bytes=rotate_bytes)


def shown(query_id: str, text: str = "tax", session: str = "") -> Impression:
    """Return a small impression."""
    return Impression(query_id=query_id, text=text, time=1.0, shown=("e1",), session=session)


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
    assert len(Impressions(log).table()["id_hashes"]) == len(IDS)
    append(log, *(shown(query_id, session="s") for query_id in IDS))
    assert len(Impressions(log).table()["session_hashes"]) == len(IDS)


@pytest.mark.parametrize("query_id", ['with "quotes"', "back\\slash", "näh 😀", "", "\u2028"])
def test_unusual_ids(query_id: str, tmp_path: Path) -> None:
    """Ids that JSON escapes, and those that are not the first member, are found all the same."""
    log = make(tmp_path)
    log.append([{"query_id": query_id, "timestamp": 1}, {"timestamp": 1, "query_id": f"{query_id}2"}])
    assert Impressions(log).known(query_id)
    assert Impressions(log).known(f"{query_id}2")


def test_table_covers_what_came_before(tmp_path: Path) -> None:
    """The arrays of one process serve the next: what they cover is not scanned again, what follows is."""
    log = make(tmp_path)
    append(log, *map(shown, IDS[:20]))
    table = Impressions(log).table()
    assert {name: array.dtype for name, array in table.items() if name != "start"} == {
        f"{of}_{part}": np.dtype(kind)
        for of in ("id", "session")
        for part, kind in (("hashes", np.uint64), ("files", np.uint32), ("offsets", np.uint64))
    } | {"exposure_hashes": np.uint64, "exposure_values": np.float64, "exposure_total": np.float64}
    assert table["id_hashes"].tolist() == sorted(hash64(query_id) for query_id in IDS[:20])
    assert len(table["session_hashes"]) == 0
    assert Position(*table["start"].tolist()) == log.end()
    append(log, *map(shown, IDS[20:]), shown("q3", "law"))
    later = Impressions.load(log, table)
    assert later.reached == Position(*table["start"].tolist())
    assert [later.find(query_id) for query_id in IDS[:3]] == [shown(query_id) for query_id in IDS[:3]]
    assert later.find("q3") == shown("q3", "law")
    assert later.find("q25") == shown("q25")
    assert (later.count, later.reached) == (31, log.end())
    merged = later.table()
    alone = Impressions.load(log, merged)
    assert alone.find("q3") == shown("q3", "law")
    assert [alone.known(query_id) for query_id in (*IDS, "q30")] == [True] * 30 + [False]
    fresh = Impressions(log).table()
    assert {name: array.tolist() for name, array in merged.items()} == {
        name: array.tolist() for name, array in fresh.items()
    }


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    """A table that lacks an array, or whose start is none, is an error of the kinds that `load` names."""
    log = make(tmp_path)
    append(log, *map(shown, IDS))
    table = Impressions(log).table()
    for name in table:
        with pytest.raises((KeyError, TypeError, ValueError)):
            Impressions.load(log, {other: array for other, array in table.items() if other != name})
    with pytest.raises((KeyError, TypeError, ValueError)):
        Impressions.load(log, {**table, "start": np.arange(3)})


def test_an_empty_log(tmp_path: Path) -> None:
    """A log that does not exist yet has an empty table."""
    table = Impressions(make(tmp_path)).table()
    assert {len(array) for name, array in table.items() if name not in {"start", "exposure_total"}} == {0}
    assert Position(*table["start"].tolist()) == Position()
    assert Impressions.load(make(tmp_path), table).of_session("s") == ()


def test_colliding_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all names have the same hash, each still finds its own lines, from memory and from the arrays."""
    monkeypatch.setattr(module, "hash64", lambda _: 7)
    log = make(tmp_path)
    append(log, *(shown(query_id, session=f"s{number % 2}") for number, query_id in enumerate(IDS)))
    scanned = Impressions(log)
    for impressions in (scanned, Impressions.load(log, scanned.table())):
        for number, query_id in enumerate(IDS):
            assert impressions.find(query_id) == shown(query_id, session=f"s{number % 2}")
        assert not impressions.known("q30")
        assert [asked.query_id for asked in impressions.of_session("s1")] == IDS[1::2]
        assert impressions.of_session("s2") == ()


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


def test_a_batch_keeps_what_it_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a batch asks for more than are usually kept, each is read once; afterwards they are let go."""
    log = make(tmp_path, 2**20)
    ids = [f"q{number}" for number in range(300)]
    append(log, *map(shown, ids))
    impressions = Impressions(log)
    read: list[Position] = []
    read_at = log.read_at

    def counted(position: Position) -> dict[str, Any] | None:
        read.append(position)
        return read_at(position)

    monkeypatch.setattr(log, "read_at", counted)
    with impressions.kept(len(ids)):
        for query_id in (*ids, *ids):
            assert impressions.find(query_id) is not None
        assert len(read) == len(ids)
    assert impressions.find("q0") is not None
    assert len(read) == len(ids) + 1


def test_several_threads_take_in_each_line_once(tmp_path: Path) -> None:
    """Whoever asks while new lines are taken in waits for them: no page counts twice."""
    log = make(tmp_path, rotate_bytes=10_000)
    impressions = Impressions(log)
    for start in range(0, 1000, 100):
        log.append([impression_to_ubi(shown(f"n{number}")) for number in range(start, start + 100)])
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(lambda _: impressions.exposure.total, range(8))) == {impressions.exposure.total}
    assert impressions.count == 1000
