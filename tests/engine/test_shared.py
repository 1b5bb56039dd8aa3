"""Several engines on one index: what one records the others know, nothing is lost and nothing counted twice."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine, learn
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.ranking.train import train

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.ranking.linear import LinearRanker

ROOT = Path(__file__).parents[2]
NOW = 1_750_000_000.0
WORKER = """
import json, sys
from ltrr_cli import Engine
root, name = sys.argv[1:]
with Engine.open(root) as engine:
    for line in sys.stdin:
        command, *rest = json.loads(line)
        if command == "search":
            answer = engine.search(rest[0], user=name, seed=1, explore=False, now=rest[1])
            out = [answer.query_id, [result.id for result in answer.results]]
        elif command == "record":
            out = engine.record(rest[0], rest[1], "purchase", user=name, now=rest[2])
        elif command == "learn":
            out = engine.learn(now=rest[0])
        else:
            info = engine.info()
            out = [info.events, info.impressions, info.generation]
        print(json.dumps(out), flush=True)
"""


class Worker:
    """An engine in another process."""

    def __init__(self, root: Path, name: str) -> None:
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", WORKER, str(root), name]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)

    def send(self, *command: object) -> None:
        """Send a command."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def reply(self) -> Any:
        """Return the reply to the oldest command that has none yet."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the process has ended"
        return json.loads(line)

    def ask(self, *command: object) -> Any:
        """Send a command, and return its reply."""
        self.send(*command)
        return self.reply()

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


def test_two_engines_of_one_process(index: Path) -> None:
    """What one engine records, the next search of the other knows, before and after a checkpoint of either."""
    with Engine.open(index) as one, Engine.open(index) as two:
        answer = one.search("love", seed=1, explore=False, now=NOW)
        low = answer.results[6].id
        assert two.record(answer.query_id, low, "purchase", now=NOW + 1)
        assert one.search("love", seed=1, explore=False, now=NOW + 2).results[0].id == low
        one.learn(now=NOW + 3)
        generation = read_manifest(index).generation
        again = two.search("love", seed=1, explore=False, now=NOW + 4)
        assert again.results[0].id == low
        assert two.info().generation == generation
        assert again.trace.learned == read_manifest(index).learned.name
        assert not one.record(answer.query_id, low, "purchase", now=NOW + 1)
        assert one.info().events == two.info().events == 1


def test_checkpoint_by_an_engine_that_is_behind(
    index: Path, state_of: Callable[[Path], dict[str, Any]], assert_same: Callable[[Any, Any], None]
) -> None:
    """Engines that take turns to record and to checkpoint lose nothing and double nothing."""
    with Engine.open(index) as one, Engine.open(index) as two:
        for number in range(12):
            first, second = (one, two) if number % 2 else (two, one)
            answer = first.search("love", seed=number, now=NOW + number)
            second.record(answer.query_id, answer.results[number % 5].id, now=NOW + number)
            if number % 3 == 0:
                first.learn(now=NOW + number)
        assert one.info().events == two.info().events == 12
        assert one.info().impressions == two.info().impressions == 12
        two.learn(now=NOW)
    live = state_of(index)
    assert live["state"]["counts"]["events"] == 12
    Engine.relearn(index)
    assert_same(live, state_of(index))


def test_old_directories_stay_while_they_are_read(index: Path, catalog: Path) -> None:
    """An engine that is not asked anything keeps its generation; once it moves on the old one is collected."""
    with Engine.open(index) as reader:
        for _ in range(3):
            Engine.build(catalog, index)
        assert sorted(path.name for path in (index / "segments").iterdir()) == ["000001", "000003", "000004"]
        assert reader._opened.view.entity(0).id == "e00"
        assert reader.search("love", now=NOW, log=False).trace.segments == ("000004",)
    Engine.relearn(index)
    assert sorted(path.name for path in (index / "segments").iterdir()) == ["000003", "000004"]
    assert len(list((index / "learned").iterdir())) == 1


def test_two_processes(
    index: Path, state_of: Callable[[Path], dict[str, Any]], assert_same: Callable[[Any, Any], None]
) -> None:
    """Two processes that record at the same time, with checkpoints in between, lose nothing and double nothing."""
    (index / "ltrr.toml").write_text("[learning]\ncheckpoint_every = 7\ntrain_every = 8\n")
    ana, bo = Worker(index, "ana"), Worker(index, "bo")
    try:
        for worker in (ana, bo):
            worker.send("search", "love", NOW)
        pages = [ana.reply(), bo.reply()]
        low = pages[0][1][6]
        assert ana.ask("record", pages[0][0], low, NOW + 1)
        assert bo.ask("search", "love", NOW + 2)[1][0] == low
        for number in range(20):
            for worker, page in ((ana, pages[0]), (bo, pages[1])):  # both at once
                worker.send("search", ("rain", "gold winter")[number % 2], NOW + 10 + number)
                worker.send("record", page[0], page[1][number % 7], NOW + 10 + number)
            if number % 6 == 0:
                ana.send("learn", NOW + 10 + number)
            for worker, which in ((ana, 0), (bo, 1)):
                pages[which] = worker.reply()
                assert worker.reply() is True
            if number % 6 == 0:
                ana.reply()
        infos = [worker.ask("info") for worker in (ana, bo)]
        assert infos[0][:2] == infos[1][:2] == [41, 43]
        bo.ask("learn", NOW)
    finally:
        ana.close()
        bo.close()
    live = state_of(index)
    assert live["state"]["counts"]["events"] == 41
    shutil.rmtree(index / "learned")
    Engine.relearn(index)
    assert_same(live, state_of(index))


def test_a_test_in_progress_does_not_slow_clicks_down(index: Path) -> None:
    """While a new ranker is under test, clicks are learned without writing the whole state down each time."""
    (index / "ltrr.toml").write_text("[learning]\ntrain_every = 3\nhindsight = false\n")
    with Engine.open(index) as engine:
        generations = []
        for number in range(12):
            answer = engine.search("love", seed=number, now=NOW + number)
            engine.record(answer.query_id, answer.results[0].id, now=NOW + number)
            generations.append(read_manifest(index).generation)
    assert generations == [1, 1, *[2] * 3, *[3] * 6, 4]  # trained at 3, 6 and 12 lists


@pytest.mark.parametrize("part", ["segments/000001", "learned/000001"])
def test_directory_that_vanishes(index: Path, part: str) -> None:
    """An index of which a live directory is missing does not open, and the error says how to make it again."""
    from ltrr_cli.errors import IndexDirectoryError

    shutil.rmtree(index / part)
    with pytest.raises(IndexDirectoryError, match=f"{part} is missing.*make it again with"):
        Engine.open(index)


def test_moved_index(index: Path, tmp_path: Path) -> None:
    """An index may be moved: nothing in it refers to where it was."""
    with Engine.open(index) as engine:
        before = engine.search("love", seed=1, now=NOW)
        engine.record(before.query_id, before.results[5].id, now=NOW)
    target = tmp_path / "elsewhere" / "märz.ltrr"
    target.parent.mkdir()
    index.rename(target)
    with Engine.open(target) as engine:
        assert engine.search("love", seed=1, now=NOW).results[0].id == before.results[5].id
        assert engine.info().events == 1
    assert str(index) not in (target / "manifest.json").read_text()


def test_event_logged_twice_counts_once(
    index: Path, state_of: Callable[[Path], dict[str, Any]], assert_same: Callable[[Any, Any], None]
) -> None:
    """Two processes that ingest the same at once may both log an event: it is learned once, live and on replay."""
    with Engine.open(index) as engine:
        answer = engine.search("love", seed=1, now=NOW)
        engine.record(answer.query_id, answer.results[3].id, now=NOW)
        events = engine._opened.logs.events
        (row,) = [row for _, row in events.replay()]
        events.append([row, row])
        assert engine.info().events == 1
        engine.learn(now=NOW)
        events.append([row])
        assert engine.info().events == 1
        engine.learn(now=NOW)
    live = state_of(index)
    Engine.relearn(index)
    assert_same(live, state_of(index))


def test_checkpoint_between_hindsight_and_its_event(
    index: Path,
    monkeypatch: pytest.MonkeyPatch,
    state_of: Callable[[Path], dict[str, Any]],
    assert_same: Callable[[Any, Any], None],
) -> None:
    """A checkpoint that comes just before another engine logs an event keeps what the event is credited by."""
    (index / "ltrr.toml").write_text("[learning]\nhindsight = true\n")
    with Engine.open(index) as one, Engine.open(index) as two:
        answer = one.search("love", depths={"lexical": 5}, now=NOW)
        events = one._opened.logs.events
        append = events.append

        def late(*args: Any, **more: Any) -> Any:
            two.learn(now=NOW)
            return append(*args, **more)

        with monkeypatch.context() as patch:
            patch.setattr(events, "append", late)
            assert one.record(answer.query_id, answer.results[2].id, now=NOW)
        two.learn(now=NOW)
    live = state_of(index)
    pulled = {pull["arm"] for credit in live["policy"]["pending"] for pull in credit["pulls"]}
    assert pulled - {"lexical"}  # arms that did not run, so known in hindsight only
    Engine.relearn(index)
    assert_same(live, state_of(index))


def test_clicks_during_a_training(
    index: Path,
    monkeypatch: pytest.MonkeyPatch,
    state_of: Callable[[Path], dict[str, Any]],
    assert_same: Callable[[Any, Any], None],
) -> None:
    """Clicks learned elsewhere while a ranker is trained count in its test alike, live and on replay."""
    (index / "ltrr.toml").write_text("[learning]\ntrain_every = 3\n")
    checkpoint = learn.checkpoint
    with Engine.open(index) as one, Engine.open(index) as two:
        answers = [one.search("love", seed=number, now=NOW) for number in range(6)]

        def slow_train(*args: Any, **more: Any) -> LinearRanker:
            two.record(answers[4].query_id, answers[4].results[4].id, now=NOW)
            return train(*args, **more)

        def late_checkpoint(opened: Opened, **_: float) -> None:
            monkeypatch.undo()
            two.record(answers[5].query_id, answers[5].results[4].id, now=NOW)
            two.learn(now=NOW)
            checkpoint(opened)

        for number in range(2):
            one.record(answers[number].query_id, answers[number].results[3].id, now=NOW)
        monkeypatch.setattr(learn, "train", slow_train)
        monkeypatch.setattr(learn, "checkpoint", late_checkpoint)
        one.record(answers[3].query_id, answers[3].results[3].id, now=NOW)
        assert one.info().events == two.info().events == 5
        assert "version 1 is kept aside" in one.info().ranker
    live = state_of(index)
    assert [trial["bet"]["seen"] for trial in live["ranker"]["trials"]] == [1]
    Engine.relearn(index)
    assert_same(live, state_of(index))


def test_two_ingests_of_one_file(index: Path, tmp_path: Path) -> None:
    """The same log read by two processes at once is logged, and learned, once."""
    path = tmp_path / "log.jsonl"
    rows = [
        {"query": ("love", "rain")[number % 2], "entity_id": f"e{number % 9:02}", "action": "click", "ts": NOW + number}
        for number in range(6_000)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code = (
        "import sys; from ltrr_cli.engine import Engine; from ltrr_cli.feedback.formats import Feedback\n"
        "with Engine.open(sys.argv[1]) as engine: engine.ingest(Feedback([sys.argv[2]]))"
    )
    command = [sys.executable, "-c", code, str(index), str(path)]
    running = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(2)]
    assert [one.wait() for one in running] == [0, 0]
    files = (index / "log").glob("events-*.jsonl")
    logged = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    ids = [row["event_attributes"]["event_id"] for row in logged]
    assert len(ids) == len(set(ids)) == len(rows)


def test_an_older_generation_goes_at_once(index: Path) -> None:
    """Once another one is published, nothing keeps what was opened of the older: no cycle that Python has to find."""
    gc.collect()
    gc.disable()
    try:
        with Engine.open(index) as engine:
            answer = engine.search("love", user="ana", session="one")
            engine.record(answer.query_id, answer.results[0].id, "like")
            older = weakref.ref(engine._opened)
            del answer
            with Engine.open(index) as other:
                other.learn()
            engine.search("love")
            assert older() is None
    finally:
        gc.enable()
