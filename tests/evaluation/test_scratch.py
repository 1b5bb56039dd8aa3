"""A scratch copy answers as the index did before it learned, and nothing done to it reaches the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltrr_cli.config import Config, read_config
from ltrr_cli.engine import Engine
from ltrr_cli.errors import IndexDirectoryError
from ltrr_cli.evaluation.scratch import make_scratch, scratch_copy, stands_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Files = Callable[[Path], dict[str, str]]

NOW = 1_750_000_000.0


def _page(engine: Engine) -> list[str]:
    return [result.id for result in engine.search("love", now=NOW, explore=False, log=False).results]


def _learn(engine: Engine) -> None:
    for number in range(5):
        answer = engine.search("love", user=f"u{number}", now=NOW + number, query_id=f"s{number}")
        engine.record(answer.query_id, "love-7", "like", now=NOW + number + 1)


def test_nothing_learned_is_taken_over(built: Path, index: Path) -> None:
    """The copy of an index that has learned answers as one that never did, with logs of its own, which are empty."""
    with Engine.open(built) as engine:
        fresh = _page(engine)
    with Engine.open(index) as engine:
        _learn(engine)
        assert _page(engine)[0] == "love-7" != fresh[0]
    with scratch_copy(index) as scratch, Engine.open(scratch) as engine:
        assert _page(engine) == fresh
        info = engine.info()
        assert (info.events, info.impressions) == (0, 0)


def test_the_index_stays_as_it_was(index: Path, files_of: Files) -> None:
    """Searching, learning, relearning, adding to and deleting from the copy leave every file of the index alone."""
    with Engine.open(index) as engine:
        _learn(engine)
    before = files_of(index)
    with scratch_copy(index) as scratch:
        with Engine.open(scratch) as engine:
            _learn(engine)
            engine.learn(now=NOW + 100)
        Engine.relearn(scratch)
        assert Engine.delete(scratch, ["love-3"]) == []
        more = scratch.parent / "more.jsonl"
        more.write_text('{"id": "love-2", "title": "another"}\n')
        Engine.build(more, scratch)
        with Engine.open(scratch) as engine:
            assert "love-2" in engine
            assert "love-1" not in engine
    assert files_of(index) == before
    assert not scratch.exists()


def test_settings_come_along(index: Path) -> None:
    """The copy has the index's ltrr.toml; without one it has none."""
    (index / "ltrr.toml").write_text('[strategies]\nuse = ["lexical"]\n')
    with scratch_copy(index) as scratch, Engine.open(scratch) as engine:
        assert list(engine.retrieve("love")) == ["lexical"]
    (index / "ltrr.toml").unlink()
    with scratch_copy(index) as scratch:
        assert not (scratch / "ltrr.toml").exists()


def test_the_copy_goes_when_the_work_fails(index: Path) -> None:
    """An error inside removes the copy too."""
    seen = []

    def work() -> None:
        with scratch_copy(index) as scratch:
            seen.append(scratch)
            assert (scratch / "manifest.json").exists()
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        work()
    assert not seen[0].parent.exists()


def test_a_rebuilt_index_is_noticed(index: Path, catalog: Path, tmp_path: Path) -> None:
    """A copy stands on its index until that is built again; learning does not matter."""
    scratch = tmp_path / "copies" / "scratch"
    make_scratch(index, scratch)
    assert stands_on(scratch, index)
    with Engine.open(index) as engine:
        _learn(engine)
        engine.learn(now=NOW)
    assert stands_on(scratch, index)
    Engine.build(catalog, index)
    assert not stands_on(scratch, index)


def test_a_build_does_not_take_an_open_copy_its_segments(index: Path, catalog: Path) -> None:
    """While a copy is open, a build and its garbage collection leave the linked segment where it is."""
    with scratch_copy(index) as scratch, Engine.open(scratch) as engine:
        Engine.build(catalog, index)
        Engine.relearn(index)
        assert len(engine.retrieve("love")["lexical"]) == 8
        with Engine.open(scratch) as again:
            assert len(again.retrieve("love")["lexical"]) == 8


def test_no_index(tmp_path: Path) -> None:
    """Without an index there is no copy, and nothing is left behind."""
    with pytest.raises(IndexDirectoryError, match="no index here"):
        make_scratch(tmp_path / "none", tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()


def test_nothing_is_held_out(index: Path, tmp_path: Path) -> None:
    """The copy learns from all queries, whatever the index holds out, and keeps its other settings."""
    (index / "ltrr.toml").write_text("[query]\ncandidates = 60\n[learning]\nholdout = 0.5\n")
    make_scratch(index, tmp_path / "copy")
    assert read_config(tmp_path / "copy") == Config(candidates=60)
    assert read_config(index).holdout == 0.5
