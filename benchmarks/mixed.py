"""The mixed stream: requests of five kinds over one catalogue, and what every arm finds for each, kept as arrays.

Made once and kept in `.out/mixed`, so that a run goes on where it was stopped: the index (`.out/mixed.ltrr`) with
lastfm's first nine tenths of the events in its memory, and frozen from then on; for every text of a stream the context
and what each arm finds down to the deepest bucket. Texts repeat between the seeds' streams and are asked once.

The schema is what inference makes of the mixed catalogue. Its popularity field holds, for lastfm, plays that may have
happened after the events to predict; it only orders what matches by name, and tags hardly ever do.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from common import OUT, data

from ltrr_cli import Engine
from ltrr_cli.engine.requests import context_of, make_request, relevance_of
from ltrr_cli.engine.workers import run
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.feedback.times import parse_time
from ltrr_cli.policy.base import MAX_DEPTH
from ltrr_cli.records import Past, Query
from ltrr_cli.retrieval.base import FIRST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened

SETS = ("msrd", "snips", "xquadr", "cranfield", "lastfm")
INDEX = OUT / "mixed.ltrr"
PARTS = OUT / "mixed"
"""Streams, the end of the warm-up, row → entity id, and the answers of each seed's new texts."""
TOGETHER = 500
"""Texts that are encoded together: faster than one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What each arm finds for each text, by itself.

    `contexts` by text; `applies` (texts, arms) bool; `lists` (texts, arms, MAX_DEPTH) int32 rows, best first, -1 behind
    the last; `ms` (texts, arms) float32 that the arm took at full depth, without encoding (texts are encoded together)
    and without the memory's look-up (every request has it).
    """

    texts: tuple[str, ...]
    contexts: tuple[Mapping[str, float], ...]
    applies: NDArray[np.bool_]
    lists: NDArray[np.int32]
    ms: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One seed's requests, in order; whoever answers may look at `contexts` and `applies` only.

    `relevant` entity ids; `sets` (n,) names; `applies` (n, arms) bool; `ranks` holds for each request (relevant, arms)
    uint8: each arm's rank of each relevant entity, 0 where it is not found down to MAX_DEPTH; `best` (n, arms) uint8
    the smallest such rank; `lists` (n, arms, MAX_DEPTH) int32 and `ms` (n, arms) as in `Answers`.
    """

    seed: int
    arms: tuple[str, ...]
    texts: tuple[str, ...]
    relevant: tuple[tuple[str, ...], ...]
    sets: NDArray[np.str_]
    contexts: tuple[Mapping[str, float], ...]
    applies: NDArray[np.bool_]
    ranks: tuple[NDArray[np.uint8], ...]
    best: NDArray[np.uint8]
    lists: NDArray[np.int32]
    ms: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self.contexts)


def prepare() -> None:
    """Build the index and fill its memory, unless that was done."""
    if (PARTS / "warm.json").exists():
        return
    PARTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as scratch:
        folder = Path(scratch)
        generate(folder, seed=1)
        if not (INDEX / "manifest.json").exists():
            started = time.perf_counter()
            built = Engine.build(folder / "catalog.jsonl", INDEX)
            print(f"built {built.entities:,} entities in {(time.perf_counter() - started) / 60:.1f} min")
        last = (folder / "warmup.jsonl").read_text(encoding="utf-8").splitlines()[-1]
        now = parse_time(json.loads(last)["ts"])
        with Engine.open(INDEX) as engine:
            engine.ingest(Feedback([folder / "warmup.jsonl"]), now=now)
            view = engine._opened.view  # noqa: SLF001
            np.savez_compressed(PARTS / "rows.npz", ids=np.array(view.ids(np.arange(view.rows))))
            arms = [strategy.name for strategy in engine._opened.strategies]  # noqa: SLF001
    (PARTS / "warm.json").write_text(json.dumps({"now": now, "arms": arms}), encoding="utf-8")


def generate(folder: Path, *, seed: int) -> None:
    """Write catalogue, warm-up and stream into a folder, or end with a word what is missing."""
    for name in SETS:
        root = data(name).parent
    tool = root.parent / "tools" / "mixed_stream.py"
    if not tool.is_file():
        sys.exit(f"this benchmark needs the tool that writes the mixed stream, {tool}")
    command = [sys.executable, str(tool), str(folder), "--seed", str(seed), "--data", str(root)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def streams(seeds: int) -> list[Stream]:
    """Return the streams of seeds 1…`seeds`; what no earlier run has asked is asked now."""
    prepare()
    wanted = {seed: requests(seed) for seed in range(1, seeds + 1)}
    answers = asked([[str(request["query"]) for request in one] for one in wanted.values()])
    with np.load(PARTS / "rows.npz", allow_pickle=False) as file:
        row_of = {entity_id: row for row, entity_id in enumerate(file["ids"].tolist())}
    arms = tuple(warm_up()["arms"])
    number_of = {text: number for number, text in enumerate(answers.texts)}
    found = []
    for seed, rows in wanted.items():
        texts = [number_of[request["query"]] for request in rows]
        lists = answers.lists[texts]
        relevant = [np.array([row_of.get(one, -2) for one in request["relevant"]]) for request in rows]
        ranks = tuple(ranks_of(*pair) for pair in zip(lists, relevant, strict=True))
        found.append(
            Stream(
                seed=seed,
                arms=arms,
                texts=tuple(str(request["query"]) for request in rows),
                relevant=tuple(tuple(request["relevant"]) for request in rows),
                sets=np.array([request["set"] for request in rows]),
                contexts=tuple(answers.contexts[text] for text in texts),
                applies=answers.applies[texts],
                ranks=ranks,
                best=np.stack([smallest(one) for one in ranks]),
                lists=lists,
                ms=answers.ms[texts],
            )
        )
    return found


def requests(seed: int) -> list[dict[str, Any]]:
    """Return a seed's requests: query_id, set, query, relevant."""
    path = PARTS / f"stream-{seed}.jsonl"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=OUT) as scratch:
            generate(Path(scratch), seed=seed)
            (Path(scratch) / "stream.jsonl").replace(path)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def warm_up() -> dict[str, Any]:
    """Return `now`, the time at which the warm-up ends and every request is asked, and the index's `arms`."""
    kept: dict[str, Any] = json.loads((PARTS / "warm.json").read_text(encoding="utf-8"))
    return kept


def asked(wanted: Sequence[Sequence[str]]) -> Answers:
    """Return the answers to each stream's texts, of which those new with it are kept in one file a stream."""
    known: dict[str, None] = {}
    chunks = []
    for number, texts in enumerate(wanted, 1):
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(dict.fromkeys(new))
        path = PARTS / f"answers-{number}.npz"
        if not path.exists():
            started = time.perf_counter()
            with Engine.open(INDEX) as engine:
                save(path, ask(engine._opened, new, warm_up()["now"]))  # noqa: SLF001
            print(f"stream {number}: {len(new):,} new texts asked in {time.perf_counter() - started:.0f} s", flush=True)
        chunks.append(load(path))
        if chunks[-1].texts != tuple(new):
            sys.exit(f"{path} is of other streams: remove {PARTS}, to start anew")
    return Answers(
        texts=tuple(text for chunk in chunks for text in chunk.texts),
        contexts=tuple(one for chunk in chunks for one in chunk.contexts),
        applies=np.concatenate([chunk.applies for chunk in chunks]),
        lists=np.concatenate([chunk.lists for chunk in chunks]),
        ms=np.concatenate([chunk.ms for chunk in chunks]),
    )


def ask(opened: Opened, texts: Sequence[str], now: float) -> Answers:
    """Run every arm that applies, to full depth, for every text."""
    shape = (len(texts), len(opened.strategies))
    contexts: list[Mapping[str, float]] = []
    applies, ms = np.zeros(shape, np.bool_), np.zeros(shape, np.float32)
    lists = np.full((*shape, MAX_DEPTH), -1, np.int32)
    for number, text in enumerate(texts):
        if number % TOGETHER == 0:
            opened.query_vectors.make(texts[number : number + TOGETHER])
        query = Query(id="", text=text, time=now)
        request = make_request(opened, query)
        first = {}
        for arm, strategy in enumerate(opened.strategies):
            if strategy.applies(request):
                ran = run(strategy, request, MAX_DEPTH)
                if ran.error:
                    sys.exit(f"{strategy.name} failed on {text!r}: {ran.error}")
                if strategy.name in FIRST:
                    first[strategy.name] = ran
                ms[number, arm] = ran.ms
                applies[number, arm] = True
                lists[number, arm, : len(ran.hits.rows)] = ran.hits.rows
        contexts.append(context_of(request, Past()) | relevance_of(request, first))
    return Answers(texts=tuple(texts), contexts=tuple(contexts), applies=applies, lists=lists, ms=ms)


def save(path: Path, answers: Answers) -> None:
    """Write answers, at once."""
    words = json.dumps([answers.texts, answers.contexts]).encode()
    partial = path.with_suffix(".part.npz")
    np.savez_compressed(
        partial, words=np.frombuffer(words, np.uint8), applies=answers.applies, lists=answers.lists, ms=answers.ms
    )
    partial.replace(path)


def load(path: Path) -> Answers:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        texts, contexts = json.loads(file["words"].tobytes())
        return Answers(
            texts=tuple(texts),
            contexts=tuple(contexts),
            applies=file["applies"],
            lists=file["lists"],
            ms=file["ms"],
        )


def ranks_of(lists: NDArray[np.int32], relevant: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return each arm's rank of each relevant row, (relevant, arms), from its (arms, depth) lists; 0: not found."""
    same = lists[None] == relevant[:, None, None]
    return np.where(same.any(2), same.argmax(2) + 1, 0).astype(np.uint8)


def smallest(ranks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return each arm's smallest rank above 0 over (relevant, arms): (arms,); 0 where it finds none."""
    least = np.where(ranks == 0, 255, ranks).min(0)
    return np.where(least == 255, 0, least).astype(np.uint8)
