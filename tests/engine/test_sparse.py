"""The arm `sparse` on real indexes: with a model it is there, without one `info` says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import EncoderError, IndexDirectoryError
from ltrr_cli.evaluation.scratch import scratch_copy
from ltrr_cli.index.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_750_000_000.0


def found(index: Path, text: str) -> list[tuple[str, float]]:
    """Return what the arm finds by itself."""
    with Engine.open(index) as engine:
        return engine.retrieve(text, depth=40).get("sparse", [])


@pytest.fixture
def with_model(index: Path, catalog: Path, encoder: str, make_mlm: Callable[..., Path], tmp_path: Path) -> Path:
    """Return an index with a masked-language model."""
    Engine.build(catalog, index, encoder=encoder, sparse=str(make_mlm(tmp_path / "mlm")))
    return index


def test_synonyms_are_found(with_model: Path) -> None:
    """No entity says heart; the model knows that love is near, and the entities about love are found."""
    with Engine.open(with_model) as engine:
        assert engine.retrieve("heart", depth=40)["lexical"] == []
        names = [name for name, _ in engine.retrieve("heart", depth=40)["sparse"]]
        assert names
        for name in names:
            entity = engine.entity(name)
            assert entity is not None
            assert "love" in entity.text
        answer = engine.search("heart", depths={"sparse": 10}, log=False, now=NOW)
        assert [result.id for result in answer.results] != []
        assert engine.info().absent == {}
        assert engine.retrieve("", depth=5)["sparse"] == []


def test_without_a_model_it_is_absent(index: Path) -> None:
    """The arm is not there, and `info` says what to do."""
    with Engine.open(index) as engine:
        info = engine.info()
        assert "sparse" not in info.strategies
        assert "--sparse DIR" in info.absent["sparse"]


def test_the_model_stays(
    with_model: Path,
    catalog: Path,
    encoder: str,
    write_catalog: Callable[..., Path],
    make_mlm: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """Building anew, adding, deleting and relearning keep it, so does a scratch copy; '' drops it, compact for good."""
    before = found(with_model, "heart")
    Engine.build(catalog, with_model, encoder=encoder)
    assert found(with_model, "heart") == before
    Engine.build(write_catalog([100], title="Love"), with_model, add=True)
    assert {name for name, _ in found(with_model, "heart")} == {*(name for name, _ in before), "e100"}
    with pytest.raises(IndexDirectoryError, match="another model"):
        Engine.build(catalog, with_model, add=True, sparse=str(make_mlm(tmp_path / "other", query="idf")))
    Engine.delete(with_model, [before[0][0]])
    Engine.relearn(with_model)
    assert before[0][0] not in {name for name, _ in found(with_model, "heart")}
    with scratch_copy(with_model) as scratch:
        assert found(scratch, "heart") == found(with_model, "heart")
    Engine.build(catalog, with_model, encoder=encoder, sparse="")
    assert found(with_model, "heart") == []
    assert read_manifest(with_model).sparse == ""
    assert len(list((with_model / "encoder").iterdir())) == 2  # a rollback would need it
    Engine.compact(with_model)
    assert len(list((with_model / "encoder").iterdir())) == 1


def test_idf_queries(index: Path, catalog: Path, encoder: str, make_mlm: Callable[..., Path], tmp_path: Path) -> None:
    """Where queries are not encoded, rare tokens count more: by hand, one token's score is idf × its weight."""
    Engine.build(catalog, index, encoder=encoder, sparse=str(make_mlm(tmp_path / "mlm", query="idf")))
    names = {name for name, _ in found(index, "love")}
    score = found(index, "love")[0][1]
    with Engine.open(index) as engine:
        view = engine._opened.view
        assert score == pytest.approx(view.idf(len(names)) * 1.6094, rel=0.01)


def test_a_folder_without_a_model(index: Path, catalog: Path, encoder: str, tmp_path: Path) -> None:
    """One clear error, and the index is as it was."""
    before = read_manifest(index)
    for folder in (tmp_path, tmp_path / "none", encoder):
        with pytest.raises(EncoderError):
            Engine.build(catalog, index, encoder=encoder, sparse=str(folder))
    assert read_manifest(index) == before
