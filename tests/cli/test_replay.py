"""`ltrr replay`: tables, JSON, going on, and one clear error for everything that cannot be replayed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log of nine clicks on three days, and a bad line."""
    rows = [
        {
            "query": "xyzzy",
            "entity_id": f"e0{number % 2}",
            "ts": f"2026-01-0{1 + number // 3}T0{number}:00:00Z",
            "user_id": "ana",
        }
        for number in range(9)
    ]
    path = tmp_path / "clicks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "{broken\n")
    return path


def _hash(root: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


def test_json(ltrr: Ltrr, index: Path, log: Path) -> None:
    """The JSON has means by system and measure, and every batch; nothing is changed."""
    before = _hash(index)
    row = ltrr("replay", log, "-i", index, "--by", "day", "--json").json
    assert row["measures"] == ["Success@10", "Success@100", "RR"]
    assert (row["predicted"], row["bad"]) == (9, 1)
    assert [batch["events"] for batch in row["batches"]] == [3, 3, 3]
    assert next(iter(row["systems"])) == "ltrr"
    assert row["systems"]["counts"]["Success@10"] == pytest.approx(2 / 3, abs=1e-6)
    assert row["batches"][0]["systems"]["counts"]["RR"] == 0
    assert row["batches"][1]["systems"]["memory"]["RR"] > 0
    assert _hash(index) == before
    assert ltrr("replay", log, "-i", index, "--by", "day", "--json").json == row


def test_going_on(ltrr: Ltrr, index: Path, log: Path, tmp_path: Path) -> None:
    """A second run finds the work done and says so; another log and a rebuilt index are refused there."""
    args = ("replay", log, "-i", index, "--batch", "1", "--out", tmp_path / "out")
    first = ltrr(*args)
    assert first.code == 0, first.err
    assert "1 bad line left out, the first at" in first.err
    assert "clicks.jsonl:10" in first.err
    again = ltrr(*args)
    assert again.out == first.out
    assert "9 batches done before; went on from there" in again.err
    log.write_text(log.read_text().replace("xyzzy", "plugh"))
    other = ltrr(*args)
    assert (other.code, other.out) == (1, "")
    assert "another log, index or other settings" in other.err


def test_tables_reports_and_charts(ltrr: Ltrr, index: Path, log: Path, tmp_path: Path) -> None:
    """What was predicted is shown, reported and drawn, also where a part is predicted in a single batch."""
    html, chart = tmp_path / "a.html", tmp_path / "a.svg"
    done = ltrr("replay", log, "-i", index, "-m", "RR", "--sample", "0.7", "--html", html, "--chart", chart)
    assert done.code == 0, done.err
    assert ", batches: 1, 2026-01-01 to 2026-01-03." in done.out
    assert "RR, whole log" in " ".join(done.out.split())
    assert "Predicted before learned" in html.read_text()
    assert chart.stat().st_size > 1000


def test_the_log_of_the_index_and_standard_input(process: Ltrr, index: Path, log: Path) -> None:
    """A folder of an index's own log is replayed, and standard input is."""
    piped = process("replay", "-", "-i", index, "--json", stdin=log.read_bytes())
    assert piped.code == 0, piped.err
    assert piped.json["predicted"] == 9
    assert process("feedback", "ingest", log, "-i", index).code == 3  # a line of it is damaged
    own = process("replay", index / "log", "-i", index, "--json")
    assert own.code == 0, own.err
    assert own.json["systems"] == piped.json["systems"]


def test_what_is_refused(ltrr: Ltrr, index: Path, log: Path, tmp_path: Path) -> None:
    """Each mistake is one line, with exit code 1 for what was read and 2 for what was typed, and no traceback."""
    nothing, views = tmp_path / "nothing.jsonl", tmp_path / "odd.jsonl"
    nothing.write_text("")
    views.write_text('{"query": "love", "entity_id": "e1", "action": "levitate", "ts": "2026-01-01"}\n')
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    cases: list[tuple[int, str, tuple[str | Path, ...]]] = [
        (1, "no index here", (log, "-i", tmp_path / "none.ltrr")),
        (1, "missing.jsonl", (tmp_path / "missing.jsonl", "-i", index)),
        (1, "no usable event", (nothing, "-i", index)),
        (1, "no usable event", (views, "-i", index)),
        (2, "exclude each other", (log, "-i", index, "--batch", "3", "--by", "day")),
        (2, "no batches by 'hour'", (log, "-i", index, "--by", "hour")),
        (2, "--batch", (log, "-i", index, "--batch", "0")),
        (2, "sample must be above 0", (log, "-i", index, "--sample", "0")),
        (2, "no measure 'x'", (log, "-i", index, "-m", "x")),
        (2, "cutoff of 4000", (log, "-i", index, "-m", "R@4000")),
        (2, "not kept in the index", (log, "-i", index, "--out", index / "log")),
        (1, "something else than a replay", (log, "-i", index, "--out", tmp_path / "full")),
        (1, "cannot make this directory", (log, "-i", index, "--out", log)),
        (2, "folder does not exist", (log, "-i", index, "--html", tmp_path / "no" / "a.html")),
    ]
    for code, message, args in cases:
        done = ltrr("replay", *args)
        assert (done.code, done.out) == (code, ""), (args, done)
        assert message in done.err.replace("\n", " "), (args, done.err)
        assert "Traceback" not in done.err
        assert "internal error" not in done.err
