"""`ltrr ranker`: features, position bias, history, promotion, rollback, training on judgments."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr

NOW = 1_750_000_000.0


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the index."""
    return shutil.copytree(built, tmp_path / "songs.ltrr")


def test_show(ltrr: Ltrr, root: Path) -> None:
    """Every feature with its meaning and weights, as a table and as JSON."""
    done = ltrr("ranker", "show", "--index", root)
    assert done.code == 0
    assert "the prior is live" in done.out
    assert "lexical.reciprocal_rank" in done.out
    found = json.loads(ltrr("ranker", "show", "--json", "--index", root).out)
    assert {"version", "status", "challenger", "tests", "features", "history"} <= set(found)
    names = [feature["name"] for feature in found["features"]]
    assert len(set(names)) == len(names) > 40
    assert all(feature["meaning"] for feature in found["features"])


def test_bias(ltrr: Ltrr, root: Path) -> None:
    """An error before anything was clicked; then a chart, and JSON by method."""
    done = ltrr("ranker", "bias", "--index", root)
    assert done.code == 1
    assert "no answer of this index was acted on yet" in done.err
    with Engine.open(root) as engine:
        for number in range(4):
            page = engine.search("love", now=NOW + number, seed=number)
            engine.record(page.query_id, page.results[number % 2].id, now=NOW + number)
    done = ltrr("ranker", "bias", "--index", root)
    assert "Looked at, by position" in done.out
    assert "1.000" in done.out
    found = json.loads(ltrr("ranker", "bias", "--json", "--index", root).out)
    assert set(found) == {"harvest", "em", "cascade"}
    assert found["harvest"]["chances"][0] == 1


def test_train_promote_and_roll_back(ltrr: Ltrr, root: Path, tmp_path: Path) -> None:
    """Judgments make a challenger; it goes live, back, and is listed with the reasons."""
    with Engine.open(root) as engine:
        last = engine.search("love", now=NOW, log=False).results[-1].id
    queries, qrels = tmp_path / "queries.jsonl", tmp_path / "qrels.tsv"
    queries.write_text('{"query_id": "q", "query": "love"}\n')
    qrels.write_text(f"q\t{last}\t1\n")
    files = ("--queries", queries, "--qrels", qrels, "--index", root, "--quiet")
    done = ltrr("ranker", "train", *files)
    assert "trained version 1 on 1 judged queries" in done.out
    assert "version 1 is kept aside" in done.out
    assert "ranker version 1 is live, in place of 0" in ltrr("ranker", "promote", "--index", root).out
    assert "nothing was changed" in ltrr("ranker", "promote", "1", "--index", root).out
    assert json.loads(ltrr("ranker", "rollback", "--json", "--index", root).out) == {"version": 0, "before": 1}
    found = json.loads(ltrr("ranker", "train", *files, "--promote", "--json").out)
    assert (found["version"], found["live"]) == (2, True)
    done = ltrr("ranker", "history", "--index", root)
    assert "version 1: trained – from judgments of 1 queries" in done.out
    assert "version 0: live – rolled back from version 1" in done.out
    assert done.out.splitlines()[-1] == "version 2 is live"
    assert len(json.loads(ltrr("ranker", "history", "--json", "--index", root).out)) == 5
    assert ltrr("ranker", "promote", "9", "--index", root).code == 1
