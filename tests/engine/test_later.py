"""An index answers before its vectors are there, and they join it."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ltrr_cli.encoder import Encoder
from ltrr_cli.engine import Engine
from ltrr_cli.engine.encoding import Encoding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_750_000_000.0


def found(engine: Engine, text: str) -> dict[str, list[str]]:
    """Return what each arm finds alone."""
    return {arm: [name for name, _ in hits] for arm, hits in engine.retrieve(text, depth=20, now=NOW).items()}


@pytest.fixture
def stopped(catalog: Path, encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an index whose build was interrupted while it waited for vectors, some of which were computed."""
    root, may_go_on, encode, calls = tmp_path / "x.ltrr", Event(), Encoder.encode, 0

    def waits(self: Encoder, texts: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            may_go_on.wait(60)
            raise KeyboardInterrupt
        return encode(self, texts, **options)

    def interrupted(self: Encoding, progress: object) -> None:
        may_go_on.set()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ltrr_cli.engine.texts._TOGETHER", 8)
        patch.setattr(Encoder, "encode", waits)
        patch.setattr(Encoding, "ends_within", lambda *_: False)
        patch.setattr(Encoding, "result", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Engine.build(catalog, root, encoder=encoder)
    return root


def test_the_texts_answer_and_the_vectors_join(stopped: Path, catalog: Path, encoder: str, tmp_path: Path) -> None:
    """Without vectors all other arms find what they find with them; an open engine sees these come."""
    built = Engine.build(catalog, tmp_path / "whole.ltrr", encoder=encoder)
    with Engine.open(tmp_path / "whole.ltrr") as whole, Engine.open(stopped) as engine:
        expected = found(whole, "rain night")
        assert engine.unencoded == built.entities
        before = found(engine, "rain night")
        assert before.pop("semantic") == []
        assert before == {arm: names for arm, names in expected.items() if arm != "semantic"}
        assert engine.search("rain night", now=NOW).results
        assert Engine.verify(stopped, deep=True).sound
        assert Engine.encode(stopped) == built.encoded - 8
        assert engine.unencoded == 0
        assert found(engine, "rain night") == expected
        np.testing.assert_array_equal(
            engine._opened.view.segments[0].vectors.matrix, whole._opened.view.segments[0].vectors.matrix
        )
        assert engine._opened.view.fluency == whole._opened.view.fluency
    assert Engine.encode(stopped) == 0
    assert Engine.verify(stopped, deep=True).sound
    assert not (stopped / "unfinished").exists()


def test_a_build_takes_over(stopped: Path, catalog: Path) -> None:
    """Built again, the index has its vectors; those computed are not computed again."""
    built = Engine.build(catalog, stopped)
    assert built.reused == 8
    with Engine.open(stopped) as engine:
        assert engine.unencoded == 0


def test_what_was_done_meanwhile_stays(stopped: Path) -> None:
    """Entities deleted and queries answered before the vectors came stay so."""
    with Engine.open(stopped) as engine:
        answer = engine.search("rain night", now=NOW)
        engine.record(answer.query_id, answer.results[0].id, now=NOW + 1)
        gone = answer.results[1].id
    Engine.delete(stopped, [gone])
    Engine.encode(stopped)
    with Engine.open(stopped) as engine:
        assert gone not in engine
        assert gone not in [name for names in found(engine, "rain night").values() for name in names]
        assert len(list(engine.events())) == 1


def test_without_hard_links_files_are_copied(stopped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no hard links gets copies."""

    def refuses(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuses)
    assert Engine.encode(stopped)
    assert Engine.verify(stopped, deep=True).sound


def test_a_quick_encoder_publishes_once(catalog: Path, encoder: str, tmp_path: Path) -> None:
    """Where vectors are ready soon after the texts, nothing goes live before them."""
    built = Engine.build(catalog, tmp_path / "x.ltrr", encoder=encoder)
    assert built.segment == "000001"
    assert [path.name for path in (tmp_path / "x.ltrr" / "segments").iterdir()] == ["000001"]


def test_texts_go_live_first(catalog: Path, encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first build puts the texts live while it waits for vectors, and leaves one whole segment."""
    seen, result = [], Encoding.result

    def looks(self: Encoding, progress: Callable[[str, int, int | None], None]) -> Any:
        with Engine.open(tmp_path / "x.ltrr") as engine:
            seen.append((engine.unencoded, bool(engine.search("love", now=NOW).results)))
        return result(self, progress)

    monkeypatch.setattr(Encoding, "ends_within", lambda *_: False)
    monkeypatch.setattr(Encoding, "result", looks)
    built = Engine.build(catalog, tmp_path / "x.ltrr", encoder=encoder)
    assert seen == [(built.entities, True)]
    with Engine.open(tmp_path / "x.ltrr") as engine:
        assert engine.unencoded == 0
    assert [path.name for path in (tmp_path / "x.ltrr" / "segments").iterdir()] == [built.segment]
