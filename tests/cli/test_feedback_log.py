"""`ltrr feedback validate|stats|tail|export|undo`, and logs whose fields have other names."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.evaluation.bandit_logs import read_bandit_log
from ltrr_cli.evaluation.notes import Notes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr

ROWS = [
    {"term": "love", "SKU": "e03", "at": "2026-01-01T10:00:00Z", "who": "ana", "what": "like"},
    {"term": "rain, or snow", "SKU": "e04", "at": "2026-01-02T10:00:00Z", "who": "bo", "what": "click"},
]
MAP = "query=term,entity_id=SKU,ts=at,user_id=who,action=what"


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    if path.suffix == ".parquet":
        pl.DataFrame(rows).write_parquet(path)
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def used(index: Path) -> Path:
    """Return an index with three impressions, two events, one of them taken back."""
    with Engine.open(index) as engine:
        for number, text in enumerate(("love", "rain", "love")):
            answer = engine.search(text, seed=number, query_id=f"q{number}", user="ana", session="s")
            if number:
                engine.record(f"q{number}", answer.results[number].id, "like", dwell=2.5)
        engine.undo()
    return index


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_other_names(suffix: str, ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """With --map the same log is read from a table, Parquet and JSON lines; without, none of it is usable."""
    path = tmp_path / f"log{suffix}"
    _write(path, ROWS)
    assert ltrr("feedback", "validate", path).code == 1
    assert ltrr("feedback", "validate", path, "--map", MAP).code == 0
    row = ltrr("feedback", "ingest", path, "--map", MAP, "--json", "-i", index).json
    assert (row["events"], row["actions"]) == (2, {"like": 1, "click": 1})
    with Engine.open(index) as engine:
        assert [(event.text, event.user) for event in engine.events()] == [("love", "ana"), ("rain, or snow", "bo")]


def test_a_wrong_mapping(ltrr: Ltrr, index: Path) -> None:
    """What is no pair, and what is no field, are usage errors."""
    for text in ("entity_id", "nope=x", "ts="):
        done = ltrr("feedback", "ingest", "x.csv", "--map", text, "-i", index)
        assert done.code == 2
        assert "OURS=THEIRS" in done.err


def test_validate_names_bad_lines(ltrr: Ltrr, tmp_path: Path) -> None:
    """Each with file, line and reason."""
    path = tmp_path / "log.jsonl"
    path.write_text('{"query": "x", "entity_id": "e1", "ts": "2026-01-01"}\n{"query": "x", "entity_id": "e1"}\n{bad\n')
    done = ltrr("feedback", "validate", path)
    assert "1 plain" in done.out
    assert "log.jsonl:2: ts: missing" in done.out
    row = ltrr("feedback", "validate", path, "--json").json
    assert [bad["line"] for bad in row["bad"]] == [2, 3]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"query": "x", "entity_id": "e1", "ts": "2026-01-01"}\n', 0),
        ('{"query": "x", "entity_id": "e1", "ts": "2026-01-01"}\n{bad\n', 3),
        ("{bad\n", 1),
        ("", 1),
    ],
)
def test_validate_ends_as_an_ingest_would(content: str, code: int, ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """0 where all is used, 3 where some is left out, 1 where nothing is usable."""
    path = tmp_path / "log.jsonl"
    path.write_text(content)
    assert ltrr("feedback", "validate", path).code == code
    assert ltrr("feedback", "ingest", path, "-i", index).code == code


def test_stats(ltrr: Ltrr, used: Path) -> None:
    """Counts of what is in the log, without what was taken back; in ASCII where the output is not UTF-8."""
    out = ltrr("feedback", "stats", "-i", used).out
    assert "3 impressions (33.3% acted on)" in out
    assert "1 event by 1 user, 1 session" in out
    assert "like  ██" in out
    row = ltrr("feedback", "stats", "--json", "-i", used).json
    assert (row["impressions"], row["events"], row["actions"]) == (3, 1, {"like": 1})
    assert row["positions"][1] == {"position": 2, "shown": 3, "acted": 1}
    assert sum(day["events"] for day in row["days"]) == 1


def test_an_empty_log(ltrr: Ltrr, index: Path) -> None:
    """Says what to do."""
    assert "the log is empty" in ltrr("feedback", "stats", "-i", index).out
    assert ltrr("feedback", "tail", "-i", index).out == ""
    assert ltrr("feedback", "export", "-i", index).out == ""
    assert ltrr("feedback", "export", "--format", "vw", "-i", index).code == 1


def test_tail_and_undo(ltrr: Ltrr, used: Path) -> None:
    """The id that tail shows takes the event back, once."""
    line = ltrr("feedback", "tail", "-i", used).out
    assert "like 2.5s" in line
    event_id = line.split()[2]
    assert ltrr("feedback", "tail", "--json", "-i", used).json["event_attributes"]["event_id"] == event_id
    assert ltrr("feedback", "undo", event_id, "-i", used).out == "taken back\n"
    assert "before" in ltrr("feedback", "undo", event_id, "-i", used).out
    assert ltrr("feedback", "tail", "-i", used).out == ""
    assert ltrr("feedback", "undo", "nope", "-i", used).code == 1


@pytest.mark.parametrize("form", ["ubi", "metarank"])
def test_an_export_can_be_ingested(form: str, ltrr: Ltrr, used: Path, built: Path, tmp_path: Path) -> None:
    """Into an index that has not seen it: the same impressions, and the same event."""
    path = tmp_path / "log.jsonl"
    path.write_text(ltrr("feedback", "export", "--format", form, "-i", used).out)
    other = tmp_path / "other.ltrr"
    import shutil

    shutil.copytree(built, other)
    row = ltrr("feedback", "ingest", path, "--json", "-i", other).json
    assert (row["impressions"], row["events"], row["bad"]) == (3, 1, 0)
    with Engine.open(used) as one, Engine.open(other) as two:
        assert [i.shown for i in one.impressions()] == [i.shown for i in two.impressions()]
        pairs = zip(one.events(), two.events(), strict=True)
        assert all(
            (a.entity_id, a.action, a.query_id, a.user) == (b.entity_id, b.action, b.query_id, b.user) for a, b in pairs
        )


def test_vw_is_read_again(ltrr: Ltrr, used: Path, tmp_path: Path) -> None:
    """Rewards and propensities come back from the lines; standard error says what the actions are."""
    done = ltrr("feedback", "export", "--format", "vw", "-i", used)
    path = tmp_path / "log.vw"
    path.write_text(done.out)
    log = read_bandit_log(path, Notes())
    assert log.rewards.tolist() == [0.0, 0.8, 0.0]
    assert all(0 < one <= 1 for one in log.propensities)
    assert "action 1: " in done.err
    assert ltrr("feedback", "export", "--format", "nope", "-i", used).code == 2
