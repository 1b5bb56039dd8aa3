"""Workers: arms run side by side, and one that fails or hangs is left behind while the others answer."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.engine.workers import Workers
from ltrr_cli.engine.workers import run as run_arm
from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.records import Answer
    from ltrr_cli.retrieval.base import Request

ROOT = Path(__file__).parents[2]
NOW = 1_750_000_000.0
LONG = 60.0
"""Seconds that nothing here should ever take; what waits gives up then, so that a failing test ends."""
PATIENCE = 1500
"""Milliseconds that are waited for an arm that hangs: enough for the others on a busy machine."""


class Arm:
    """A strategy that finds the first rows, after it has done something else."""

    learns = False

    def __init__(self, name: str, act: Callable[[], object] = lambda: None) -> None:
        self.name = name
        self.act = act

    def applies(self, request: Request) -> bool:  # noqa: ARG002 – the contract's name
        """Always apply."""
        return True

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the first rows."""
        self.act()
        count = min(depth, request.view.rows)
        return Hits(np.arange(count), np.linspace(1, 0.5, count, dtype=np.float32))


class Stuck:
    """What an arm does that hangs until it is told to go on."""

    def __init__(self) -> None:
        self.go, self.ended = threading.Event(), threading.Event()
        self.thread = 0

    def __call__(self) -> None:
        """Hang."""
        self.thread = threading.get_ident()
        self.go.wait(LONG)
        self.ended.set()


class PanicError(BaseException):
    """Like a panic in native code: no `Exception`."""


def _raise(error: BaseException) -> NoReturn:
    raise error


def until(true: Callable[[], object]) -> None:
    """Wait for something that another thread is about to do."""
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def errors(answer: Answer) -> dict[str, str]:
    """Return the error of each arm that ran."""
    return {arm.name: arm.error for arm in answer.trace.arms}


def threads() -> set[int | None]:
    """Return the threads of all workers."""
    return {thread.ident for thread in threading.enumerate() if thread.name == "ltrr-arm"}


@pytest.fixture
def index_of_short_patience(index: Path) -> Path:
    """Return an index that waits so long for an arm."""
    (index / "ltrr.toml").write_text(f"[query]\ntimeout_ms = {PATIENCE}\n")
    return index


def test_arms_run_side_by_side(built: Path) -> None:
    """Arms that wait for each other all come to an end."""
    meet = threading.Barrier(3, timeout=LONG)
    arms = [Arm(name, meet.wait) for name in ("one", "two", "three")]
    with Engine.open(built, strategies=arms) as engine:
        answer = engine.search("love", depths={"one": 2, "two": 3, "three": 4}, now=NOW, log=False)
    assert errors(answer) == {"one": "", "two": "", "three": ""}
    assert {name: len(found.candidates) for name, found in answer.trace.pool.items()} == {
        "one": 2,
        "two": 3,
        "three": 4,
    }


def test_results_belong_to_their_arms() -> None:
    """What comes last stands where it was asked for, also when several threads ask for workers at once."""
    workers = Workers()
    request = cast("Request", SimpleNamespace(view=SimpleNamespace(rows=100, allowed=None)))
    found: dict[int, list[list[int]]] = {}

    def once(first: int) -> list[int]:
        second = threading.Event()
        wanted = [(Arm("a", lambda: second.wait(LONG)), first), (Arm("b", second.set), first + 50)]
        return [len(one.hits.rows) for one in workers.run(wanted, request, LONG)]

    def ask(first: int) -> None:
        found[first] = [once(first) for _ in range(20)]

    callers = [threading.Thread(target=ask, args=(number + 1,)) for number in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(LONG)
    assert found == {first: [[first, first + 50]] * 20 for first in range(1, 7)}


@pytest.mark.parametrize("name", ["own", "lexical"])
@pytest.mark.parametrize("error", [RuntimeError("no luck"), SystemExit(3), PanicError("index out of bounds")])
def test_arm_that_raises(built: Path, name: str, error: BaseException) -> None:
    """Whatever an arm raises is its error, known at once; the others answer."""
    arm = Arm(name, lambda: _raise(error))
    with Engine.open(built, strategies=[arm]) as engine:
        for text in ("love rain", "gold winter"):
            answer = engine.search(text, explore=False, now=NOW, log=False)
            told = errors(answer)
            assert told.pop(name) == f"{type(error).__name__}: {error}"
            assert set(told) >= {"semantic", "popular"}
            assert not any(told.values())
            assert answer.results
            assert ("lexical.results" in answer.trace.context) == (name != "lexical")


@pytest.mark.parametrize("name", ["own", "lexical"])
def test_arm_that_hangs(index_of_short_patience: Path, name: str) -> None:
    """An arm that takes too long is left behind, with an error that says so; the others answer, now and later."""
    stuck = Stuck()
    arm = Arm(name, stuck)
    with Engine.open(index_of_short_patience, strategies=[arm]) as engine:
        try:
            first = engine.search("love rain", explore=False, now=NOW)
            assert not stuck.ended.is_set()  # so the answer did not wait for it
            arm.act = lambda: None
            second = engine.search("love rain", explore=False, now=NOW, log=False)
            assert not stuck.ended.is_set()
        finally:
            stuck.go.set()
        told = {one.name: one for one in first.trace.arms}
        limit = PATIENCE / 2 if name == "lexical" else PATIENCE  # what runs first has half of the time
        assert (told[name].error, told[name].returned, told[name].ms) == (f"took longer than {limit:g} ms", 0, limit)
        assert not any(one.error for one in told.values() if one.name != name)
        assert first.results
        assert second.results
        assert not any(errors(second).values())
        assert set(errors(second)) == set(told)
        assert engine.record(first.query_id, first.results[0].id, now=NOW + 1)
        assert f"{name}/tried" not in engine.search("love rain", explore=False, now=NOW, log=False).trace.context


def test_thread_that_was_left_behind_serves_again() -> None:
    """Once its arm ends, the thread runs others, and no new one is needed."""
    workers, stuck = Workers(), Stuck()
    request = cast("Request", SimpleNamespace(view=SimpleNamespace(rows=100, allowed=None)))
    ran = workers.run([(Arm("slow", stuck), 3), (Arm("quick"), 3)], request, 0.05)
    assert [one.error for one in ran] == ["took longer than 50 ms", ""]
    assert [len(one.hits.rows) for one in ran] == [0, 3]
    stuck.go.set()
    until(lambda: len(workers._idle) == 2)
    before, meet, used = threads(), threading.Barrier(2, timeout=LONG), set[int]()

    def note() -> None:
        used.add(threading.get_ident())
        meet.wait()

    assert [one.error for one in workers.run([(Arm("a", note), 1), (Arm("b", note), 1)], request, LONG)] == ["", ""]
    assert stuck.thread in used
    assert threads() == before


def test_what_has_not_begun_in_time_never_does() -> None:
    """An arm that waits behind one that hangs is not run for an answer that was given without it."""
    workers, stuck, late = Workers(), Stuck(), threading.Event()
    request = cast("Request", SimpleNamespace(view=SimpleNamespace(rows=100, allowed=None)))
    ran = workers.run([(Arm("slow", stuck), 3), (Arm("late", late.set), 3)], request, 1e-4)
    assert all(one.error.startswith("took longer") for one in ran)
    stuck.go.set()
    until(lambda: workers._idle)
    assert not late.is_set()
    assert "late" not in +workers._late


def test_threads_do_not_grow(built: Path, tmp_path: Path) -> None:
    """However many queries are asked, and indexes opened, as many threads do as there are arms, and one to encode."""
    roots = [built, shutil.copytree(built, tmp_path / "other.ltrr")]
    with Engine.open(built) as engine:
        arms = engine.info().strategies
        engine.search("love rain 1977", depths=dict.fromkeys(arms, 5), now=NOW, log=False)
    before = threads()
    for number in range(8):
        with Engine.open(roots[number % 2]) as engine:
            for text in ("love rain", "gold", "1977", "xyzzy"):
                assert not any(errors(engine.search(text, seed=number, now=NOW, log=False)).values())
    assert len(threads() - before) <= len(arms)


def test_waiting_threads_keep_nothing(index_of_short_patience: Path) -> None:
    """Once an index is closed nothing of it, and of what was asked, stays in memory, also after an arm hung."""
    stuck, kept = Stuck(), list[weakref.ref[Any]]()

    class Watching(Arm):
        def retrieve(self, request: Request, depth: int) -> Hits:
            kept.append(weakref.ref(request))
            return super().retrieve(request, depth)

    def use() -> None:
        slow, quick = Watching("slow", stuck), Watching("quick")
        with Engine.open(index_of_short_patience, strategies=[slow, quick]) as engine:
            depths = {"slow": 3, "quick": 3, "lexical": 5, "semantic": 5}
            assert errors(engine.search("love", depths=depths, now=NOW, log=False))["slow"]
            kept.extend(map(weakref.ref, (engine, engine._opened, slow, quick)))

    use()
    assert len(kept) == 6
    stuck.go.set()

    def gone() -> bool:
        gc.collect()
        return not any(ref() for ref in kept)

    until(gone)


HANGING = """
import sys, threading
import numpy as np
from ltrr_cli import Engine
class Hanging:
    name, learns = "hanging", False
    def applies(self, request):
        return True
    def retrieve(self, request, depth):
        threading.Event().wait()
with Engine.open(sys.argv[1], strategies=[Hanging()]) as engine:
    answer = engine.search("love", explore=False, log=False)
    print(len(answer.results), {arm.name: arm.error for arm in answer.trace.arms}["hanging"])
"""
FORKING = """
import os, sys
from ltrr_cli import Engine
def ask(engine):
    answer = engine.search("love", depths={"lexical": 5, "popular": 5}, log=False)
    print(len(answer.results), [arm.error for arm in answer.trace.arms], flush=True)
with Engine.open(sys.argv[1]) as engine:
    ask(engine)
    child = os.fork()
    failed = child and os.waitpid(child, 0)[1]
    ask(engine)
    sys.exit(bool(failed))
"""


def run(script: str, index: Path) -> list[str]:
    """Run a script to its end in another process; returns the lines that it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, str(index)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONG, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_program_ends_while_an_arm_hangs(index_of_short_patience: Path) -> None:
    """An arm that never ends keeps no program from ending."""
    assert run(HANGING, index_of_short_patience) == [f"10 took longer than {PATIENCE} ms"]


def test_forked_process(index: Path) -> None:
    """A process that was forked after a query has arms that run, though none of the threads."""
    (index / "ltrr.toml").write_text(f"[query]\ntimeout_ms = {LONG / 2 * 1e3}\n")
    lines = run(FORKING, index)
    assert len(lines) == 3
    assert set(lines) == {lines[0]}
    assert lines[0].endswith("['', '']")


@pytest.mark.parametrize(
    ("rows", "scores", "wrong"),
    [
        ([4, 0], [1.0, 1.0], ""),
        ([3], [-1.0], ""),
        ([5], [1.0], "the index does not have"),
        ([0, -1], [1.0, 0.5], "the index does not have"),
        ([2, 1, 2], [3.0, 2.0, 1.0], "twice"),
        ([0, 1, 2], [1.0, 2.0, 0.5], "descending"),
        ([0, 1, 2], [2.0, float("nan"), 1.0], "not finite"),
        ([0], [float("nan")], "not finite"),
        ([0, 1], [float("inf"), 1.0], "not finite"),
        ([0, 1], [1.0, float("-inf")], "not finite"),
        ([0, 1, 2], [float("inf"), float("inf"), 1.0], "not finite"),
    ],
)
def test_what_arms_find_is_checked(rows: list[int], scores: list[float], wrong: str) -> None:
    """Rows of the index, each once, with finite scores in descending order; else the arm has failed, and says why."""

    class Finds(Arm):
        def retrieve(self, request: Request, depth: int) -> Hits:  # noqa: ARG002 – the contract's names
            return Hits(np.array(rows), np.array(scores, np.float32))

    request = cast("Request", SimpleNamespace(view=SimpleNamespace(allowed=None, rows=5)))
    ran = run_arm(Finds("finds"), request, 3)
    assert wrong in ran.error
    assert bool(ran.error) == bool(wrong)
    assert ran.hits.rows.tolist() == ([] if wrong else rows)


def test_a_program_that_ends_waits_for_what_was_begun() -> None:
    """The encoder, in the middle of its work, would abort the program: what was begun is done when it is left."""
    code = "import time\nfrom ltrr_cli.engine.workers import WORKERS\n"
    code += "WORKERS.begin(lambda: (time.sleep(0.3), print('done', flush=True)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
