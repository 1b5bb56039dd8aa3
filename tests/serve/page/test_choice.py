"""Which fields become facets: words that many entities share, and numbers; no ids, texts or names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ltrr_cli import Engine
from ltrr_cli.serve.page.choice import EVERYTHING, Choice, choose

if TYPE_CHECKING:
    from pathlib import Path


def test_facets_are_what_is_worth_clicking(tmp_path: Path) -> None:
    rows = [
        {
            "id": f"e{number}",
            "type": "book" if number % 2 else "film",
            "title": f"Title {number}",
            "text": "Some text.",
            "genre": ["crime", "love"][number % 2 :],
            "series_id": f"e{number % 3}",
            "isbn": f"{number:010}x",
            "blurb": "The same long words for everybody, again and again, for ever and ever.",
            "rating": number / 10,
            "year": 1990 + number % 7,
            "shelf": 3,
            "popularity": number,
        }
        for number in range(40)
    ]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Engine.build(tmp_path / "c.jsonl", tmp_path / "c.ltrr")
    with Engine.open(tmp_path / "c.ltrr") as engine:
        assert choose(engine) == Choice(facets=("type", "genre"), ranges=("year", "rating"))
        assert engine.count(EVERYTHING) == len(rows)


def test_a_catalogue_of_titles_has_none(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text('{"id": "a", "title": "Only this"}\n')
    Engine.build(tmp_path / "c.jsonl", tmp_path / "c.ltrr")
    with Engine.open(tmp_path / "c.ltrr") as engine:
        assert choose(engine) == Choice()
