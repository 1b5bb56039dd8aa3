"""What a build takes beside the encoder alone on the same texts, and the encoder beside the machine's sgemm peak.

    python benchmarks/build.py [ENTITIES [ROUNDS]]             (default: all of MSRD, 2 rounds)

In one run, by turns, so many rounds of each: `ltrr index build` of MSRD's first entities, in a process of its own with
empty caches; and the shipped encoder alone on all texts for which this build asks it, each once. Then the same
build again, whose vectors are all known. Each is on two threads, and its quickest round counts. Processor seconds
beside those of the clock: on a busy machine these are the ones to compare. The peak is that of float32 on one thread;
whole numbers may pass it.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the peak is that of one thread

import itertools
import multiprocessing
import shutil
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from common import OUT, data, lines, report
from encoder import sgemm_peak

from ltrr_cli.encoder import Encoder
from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

WORK = 6 * (4 * 384**2 + 2 * 384 * 1536)
"""Multiply-adds of MiniLM-L6's matrices for a token."""


def taken(call: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - processor


def build(catalog: Path, index: Path) -> tuple[tuple[float, float], list[str]]:
    """Build an index in this process; return the seconds, and the texts, each once, for which the encoder was asked."""
    encode = Encoder.encode
    texts: dict[str, None] = {}

    def noting(self: Encoder, asked: Sequence[str], **options: Any) -> Any:
        texts.update(dict.fromkeys(asked))
        return encode(self, asked, **options)

    with patch.object(Encoder, "encode", noting):
        return taken(lambda: Engine.build(catalog, index)), list(texts)


def afresh(catalog: Path, index: Path) -> tuple[tuple[float, float], list[str]]:
    """Do the same in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(build, (catalog, index))


def quickest(rounds: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the least seconds of the clock, and of the processor."""
    clock, processor = zip(*rounds, strict=True)
    return min(clock), min(processor)


def main(count: int | None, rounds: int) -> None:
    """Print one table."""
    root = OUT / "build"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    catalog, index = root / "catalog.jsonl", root / "build.ltrr"
    entities = list(itertools.islice(lines(data("msrd") / "catalog.jsonl.zst"), count))
    catalog.write_text("".join(f"{line}\n" for line in entities))
    encoder = Encoder.open()
    builds, alone = [], []
    for _ in range(rounds):
        shutil.rmtree(index, ignore_errors=True)
        seconds, texts = afresh(catalog, index)
        builds.append(seconds)
        alone.append(taken(partial(encoder.encode, texts)))
    again = [afresh(catalog, index)[0] for _ in range(rounds)]
    tokens = sum(map(len, encoder._ids(texts)))  # noqa: SLF001
    clock, processor = quickest(alone)
    rows = [
        ("", f"{len(entities)} entities, {len(texts)} texts, {tokens} tokens; seconds by the clock / the processor"),
        *(
            (name, f"{one:.1f} / {other:.1f} = {one / clock:.2f} / {other / processor:.2f} × the encoder")
            for name, (one, other) in {
                "encoder": (clock, processor),
                "build": quickest(builds),
                "vectors known": quickest(again),
            }.items()
        ),
        ("texts/s", f"{len(texts) / clock:.0f} by the clock, {len(texts) / processor:.0f} a processor second"),
    ]
    peak = sgemm_peak()
    share = tokens * WORK / processor / peak
    rows.append(("share of peak", f"{share:.2f} of {2 * peak / 1e9:.0f} GFLOP/s a thread"))
    report(rows)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(given[0] if given else None, given[1] if len(given) > 1 else 2)
