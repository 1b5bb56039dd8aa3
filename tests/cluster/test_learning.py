"""Learning from many routers: one recorder writes the logs, and whoever dies, each event counts once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.cluster.outbox import Line, Outbox, abandoned
from ltrr_cli.cluster.recorder import Recorder
from ltrr_cli.cluster.router import Cluster
from ltrr_cli.engine import Engine
from ltrr_cli.engine.receiving import Received
from ltrr_cli.errors import ClusterError, FeedbackError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from machines import Machines


NOW = 1e9
EVENTS = 40


@pytest.fixture
def index(one: Path, tmp_path: Path) -> Path:
    """Return an index that may be written to."""
    return shutil.copytree(one, tmp_path / "songs.ltrr")


def _logged(index: Path) -> list[str]:
    """Return the entities of the events in the log, in order."""
    with Engine.open(index) as engine:
        return [event.entity_id for event in engine._opened.logs.all_events()]


def _click(query_id: str, entity_id: str) -> dict[str, object]:
    return {"action_name": "click", "query_id": query_id, "event_attributes": {"object": {"object_id": entity_id}}}


def test_every_event_counts_once_while_the_recorder_is_killed(machines: Machines, index: Path) -> None:
    """Two routers search and record, and the recorder dies again and again."""
    sent: list[str] = []
    with Cluster.open(index, replicas=1) as first, Cluster.open(index, replicas=1) as second:
        for number in range(EVENTS):
            router = (first, second)[number % 2]
            answer = router.search("love" if number % 3 else "rain", now=NOW + number, seed=number)
            chosen = answer.results[number % 5].id
            if number in {11, 25}:
                assert machines.kill("Recorder")
            assert router.record(answer.query_id, chosen, now=NOW + number)
            assert router.record(answer.query_id, chosen, now=NOW + number) is False
            sent.append(chosen)
        assert first.has_learned_from("love")
        assert second.info().events == EVENTS
        with pytest.raises(FeedbackError, match="no query with this id"):
            first.record("nobody asked this", "e001", now=NOW)
    assert _logged(index) == sent
    assert not list((index / "outbox").iterdir())
    with Engine.open(index) as engine:
        assert engine.info().impressions == EVENTS
    assert not Engine.verify(index, deep=True).damage


_ROUTER = """
import os, sys
from ltrr_cli.cluster.outbox import Outbox
from ltrr_cli.errors import ClusterError
from ltrr_cli.engine import Engine
from pathlib import Path
def away(lines):
    raise ClusterError("the recorder is away")
root = Path(sys.argv[1])
outbox = Outbox(root, away)
with Engine.open(root) as engine:
    engine._opened.noted = outbox.put
    answer = engine.search("love", now=1e9, query_id="q1")
click = {"action_name": "click", "query_id": "q1", "timestamp": 1e9}
for number in (1, 2, 2):
    told = outbox.deliver([click | {"event_attributes": {"object": {"object_id": f"e00{number}"}}}])
    assert told is None
os.write(outbox._handle, b'{"kind": "event", "row": {"torn')
os._exit(9)
"""


def test_what_a_dead_router_had_not_sent_is_taken(index: Path) -> None:
    """The recorder finds its outbox, and takes what is in it, once; not that of a router that lives."""
    subprocess.run([sys.executable, "-c", _ROUTER, str(index)], check=False)
    assert len(list(abandoned(index))) == 1
    living = Outbox(index, lambda _: [])
    living._keep([Line("query", {})], sync=False)
    recorder = Recorder(str(index))
    assert recorder._engine.info().events == 2
    recorder._engine.close()
    assert _logged(index) == ["e001", "e002"]
    assert [path for path, _ in abandoned(index)] == []
    assert len(list((index / "outbox").iterdir())) == 1
    living.close()


def test_an_outbox_keeps_order_and_keeps_what_is_not_taken(index: Path) -> None:
    """Answers go before the events that name them; what a recorder did not take that is away is sent again."""
    taken: list[Line] = []
    alive = False

    def send(lines: Sequence[Line]) -> list[Received]:
        if not alive:
            raise ClusterError("the recorder is away")
        taken.extend(lines)
        return [
            Received(status="recorded", event_id=str(line.row["query_id"])) for line in lines if line.kind == "event"
        ]

    outbox = Outbox(index, send)
    outbox.put({"query_id": "a"})
    assert outbox.deliver([_click("a", "e001")]) is None
    outbox.put({"query_id": "b"})
    (path,) = (index / "outbox").iterdir()
    assert path.read_bytes().count(b"\n") == 3
    alive = True
    told = outbox.deliver([_click("b", "e002"), _click("b", "e003")])
    assert told is not None
    assert [one.event_id for one in told] == ["b", "b"]
    assert [(line.kind, line.row["query_id"]) for line in taken] == [
        ("query", "a"),
        ("event", "a"),
        ("query", "b"),
        ("event", "b"),
        ("event", "b"),
    ]
    assert path.stat().st_size == 0
    outbox.close()
    assert not path.exists()


def test_taking_lines_twice_changes_nothing(index: Path) -> None:
    """An answer is known by its id and time, an event by its identity."""
    recorder = Recorder(str(index))
    noted: list[Line] = []
    with Engine.open(index) as engine:
        engine._opened.noted = lambda row: noted.append(Line("query", row))
        answer = engine.search("love", now=NOW, seed=1)
    lines = [*noted, Line("event", {**_click(answer.query_id, answer.results[0].id), "timestamp": NOW})]
    assert [one.status for one in recorder.take(lines)] == ["recorded"]
    assert [one.status for one in recorder.take(lines)] == ["repeated"]
    info = recorder._engine.info()
    assert (info.impressions, info.events) == (1, 1)
    recorder._engine.close()
