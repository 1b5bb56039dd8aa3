"""From a key to results at the prompt: what is drawn below the line, for every beginning of judged queries, on MSRD.

Times are those of answering and drawing, without the terminal's own; benchmarks/msrd.py builds the index.

    python benchmarks/keystroke.py [QUERIES]
"""

from __future__ import annotations

import random
import sys
import time

from common import OUT, data, quantile, report, rows

from ltrr_cli import Engine
from ltrr_cli.cli import instant
from ltrr_cli.cli.completing import suggestions
from ltrr_cli.cli.repl import COMMANDS
from ltrr_cli.wire.asking import Asking


def main() -> None:
    """Type the queries, letter by letter."""
    index = OUT / "msrd.ltrr"
    if not (index / "manifest.json").exists():
        sys.exit("first: python benchmarks/msrd.py")
    texts = sorted({row["query"] for row in rows(data("msrd") / "queries.jsonl.zst")})
    random.Random(1).shuffle(texts)
    limit, instant.LIMIT = instant.LIMIT, 60.0  # here slow answers are counted, not given up on
    results: list[float] = []
    completions: list[float] = []
    with Engine.open(index) as engine:
        shown = instant.Instant(engine, Asking())
        shown.draw("warm up")
        suggestions(engine, COMMANDS, "warm up")
        for text in texts[: int(sys.argv[1]) if len(sys.argv) > 1 else 100]:
            for end in range(2, len(text) + 1):
                started = time.perf_counter()
                suggestions(engine, COMMANDS, text[:end])
                completions.append((time.perf_counter() - started) * 1e3)
                started = time.perf_counter()
                shown.draw(text[:end])
                results.append((time.perf_counter() - started) * 1e3)
    both = [one + other for one, other in zip(results, completions, strict=True)]
    within = sum(one <= limit * 1e3 for one in both) / len(both)
    report(
        [
            ("keys", f"{len(both):,}"),
            ("results, p50 / p95", f"{quantile(results, 0.5):.1f} / {quantile(results, 0.95):.1f} ms"),
            ("completions, p50 / p95", f"{quantile(completions, 0.5):.2f} / {quantile(completions, 0.95):.2f} ms"),
            ("both, p50 / p95", f"{quantile(both, 0.5):.1f} / {quantile(both, 0.95):.1f} ms"),
            (f"within {limit * 1e3:.0f} ms", f"{within:.1%}"),
        ]
    )


if __name__ == "__main__":
    main()
