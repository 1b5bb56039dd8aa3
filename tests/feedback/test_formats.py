"""Feedback is read in every supported form, and what cannot be used is left out with its line and reason."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ltrr_cli.errors import FeedbackError, UsageError
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.feedback.ubi import event_to_ubi, impression_to_ubi
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
NOON = 1_325_419_200.0
CLICK = {
    "query": "tax code",
    "entity_id": "e1",
    "ts": "2012-01-01T12:00:00Z",
    "user_id": "u1",
    "rank": 2,
    "dwell_s": 1.5,
}
ANSWER = {"query_id": "q1", "query": "tax", "results": [{"rank": 1, "id": "e1", "score": 2.0}]}
RANKING = {
    "event": "ranking",
    "id": "r1",
    "timestamp": "1325419200000",
    "user": "u1",
    "session": "s1",
    "fields": [{"name": "source", "value": "page"}, {"name": "query", "value": "tax code"}],
    "items": [{"id": "e1", "relevancy": 2.0}, {"id": "e2"}],
}
INTERACTION = {
    "event": "interaction",
    "id": "i1",
    "ranking": "r1",
    "timestamp": 1_325_419_200_000,
    "user": "u1",
    "session": "s1",
    "type": "Purchase",
    "item": "e2",
}


def written(*rows: object) -> bytes:
    """Return JSON lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def read(content: bytes, form: str | None = None) -> tuple[list[Impression | Event], Feedback]:
    """Read content from standard input."""
    feedback = Feedback(["-"], stdin=io.BytesIO(content), format=form)
    return list(feedback), feedback


def event(content: dict[str, Any]) -> Event:
    """Read the one event that a row holds."""
    records, feedback = read(written(content))
    assert feedback.bad == []
    (found,) = records
    assert isinstance(found, Event)
    return found


def test_a_plain_log() -> None:
    """A plain record gives an event; an absent action is a click."""
    found = event(CLICK)
    assert (found.entity_id, found.action, found.time, found.text) == ("e1", "click", NOON, "tax code")
    assert (found.user, found.position, found.dwell, found.query_id) == ("u1", 2, 1.5, "")


@pytest.mark.parametrize("name", ["entity_id", "item_id", "doc_id", "object_id", "product_id", "clicked"])
def test_names_of_the_entity(name: str) -> None:
    """The entity is found under each of its usual names."""
    assert event({"query": "tax", name: 17, "timestamp": NOON}).entity_id == "17"


def test_fields_are_normalised() -> None:
    """Ids are stripped, whole numbers become text, actions small letters, long texts are cut."""
    found = event(
        {**CLICK, "entity_id": " e1 ", "user_id": 7.0, "action": " LIKE ", "query": "x" * 20_000, "position": 3}
    )
    assert (found.entity_id, found.user, found.action, len(found.text)) == ("e1", "7", "like", 10_000)
    assert found.position == 2  # rank goes first


def test_a_logged_page() -> None:
    """A record with results and a time is another system's impression."""
    records, feedback = read(written({**ANSWER, "ts": "2012-01-01T12:00:00Z", "session_id": "s1"}))
    assert records == [Impression(query_id="q1", text="tax", time=NOON, shown=("e1",), session="s1")]
    assert feedback.counts["plain"] == 1


def test_our_own_answers_are_skipped() -> None:
    """An answer piped back is counted, said and left out: its impression is in the log already."""
    records, feedback = read(written(ANSWER, CLICK))
    assert len(records) == 1
    assert feedback.counts["answers"] == 1
    assert feedback.notes == ["left out 1 of our own answers, logged when they were given"]
    assert feedback.bad_count == 0


def test_metarank() -> None:
    """A ranking is an impression, an interaction with it an event."""
    records, feedback = read(written(RANKING, INTERACTION, {"event": "item", "item": "e1", "fields": []}))
    impression, action = records
    assert impression == Impression(
        query_id="r1", text="tax code", time=NOON, shown=("e1", "e2"), user="u1", session="s1"
    )
    assert isinstance(action, Event)
    assert (action.query_id, action.entity_id, action.action, action.time) == ("r1", "e2", "purchase", NOON)
    assert feedback.counts["metarank"] == 2
    assert feedback.notes == ["left out 1 Metarank item and user events, which describe and report nothing"]


def test_ubi_and_other_kinds_may_be_mixed() -> None:
    """Each record is detected on its own."""
    impression = Impression(query_id="q1", text="tax", time=NOON, shown=("e1",))
    action = Event(id="0" * 16, entity_id="e1", action="click", time=NOON, query_id="q1")
    page_view = {"action_name": "page_view", "timestamp": "2012-01-01T12:00:00Z"}
    content = written(impression_to_ubi(impression), CLICK, event_to_ubi(action), RANKING, page_view)
    records, feedback = read(content)
    assert records[0] == impression
    assert records[2] == action
    counts = {
        "ubi queries": 1,
        "ubi events": 1,
        "plain": 1,
        "metarank": 1,
        "answers": 0,
        "ubi events without object": 1,
    }
    assert feedback.counts == counts


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"query,item_id,action,timestamp,position\ntax code,007,like,1325419200,3\n", None),
        (b'\xef\xbb\xbfQuery, Item_ID ,action,timestamp,position\r\n"tax code",007,like,1325419200,3\r\n', None),
        (b"query\titem_id\taction\ttimestamp\tposition\ntax code\t007\tlike\t1325419200\t3\n", None),
        (b"query;item_id;action;timestamp;position\ntax code;007;like;1325419200;3", None),
        (b"query,item_id,action,timestamp,position\ntax code,007,like,1325419200,3\n", "csv"),
        (b"query\titem_id\taction\ttimestamp\tposition\ntax code\t007\tlike\t1325419200\t3\n", "tsv"),
    ],
)
def test_tables(content: bytes, form: str | None) -> None:
    """Tables are read with any usual separator; ids keep their leading zeros."""
    records, feedback = read(content, form)
    assert feedback.bad == []
    (found,) = records
    assert isinstance(found, Event)
    assert (found.text, found.entity_id, found.action, found.time) == ("tax code", "007", "like", 1_325_419_200.0)
    assert found.position == 3


def test_quotes_in_a_tab_separated_log_mean_nothing() -> None:
    """A query that starts with a quote does not swallow the lines after it."""
    records, _ = read(b'query\tdoc_id\tts\n"tax\te1\t2012-01-01\nlaw\te2\t2012-01-01\n')
    assert [record.text for record in records] == ['"tax', "law"]


def test_rows_that_say_nothing_was_clicked() -> None:
    """A table of what was shown, with a click column, gives events for the clicks alone."""
    records, feedback = read(b"item_id,ts,click\ne1,2012-01-01,0\ne2,2012-01-01,1\n")
    assert len(records) == 1
    assert feedback.notes == ["left out 1 records that say nothing was clicked"]


def test_bad_table_rows() -> None:
    """Rows with too many cells or unreadable bytes are left out with their line."""
    records, feedback = read(b"doc_id,ts\ne1,2012-01-01\ne2\ne3,2012,01\n\xff,2012-01-01\n,2012-01-01\ne4,2012-01-01\n")
    assert len(records) == 2
    assert [bad.line for bad in feedback.bad] == [3, 4, 5, 6]


def test_a_table_without_entities_is_told() -> None:
    """Once, with its columns, and what to do: not line by line that it is no JSON. With a mapping it is read."""
    content = b'query,product,ts\n"tax, code",e1,2012-01-01\nlaw,e2,2012-01-01\n'
    records, feedback = read(content)
    assert records == []
    assert [(bad.line, bad.reason) for bad in feedback.bad] == [
        (1, "no column is called like one of entities: query, product, ts; say which is, with --map entity_id=COLUMN")
    ]
    feedback = Feedback(["-"], stdin=io.BytesIO(content), mapping={"entity_id": "product"})
    assert [record.text for record in feedback] == ["tax, code", "law"]


DEEP = b'{"a":' * 100_000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"hello", "not JSON"),
        (b"[1, 2]", "object expected"),
        (b"null", "object expected"),
        (b'"text"', "object expected"),
        (b"{}", "no known kind"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"entity_id": "e", "ts": NaN}', "NaN"),
        (b'{"entity_id": "e", "ts": 1e999}', "ts"),
        (b'{"entity_id": "e"}', "ts: missing"),
        (b'{"entity_id": "", "ts": 1}', "entity_id: missing"),
        (b'{"entity_id": "a\\u0000b", "ts": 1}', "entity_id: holds a control"),
        (b'{"entity_id": true, "ts": 1}', "entity_id: text expected"),
        (b'{"entity_id": "e", "ts": 1, "action": ""}', "action: missing"),
        (b'{"entity_id": "e", "ts": 1, "rank": "first"}', "rank: not a number"),
        (b'{"entity_id": "e", "ts": 1, "dwell_s": -1}', "dwell_s: not a length"),
        (b'{"event": "ranking", "id": "r", "timestamp": 1}', "items: a list"),
        (b'{"event": "login"}', "event: neither"),
        (b'{"event": ["ranking"]}', "event: neither"),
        (b'{"query_id": "q", "results": 3, "ts": 1}', "results: a list"),
        (b'{"entity_id": ' + b"9" * 5000 + b', "ts": 1}', ""),
        (DEEP, "nested too deep"),
        (b"x" * (16 * 2**20 + 1), "longer than 16 MiB"),
    ],
)
def test_bad_lines(line: bytes, reason: str) -> None:
    """A line that cannot be used is left out with its number and reason, and the rest goes on."""
    records, feedback = read(written(CLICK) + line + b"\n\n" + written(CLICK))
    assert len(records) == 2
    (bad,) = feedback.bad
    assert (bad.source, bad.line, feedback.bad_count) == ("stdin", 2, 1)
    assert reason in bad.reason


def test_only_the_first_thousand_bad_lines_are_kept() -> None:
    """All bad lines are counted, so many that they would fill the memory are not kept."""
    _, feedback = read(written({}) + b"x\n" * 1500)
    assert (len(feedback.bad), feedback.bad_count) == (1000, 1501)


def test_a_byte_order_mark_at_the_start_and_an_array() -> None:
    """A file may begin with a byte order mark, and a single array of records is read too."""
    assert len(read(b"\xef\xbb\xbf" + written(CLICK))[0]) == 1
    assert len(read(json.dumps([CLICK, ANSWER, CLICK]).encode())[0]) == 2


@pytest.mark.parametrize("pack", [lambda content: content, gzip.compress, zstandard.ZstdCompressor().compress])
def test_compression_is_found_by_content(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Plain, gzip and Zstandard files are read whatever they are called, and progress ends at their size on disk."""
    path = tmp_path / "clicks"
    path.write_bytes(pack(written(*[CLICK] * 50)))
    feedback = Feedback([path])
    assert len(list(feedback)) == 50
    assert feedback.bytes_read == feedback.bytes_total == path.stat().st_size


def test_a_truncated_file_keeps_what_came_before(tmp_path: Path) -> None:
    """Damage in a compressed file is one bad record at its end."""
    path = tmp_path / "clicks.gz"
    rows = [{**CLICK, "rank": rank} for rank in range(20_000)]
    path.write_bytes(gzip.compress(written(*rows))[:-2000])
    feedback = Feedback([path])
    assert len(list(feedback)) > 1000
    assert "ends early" in feedback.bad[-1].reason


def test_a_folder_gives_queries_first(tmp_path: Path) -> None:
    """A folder's JSON lines are read by name, queries before events, control files never."""
    action = Event(id="0" * 16, entity_id="e1", action="click", time=NOON)
    impression = Impression(query_id="q1", text="tax", time=NOON, shown=())
    (tmp_path / "events-000001.jsonl").write_bytes(written(event_to_ubi(action)))
    (tmp_path / "queries-000001.jsonl.gz").write_bytes(gzip.compress(written(impression_to_ubi(impression))))
    (tmp_path / "control-000001.jsonl").write_bytes(written({"control": "promote"}))
    (tmp_path / "notes.txt").write_bytes(b"not feedback")
    feedback = Feedback([tmp_path])
    assert list(feedback) == [impression, action]
    assert feedback.bad == []


def test_missing_sources(tmp_path: Path) -> None:
    """A file that is missing, an empty folder and a binary file each raise an error that says what to do."""
    with pytest.raises(FeedbackError) as missing:
        Feedback([tmp_path / "clicks.jsonl"])
    assert missing.value.where.endswith("clicks.jsonl")
    assert missing.value.next
    with pytest.raises(FeedbackError, match="holds no feedback"):
        Feedback([tmp_path])
    with pytest.raises(FeedbackError, match="ZIP"):
        read(b"PK\x03\x04" + bytes(50))
    with pytest.raises(UsageError, match="unknown feedback format"):
        Feedback(["-"], format="xml")


def test_one_pass_only() -> None:
    """A second pass is refused: standard input is gone, and counts would double."""
    _, feedback = read(written(CLICK))
    with pytest.raises(FeedbackError, match="only once"):
        iter(feedback)


def test_the_same_line_is_the_same_event() -> None:
    """Reading a log twice gives the same ids; another user's click has another."""
    (first, second, other), _ = read(written(CLICK, CLICK, {**CLICK, "user_id": "u2"}))
    assert isinstance(first, Event)
    assert isinstance(other, Event)
    assert first == second
    assert first.id != other.id


@unhurried
@given(st.binary(max_size=200), st.sampled_from([None, "jsonl", "csv", "tsv"]))
@example(b"\x1f\x8b\x08", None)
@example(b"\x28\xb5\x2f\xfd\x00", None)
@example(b"doc_id,ts\n\x00\r\r\n", "csv")
@example(b"\xff\xfed\x00o\x00", None)
def test_any_bytes(content: bytes, form: str | None) -> None:
    """No bytes raise anything but FeedbackError."""
    try:
        _, feedback = read(content, form)
    except FeedbackError as error:
        assert error.next  # noqa: PT017 – the error is allowed, not expected
    else:
        assert feedback.bad_count >= len(feedback.bad)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([{"id": 1}, 2]), st.just({})
)
NAMES = st.sampled_from(
    [
        "query",
        "entity_id",
        "clicked",
        "action",
        "ts",
        "query_id",
        "rank",
        "dwell_s",
        "user_id",
        "event",
        "id",
        "timestamp",
        "items",
        "fields",
        "item",
        "type",
        "results",
        "action_name",
        "user_query",
        "query_response_hit_ids",
        "query_attributes",
        "event_attributes",
    ]
)


@unhurried
@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_any_object(row: dict[str, Any]) -> None:
    """No object with our field names raises: it is a record, skipped on purpose, or bad."""
    records, feedback = read(json.dumps(row).encode())
    assert len(records) <= 1
    assert sum(feedback.counts.values()) + feedback.bad_count == 1
