"""Splits leak nothing: no moment, page or query of the test part is in the training part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.errors import EvaluationError, UsageError
from ltrr_cli.evaluation.qrels import read_qrels
from ltrr_cli.evaluation.queries import EvalQuery, read_queries
from ltrr_cli.evaluation.split import LogSplit, keys_of, split_at, split_last, split_queries, split_set
from ltrr_cli.evaluation.split_files import SET_FILES, check_free, write_log, write_set
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.records import Event, Impression
from ltrr_cli.text import hash64, key

if TYPE_CHECKING:
    from pathlib import Path

ids = st.sampled_from(["q1", "q2", "q3", "q4"])
texts = st.sampled_from(["", "Rain", "rain!", "snow", "Übung", "ubung", "東京", "日本"])
times = st.integers(0, 8).map(float) | st.floats(0, 8)
pages = st.builds(
    Impression,
    query_id=ids,
    text=texts,
    time=times,
    shown=st.lists(st.sampled_from(["a", "b c"]), max_size=2).map(tuple),
    user=st.sampled_from(["", "u1"]),
    session=st.sampled_from(["", "s1"]),
)
actions = st.builds(
    Event,
    id=st.uuids().map(str),
    entity_id=st.sampled_from(["a", "b c"]),
    action=st.just("click"),
    time=times,
    query_id=ids | st.just(""),
    text=texts,
    position=st.integers(0, 3),
    dwell=st.floats(0, 100),
)
logs = st.lists(pages | actions, max_size=14)
quick = settings(max_examples=60, deadline=None)


def page(query_id: str, time: float, text: str = "rain") -> Impression:
    """Return an impression of an empty page."""
    return Impression(query_id=query_id, text=text, time=time, shown=())


def click(name: str, time: float, query_id: str = "", text: str = "") -> Event:
    """Return a click."""
    return Event(id=name, entity_id="e", action="click", time=time, query_id=query_id, text=text)


def names(records: tuple[Impression | Event, ...]) -> list[str]:
    """Return the id of every record."""
    return [record.id if isinstance(record, Event) else record.query_id for record in records]


def left_out(found: LogSplit) -> int:
    """Return how many records were left out."""
    return sum(found.notes.counts.values())


def test_a_cut_by_hand() -> None:
    """The cut's own moment is in test; late clicks on early pages are in neither part; time order is kept."""
    log: list[Impression | Event] = [
        click("late", 6, "early"),
        page("early", 4),
        click("soon", 4.5, "early"),
        page("cut", 5),
        click("skewed", 4.9, "cut"),
        click("alone", 5),
        click("before", 3),
    ]
    found = split_at(log, 5)
    assert names(found.train) == ["before", "early", "soon"]
    assert names(found.test) == ["cut", "skewed", "alone"]
    assert found.notes.counts == {"crossing_records": 1}
    assert "query early" in found.notes.remarks[0]


def test_a_query_without_page_begins_with_its_first_event() -> None:
    """Its later events do not cross the cut either."""
    found = split_at([click("a", 1, "q"), click("b", 3, "q"), click("c", 3, "r")], 2)
    assert (names(found.train), names(found.test), left_out(found)) == (["a"], ["c"], 1)


@given(log=logs, cut=times)
@quick
def test_train_ends_before_test_begins(log: list[Impression | Event], cut: float) -> None:
    """No record of train is from the cut on, no query is on both sides, and what is left out is counted."""
    try:
        found = split_at(log, cut)
    except EvaluationError:
        return
    assert max(record.time for record in found.train) < cut
    shown = {record.query_id for record in log if isinstance(record, Impression)}
    assert all(record.time >= cut or record.query_id in shown for record in found.test)
    train, test = ({record.query_id for record in part} - {""} for part in (found.train, found.test))
    assert not train & test
    assert len(found.train) + len(found.test) + left_out(found) == len(log)


@pytest.mark.parametrize(
    ("moments", "share", "cut"),
    [
        ([1, 2, 3, 4, 5], 0.2, 5),
        ([1, 2, 3, 4, 5], 0.4, 4),
        ([5, 3, 1, 2, 4], 0.01, 5),
        ([1, 2, 3, 4, 5], 0.99, 2),
        ([1, 1, 1, 1, 5, 5], 0.01, 5),
        ([1, 2, 2, 2, 2, 2], 0.1, 2),
        ([1, 2, 2, 2, 3, 3], 0.5, 3),
    ],
)
def test_the_last_share(moments: list[int], share: float, cut: float) -> None:
    """The cut is where the share of events from it on is nearest to the one wanted, never within a moment."""
    found = split_last([click(str(n), float(time)) for n, time in enumerate(moments)], share)
    assert found.cut == cut
    assert len(found.test) == sum(time >= cut for time in moments)


def test_the_share_is_of_events() -> None:
    """Pages are not counted, but where there is nothing else."""
    shown = [page(f"p{n}", n / 100) for n in range(50)]
    assert split_last([*shown, click("a", 1), click("b", 2)], 0.5).cut == 2
    assert split_last(shown, 0.5).cut == 0.25


@given(log=logs, share=st.sampled_from([0.3, 0.5, 0.7]), seed=st.integers(0, 9))
@quick
def test_no_query_is_in_both_parts(log: list[Impression | Event], share: float, seed: int) -> None:
    """Neither a key nor an id of a query stands on both sides, and what is left out is counted."""
    try:
        found = split_queries(log, share, seed=seed)
    except EvaluationError:
        return
    assert not keys_of(found.train) & keys_of(found.test)
    train, test = ({record.query_id for record in part} - {""} for part in (found.train, found.test))
    assert not train & test
    assert len(found.train) + len(found.test) + left_out(found) == len(log)


def side(text: str, seed: int = 0) -> bool:
    """Return whether a query is for testing, half of all being so, by the rule that the module states."""
    return hash64(f"{seed}\n{key(text)}") < 2**63


def test_queries_by_hand() -> None:
    """Events go with their query; no query at all, and a text of the other side, are left out."""
    one, other = "rain", next(text for text in map(str, range(99)) if side(text) != side("rain"))
    log: list[Impression | Event] = [
        page("q", 1, one),
        click("by id", 2, "q"),
        click("by text", 3, text=one.upper()),
        click("no text", 4),
        click("changed", 5, "q", other),
        click("other", 6, "r", other),
        click("same id", 7, "r"),
    ]
    found = split_queries(log, 0.5)
    parts = [found.test, found.train] if side(one) else [found.train, found.test]
    assert [names(part) for part in parts] == [["q", "by id", "by text"], ["other", "same id"]]
    assert found.notes.counts == {"records_without_query": 1, "contradicting_texts": 1}


def test_a_query_keeps_its_side() -> None:
    """A longer log and a query set give a query the same side; the share is kept on average; a seed changes sides."""
    words = [f"word {n}" for n in range(2000)]
    short = split_queries([click(word, 1, text=word) for word in words[:500]], 0.2)
    long = split_queries([click(word, 1, text=word.upper()) for word in words], 0.2)
    queries = [EvalQuery(id=word, text=word) for word in words]
    whole = split_set(queries, {}, 0.2)
    assert set(names(short.test)) == set(names(long.test)) & set(words[:500])
    assert [query.id for query in whole.test.queries] == names(long.test)
    assert 300 < len(long.test) < 500  # 400 expected, standard deviation 18
    other = split_set(queries, {}, 0.2, seed=1)
    assert other.test.queries != whole.test.queries


@given(log=logs.filter(bool))
@quick
def test_logs_survive_writing(tmp_path_factory: pytest.TempPathFactory, log: list[Impression | Event]) -> None:
    """What is written reads back as equal records in the same order; pages come before their events."""
    ordered = LogSplit(train=tuple(log), test=(), notes=split_at([click("a", 1), click("b", 2)], 2).notes)
    files = write_log(ordered, tmp_path_factory.mktemp("split"))
    assert [file.name for file in files] == ["train.jsonl", "test.jsonl"]
    feedback = Feedback([files[0]])
    assert list(feedback) == log
    assert feedback.bad == []
    assert files[1].read_bytes() == b""


def test_a_query_set(tmp_path: Path) -> None:
    """Paraphrases stay together, every judgment follows its query, and reading gives back what was split."""
    queries = [EvalQuery(id=f"{n}", text=f"word {n}", split="dev", user="u", session="s") for n in range(40)]
    queries += [EvalQuery(id=f"again {n}", text=f"WORD, {n}!") for n in range(40)]
    qrels = {query.id: {"e f": 1, "g": -2} for query in queries[:70]} | {"stranger": {"e f": 1}}
    found = split_set(queries, qrels, 0.3)
    assert found.notes.counts == {"unknown_judged_queries": 1}
    files = write_set(found, tmp_path)
    assert [file.name for file in files] == list(SET_FILES)
    for part, (listed, judged) in zip((found.train, found.test), (files[:2], files[2:]), strict=True):
        assert {query.id for query in part.queries} == {
            name for n in range(40) if side_of_set(n) == (part is found.test) for name in (f"{n}", f"again {n}")
        }
        assert read_queries(listed)[0] == list(part.queries)
        assert read_qrels(judged)[0] == part.qrels
    assert found.train.qrels | found.test.qrels == {query.id: qrels[query.id] for query in queries[:70]}  # type: ignore[operator]


def side_of_set(number: int) -> bool:
    """Return whether a query of the set above is for testing."""
    return hash64(f"0\nword {number}") < 0.3 * 2**64


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, 20.0, float("nan")])
def test_a_share_is_a_part(share: float) -> None:
    """Everything but a number between 0 and 1 is refused."""
    log = [click("a", 1, text="a"), click("b", 2, text="b")]
    for call in (split_last, split_queries):
        with pytest.raises(UsageError, match="is no part"):
            call(log, share)
    with pytest.raises(UsageError, match="is no part"):
        split_set([EvalQuery(id="a", text="a")], {}, share)


def test_no_part_is_empty() -> None:
    """A split that would leave a part empty is an error that says why."""
    log = [click("a", 86400.0, text="a"), click("b", 86400.0, text="a")]
    with pytest.raises(EvaluationError, match=r"nothing before the cut at 1970-01-02.* from 1970-01-02T00:00:00\.000"):
        split_at(log, 86400)
    with pytest.raises(EvaluationError, match="nothing after the cut"):
        split_at(log, 86401)
    with pytest.raises(EvaluationError, match=r"nothing .* the cut .*it is empty"):
        split_at([], 0)
    with pytest.raises(EvaluationError, match="all have the same time"):
        split_last(log, 0.5)
    with pytest.raises(EvaluationError, match="it is empty"):
        split_last([], 0.5)
    with pytest.raises(EvaluationError, match="one part would be empty"):
        split_queries(log, 0.5)
    with pytest.raises(EvaluationError, match="nothing to split"):
        split_queries([click("a", 1)], 0.5)


def test_nothing_is_replaced(tmp_path: Path) -> None:
    """A folder with a file of a split, and a file in place of the folder, are refused."""
    check_free(tmp_path, SET_FILES)
    check_free(tmp_path / "new", SET_FILES)
    (tmp_path / "test.qrels.tsv").write_text("")
    with pytest.raises(EvaluationError, match=r"a split here already .*test\.qrels\.tsv"):
        check_free(tmp_path, SET_FILES)
    with pytest.raises(EvaluationError, match="is a file"):
        check_free(tmp_path / "test.qrels.tsv", SET_FILES)


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    """If the second file cannot be written, the first is not there either."""
    (tmp_path / "test.jsonl").mkdir()
    found = split_at([click("a", 1), click("b", 2)], 2)
    with pytest.raises(EvaluationError, match="cannot write"):
        write_log(found, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["test.jsonl"]
    (tmp_path / "file").write_text(json.dumps({}))
    with pytest.raises(EvaluationError, match="cannot make the folder"):
        write_log(found, tmp_path / "file" / "below")
