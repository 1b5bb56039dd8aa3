"""Remembered queries by meaning, in a whole index: found live and after a checkpoint, forgotten, held out, folded.

For the tests' encoder "love" and "lovely" are near (cosine .96), and "love" and "train" are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.config import read_config
from ltrr_cli.engine import Engine
from ltrr_cli.engine.nearby import open_nearest
from ltrr_cli.errors import IndexDirectoryError
from ltrr_cli.index.fluent import Fluency, Group
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.records import Event
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.memory.nearest import Nearest

NOW = 1_750_000_000.0


def _act(engine: Engine, query: str, entity: str = "e35") -> None:
    engine.ingest(
        [
            Event(
                id=f"{query}|{entity}|{number}",
                query_id="",
                text=query,
                user=f"u{number}",
                session="",
                entity_id=entity,
                action="click",
                time=NOW,
                position=0,
                dwell=0.0,
            )
            for number in range(4)
        ],
        now=NOW,
    )


def _rewards(index: Path, query: str) -> dict[str, float]:
    with Engine.open(index) as engine:
        return {one.id: one.reward for one in engine.memory(query, k=40, now=NOW + 1).entities if one.reward > 1e-6}


def _vectors(index: Path) -> Nearest | None:
    manifest = read_manifest(index)
    return open_nearest(index / "learned" / manifest.learned.name, manifest.encoder)


@pytest.mark.parametrize("checkpoint", [False, True])
def test_what_means_the_same_finds_what_was_learned(index: Path, *, checkpoint: bool) -> None:
    """A query without a word in common finds it, less than the query itself; one that means something else does not."""
    with Engine.open(index) as engine:
        _act(engine, "lovely")
        if checkpoint:
            engine.learn(now=NOW)
    table = _vectors(index)
    assert checkpoint == (table is not None and table.has(hash64("lovely")))
    own = _rewards(index, "lovely")["e35"]
    assert 0.3 * own < _rewards(index, "love")["e35"] < own
    assert "e35" not in _rewards(index, "train")


def test_a_language_that_the_encoder_does_not_know_lends_nothing(index: Path) -> None:
    """What vectors say of a query counts by fluency here, too: all of it, a part, nothing."""
    rewards = []
    with Engine.open(index) as engine:
        _act(engine, "lovely")
        for known in (1.0, 0.8, 0.0):
            engine._opened.view.fluency = Fluency((Group(language="en", script="latin", texts=1, known=known),))
            found = {one.id: one.reward for one in engine.memory("love", k=40, now=NOW + 1).entities}
            rewards.append(found.get("e35", 0.0))
    assert rewards[1] == pytest.approx(0.64 * rewards[0], rel=0.1)  # the square of likeness; what is lent is bounded
    assert rewards[0] > 0 == rewards[2]


def test_it_is_forgotten(index: Path) -> None:
    """Forgetting a query takes its vector too."""
    with Engine.open(index) as engine:
        _act(engine, "lovely")
        _act(engine, "train", "e01")
        engine.learn(now=NOW)
        assert engine.forget("lovely", now=NOW + 1)
    table = _vectors(index)
    assert table is not None
    assert table.hashes.tolist() == [hash64("train")]
    assert "e35" not in _rewards(index, "love")
    with Engine.open(index) as engine:
        engine.forget("train", now=NOW + 2)
    assert _vectors(index) is None


def test_a_rebuild_gives_the_same_vectors(index: Path) -> None:
    """Vectors kept over checkpoints are those that the logs alone give, and rewards are the same."""
    with Engine.open(index) as engine:
        for text in ("lovely", "train", "gold night"):
            _act(engine, text)
            engine.learn(now=NOW)
    kept, before = _vectors(index), _rewards(index, "love")
    Engine.relearn(index)
    again = _vectors(index)
    assert kept is not None
    assert again is not None
    np.testing.assert_array_equal(kept.hashes, again.hashes)
    np.testing.assert_allclose(kept.vectors, again.vectors, atol=1e-6)
    assert _rewards(index, "love") == pytest.approx(before, rel=1e-5)


def test_held_out_queries_have_no_vector(index: Path) -> None:
    """What is held out is not learned, so nothing finds it."""
    (index / "ltrr.toml").write_text("[learning]\nholdout = 0.4\n")
    config = read_config(index)
    texts = [f"{one} {other}" for one in ("love", "gold") for other in ("night", "river", "train", "home")]
    held = [text for text in texts if config.is_held_out(text)]
    assert held
    with Engine.open(index) as engine:
        for text in texts:
            _act(engine, text)
        engine.learn(now=NOW)
    table = _vectors(index)
    assert table is not None
    assert [text for text in texts if not table.has(hash64(text))] == held


def test_a_snapshot_without_vectors_answers_and_gets_them(index: Path) -> None:
    """Learned state of before opens; the next checkpoint makes the vectors. Damaged ones are one clear error."""
    with Engine.open(index) as engine:
        _act(engine, "lovely")
        engine.learn(now=NOW)
    snapshot = index / "learned" / read_manifest(index).learned.name
    for path in snapshot.glob("nearest.*"):
        path.unlink()
    assert "e35" not in _rewards(index, "love")
    with Engine.open(index) as engine:
        engine.learn(now=NOW + 1)
    assert "e35" in _rewards(index, "love")
    snapshot = index / "learned" / read_manifest(index).learned.name
    (snapshot / "nearest.vectors.npy").write_bytes(b"no array")
    with pytest.raises(IndexDirectoryError, match="vectors of remembered queries"):
        _rewards(index, "love")
