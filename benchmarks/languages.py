"""Words, vectors and both, language by language: nDCG@10 on xquadr (questions and sentences in 11 languages).

Each language's sentences in an index of their own, asked that language's questions: the lexical arm alone, the
semantic arm alone, and the whole pipeline, untrained. The last column says how much worse the whole is than its best
part: above 0 is a loss. `sure` is what the build found out about the encoder: how well it knows the language.

    python benchmarks/languages.py [-n QUERIES] [LANGUAGE …]
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import OUT, data, judgments, lines, mean, rows

from ltrr_cli import Engine
from ltrr_cli.estimators.measures import parse_measures

if TYPE_CHECKING:
    from collections.abc import Sequence

PRISTINE = OUT / "xquadr.ltrr"


def judge(index: Path, queries: Sequence[dict[str, Any]], judged: dict[str, dict[str, int]]) -> dict[str, float]:
    """Return nDCG@10 by system."""
    (measure,) = parse_measures(["nDCG@10"])
    scores: dict[str, list[float]] = {"lexical": [], "semantic": [], "together": []}
    with Engine.open(index) as engine:
        engine.warm_up([row["query"] for row in queries])
        for row in queries:
            want = judged[row["query_id"]]
            found = engine.retrieve(row["query"], depth=10)
            for name in ("lexical", "semantic"):
                scores[name].append(measure.score([entity_id for entity_id, _ in found[name]], want))
            whole = engine.search(row["query"], log=False, explore=False, seed=1).results
            scores["together"].append(measure.score([result.id for result in whole], want))
    return {name: mean(values) for name, values in scores.items()}


def main() -> None:
    """Build each language's index, with the vectors of the whole one, and judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=0, help="questions of each language; 0: all")
    parser.add_argument("languages", nargs="*")
    asked = parser.parse_args()
    folder = data("xquadr")
    if not (PRISTINE / "manifest.json").exists():
        Engine.build(folder / "catalog.jsonl.zst", PRISTINE)
    catalog, queries = lines(folder / "catalog.jsonl.zst"), rows(folder / "queries.jsonl.zst")
    qrels = judgments(folder / "qrels.tsv.zst")
    print(f"{'':8}{'lexical':>9}{'semantic':>9}{'together':>9}{'loss':>8}")
    for language in asked.languages or sorted({row["lang"] for row in queries}):
        own = [line for line in catalog if json.loads(line)["id"][:2] == language]
        ids = {json.loads(line)["id"] for line in own}
        mine = [row for row in queries if row["lang"] == language][: asked.n or None]
        judged = {row["query_id"]: {k: v for k, v in qrels[row["query_id"]].items() if k in ids} for row in mine}
        with tempfile.TemporaryDirectory(dir=OUT) as scratch:
            index = Path(scratch) / "one.ltrr"
            shutil.copytree(PRISTINE, index)
            file = Path(scratch) / "catalog.jsonl"
            file.write_text("\n".join(own) + "\n", encoding="utf-8")
            Engine.build(file, index)
            found = judge(index, mine, judged)
        loss = max(found["lexical"], found["semantic"]) - found["together"]
        figures = "".join(f"{found[name]:9.3f}" for name in ("lexical", "semantic", "together"))
        print(f"{language:8}{figures}{loss:+8.3f}", flush=True)


if __name__ == "__main__":
    main()
