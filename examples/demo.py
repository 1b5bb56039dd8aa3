"""The whole loop in a minute, by the commands that you would type: build, query, feedback, learn, query again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "data" / "sample"
INDEX = ROOT / ".out" / "demo.ltrr"
LTRR = str(Path(sys.executable).parent / "ltrr")


def run(*words: str, stdin: str | None = None, quiet: bool = False) -> str:
    """Show a command, run it, return what it wrote to stdout; show that too unless `quiet`."""
    shown = " ".join(f'"{word}"' if " " in word else word.replace(f"{ROOT}/", "") for word in words)
    print(f"\n$ ltrr {shown}", flush=True)
    command = [LTRR, *words, "--index", str(INDEX)]
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    if not quiet:
        print(done.stdout, end="", flush=True)
    return done.stdout


def say(text: str) -> None:
    """Print a line of the story."""
    print(f"\n── {text}", flush=True)


def ask(text: str) -> dict[str, int]:
    """Query without exploring and return the rank of each result."""
    answer = json.loads(run("query", text, "--json", "-k", "20", "--no-explore", "--no-log", quiet=True))
    return {result["id"]: result["rank"] for result in answer["results"]}


def moved(text: str, before: dict[str, int], after: dict[str, int]) -> None:
    """Print the first five results with where they were before."""
    print(f"   {text!r}, now (before):")
    for entity_id, rank in list(after.items())[:5]:
        print(f"   {rank:>3}  ({before.get(entity_id, '–')!s:>2})  {entity_id}")


def simulated_clicks(answers: str) -> str:
    """Return the clicks of simulated users on these answers."""
    command = [sys.executable, "examples/simulate_clicks.py", str(SAMPLE / "queries.jsonl"), str(SAMPLE / "qrels.tsv")]
    return subprocess.run(command, input=answers, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT).stdout


def main() -> None:
    """Tell it."""
    shutil.rmtree(INDEX, ignore_errors=True)
    INDEX.parent.mkdir(exist_ok=True)

    say("1. A catalogue of music becomes an index: full text, vectors, predicted queries, one directory.")
    run("index", "build", str(SAMPLE / "catalog.jsonl"))

    say("2. It answers at once, by words, by values in the catalogue, and by meaning.")
    run("query", "90s sad songs", "-k", "5")
    run("query", "something calm for studying", "-k", "5")

    say("3. Two months of (invented) feedback arrive: what 60 people searched for, saw, and played.")
    texts = ("love", "mj", "the boss")
    before = {text: ask(text) for text in texts}
    run("feedback", "ingest", str(SAMPLE / "feedback"))

    say("4. The same queries again: the memory knows what people meant.")
    for text in texts:
        moved(text, before[text], ask(text))

    say("5. Why? Every score is a sum of named features; `memory.observed` is new.")
    run("query", "the boss", "-k", "1", "--explain", "--no-explore")

    say("6. People use it: simulated users ask, click what they like, and the clicks go back in, twice.")
    queries = "".join(
        f"{json.loads(line)['query']}\n" for line in (SAMPLE / "queries.jsonl").read_text("utf-8").splitlines()
    )
    for _ in range(2):
        answers = run("query", stdin=queries, quiet=True)
        print(f"   {answers.count(chr(10))} queries answered")
        run("feedback", "ingest", "-", stdin=simulated_clicks(answers))

    say("7. One play more: it counts at once.")
    answer = json.loads(run("query", "night drive", "--json", "--no-explore", quiet=True))
    wanted = next((result for result in answer["results"] if result["title"] == "Nights"), answer["results"][3])
    print(f"   we play number {wanted['rank']}, {wanted['title']!r}")
    run("feedback", "record", answer["query_id"], wanted["id"], "play", "--dwell", "180")
    moved("night drive", {result["id"]: result["rank"] for result in answer["results"]}, ask("night drive"))

    say("8. What it has learned, in one screen.")
    run("index", "info")
    print(f"\nThe index is {INDEX.relative_to(ROOT)}. Try: .venv/bin/ltrr query --index {INDEX.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
