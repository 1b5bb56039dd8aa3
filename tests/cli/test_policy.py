"""`ltrr policy`: what was learned as people and scripts read it, forgetting it, and going back."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from ltrr_cli.cli.info import draw_bar
from ltrr_cli.engine import Engine
from ltrr_cli.policy.base import BUCKETS
from ltrr_cli.policy.model import OWN
from ltrr_cli.wire.arms import meaning

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr, Open

ARMS = ["lexical", "popular", "structured", "semantic", "memory", "fuzzy", "personal", "related", "fresh"]
THEMES = ("love", "rain", "summer", "night", "train")
START = 1_700_000_000.0


@pytest.fixture(scope="module")
def learned(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index that nobody may change: its policy has a version from likes, and one from a log besides."""
    root = shutil.copytree(built, tmp_path_factory.mktemp("learned") / "songs.ltrr")
    with Engine.open(root) as engine:
        for number in range(20):
            text, now = f"rock {THEMES[number % 5]} {number}", START + 60 * number
            answer = engine.search(text, seed=number, now=now, user="ann", session="s")
            engine.record(answer.query_id, answer.results[number % 3].id, "like", now=now + 5)
        log = root.parent / "log.jsonl"
        rows = [
            {"query": THEMES[n % 5], "entity_id": f"e{n % 5:02d}", "action": "like", "ts": START + n} for n in range(20)
        ]
        log.write_text("".join(json.dumps(row) + "\n" for row in rows))
        from ltrr_cli.feedback.formats import Feedback

        engine.ingest(Feedback([str(log)]), now=START + 9_999)
        engine.learn(now=START + 9_999)
    return root


@pytest.fixture
def copied(learned: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return shutil.copytree(learned, tmp_path / "songs.ltrr")


def _state(root: Path) -> Any:
    """Return what the policy knows, its arms' times and versions apart, and what else was learned."""
    with Engine.open(root) as engine:
        info = engine.info()
        return engine.arms(), (info.weights, info.ranker, info.actions, info.impressions, info.events)


def test_a_table_shows_every_arm(ltrr: Ltrr, learned: Path) -> None:
    """Version and credits, then for each arm the posterior, pulls, what hindsight adds, mean reward and depth."""
    with Engine.open(learned) as engine:
        info, arms = engine.info(), engine.arms()
    out = ltrr("policy", "show", "-i", learned).out
    assert out.startswith(f"policy version {info.policy_version}, 40 credits so far\n")
    assert info.policy_version == 2
    for arm, known in zip(arms, info.arms, strict=True):
        first = arm.buckets[0]
        reward = "-" if arm.reward is None else f"{arm.reward:.3f}"
        counts = f"{arm.pulled} +{first.looked} +{reward} +{known.depth} "
        figures = f"{first.mean:.3f} ± {first.deviation:.3f} +{counts}"
        assert re.search(rf"^{arm.name} +[█░]* +{figures}", out, re.MULTILINE), arm.name
    assert sum(arm.buckets[0].looked for arm in arms) > 0


def test_features_have_weights_and_meanings(ltrr: Ltrr, learned: Path) -> None:
    """Under each arm stand its three surest features with what one unit adds, and what the feature is."""
    with Engine.open(learned) as engine:
        arms = engine.arms()
    out = ltrr("policy", "show", "-i", learned, COLUMNS="200").out
    for arm in arms:
        for feature in arm.features[:3]:
            line = f"  {feature.name:<22} {feature.weight:+.3f} ± {feature.deviation:.3f}  {meaning(feature.name)}\n"
            assert line in out
    assert all(meaning(feature.name) for arm in arms for feature in arm.features)


def test_every_kind_of_feature_has_a_meaning() -> None:
    """A query's features, other arms' depths and an arm's own history are told apart, whatever an arm is called."""
    assert all(meaning(name) for name in OWN)
    assert meaning("success") != meaning("results")
    assert meaning("after odd.top").startswith("how deep odd.top is selected already")
    assert meaning("odd.top").startswith("best score of this arm")
    assert meaning("no such feature") == ""


def test_one_arm_by_depth(ltrr: Ltrr, learned: Path) -> None:
    """For one arm there is a line for each bucket, from its first hit to its last, and all of its features."""
    with Engine.open(learned) as engine:
        arm = next(one for one in engine.arms() if one.name == "lexical")
    out = ltrr("policy", "show", "lexical", "-i", learned).out
    assert "popular" not in out.split("hits ")[0]
    for name, bucket in zip(("1-2", "3-5", "6-10", "11-20", "21-50", "51-100"), arm.buckets, strict=True):
        figures = f"{bucket.mean:.3f} ± {bucket.deviation:.3f} +{bucket.pulled} +{bucket.looked} "
        assert re.search(rf"^{name} +[█░]* +{figures}", out, re.MULTILINE), name
    assert all(f"  {feature.name[:20]}" in out for feature in arm.features)
    done = ltrr("policy", "show", "nope", "-i", learned)
    assert (done.code, done.out) == (2, "")
    assert "this index has: lexical, popular" in done.err


def test_json_contract(ltrr: Ltrr, learned: Path) -> None:
    """Exactly these keys; the buckets cover 1 to 100 without a gap; one arm gives the same alone."""
    row = ltrr("policy", "show", "--json", "-i", learned).json
    assert list(row) == ["version", "credits", "untrained", "arms", "regret"]
    assert list(row["regret"]) == ["total", "spans"]
    for one in (row["regret"]["total"], *row["regret"]["spans"]):
        assert list(one) == ["at", "pages", "mean", "low", "high"]
        assert one["low"] <= one["mean"] <= one["high"]
    assert (row["version"], row["credits"], row["untrained"]) == (2, 40, False)
    assert [arm["name"] for arm in row["arms"]] == ARMS
    own = ["name", "pulls", "hindsight", "reward", "mean", "deviation", "depth", "ms", "features", "buckets"]
    for arm in row["arms"]:
        assert list(arm) == own
        known = 5 if arm["pulls"] or arm["hindsight"] else 0
        assert [list(one) for one in arm["features"]] == [["name", "weight", "deviation", "meaning"]] * known
        ends = [bucket["to"] for bucket in arm["buckets"]]
        assert ends == list(BUCKETS)
        assert [bucket["from"] for bucket in arm["buckets"]] == [1, *(end + 1 for end in ends[:-1])]
        assert arm["mean"] == arm["buckets"][0]["mean"]
        assert arm["ms"] > 0 if arm["pulls"] else arm["ms"] is None
    assert ltrr("policy", "show", "memory", "--json", "-i", learned).json["arms"] == [row["arms"][4]]


def test_untrained(ltrr: Ltrr, built: Path) -> None:
    """With nothing learned that is said, every arm has the same prior and depth, and there are no features."""
    done = ltrr("policy", "show", "-i", built)
    assert done.code == 0
    assert "version 0, 0 credits" in done.out
    assert "untrained" in done.out
    assert "features" not in done.out
    row = ltrr("policy", "show", "--json", "-i", built).json
    assert row["untrained"]
    assert {(arm["mean"], arm["depth"], arm["pulls"], arm["reward"], arm["ms"]) for arm in row["arms"]} == {
        (0.15, 13, 0, None, None)
    }


@pytest.mark.parametrize("columns", [20, 33, 59, 60, 80, 200])
def test_it_fits(columns: int, ltrr: Ltrr, learned: Path) -> None:
    """No line is wider than the terminal, and no figure is cut."""
    for args in ([], ["lexical"]):
        out = ltrr("policy", "show", *args, "-i", learned, COLUMNS=str(columns)).out.splitlines()
        body = out[1:] if columns < 40 else out
        assert max(map(cell_len, body)) <= columns
        assert sum(bool(re.search(r"\d\.\d{3} ± \d\.\d{3}\b", line)) for line in out) >= 10


def test_without_utf8(process: Ltrr, learned: Path) -> None:
    """Bars, signs and all are ASCII where the output cannot be more."""
    done = process("policy", "show", "-i", learned, PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert (done.code, done.err) == (0, "")
    assert done.out.isascii()
    assert re.search(r"^lexical +#+-* +0\.\d{3} \+ 0", done.out, re.MULTILINE)


def test_a_bar_is_solid_as_far_as_it_is_sure() -> None:
    """0.5 ± 0.25 of 1 in 8 cells: 2 are sure, 4 may be; nothing is drawn below 0 or beyond the end."""
    assert draw_bar(0.5, 0.25, 1.0, 8) == "██░░░░  "
    assert draw_bar(-0.5, 0.25, 1.0, 8) == " " * 8
    assert draw_bar(0.9, 0.5, 1.0, 5) == "██░░░"


def test_reset_forgets_the_policy_alone(ltrr: Ltrr, copied: Path) -> None:
    """It is untrained then and says so in one line; the rest stays, and the rollback that it names undoes it."""
    arms, rest = _state(copied)
    done = ltrr("policy", "reset", "--yes", "-i", copied)
    assert (done.code, done.out.count("\n")) == (0, 1)
    assert "forgot all that it had learned and is now version 3" in done.out
    assert "undo: ltrr policy rollback 2" in done.out
    row = ltrr("policy", "show", "--json", "-i", copied).json
    assert (row["version"], row["untrained"]) == (3, True)
    assert all(arm["pulls"] == 0 for arm in row["arms"])
    assert _state(copied)[1] == rest
    assert ltrr("policy", "rollback", "2", "--json", "-i", copied).json == {"version": 4, "before": 3, "back_to": 2}
    assert _state(copied) == (arms, rest)


def test_rollback_takes_an_earlier_version(ltrr: Ltrr, copied: Path) -> None:
    """Version 1 knew the likes and nothing of the log; a version that was never made is an error."""
    for version in ("3", "17"):
        done = ltrr("policy", "rollback", version, "-i", copied)
        assert (done.code, done.out) == (1, "")
        assert "its latest is 2" in done.err
    assert ltrr("policy", "rollback", "-1", "-i", copied).code == 2
    before = ltrr("policy", "show", "--json", "-i", copied).json
    assert "forgot what it learned after version 1" in ltrr("policy", "rollback", "1", "-i", copied).out
    after = ltrr("policy", "show", "--json", "-i", copied).json
    assert [arm["pulls"] for arm in after["arms"]] == [arm["pulls"] for arm in before["arms"]]
    assert all(arm["hindsight"] for arm in before["arms"] if arm["name"] == "lexical")
    assert not any(arm["hindsight"] for arm in after["arms"])


def test_reset_asks_first(ltrr: Ltrr, process: Ltrr, terminal: Open, copied: Path) -> None:
    """At a terminal it asks, and a no changes nothing; where nobody can be asked it needs --yes."""
    arms = _state(copied)[0]
    done = process("policy", "reset", "-i", copied, stdin="y\n")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("add --yes\n")
    for answer, code, says in (("n", 1, "nothing was changed"), ("y", 0, "is now version 3")):
        assert (_state(copied)[0] == arms) is True
        opened = terminal("policy", "reset", "-i", copied, columns=200)
        opened.until(r"\[y/N\]: ?$")
        os.write(opened.master, f"{answer}\r".encode())
        opened.until(says)
        assert opened.process.wait(60) == code
    assert ltrr("policy", "show", "--json", "-i", copied).json["untrained"]


def test_before_anything_was_learned(ltrr: Ltrr, index: Path) -> None:
    """There is nothing to forget, which is no error, and nothing to go back to, which is one."""
    done = ltrr("policy", "reset", "--yes", "-i", index)
    assert (done.code, done.out) == (0, "nothing was changed: the policy has not learned anything yet\n")
    assert ltrr("policy", "reset", "--yes", "--json", "-i", index).json == {"version": 0, "before": 0, "back_to": 0}
    assert ltrr("policy", "rollback", "1", "-i", index).code == 1
