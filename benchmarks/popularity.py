"""The learned popularity power, through the whole loop: people who weigh popularity by a planted power.

Each asks one of MSRD's train queries, looks at place r with probability 1 / r, and acts on one of what lexical found,
with a probability in proportion to P(looked at) · (lexical's score · factor^p)^3; or at random, by place alone.

    python benchmarks/popularity.py [SESSIONS]      (after benchmarks/msrd.py, which builds the index)
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from common import OUT, data, rows

from ltrr_cli import Engine

START = 1.7e9


def course(index: Path, texts: list[str], power: float | None, seed: int) -> tuple[list[float], float]:
    """Return the power in use after each quarter of the sessions, and after a rebuild from the logs."""
    rng = np.random.default_rng(seed)
    known = []
    with Engine.open(index) as engine:
        for number, text in enumerate(texts):
            answer = engine.search(text, now=START + 60 * number, seed=number)
            names, values = answer.trace.feature_names, np.array(answer.trace.features)
            if len(values) > 1 and "lexical.score" in names:
                score = np.nan_to_num(values[:, names.index("lexical.score")])
                factor = np.log2(2 + 2 * np.nan_to_num(values[:, names.index("popularity")]))
                worth = (score > 0) / np.arange(1, len(score) + 1)
                worth = worth * (score * factor**power) ** 3 if power is not None else worth
                if worth.sum() > 0:
                    place = int(rng.choice(len(worth), p=worth / worth.sum()))
                    engine.record(answer.query_id, answer.results[place].id, now=START + 60 * number + 5)
            if (number + 1) % max(1, len(texts) // 4) == 0:
                known.append(engine.info().popularity)
    Engine.relearn(index)
    with Engine.open(index) as engine:
        return known, engine.info().popularity


def main() -> None:
    """Plant powers."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 800
    texts = [row["query"] for row in rows(data("msrd") / "queries.jsonl.zst") if row["split"] == "train"][:count]
    print(f"{'planted':<12}{'after each quarter':>30}{'rebuilt':>10}")
    for name, power in (("0", 0.0), ("1", 1.0), ("3", 3.0), ("chance", None)):
        with tempfile.TemporaryDirectory(dir=OUT) as scratch:
            index = Path(scratch) / "msrd.ltrr"
            shutil.copytree(OUT / "msrd.ltrr", index)
            known, rebuilt = course(index, texts, power, seed=1)
        print(f"{name:<12}{', '.join(f'{one:g}' for one in known):>30}{rebuilt:>10g}", flush=True)


if __name__ == "__main__":
    main()
