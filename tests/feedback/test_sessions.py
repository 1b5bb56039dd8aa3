"""What a session asked is found without reading the whole log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.feedback import impressions as module
from ltrr_cli.feedback.impressions import Asked, Impressions, _names
from ltrr_cli.feedback.log import Log, Position, encode_line
from ltrr_cli.feedback.ubi import impression_to_ubi
from ltrr_cli.records import Arm, Found, Impression, Trace

if TYPE_CHECKING:
    from pathlib import Path

ODD = ['with "quotes"', "back\\slash", "näh 😀", "a\u2028b", "a/b", "新", "'", "s" * 512, '"},"x":"', "\\", '\\"']
IMITATION = '{"query_id":"x","query_attributes":{"session_id":"theirs"}}'


def make(folder: Path) -> Log:
    """Return a log that rotates early."""
    return Log(folder / "log", "queries", lock=folder / "lock", rotate_bytes=600)


def asked(number: int, session: str, text: str = "tax") -> Impression:
    """Return the impression of a session's query."""
    return Impression(
        query_id=f"q{number}", text=text, time=float(number), shown=("e1",), session=session, user="somebody"
    )


def append(log: Log, *impressions: Impression) -> None:
    """Log impressions one by one, so that the log can rotate between them."""
    for found in impressions:
        log.append([impression_to_ubi(found)])


def said(*numbers: int, text: str = "tax") -> tuple[Asked, ...]:
    """Return what is to be found of these impressions."""
    return tuple(Asked(f"q{number}", text, float(number)) for number in numbers)


def test_in_the_order_of_the_log(tmp_path: Path) -> None:
    """A session's lines come in the order in which they were logged, over rotated files, and nobody else's do."""
    log = make(tmp_path)
    append(log, *(asked(number, f"s{number % 3}") for number in (*range(20, 30), *range(10))))
    impressions = Impressions(log)
    assert log.end().file > 2
    assert impressions.of_session("s0") == said(21, 24, 27, 0, 3, 6, 9)
    assert impressions.of_session("s2") == said(20, 23, 26, 29, 2, 5, 8)
    assert impressions.of_session("s3") == ()


def test_without_a_name_there_is_no_session(tmp_path: Path) -> None:
    """Queries without a session do not belong together."""
    log = make(tmp_path)
    append(log, asked(1, ""), asked(2, ""))
    impressions = Impressions(log)
    assert impressions.of_session("") == ()
    assert len(impressions.table()["session_hashes"]) == 0


def test_later_lines_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is logged after the first look is found at the next, and what was read before is not read again."""
    log = make(tmp_path)
    impressions = Impressions(log)
    assert impressions.of_session("s") == ()
    read: list[Position] = []
    read_at = log.read_at

    def reading(position: Position) -> dict[str, Any] | None:
        read.append(position)
        return read_at(position)

    monkeypatch.setattr(log, "read_at", reading)
    append(log, asked(1, "s"), asked(2, "other"), asked(3, "s"))
    assert impressions.of_session("s") == said(1, 3)
    append(log, *(asked(number, "s") for number in range(4, 12)))
    assert impressions.of_session("s") == said(1, *range(3, 12)) == impressions.of_session("s")
    assert len(read) == len(set(read)) == 10


def test_it_goes_on_from_a_table(tmp_path: Path) -> None:
    """The table of one process serves the next, whatever of a session it covers."""
    log = make(tmp_path)
    table = Impressions(log).table()
    for end in range(1, 13):
        append(log, asked(end, ("s", "other")[end % 2]))
        table = Impressions.load(log, table).table()
        if end in (4, 5, 12):
            more = Impressions.load(log, table)
            assert more.of_session("s") == said(*range(2, end + 1, 2))
            assert more.of_session("other") == said(*range(1, end + 1, 2))
            assert more.count == end


def test_no_more_sessions_are_kept_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where many sessions are asked for, each answer is still right."""
    monkeypatch.setattr(module, "_SESSIONS_KEPT", 2)
    log = make(tmp_path)
    append(log, *(asked(number, f"s{number % 5}") for number in range(15)))
    impressions = Impressions(log)
    for _ in range(2):
        for number in range(5):
            assert impressions.of_session(f"s{number}") == said(number, number + 5, number + 10)
            assert len(impressions._asked) <= 2


@pytest.mark.parametrize("session", ODD)
def test_odd_names(session: str, tmp_path: Path) -> None:
    """Sessions that JSON escapes, or that look like JSON, are found all the same, also from a table."""
    log = make(tmp_path)
    append(log, asked(1, session), asked(2, "other"), asked(3, session), asked(4, f"{session}x"[-512:]))
    impressions = Impressions(log)
    for found in (impressions, Impressions.load(log, impressions.table())):
        assert found.of_session(session) == said(1, 3)


@pytest.mark.parametrize("mine", ["", "mine"])
@pytest.mark.parametrize("where", ["text", "user", "shown", "query_id"])
def test_what_imitates_a_session_is_none(where: str, mine: str, tmp_path: Path) -> None:
    """Text that holds the log's own bytes before a session, wherever somebody types it, names no session."""
    texts: dict[str, Any] = {"query_id": "q1", "text": "tax", "user": "u", "shown": ("e1",)}
    texts[where] = (IMITATION,) if where == "shown" else IMITATION
    impression = Impression(**texts, session=mine, time=1.0)
    log = make(tmp_path)
    append(log, impression, asked(2, "mine"))
    impressions = Impressions(log)
    assert impressions.of_session("theirs") == ()
    assert len(impressions.table()["session_hashes"]) == 1 + bool(mine)
    assert impressions.find(impression.query_id) == impression
    assert [found.query_id for found in impressions.of_session("mine")] == ([texts["query_id"]] if mine else []) + [
        "q2"
    ]


def _trace(text: str) -> Trace:
    """Return a trace with this text wherever one can stand."""
    return Trace(
        now=1.0,
        k=1,
        segments=(text,),
        learned=text,
        policy_version=0,
        ranker_version=0,
        mode=text,
        particle=0,
        epsilon=0.0,
        explored=False,
        seed=0,
        context={text: 1.0, "query_attributes": 1.0},
        arms=(Arm(name=text, depth=1, error=text),),
        propensity=1.0,
        pool_ids=(text,),
        pool={text: Found((0,), (1.0,))},
        feature_names=(text,),
        features=((1.0,),),
        scores=(1.0,),
        available=(text,),
    )


@settings(deadline=None)
@given(
    st.text(max_size=20) | st.sampled_from([*ODD, IMITATION]),
    st.text(max_size=20) | st.sampled_from([*ODD, IMITATION]),
    st.text(max_size=20) | st.sampled_from([*ODD, IMITATION]),
)
def test_names_are_those_that_parsing_gives(query_id: str, text: str, session: str) -> None:
    """Reading id and session off a line gives what is in the parsed line, whatever was typed."""
    found = Impression(
        query_id=query_id, text=text, time=0.5, shown=(text,), session=session, user=text, trace=_trace(text)
    )
    line = encode_line(impression_to_ubi(found)).removesuffix(b"\n")
    row = json.loads(line)
    assert _names(line) == (row["query_id"], row["query_attributes"].get("session_id", ""))


def test_damaged_and_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    """A line that is damaged, or no impression, is left out; one whose members stand in another order is not."""
    log = make(tmp_path)
    append(log, asked(1, "s"), asked(2, "s", "law"))
    log.append([{"query_id": "q3", "timestamp": "soon", "query_attributes": {"session_id": "s"}}])
    log.append(
        [{"query_attributes": {"x": 1, "session_id": "s"}, "timestamp": 4, "user_query": "tax", "query_id": "q4"}]
    )
    log.append([{"query_id": "q5", "timestamp": 5, "query_attributes": {"session_id": 7}}, {"query_attributes": None}])
    for path in (tmp_path / "log").iterdir():
        path.write_bytes(path.read_bytes().replace(b"law", b"low"))
    impressions = Impressions(log)
    assert impressions.of_session("s") == said(1, 4)
