"""What a build takes beside the encoder alone on the same texts, and the encoder beside the machine's sgemm peak.

    python benchmarks/build.py [ENTITIES]             (default: all of MSRD)

In one run: `ltrr index build` of MSRD's first entities, the shipped encoder alone on the texts that this build encodes,
both on two threads, and the same build again, whose vectors are all known. Processor seconds beside those of the clock:
on a busy machine these are the ones to compare. The peak is that of float32 on one thread; whole numbers may pass it.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the peak is that of one thread

import itertools
import shutil
import sys
import time
from typing import TYPE_CHECKING

from common import OUT, data, lines, report
from encoder import sgemm_peak

from ltrr_cli.catalog import Catalog
from ltrr_cli.encoder import Encoder
from ltrr_cli.engine import Engine
from ltrr_cli.engine.texts import document

if TYPE_CHECKING:
    from collections.abc import Callable

WORK = 6 * (4 * 384**2 + 2 * 384 * 1536)
"""Multiply-adds of MiniLM-L6's matrices for a token."""


def taken(call: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - processor


def main(count: int | None) -> None:
    """Print one table."""
    root = OUT / "build"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    catalog, index = root / "catalog.jsonl", root / "build.ltrr"
    catalog.write_text(
        "".join(f"{line}\n" for line in itertools.islice(lines(data("msrd") / "catalog.jsonl.zst"), count))
    )
    read = Catalog([catalog])
    entities = list(read)
    texts = list(dict.fromkeys(document(entity, read.schema.creator) for entity in entities))
    encoder = Encoder.open()
    tokens = sum(map(len, encoder._ids(texts)))  # noqa: SLF001
    alone = taken(lambda: encoder.encode(texts))
    first = taken(lambda: Engine.build(catalog, index))
    again = taken(lambda: Engine.build(catalog, index))
    peak = sgemm_peak()
    rows = [
        ("", f"{len(entities)} entities, {len(texts)} texts, {tokens} tokens; seconds by the clock / the processor")
    ]
    rows += [
        (name, f"{clock:.1f} / {processor:.1f} = {clock / alone[0]:.2f} / {processor / alone[1]:.2f} × the encoder")
        for name, (clock, processor) in {"encoder": alone, "build": first, "vectors known": again}.items()
    ]
    rows.append(
        ("texts/s", f"{len(texts) / alone[0]:.0f} by the clock, {len(texts) / alone[1]:.0f} a processor second")
    )
    share = tokens * WORK / alone[1] / peak
    rows.append(("share of peak", f"{share:.2f} of {2 * peak / 1e9:.0f} GFLOP/s a thread"))
    report(rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
