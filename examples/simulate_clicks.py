"""Simulated users: read answers (JSON lines, as `ltrr query` writes them), write what people might have clicked.

    ltrr query -i my.ltrr < queries.txt | python examples/simulate_clicks.py QUERIES.jsonl QRELS.tsv | ltrr feedback
    ingest -

A position is looked at with probability 1 / rank; an entity that was looked at is clicked if the judgments call it good
(the better, the likelier), and by mistake in 5 % of cases. The same seed gives the same clicks for the same answers.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

CLICK_BY_GRADE = {0: 0.05, 1: 0.4, 2: 0.7, 3: 0.95}


def read_judgments(queries: Path, qrels: Path) -> dict[str, dict[str, int]]:
    """Return query text → entity id → grade."""
    lines = queries.read_text(encoding="utf-8").splitlines()
    texts = {row["query_id"]: row["query"] for row in map(json.loads, lines)}
    judged: dict[str, dict[str, int]] = {}
    for line in qrels.read_text(encoding="utf-8").splitlines():
        query_id, entity_id, grade = line.split("\t")
        judged.setdefault(texts[query_id], {})[entity_id] = int(grade)
    return judged


def main() -> None:
    """Write one event a line for every simulated click."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("queries", type=Path)
    parser.add_argument("qrels", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    judged = read_judgments(args.queries, args.qrels)
    rng = random.Random(args.seed)
    for line in sys.stdin:
        answer = json.loads(line)
        grades = judged.get(answer["query"], {})
        user = f"u{rng.randrange(40):02d}"
        for result in answer["results"]:
            looked = rng.random() < 1 / result["rank"]
            if looked and rng.random() < CLICK_BY_GRADE[min(3, grades.get(result["id"], 0))]:
                event = {
                    "query_id": answer["query_id"],
                    "query": answer["query"],
                    "entity_id": result["id"],
                    "action": "click",
                    "position": result["rank"],
                    "user_id": user,
                    "ts": datetime.now(UTC).isoformat(),
                }
                print(json.dumps(event))


if __name__ == "__main__":
    main()
