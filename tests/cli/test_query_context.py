"""`ltrr query --context`, the context that --explain shows, and arms that fail or take too long."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from ltrr_cli.engine import Engine
from ltrr_cli.query.given import hashed

if TYPE_CHECKING:
    from tests.cli.conftest import Ltrr, Open

ROOT = Path(__file__).parents[2]
GIVEN: dict[str, str | float] = {"device": "phone", "holiday": 1.0}
SLOW = """
from threading import Event
from ltrr_cli.retrieval.base import Hits

class Slow:
    name, learns = "slow", False

    def applies(self, request):
        return True

    def retrieve(self, request, depth):
        if "broken" in request.query.text:
            raise ValueError("no luck")
        Event().wait()
"""


@pytest.fixture
def slow(index: Path, tmp_path: Path) -> dict[str, str]:
    """Return the environment in which the index has an arm, by entry point, that never ends, or fails."""
    package = tmp_path / "package"
    (package / "slow-1.dist-info").mkdir(parents=True)
    (package / "slow.py").write_text(SLOW)
    (package / "slow-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: slow\nVersion: 1\n")
    (package / "slow-1.dist-info" / "entry_points.txt").write_text("[ltrr.strategies]\nslow = slow:Slow\n")
    (index / "ltrr.toml").write_text('[query]\ntimeout_ms = 1500\n[strategies]\nuse = ["lexical", "slow"]\n')
    return {"PYTHONPATH": f"{ROOT}:{package}"}


def _given(context: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in context.items() if name.startswith("given.")}


def test_a_context_is_what_the_policy_sees(ltrr: Ltrr, index: Path) -> None:
    """Numbers and words enter as the same features as from Python, and are logged."""
    args = ["--context", "device=phone", "--context", "holiday=1", "--explain", "--json"]
    row = ltrr("query", "love", *args, "-i", index).json
    assert _given(row["context"]) == hashed(GIVEN) != {}
    logged = json.loads(next((index / "log").glob("queries-*")).read_text().splitlines()[-1])
    assert _given(logged["query_attributes"]["ltrr"]["context"]) == hashed(GIVEN)
    assert _given(ltrr("query", "love", "--explain", "--json", "-i", index).json["context"]) == {}


@pytest.mark.parametrize("bad", ["device", "=phone", "a b=1", f"x={'y' * 65}", "x=\n"])
def test_a_bad_context_is_a_usage_error(bad: str, ltrr: Ltrr, index: Path) -> None:
    """What has no name, no value or an odd one is refused in one line, and nothing is asked."""
    done = ltrr("query", "love", "--context", bad, "-i", index)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith("error: ")
    assert not list((index / "log").glob("queries-*"))


def test_a_piped_line_brings_its_own_context(process: Ltrr, index: Path) -> None:
    """It is added to the command line's, and wins over it; null is no value."""
    lines = [{"query": "a"}, {"query": "a", "context": {"device": "tv", "holiday": 1, "odd": None}}]
    done = process(
        "query", "--explain", "--context", "device=phone", "-i", index, stdin="\n".join(map(json.dumps, lines))
    )
    assert done.code == 0
    contexts = [_given(row["context"]) for row in done.rows]
    assert contexts == [hashed({"device": "phone"}), hashed({"device": "tv", "holiday": 1})]
    assert contexts[0] != contexts[1]


def test_a_bad_context_is_its_lines_error(process: Ltrr, index: Path) -> None:
    """Lists, names that are none, numbers that are none and too many entries; the other lines are answered."""
    bad: list[Any] = [[1], "x", {"a": [1]}, {"a b": 1}, {"a": 1e999}, {str(n): n for n in range(17)}]
    lines = [*({"query": "a", "context": one} for one in bad), {"query": "rain"}]
    done = process("query", "-i", index, stdin="\n".join(map(json.dumps, lines)))
    assert done.code == 1
    assert [row.get("line") for row in done.rows] == [1, 2, 3, 4, 5, 6, None]
    assert all("context" in row["error"] for row in done.rows[:-1])
    assert done.rows[-1]["query"] == "rain"


@pytest.mark.parametrize("columns", [30, 80])
def test_explain_shows_the_context(columns: int, ltrr: Ltrr, index: Path) -> None:
    """Every feature that is not 0 once, the first stage's and the arms' own too, wrapped beside its label."""
    with Engine.open(index) as engine:
        answer = engine.search("summer love", seed=1)
        engine.record(answer.query_id, answer.results[0].id)
        context = engine.search("summer love", seed=1, log=False).trace.context
    out = ltrr("query", "summer love", "--explain", "-k", "1", "-i", index, COLUMNS=str(columns)).out
    block = re.search(r"^context   (.*?)^chosen ", out, re.MULTILINE | re.DOTALL)
    assert block
    shown = dict(pair.rsplit(" ", 1) for pair in re.sub(r",\s+", ",", block[1].strip()).split(","))
    clock = {"hour.sine", "hour.cosine", "weekend"}
    assert {name: float(value) for name, value in shown.items() if name not in clock} == {
        name: round(value, 2) for name, value in context.items() if round(value, 2) and name not in clock
    }
    assert {"words", "lexical.top", "lexical/success", "lexical/tried"} <= set(shown)
    lines = [line for line in out[block.start() : block.end(1)].splitlines() if line.count(",") > 1]
    assert all(cell_len(line) <= columns for line in lines)


def test_an_arm_that_takes_too_long_is_told(process: Ltrr, index: Path, slow: dict[str, str]) -> None:
    """The others answer; the table of --explain and standard error say what became of it."""
    done = process("query", "love", "--explain", "--seed", "1", "-i", index, **slow)
    assert done.code == 0
    assert done.err == "the strategy slow failed, the others answered: took longer than 1500 ms\n"
    assert re.search(r"^  slow +depth +60  found   0 .* failed: took longer than 1500 ms$", done.out, re.MULTILINE)
    assert "lexical 1" in done.out


def test_a_stream_tells_a_failing_arm_once(process: Ltrr, index: Path, slow: dict[str, str]) -> None:
    """Every line is answered, with exit code 0 and the arm's error in its JSON; standard error has one line."""
    done = process("query", "--explain", "--seed", "1", "-i", index, stdin="broken love\nbroken love\n", **slow)
    assert (done.code, len(done.rows)) == (0, 2)
    for row in done.rows:
        assert {arm["name"]: arm["error"] for arm in row["arms"]} == {"lexical": "", "slow": "ValueError: no luck"}
    assert done.err == "the strategy slow failed, the others answered: ValueError: no luck\n"


def test_the_prompt_tells_a_failing_arm(terminal: Open, index: Path, slow: dict[str, str]) -> None:
    """Above the results stands what failed."""
    opened = terminal("query", "--seed", "1", "-i", index, TERM="dumb", PYTHONPATH=slow["PYTHONPATH"])
    opened.until(r"ltrr>[\s\x08]*$")
    assert "the strategy slow failed" in opened.type("broken")
    assert opened.leave() == 0
