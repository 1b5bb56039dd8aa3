"""Held-out queries: their feedback is logged and counted, and nothing is learned from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.config import read_config
from ltrr_cli.engine import Engine
from ltrr_cli.errors import ConfigError, UsageError
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_750_000_000.0
TEXTS = tuple(f"{one} {other}" for one in ("love", "rain", "gold") for other in ("night", "river", "train", "home"))


def _config(index: Path, share: float = 0.4, more: str = "") -> tuple[list[str], list[str]]:
    """Hold queries out; returns the texts that are, and those that are not."""
    (index / "ltrr.toml").write_text(f"[learning]\nholdout = {share}\n{more}")
    config = read_config(index)
    inside = [text for text in TEXTS if config.is_held_out(text)]
    outside = [text for text in TEXTS if not config.is_held_out(text)]
    assert len(inside) >= 2
    assert len(outside) >= 2
    return inside, outside


def _use(index: Path, texts: list[str], *, start: int = 0, rounds: int = 2) -> None:
    """Search and like at several places, and ingest another system's clicks, with and without a page."""
    with Engine.open(index) as engine:
        for number, text in enumerate(texts * rounds):
            now = NOW + 100 * (start + number)
            answer = engine.search(text, user="ana", now=now, seed=number, query_id=f"s{start + number}")
            engine.record(answer.query_id, answer.results[number % 5].id, "like", now=now + 1)
            engine.record(answer.query_id, answer.results[number % 5 + 1].id, "skip", now=now + 2)
            page = Impression(query_id=f"p{start + number}", text=text.upper(), time=now, shown=("e01", "e02"))
            click = Event(
                id=f"c{start + number}", entity_id="e02", action="click", time=now + 3, query_id=page.query_id
            )
            plain = Event(
                id=f"d{start + number}", entity_id="e03", action="play", time=now + 4, text=f"{text}!", user="bo"
            )
            engine.ingest([page, click, plain], now=now + 5)
        engine.learn(now=now + 10)


def test_nothing_is_learned(index: Path, state_of: Callable[[Path], dict[str, Any]]) -> None:
    """Feedback on held-out queries reaches neither memory, profiles, popularity, policy nor ranker, but is counted."""
    inside, _ = _config(index, more="train_every = 1\n")
    _use(index, inside)
    state = state_of(index)
    assert state["memory"] == state["popularity"] == {}
    assert state["users.hash"] == state["together.hash"] == []
    assert state["policy"]["credits"] == 0
    assert state["policy"]["pending"] == []
    assert state["ranker"]["trials"] == []
    assert state["ranker"]["history"] == []
    assert state["best.hash"] == state["caps.hash"] == []
    counts = state["state"]["counts"]
    assert counts["events"] == counts["events held out"] == 8 * len(inside)
    assert "training lists" not in counts
    with Engine.open(index) as engine:
        info = engine.info()
        assert (info.events, info.impressions) == (8 * len(inside), 4 * len(inside))
        assert not any(engine.has_learned_from(text) for text in inside)
    assert sum(isinstance(record, Event) for record in Feedback([index / "log"])) == 8 * len(inside)


def test_what_is_learned_beside_them(index: Path, tmp_path: Path, built: Path, state_of: Any, assert_same: Any) -> None:
    """An index that saw held-out feedback too has learned what one has that never saw it, also by its ranker."""
    import shutil

    inside, outside = _config(index, more="train_every = 4\n")
    other = shutil.copytree(built, tmp_path / "other.ltrr")
    (other / "ltrr.toml").write_text((index / "ltrr.toml").read_text())
    _use(index, inside)
    for root in (index, other):
        _use(root, outside, start=100)
    one, two = state_of(index), state_of(other)
    for name in (
        "memory",
        "users.hash",
        "popularity",
        "policy",
        "policy.a",
        "policy.b",
        "caps.hash",
        "best.hash",
    ):
        assert_same(one[name], two[name])
    assert one["ranker"] == two["ranker"]
    assert one["ranker"]["trials"]
    assert one["memory"]


def test_the_live_state_is_the_refolded_one(index: Path, state_of: Any, assert_same: Any) -> None:
    """Learned live, by another process from the log, or all over again: held out is held out."""
    _config(index, more="train_every = 5\ncheckpoint_every = 4\n")
    _use(index, list(TEXTS), rounds=1)
    live = state_of(index)
    Engine.relearn(index)
    assert_same(state_of(index), live)
    assert 0 < live["state"]["counts"]["events held out"] < live["state"]["counts"]["events"]


def test_a_share_that_is_set_later(index: Path, catalog: Path) -> None:
    """A build with another share learns everything again: what is held out now is forgotten, and back."""
    _use(index, list(TEXTS), rounds=1)
    with Engine.open(index) as engine:
        assert all(engine.has_learned_from(text) for text in TEXTS)
    for share in (0.5, 0.2, 0.0):
        Engine.build(catalog, index, holdout=share)
        config = read_config(index)
        assert config.holdout == share
        with Engine.open(index) as engine:
            learned = [text for text in TEXTS if engine.has_learned_from(text)]
        assert learned == [text for text in TEXTS if not config.is_held_out(text)]
    assert learned == list(TEXTS)


def test_a_page_that_comes_late(index: Path) -> None:
    """A click whose page shows only later that its query is held out is then not learned any more."""
    inside, outside = _config(index)
    with Engine.open(index) as engine:
        for number, text in enumerate((inside[0], outside[0])):
            click = Event(id=f"c{number}", text="", entity_id="e05", action="click", time=NOW, query_id=f"p{number}")
            engine.ingest([click], now=NOW)
            engine.ingest([Impression(query_id=f"p{number}", text=text, time=NOW, shown=("e05",))], now=NOW)
        assert not engine.has_learned_from(inside[0])
        assert engine.has_learned_from(outside[0])
        assert engine._opened.learned.counts["events held out"] == 1


def test_build_writes_the_share(catalog: Path, encoder: str, tmp_path: Path) -> None:
    """`holdout` is written into a new index's settings and into an old one's, whose other settings stay."""
    index = tmp_path / "new.ltrr"
    Engine.build(catalog, index, encoder=encoder, holdout=0.25)
    assert read_config(index).holdout == 0.25
    text = (index / "ltrr.toml").read_text() + "# mine\n"
    (index / "ltrr.toml").write_text(text.replace("# epsilon = 0.01", "epsilon = 0.5"))
    Engine.build(catalog, index)
    assert (read_config(index).holdout, read_config(index).epsilon) == (0.25, 0.5)
    Engine.build(catalog, index, holdout=0)
    assert (read_config(index).holdout, read_config(index).epsilon) == (0.0, 0.5)
    assert (index / "ltrr.toml").read_text().endswith("# mine\n")


@pytest.mark.parametrize("share", [-0.1, 0.91, 1.0, float("nan"), float("inf")])
def test_shares_out_of_range(index: Path, catalog: Path, share: float) -> None:
    """A share that leaves too little to learn from, or is none, is refused before anything is built."""
    before = (index / "manifest.json").read_bytes()
    with pytest.raises(UsageError, match=r"holdout must be from 0 to 0\.9"):
        Engine.build(catalog, index, holdout=share)
    assert (index / "manifest.json").read_bytes() == before


def test_settings_that_cannot_be_used_stay(index: Path, catalog: Path) -> None:
    """Where ltrr.toml cannot be read, or cannot be changed safely, it stays as it is, and the old index is live."""
    for text in ("[query\n", "learning = {holdout = 0.1}\n"):
        (index / "ltrr.toml").write_text(text)
        before = json.loads((index / "manifest.json").read_text())["generation"]
        with pytest.raises(ConfigError):
            Engine.build(catalog, index, holdout=0.2)
        assert (index / "ltrr.toml").read_text() == text
        assert json.loads((index / "manifest.json").read_text())["generation"] == before
