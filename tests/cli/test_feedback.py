"""`ltrr feedback` reads logs and records single actions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ltrr_cli.cli.rejected import PARTIAL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr


def _log(path: Path, *more: str) -> Path:
    """Write a plain search log: two clicks, an action without reward, an entity that is not there, and more lines."""
    rows = [
        {"query": "love", "entity_id": "e20", "action": "click", "ts": "2026-01-01T00:00:00Z", "user_id": "u1"},
        {"query": "love", "entity_id": "e20", "action": "click", "ts": "2026-01-02T00:00:00Z", "user_id": "u2"},
        {"query": "love", "entity_id": "e21", "action": "hover", "ts": "2026-01-02T00:00:00Z", "user_id": "u2"},
        {"query": "love", "entity_id": "gone", "action": "play", "ts": "2026-01-02T00:00:00Z", "user_id": "u2"},
    ]
    path.write_text("\n".join([*map(json.dumps, rows), *more]) + "\n")
    return path


def test_ingest_counts(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """Kinds, new and repeated, unknown actions and entities, bad lines with the first of them, the ranker."""
    log = _log(tmp_path / "log.jsonl", "{broken", "[]")
    row = ltrr("feedback", "ingest", log, "--json", "-i", index).json
    assert row["read"]["plain"] == 4
    assert (row["events"], row["repeated"], row["impressions"]) == (4, 0, 0)
    assert row["actions"] == {"click": 2, "play": 1}
    assert row["unknown_actions"] == {"hover": 1}
    assert row["unknown_entities"] == 1
    assert row["bad"] == 2
    assert row["first_bad"]["line"] == 5
    assert row["ranker"]
    done = ltrr("feedback", "ingest", log, "-i", index)
    assert done.code == PARTIAL
    assert "read      4 plain\n" in done.out
    assert "repeated  4, known before\n" in done.out
    assert "2 bad lines left out, the first at" in done.err


def test_ingest_teaches(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """What was clicked for a query comes up first for it."""
    ltrr("feedback", "ingest", _log(tmp_path / "log.jsonl"), "-i", index)
    assert ltrr("query", "love", "--no-explore", "--ids", "-k", "1", "-i", index).out == "e20\n"
    assert ltrr("index", "info", "--json", "-i", index).json["actions"] == {"click": 2, "hover": 1, "play": 1}


def test_bad_lines_go_to_a_file(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """Each with its source, line and reason; a file that cannot be written is found out first."""
    log = _log(tmp_path / "log.jsonl", "{broken")
    bad = tmp_path / "bad.jsonl"
    assert ltrr("feedback", "ingest", log, "--bad", bad, "-i", index).code == PARTIAL
    rows = [json.loads(line) for line in bad.read_text().splitlines()]
    assert [(row["source"], row["line"]) for row in rows] == [(str(log), 5)]
    assert rows[0]["reason"].startswith("not JSON")
    done = ltrr("feedback", "ingest", log, "--bad", tmp_path / "no" / "bad.jsonl", "-i", index)
    assert done.code == 1
    assert "No such file or directory" in done.err


def test_nothing_usable_is_an_error(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """A file without a usable line leaves with 1, and says so."""
    log = tmp_path / "log.jsonl"
    log.write_text('{"a": 1}\n')
    done = ltrr("feedback", "ingest", log, "-i", index)
    assert done.code == 1
    assert "read      nothing usable" in done.out
    assert "log.jsonl:1: no known kind of feedback" in done.err


def test_ingest_a_table_from_stdin(process: Ltrr, index: Path) -> None:
    """`-` is standard input, and --format says what it holds."""
    table = "query\tentity_id\taction\tts\nlove\te20\tclick\t2026-01-01T00:00:00Z\n"
    assert process("feedback", "ingest", "-", "--format", "tsv", "--json", "-i", index, stdin=table).json["events"] == 1
    assert process("feedback", "ingest", "-", "--format", "xml", "-i", index, stdin=table).code == 2


def test_record_is_learned_at_once(ltrr: Ltrr, index: Path) -> None:
    """A click on a result moves it up in the next answer."""
    answer = ltrr("query", "love", "--seed", "1", "--json", "-i", index).json
    last = answer["results"][-1]["id"]
    done = ltrr("feedback", "record", answer["query_id"], last, "play", "--dwell", "60", "--user", "u", "-i", index)
    assert (done.code, done.out, done.err) == (0, "recorded\n", "")
    after = ltrr("query", "love", "--seed", "1", "--ids", "-i", index).out.split()
    assert after.index(last) < answer["results"][-1]["rank"] - 1


def test_record_as_json_with_an_unknown_action(ltrr: Ltrr, index: Path) -> None:
    """An action without a reward is counted, and a notice lists the known ones."""
    answer = ltrr("query", "love", "--json", "-i", index).json
    done = ltrr("feedback", "record", answer["query_id"], "e01", "Hover", "--json", "-i", index)
    assert done.json == {
        "recorded": True,
        "query_id": answer["query_id"],
        "entity_id": "e01",
        "action": "hover",
        "known_action": False,
    }
    assert "hover has no reward: counted, nothing learned; known are view, click" in done.err


def test_record_refuses_what_it_does_not_know(ltrr: Ltrr, index: Path) -> None:
    """Unknown queries and entities are errors; so is a negative dwell."""
    answer = ltrr("query", "love", "--json", "-i", index).json
    assert "no query with this id" in ltrr("feedback", "record", "nope", "e01", "click", "-i", index).err
    assert "no such entity" in ltrr("feedback", "record", answer["query_id"], "nope", "click", "-i", index).err
    assert ltrr("feedback", "record", answer["query_id"], "e01", "play", "--dwell", "-1", "-i", index).code == 2


def test_learn_writes_down_and_rebuilds(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """Both say what is live; rebuilding from the logs gives the same answers."""
    ltrr("feedback", "ingest", _log(tmp_path / "log.jsonl"), "-i", index)
    before = ltrr("query", "love", "--seed", "1", "--jsonl", "-i", index).json["results"]
    row = ltrr("learn", "--json", "-i", index).json
    assert (row["events"], row["rebuilt"]) == (4, False)
    again = ltrr("learn", "--rebuild", "--json", "-i", index).json
    assert (again["events"], again["rebuilt"], again["ranker"]) == (4, True, row["ranker"])
    assert again["learned_version"] > row["learned_version"]
    assert ltrr("query", "love", "--seed", "1", "--jsonl", "-i", index).json["results"] == before
    assert ltrr("learn", "-i", index).out.startswith("learned version ")


def test_what_is_too_old_to_be_kept_is_told(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """An ingest of events older than keep_days says that they went; nothing is left of them."""
    ltrr("config", "set", "keep_days", "30", "-i", index)
    log = tmp_path / "old.jsonl"
    log.write_text('{"query": "love", "entity_id": "e20", "action": "click", "ts": "2006-01-01T00:00:00Z"}\n')
    done = ltrr("feedback", "ingest", log, "-q", "-i", index)
    assert done.code == 0
    assert "1 event older than keep_days left out" in done.err
    assert not any('"e20"' in path.read_text() for path in (index / "log").glob("events-*"))
