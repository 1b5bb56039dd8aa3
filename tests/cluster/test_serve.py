"""Answering by replicas: what the index alone would answer, whoever dies meanwhile, or less, and marked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from machines import ENCODER, entities
from typer.testing import CliRunner

from ltrr_cli.cli.main import app
from ltrr_cli.cluster.asked import Asked
from ltrr_cli.cluster.router import Cluster
from ltrr_cli.engine import Engine
from ltrr_cli.engine.requests import make_request
from ltrr_cli.errors import ClusterError, IndexDirectoryError, UsageError
from ltrr_cli.records import Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from machines import Machines
    from typer.testing import Result

    from ltrr_cli.records import Answer

QUERIES = ("love", "rain summer 1950s", "rock albums", "nigth train", "gold year:>=1990")
NOW = 1e9
PATIENCE = 40.0
"""Seconds after which what was lost must be back."""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index with three segments, one of them with a deleted entity."""
    folder = tmp_path_factory.mktemp("served")
    rows = entities()
    for number in range(3):
        own = folder / f"{number}.jsonl"
        own.write_text("".join(json.dumps(row) + "\n" for row in rows[number::3]))
        Engine.build(own, folder / "songs.ltrr", encoder=ENCODER, add=number > 0)
    Engine.delete(folder / "songs.ltrr", ["e003"])
    return folder / "songs.ltrr"


@pytest.fixture(scope="module")
def cluster(machines: Machines, index: Path) -> Iterator[Cluster]:
    """Return the index, served by two replicas of each segment."""
    with Cluster.open(index, replicas=2, settings={"timeout_ms": 2500}) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def expected(index: Path) -> dict[str, Answer]:
    """Return what one process answers."""
    with Engine.open(index) as engine:
        return {text: _ask(engine, text) for text in QUERIES}


def _ask(engine: Engine, text: str) -> Answer:
    return engine.search(text, now=NOW, seed=1, explore=False, log=False)


def _right(answer: Answer, expected: Answer) -> bool:
    return (answer.results, answer.trace.pool_ids, answer.trace.pool) == (
        expected.results,
        expected.trace.pool_ids,
        expected.trace.pool,
    )


def _until_whole(cluster: Cluster, expected: dict[str, Answer]) -> int:
    """Ask until all is answered as before; returns how many answers were marked. None may be wrong."""
    marked, whole, end = 0, 0, time.monotonic() + PATIENCE
    while whole < 3 * len(QUERIES):
        assert time.monotonic() < end, "it does not come back"
        text = QUERIES[whole % len(QUERIES)]
        answer = _ask(cluster, text)
        if answer.missing:
            marked, whole = marked + 1, 0
        else:
            assert _right(answer, expected[text]), text
            assert not [arm for arm in answer.trace.arms if arm.error]
            whole += 1
    return marked


@contextmanager
def stopped(processes: Sequence[int]) -> Iterator[None]:
    """Stop processes, as when their machine does not answer, and let them go on."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def test_replicas_answer_as_the_index_does(cluster: Cluster, index: Path, expected: dict[str, Answer]) -> None:
    """Bit for bit: pools with ranks and scores, results, and what each arm finds alone."""
    for text in QUERIES:
        assert _right(_ask(cluster, text), expected[text])
        with Engine.open(index) as engine:
            assert cluster.retrieve(text, now=NOW) == engine.retrieve(text, now=NOW)
    assert "e003" not in {one.id for text in QUERIES for one in _ask(cluster, text).results}


def test_a_slow_replica_is_not_waited_for(cluster: Cluster, expected: dict[str, Answer]) -> None:
    """Another one is asked, and the answer is whole."""
    before = cluster.fleet.hedged
    with stopped(cluster.fleet.wait()[0:1]):
        for text in QUERIES:
            answer = _ask(cluster, text)
            assert not answer.missing
            assert _right(answer, expected[text])
    assert cluster.fleet.hedged > before


def test_what_waits_for_a_replica_goes_together(cluster: Cluster, expected: dict[str, Answer]) -> None:
    """While it is busy two calls are under way at most, whatever is asked; then all is answered."""
    lane = cluster.fleet._lanes["000001"][0]
    request = make_request(cluster._fresh(), Query(id="", text="love", time=NOW))
    asked = Asked.of(request, "lexical", 10)
    with stopped(cluster.fleet.wait()[0:1]):
        begun = [lane.ask(asked) for _ in range(200)]
        assert len(lane._calls) <= 2
        assert not any(one.done() for one in begun)
    found = {one.result(timeout=PATIENCE).hits.rows.tobytes() for one in begun}
    assert len(found) == 1
    assert lane.load[1] == 0


def test_a_segment_that_does_not_answer_is_left_out_and_named(cluster: Cluster, expected: dict[str, Answer]) -> None:
    """The answer says that it is partial, and of what; what it has is right. Then it is whole again."""
    with stopped(cluster.fleet.wait()[2:4]):
        answer = _ask(cluster, "love")
        assert answer.missing == ("000002",)
        inside = {one.id for one in answer.results}
        assert inside
        assert not inside & {f"e{number:03d}" for number in range(1, 120, 3)}
    assert _until_whole(cluster, expected) < 10


def test_a_killed_replica_comes_back(cluster: Cluster, expected: dict[str, Answer]) -> None:
    """No answer is wrong, none is lost, and the process is another one then."""
    before = cluster.fleet.wait()
    os.kill(before[1], signal.SIGKILL)
    _until_whole(cluster, expected)
    assert cluster.fleet.wait()[1] not in before


def test_a_lost_node_is_made_up_for(machines: Machines, cluster: Cluster, expected: dict[str, Answer]) -> None:
    """Its replicas open elsewhere."""
    machines.lose()
    _until_whole(cluster, expected)
    assert len(set(cluster.fleet.wait())) == 6


def test_a_new_generation_is_followed(machines: Machines, index: Path, tmp_path: Path) -> None:
    """Who added entities finds them at once, through replicas of the new segment; those of old ones end."""
    index = shutil.copytree(index, tmp_path / "songs.ltrr")
    more = tmp_path / "more.jsonl"
    more.write_text(json.dumps({"id": "new", "title": "Zeppelin Love"}) + "\n")
    with Cluster.open(index, replicas=1) as cluster:
        assert cluster.refresh() == 3
        Engine.build(more, index, add=True)
        assert "new" in {one.id for one in cluster.search("zeppelin", log=False).results}
        assert cluster.refresh() == 4
        Engine.delete(index, ["new"])
        assert "new" not in {one.id for one in cluster.search("zeppelin", log=False).results}


def _ltrr(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_the_command(cluster: Cluster, index: Path) -> None:
    """`ltrr query --cluster` answers as `ltrr query` does, and says what an answer lacks."""
    call = ("query", "love", "--no-log", "--no-explore", "--timeout", "1")
    here, there = (_ltrr(*call, "--ids", option, index) for option in ("--index", "--cluster"))
    assert here.exit_code == there.exit_code == 0
    assert here.stdout == there.stdout
    assert there.stdout.count("\n") == 10
    with stopped(cluster.fleet.wait()[2:4]):
        partial = _ltrr(*call, "--json", "--cluster", index)
    assert json.loads(partial.stdout)["partial"] is True
    assert json.loads(partial.stdout)["missing"] == ["000002"]
    assert "this answer is partial, 000002 did not answer in time" in partial.stderr


def test_the_command_that_serves(machines: Machines, index: Path, tmp_path: Path) -> None:
    """Its replicas serve who comes, outlive him, and end with it."""
    own = shutil.copytree(index, tmp_path / "own.ltrr")
    call = ["cluster", "serve", str(own), "--replicas", "1", "--address", machines.address]
    program = [sys.executable, "-m", "ltrr_cli.cli", *call]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            told = next((line for line in server.stderr if "are open" in line), "")
            assert "3 replicas of 3 shards are open" in told
            with Cluster.open(own, replicas=1) as router:
                processes = set(router.fleet.wait())
                assert _ask(router, "love").results
            assert processes <= set(machines.processes("Replica"))
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=PATIENCE) == 128 + signal.SIGTERM
        finally:
            server.kill()
    end = time.monotonic() + PATIENCE
    while processes & set(machines.processes("Replica")):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_the_command_that_builds(machines: Machines, tmp_path: Path) -> None:
    """`ltrr cluster build` counts what it left out, and says so by its exit code."""
    (tmp_path / "songs.jsonl").write_text('{"id": "a", "title": "Love"}\n{"id": "b", "title": "Rain"}\nnonsense\n')
    call = ("cluster", "build", tmp_path / "songs.jsonl", tmp_path / "out.ltrr", "--shards", "2", "--encoder", ENCODER)
    built = _ltrr(*call, "--json")
    assert built.exit_code == 3
    row = json.loads(built.stdout)
    assert (row["entities"], row["made"], row["bad_count"]) == (2, row["shards"], 1)
    kept = (tmp_path / "out.ltrr" / "rejected-catalogue.jsonl").read_text()
    again = _ltrr(*call)
    assert again.exit_code == 3
    assert "1 bad record left out when it was built; see " in again.stderr
    assert (tmp_path / "out.ltrr" / "rejected-catalogue.jsonl").read_text() == kept
    assert _ltrr("cluster", "build", tmp_path / "none.jsonl", tmp_path / "other.ltrr", "--shards", "2").exit_code == 2
    assert not (tmp_path / "other.ltrr").exists()


def test_what_cannot_be_opened(machines: Machines, tmp_path: Path) -> None:
    """Clear errors."""
    with pytest.raises(UsageError, match="replicas must be from 1 to 16"):
        Cluster.open(tmp_path, replicas=0)
    with pytest.raises(IndexDirectoryError, match="no index here"):
        Cluster.open(tmp_path)


def test_without_ray(monkeypatch: pytest.MonkeyPatch, one: Path, tmp_path: Path) -> None:
    """It says what to install; where there is no index that comes first."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r"ray is not installed .*pip install 'ltrr\[ray\]'"):
        Cluster.open(one)
    with pytest.raises(IndexDirectoryError, match="no index here"):
        Cluster.open(tmp_path)
