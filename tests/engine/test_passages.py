"""Long texts, on real indexes: what stands far down is found, shown, and encoded once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_750_000_000.0
FAR = "Gold and gold river, gold train, queen of fire and water."


@pytest.fixture
def long_texts(tmp_path: Path) -> Path:
    """Return a catalogue: one text says what matters at its end, beyond what the encoder reads."""
    filler = "Winter night number seven is about a sad home. " * 12
    rows = [{"id": f"e{n}", "title": f"Story {n}", "text": f"About summer {n} and rain."} for n in range(10)]
    rows.append({"id": "long", "title": "Story x", "text": filler + FAR})
    path = tmp_path / "long.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_end_of_a_long_text_is_found(long_texts: Path, encoder: str, tmp_path: Path) -> None:
    """The semantic arm finds it first, and the result says by which passage; short texts have none."""
    built = Engine.build(long_texts, tmp_path / "x.ltrr", encoder=encoder)
    assert 2 < built.passages <= 16
    with Engine.open(tmp_path / "x.ltrr") as engine:
        assert engine.info().vectors["passages"] == built.passages
        assert engine.retrieve(FAR, depth=3)["semantic"][0][0] == "long"
        answer = engine.search(FAR, depths={"semantic": 5}, log=False, now=NOW)
        passages = {result.id: result.passage for result in answer.results}
        assert passages["long"].endswith(FAR)
        assert len(passages["long"]) < 400
        assert not any(text for name, text in passages.items() if name != "long")
    again = Engine.build(long_texts, tmp_path / "x.ltrr", encoder=encoder)
    assert (again.encoded, again.passages) == (0, built.passages)


def test_known_documents_have_the_same_passages(encoder: str, tmp_path: Path) -> None:
    """Texts about as long as one passage: whether their documents are encoded, and so counted, or known before."""
    rows = [{"id": f"e{n}", "title": f"Story {n}", "text": "summer rain " * n} for n in range(4, 100)]
    path, index = tmp_path / "texts.jsonl", tmp_path / "x.ltrr"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = []
    for _ in range(2):
        built = Engine.build(path, index, encoder=encoder)
        folder = index / "segments" / built.segment
        found.append([np.load(folder / f"passages.{name}.npy").tolist() for name in ("row", "span", "text")])
    assert found[0] == found[1]
    assert 0 < len({*found[0][0]}) < len(rows)
