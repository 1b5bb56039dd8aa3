"""Replaying a log: the future is never known, and a run that was stopped goes on as if it had not been."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.engine import Engine, learn
from ltrr_cli.engine.opened import Opened
from ltrr_cli.errors import EvaluationError, LockedError, UsageError
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.evaluation.batches import cut, in_order
from ltrr_cli.evaluation.replay import Replayed, Step, replay
from ltrr_cli.index.locks import exclusive
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable

START = 1_750_000_000.0
MEASURES = parse_measures(["Success@10", "RR"])
WORDS = ("love", "rain", "summer", "night", "strange words")
ROOT = Path(__file__).parents[2]
SETTINGS = "[learning]\ntrain_every = 4\ncheckpoint_every = 5\n"
BATCH = 6


def _click(number: int, text: str, entity_id: str, *, time: float | None = None, **more: Any) -> Event:
    return Event(
        id=f"c{number}",
        text=text,
        entity_id=entity_id,
        action=more.pop("action", "click"),
        time=START + 10 * number if time is None else time,
        **more,
    )


def _log(count: int = 40) -> list[Impression | Event]:
    """Return plain clicks, another system's pages with clicks on them, and events that come before their page."""
    records: list[Impression | Event] = []
    for number in range(count):
        text = WORDS[number % 5]
        entity_id = f"{WORDS[number % 4]}-{number * 3 % 8}"
        if number % 3 == 0:
            moment = START + 10 * number + (65 if number % 9 == 0 else -5)
            shown = (entity_id, "love-0", "rain-0")
            records.append(Impression(query_id=f"p{number}", text=text, time=moment, shown=shown))
            records.append(_click(number, "", entity_id, query_id=f"p{number}", position=1, user=f"u{number % 4}"))
        else:
            records.append(_click(number, text, entity_id, action="skip" if number % 7 == 4 else "like"))
    return records


@dataclass(frozen=True, kw_only=True)
class Logged:
    """An index, a log for it, and what an unbroken replay of the log gives."""

    index: Path
    records: list[Impression | Event]
    whole: Replayed


@pytest.fixture(scope="module")
def logged(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Logged:
    """Return an index that answered and learned, with its own log, which trains rankers, and another system's."""
    from ltrr_cli.feedback.formats import Feedback

    index = shutil.copytree(built, tmp_path_factory.mktemp("logged") / "songs.ltrr")
    with Engine.open(index) as engine:
        for number in range(16):
            now = START + 10 * number
            answer = engine.search(
                WORDS[number % 4], now=now, seed=number, query_id=f"s{number}", user=f"u{number % 3}"
            )
            engine.record(answer.query_id, answer.results[7].id, "like", now=now + 5)
    (index / "ltrr.toml").write_text(SETTINGS)
    records = [*Feedback([index / "log"]), *_log(10)]
    return Logged(index=index, records=records, whole=replay(index, records, measures=MEASURES, batch=BATCH))


def _same(one: Replayed, other: Replayed) -> None:
    assert (one.measures, one.steps, one.ranker) == (other.measures, other.steps, other.ranker)


def test_a_batch_does_not_know_itself(index: Path, files_of: Callable[[Path], Any]) -> None:
    """What only the batch's own events could teach is found in the next batch, not in it; the index is left alone."""
    before = files_of(index)
    log = [_click(number, "xyzzy plugh", "love-3", user=f"u{number}") for number in range(6)]
    done = replay(index, log, measures=MEASURES, batch=3)
    assert files_of(index) == before
    first, second = done.steps
    assert (first.events, first.predicted, second.predicted) == (3, 3, 3)
    for system in ("memory", "counts"):
        assert first.sums[system] == {"Success@10": 0.0, "RR": 0.0}
        assert second.sums[system] == {"Success@10": 3.0, "RR": 3.0}
    assert second.sums["ltrr"]["RR"] > first.sums["ltrr"]["RR"]
    assert first.sums["lexical"] == second.sums["lexical"]
    assert done.systems[0] == "ltrr"
    assert done.systems[-1] == "counts"
    assert done.mean("memory", "RR") == 0.5
    assert done.mean("memory", "RR", done.steps[1:]) == 1.0
    assert done.mean("nobody", "RR") == 0.0
    assert (first.start, first.end) == (START, START + 20)


def test_what_the_index_learned_does_not_help(index: Path) -> None:
    """A replay starts with nothing learned, also where the index has learned this very log."""
    log = _log(12)
    fresh = replay(index, log, measures=MEASURES, batch=5)
    with Engine.open(index) as engine:
        engine.ingest(log, now=START + 1000)
        engine.learn(now=START + 1000)
    _same(replay(index, log, measures=MEASURES, batch=5), fresh)


def test_order_and_repetition_do_not_matter(index: Path) -> None:
    """The log is replayed in time order, whatever the order in which it is read, and what comes twice counts once."""
    log = _log(12)
    done = replay(index, log, measures=MEASURES, batch=4)
    _same(replay(index, [*reversed(log), *log], measures=MEASURES, batch=4), done)
    assert sum(step.events for step in done.steps) == 12
    assert sum(step.predicted for step in done.steps) == 10  # skips are learned, and not predicted


def test_a_sample_is_predicted_all_is_learned(index: Path) -> None:
    """A share of the events, the same in every run, is predicted; the others are learned all the same."""
    log = [_click(number, "xyzzy", "love-3", user=f"u{number}") for number in range(40)]
    done = replay(index, log, measures=MEASURES, batch=20, sample=0.3)
    assert 2 <= sum(step.predicted for step in done.steps) <= 25
    assert sum(step.events for step in done.steps) == 40
    assert done.mean("memory", "RR", done.steps[1:]) == 1.0
    _same(replay(index, log, measures=MEASURES, batch=20, sample=0.3), done)


def _times(batch: int | str, *times: float) -> list[list[float]]:
    events: list[Impression | Event] = [_click(n, "love", "love-1", time=time) for n, time in enumerate(times)]
    return [[record.time for record in some] for some in cut(in_order(events), batch)]


def _at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("batch", "before", "after"),
    [
        ("day", "2025-03-29T23:59:59.999", "2025-03-30T00:00:00"),
        ("week", "2025-12-28T23:59:59", "2025-12-29T00:00:00"),  # a Sunday, and the Monday of week 1 of 2026
        ("month", "2024-02-29T23:59:59", "2024-03-01T00:00:00"),
    ],
)
def test_calendarcut(batch: str, before: str, after: str) -> None:
    """Days, ISO weeks and months are cut at midnight UTC."""
    early, late = _at(before), _at(after)
    assert _times(batch, early - 1, early, late, late + 1) == [[early - 1, early], [late, late + 1]]


def test_calendar_batches_hold_together() -> None:
    """The days around a new year are one ISO week; the same month of two years is two months; gaps make no batch."""
    assert len(_times("week", _at("2025-12-29"), _at("2025-12-31T23:00"), _at("2026-01-04T23:59"))) == 1
    assert len(_times("month", _at("2024-03-05"), _at("2025-03-05"))) == 2
    assert len(_times("day", _at("1969-12-31"), _at("1970-01-01"), _at("9999-12-31"))) == 3


def test_events_of_one_time_stay_together() -> None:
    """A batch of n events goes on while the time is the same, and pages do not count."""
    assert _times(2, 1, 1, 1, 2, 3, 4) == [[1, 1, 1], [2, 3], [4]]
    assert _times(1, 1, 2, 2) == [[1], [2, 2]]
    pages: list[Impression | Event] = [Impression(query_id=f"p{n}", text="", time=n, shown=()) for n in range(5)]
    assert len(cut(in_order(pages), 1)) == 1


@given(st.lists(st.integers(0, 20).map(float), min_size=1, max_size=30), st.integers(1, 5))
def test_batches_keep_all_in_order(times: list[float], batch: int) -> None:
    """Batches follow each other in time without sharing a moment, and each but the last has enough events."""
    found = _times(batch, *times)
    assert [time for some in found for time in some] == sorted(times)
    assert all(one[-1] < other[0] for one, other in pairwise(found))
    assert all(len(some) >= batch for some in found[:-1])


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def test_stopped_and_started_again(logged: Logged, tmp_path: Path) -> None:
    """Stopped after each batch, a run goes on to exactly the numbers of an unbroken one; done, it has nothing to do."""
    out, count = tmp_path / "work" / "replay", len(logged.whole.steps)
    assert "version" in logged.whole.ranker  # a ranker was trained: its state goes on too

    def go_on(told: Callable[[str, int, int | None], None] = lambda *_: None) -> Replayed:
        return replay(logged.index, logged.records, measures=MEASURES, batch=BATCH, out=out, progress=told)

    def stop_at(limit: int) -> Callable[[str, int, int | None], None]:
        left = iter(range(limit))
        return lambda *_: None if next(left, None) is not None else _stop()

    for limit in range(count - 1):
        with pytest.raises(KeyboardInterrupt):
            go_on(stop_at(limit))
        assert len((out / "replay.jsonl").read_text().splitlines()) == 2 + limit
    done = go_on()
    assert done.resumed == count - 1
    _same(done, logged.whole)
    again = go_on()
    assert again.resumed == count
    _same(again, logged.whole)


PLACES = ("search", "_log_impressions", "log_events", "catch_up", "rebuild", "train", "trained_row", "checkpoint")


@pytest.mark.parametrize("place", PLACES)
def test_stopped_within_a_batch(logged: Logged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Stopped while predicting, logging, learning, training or writing down, the rest comes out the same."""
    target: Any = {"search": Engine, "catch_up": Opened}.get(place, learn)
    usual, out = getattr(target, place), tmp_path / "replay"
    stopped = 0
    for limit, after in ((1, False), (1, True), (2, False), (7, True)):
        calls = 0

        def stopping(*args: Any, limit: int = limit, after: bool = after, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == limit and not after:
                raise KeyboardInterrupt
            found = usual(*args, **more)
            if calls == limit:
                raise KeyboardInterrupt
            return found

        with monkeypatch.context() as patch:
            patch.setattr(target, place, stopping)
            try:
                replay(logged.index, logged.records, measures=MEASURES, batch=BATCH, out=out)
            except KeyboardInterrupt:
                stopped += 1
    assert stopped
    _same(replay(logged.index, logged.records, measures=MEASURES, batch=BATCH, out=out), logged.whole)


CHILD = """
import os, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.evaluation.replay import replay
from ltrr_cli.feedback.formats import Feedback
import ltrr_cli.engine.learn as learn
import ltrr_cli.feedback.log as log

calls = 0
usual = log._write
def write(handle, data):
    global calls
    calls += 1
    if calls == {limit}:
        usual(handle, data[: len(data) * 2 // 3])  # a line is torn
        os.kill(os.getpid(), signal.SIGKILL)
    usual(handle, data)
log._write = write
replay(Path({index!r}), Feedback([{log!r}]), measures=parse_measures(["Success@10", "RR"]), batch=5, out=Path({out!r}))
"""


def test_killed(logged: Logged, tmp_path: Path) -> None:
    """Killed while a line is written to each of the logs in turn, the numbers are those of an unbroken run."""
    from ltrr_cli.feedback.formats import Feedback

    log, out = logged.index / "log", tmp_path / "replay"
    whole = replay(logged.index, Feedback([log]), measures=MEASURES, batch=5)
    for limit in (1, 2, 6):  # queries, then hindsight, then events of a later batch
        code = CHILD.format(root=str(ROOT), index=str(logged.index), log=str(log), out=str(out), limit=limit)
        done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
        assert done.returncode == -signal.SIGKILL, done.stderr
    done_now = replay(logged.index, Feedback([log]), measures=MEASURES, batch=5, out=out)
    assert done_now.resumed >= 2
    _same(done_now, whole)


def test_a_torn_line_of_the_journal(index: Path, tmp_path: Path) -> None:
    """A journal that ends within a line goes on from the line before."""
    log, out = _log(12), tmp_path / "replay"
    whole = replay(index, log, measures=MEASURES, batch=4, out=out)
    journal = out / "replay.jsonl"
    text = journal.read_text()
    shutil.rmtree(out)

    with pytest.raises(KeyboardInterrupt):
        replay(index, log, measures=MEASURES, batch=4, out=out, progress=_stop)
    journal.write_text(journal.read_text() + text.splitlines()[2][:40])
    done = replay(index, log, measures=MEASURES, batch=4, out=out)
    assert done.resumed == 1
    _same(done, whole)
    assert journal.read_text() == text


def test_another_log_or_other_settings_are_refused(index: Path, tmp_path: Path) -> None:
    """A directory of a replay goes on with the same log, batches, measures and settings only, and is left as it was."""
    log, out = _log(10), tmp_path / "replay"
    replay(index, log, measures=MEASURES, batch=4, out=out)
    before = (out / "replay.jsonl").read_bytes()
    changed = [*log[:-1], _click(9, "other words", "love-1")]
    elsewhere = [replace(record, user="somebody else") for record in log]
    for records, more in (
        (changed, {"batch": 4}),
        (elsewhere, {"batch": 4}),
        (log[:-1], {"batch": 4}),
        (log, {"batch": 5}),
        (log, {"batch": "day"}),
        (log, {"batch": 4, "sample": 0.5}),
        (log, {"batch": 4, "measures": MEASURES[:1]}),
    ):
        with pytest.raises(EvaluationError, match="another log, index or other settings"):
            replay(index, records, out=out, **{"measures": MEASURES, **more})  # type: ignore[arg-type]
    (index / "ltrr.toml").write_text("[rewards]\nclick = 1.0\n")
    with pytest.raises(EvaluationError, match="another log, index or other settings"):
        replay(index, log, measures=MEASURES, batch=4, out=out)
    assert (out / "replay.jsonl").read_bytes() == before


def test_a_rebuilt_index_is_refused(index: Path, catalog: Path, tmp_path: Path) -> None:
    """What was found before a build is not mixed with what is found after it."""
    log, out = _log(6), tmp_path / "replay"
    replay(index, log, measures=MEASURES, batch=4, out=out)
    Engine.build(catalog, index)
    with pytest.raises(EvaluationError, match="another log, index or other settings"):
        replay(index, log, measures=MEASURES, batch=4, out=out)


def test_a_directory_of_something_else_is_refused(index: Path, tmp_path: Path, files_of: Callable[[Path], Any]) -> None:
    """A folder that holds something else, an index too, is not touched; nor are a file and the index itself."""
    mine = tmp_path / "mine"
    shutil.copytree(index, mine / "scratch.ltrr")
    before = files_of(tmp_path)
    log = _log(6)
    with pytest.raises(EvaluationError, match="something else than a replay"):
        replay(index, log, measures=MEASURES, out=mine)
    for inside in (index, index / "log", tmp_path / "mine" / ".." / index.name / "new"):
        with pytest.raises(UsageError, match="not kept in the index"):
            replay(index, log, measures=MEASURES, out=inside)
    with pytest.raises(EvaluationError, match="cannot make this directory"):
        replay(
            index,
            log,
            measures=MEASURES,
            out=index.parent / "songs.ltrr" / ".." / "mine" / "scratch.ltrr" / "ltrr.toml",
        )
    after = files_of(tmp_path)
    after.pop("mine/lock", None)
    assert after == before


@pytest.mark.parametrize("damage", ["", "{", "[]\n", "null\n7\n", "\udcff"])
def test_a_damaged_journal_is_refused(index: Path, tmp_path: Path, damage: str) -> None:
    """A journal that is none is an error that says what to do."""
    out = tmp_path / "replay"
    out.mkdir()
    (out / "replay.jsonl").write_text(damage, errors="surrogateescape")
    with pytest.raises(EvaluationError) as caught:
        replay(index, _log(6), measures=MEASURES, out=out)
    assert caught.value.next


def test_a_damaged_copy_is_refused(index: Path, tmp_path: Path) -> None:
    """Where batches are done and the scratch copy is gone or damaged, the run does not start over in silence."""
    log, out = _log(6), tmp_path / "replay"
    replay(index, log, measures=MEASURES, out=out)
    (out / "scratch.ltrr" / "manifest.json").write_text("{")
    with pytest.raises(EvaluationError, match="cannot go on"):
        replay(index, log, measures=MEASURES, out=out)
    shutil.rmtree(out / "scratch.ltrr")
    with pytest.raises(EvaluationError, match="cannot go on"):
        replay(index, log, measures=MEASURES, out=out)


def test_two_at_once_are_refused(index: Path, tmp_path: Path) -> None:
    """Two runs do not write to one directory."""
    out = tmp_path / "replay"
    out.mkdir()
    with exclusive(out / "lock"), pytest.raises(LockedError):
        replay(index, _log(6), measures=MEASURES, out=out)


def test_odd_logs(index: Path) -> None:
    """Odd users, words, entities and times, from the year 1 to 9999, are replayed as any other."""
    log = [
        _click(0, "love", "love-1", time=-62_135_596_800.0, user="Ünï 'cødé' \u202e", session="s\u2028"),
        _click(1, "\x1b[2J\x00?!", "nowhere at all", time=START),
        _click(2, "love", "love-1", time=253_402_300_799.0, action="LEVITATE"),
        _click(3, "love", "love-1", time=253_402_300_799.0),
    ]
    done = replay(index, log, measures=MEASURES, batch=1)
    assert [step.predicted for step in done.steps] == [1, 1, 1]
    assert done.steps[2].sums["counts"]["RR"] == 1.0
    assert len(done.charts()) == 2


def test_what_is_refused(index: Path) -> None:
    """Values out of range, and logs with nothing to predict, are refused, before the log is read where it can be."""

    def never() -> Any:
        raise AssertionError("the log was read")
        yield

    for more, message in (
        ({"batch": 0}, "1 event or more, not 0"),
        ({"batch": "year"}, "no batches by 'year'"),
        ({"sample": 0.0}, "sample must be above 0"),
        ({"sample": 1.1}, "not 1.1"),
        ({"sample": float("nan")}, "not nan"),
        ({"measures": parse_measures(["R@5000"])}, "cutoff of 5000"),
    ):
        with pytest.raises(UsageError, match=message):
            replay(index, never(), **{"measures": MEASURES, **more})  # type: ignore[arg-type]
    page = Impression(query_id="p", text="love", time=START, shown=("love-1",))
    for log in ([], [page], [_click(0, "love", "love-1", action="levitate")], [_click(0, " ", "love-1")]):
        with pytest.raises(EvaluationError, match="no usable event"):
            replay(index, log, measures=MEASURES)


def test_charts_leave_out_batches_without_predictions() -> None:
    """A batch in which nothing was predicted is no point of a chart, and counts for no mean."""
    steps = tuple(
        Step(start=n, end=n + 1.0, events=2, predicted=n % 2, sums={"ltrr": {"RR": 0.5}} if n % 2 else {})
        for n in (1, 2, 3)
    )
    done = Replayed(measures=("RR",), steps=steps, resumed=0, ranker="")
    (chart,) = done.charts()
    assert [(curve.name, curve.x, curve.y) for curve in chart.curves] == [("ltrr", (2.0, 4.0), (0.5, 0.5))]
    assert done.mean("ltrr", "RR") == 0.5
    assert done.mean("ltrr", "RR", steps[1:2]) == 0.0


def test_steps_survive_the_journal(index: Path, tmp_path: Path) -> None:
    """Each line of the journal is a step in JSON, to the last bit."""
    out = tmp_path / "replay"
    done = replay(index, _log(8), measures=MEASURES, batch=3, out=out)
    first, *rows = (out / "replay.jsonl").read_text().splitlines()
    assert json.loads(first)["format_version"] == 1
    assert tuple(Step(**json.loads(row)) for row in rows) == done.steps
