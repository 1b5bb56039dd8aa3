"""Honest sets: held-out queries alone, the log as judgments, and what is said of doubtful numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltrr_cli.config import read_config
from ltrr_cli.engine import Engine
from ltrr_cli.errors import EvaluationError, UsageError
from ltrr_cli.evaluation.honest import choose_set, from_log, held_out, note_doubts
from ltrr_cli.evaluation.notes import Notes
from ltrr_cli.evaluation.queries import EvalQuery
from ltrr_cli.evaluation.runs import read_run, write_run
from ltrr_cli.evaluation.sets import TestSet
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOW = 1_750_000_000.0
TEXTS = tuple(f"love number {number}" for number in range(20))


def _hold(index: Path, share: float) -> None:
    (index / "ltrr.toml").write_text(f"[learning]\nholdout = {share}\n")


def _set(texts: tuple[str, ...] = TEXTS, qrels: Mapping[str, Mapping[str, int]] | None = None) -> TestSet:
    queries = tuple(EvalQuery(id=f"q{number}", text=text) for number, text in enumerate(texts))
    judged = {query.id: {"love-1": 1} for query in queries} if qrels is None else qrels
    return TestSet(queries=queries, qrels=judged, notes=Notes())


def test_held_out_queries_only(index: Path) -> None:
    """Of a set the held-out queries stay, in order and with their judgments; the rest is counted."""
    _hold(index, 0.4)
    config = read_config(index)
    wanted = [text for text in TEXTS if config.is_held_out(text)]
    assert 2 < len(wanted) < 18
    kept = held_out(index, _set())
    assert [query.text for query in kept.queries] == wanted
    assert list(kept.qrels) == [query.id for query in kept.queries]
    assert kept.notes.counts == {"not_held_out": 20 - len(wanted)}


def test_nothing_is_held_out(index: Path) -> None:
    """An index that holds nothing out, or none of these queries, is an error that says what to do."""
    with pytest.raises(EvaluationError, match="holds no queries out") as caught:
        held_out(index, _set())
    assert "--holdout" in caught.value.next
    with pytest.raises(EvaluationError, match="holds no queries out"):
        from_log(index)
    _hold(index, 0.4)
    config = read_config(index)
    with pytest.raises(EvaluationError, match="none of the 2 judged queries is held out"):
        held_out(index, _set(tuple(text for text in TEXTS if not config.is_held_out(text))[:2]))


def test_the_log_as_judgments(index: Path) -> None:
    """What was acted on with a reward under a held-out query is relevant, however the query was written."""
    _hold(index, 0.4)
    config = read_config(index)
    inside = [text for text in TEXTS if config.is_held_out(text)]
    outside = next(text for text in TEXTS if not config.is_held_out(text))
    with pytest.raises(EvaluationError, match="no feedback on held-out queries yet"):
        from_log(index)

    def event(number: int, text: str, entity_id: str, action: str = "click", query_id: str = "") -> Event:
        return Event(
            id=f"c{number}", text=text, entity_id=entity_id, action=action, time=NOW + number, query_id=query_id
        )

    with Engine.open(index) as engine:
        engine.ingest(
            [
                event(0, inside[0], "love-1"),
                event(1, inside[0].upper() + "!", "love-2", "like"),
                event(2, inside[0], "love-3", "skip"),
                event(3, inside[0], "love-3", "levitate"),
                event(4, outside, "love-4"),
                Impression(query_id="p", text=inside[1], time=NOW, shown=("love-5",)),
                event(5, "", "love-5", query_id="p"),
            ],
            now=NOW + 100,
        )
    judged = from_log(index)
    assert [query.text for query in judged.queries] == inside[:2]
    assert list(judged.qrels.values()) == [{"love-1": 1, "love-2": 1}, {"love-5": 1}]
    assert [query.id for query in judged.queries] == list(judged.qrels)


def test_queries_of_the_log_can_stand_in_a_run(index: Path, tmp_path: Path) -> None:
    """The ids of the log's queries hold no white space, and a query without a word is none."""
    _hold(index, 0.9)
    config = read_config(index)
    texts = [text for text in (*TEXTS, "?!", "東京 tower", "\x1b[2J love") if config.is_held_out(text)]
    with Engine.open(index) as engine:
        events = [
            Event(id=f"c{number}", text=text, entity_id="love-1", action="click", time=NOW)
            for number, text in enumerate(texts)
        ]
        engine.ingest(events, now=NOW)
    judged = from_log(index)
    assert len(judged.queries) == len([text for text in texts if text != "?!"]) > 10
    path = tmp_path / "a.run"
    write_run(path, {query.id: [("love-1", 1.0)] for query in judged.queries}, tag="ltrr")
    assert list(read_run(path)[0]) == [query.id for query in judged.queries]


def test_doubts(index: Path) -> None:
    """Judged entities that the index lacks are noted, and queries that it has learned, in any spelling."""
    judged = _set(("Love!", "rain"), {"q0": {"love-1": 1, "nowhere": 1}, "q1": {"nowhere": 1, "lost": 0}})
    with Engine.open(index) as engine:
        note_doubts(engine, judged)
        assert judged.notes.counts == {"unknown_entities": 2}
        assert "66.7% of 3" in judged.notes.remarks[0]
        assert "(first: nowhere)" in judged.notes.remarks[0]
        answer = engine.search("love")
        engine.record(answer.query_id, "love-3")
        again = _set(("Love!", "rain"))
        note_doubts(engine, again)
        assert again.notes.counts == {"queries_learned_from": 1}
        assert "(first: query q0)" in again.notes.remarks[0]
        clean = _set(("rain",))
        note_doubts(engine, clean)
        assert clean.notes.remarks == []


def test_which_set(index: Path, tmp_path: Path) -> None:
    """Files are read as they are, or their held-out part; without files the log is, and only when asked for."""
    (tmp_path / "q.tsv").write_text("".join(f"q{number}\t{text}\n" for number, text in enumerate(TEXTS)))
    (tmp_path / "j.tsv").write_text("".join(f"q{number} 0 love-1 1\n" for number in range(20)))
    queries, qrels = tmp_path / "q.tsv", tmp_path / "j.tsv"
    assert len(choose_set(index, queries, qrels, split=None, honest=False).queries) == 20
    _hold(index, 0.4)
    assert 0 < len(choose_set(index, queries, qrels, split=None, honest=True).queries) < 20
    with pytest.raises(EvaluationError, match="no feedback on held-out"):
        choose_set(index, None, None, split=None, honest=True)
    with pytest.raises(UsageError, match="name --queries and --qrels"):
        choose_set(index, None, None, split=None, honest=False)
    for honest in (True, False):
        with pytest.raises(UsageError, match="--qrels needs --queries"):
            choose_set(index, None, qrels, split=None, honest=honest)
        with pytest.raises(UsageError, match="--split needs --queries"):
            choose_set(index, None, None, split="dev", honest=honest)
