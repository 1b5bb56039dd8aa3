"""Making a segment: indexed and encoded at the same time, finished, and given its final name; not live yet."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.encoder import Encoder
from ltrr_cli.engine.encoding import Encoding
from ltrr_cli.engine.fluency import Sample
from ltrr_cli.engine.garbage import seldom_collected
from ltrr_cli.engine.generated import Generated
from ltrr_cli.engine.publish import settle
from ltrr_cli.engine.sparse import write_sparse
from ltrr_cli.engine.texts import Encoded, document
from ltrr_cli.index.computed import Computed
from ltrr_cli.index.files import inventory, writing
from ltrr_cli.index.locks import share
from ltrr_cli.index.manifest import Live
from ltrr_cli.index.scale import Scale
from ltrr_cli.index.segment import SegmentWriter
from ltrr_cli.memory.predicted import PredictedWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ltrr_cli.catalog.schema import Schema
    from ltrr_cli.encoder.sparse import SparseEncoder
    from ltrr_cli.index.whole import Whole

_PATIENCE = 5.0
"""Seconds that texts wait for their vectors, before they go live without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A finished segment that is not live yet; `handle` is a shared lock on it.

    `encoded` and `reused` count its vectors, those of `passages` among them; `suggested` are values and entities.
    """

    live: Live
    encoded: int
    reused: int
    passages: int
    suggested: tuple[int, int]
    notes: tuple[str, ...]
    handle: int | None


def write_segment(
    root: Path,
    written: Path,
    final: Path,
    *,
    creator: str,
    fill: Callable[[SegmentWriter], None],
    encoder: str,
    reuse: Sequence[Live],
    progress: Callable[[str, int, int | None], None],
    schema: Schema | None = None,
    beside: Sequence[Live] = (),
    reuse_root: Path | None = None,
    suggest: bool = True,
    whole: Whole | None = None,
    model: SparseEncoder | None = None,
    queries: Generated | None = None,
    early: Callable[[SegmentWriter, int], Path] | None = None,
    more: Callable[[Iterator[str]], tuple[str, ...]] = lambda _: (),
) -> Made:
    """Write a segment at `written`, whose entities `fill` adds, and give it its final name. Holds: the build lock.

    `creator` names the attribute of who made an entity; `schema`, by which they were read, is written down; `beside`
    are the segments that stay live, with whose entities these are compared. `encoder` is the index's encoder; vectors
    of the same texts are taken from the segments `reuse` of the index at `reuse_root`, by default this one. `model`
    makes sparse vectors, `queries` gives those that a model generated. `more` is told the ids, by row, to write what
    else belongs to them, and returns what is to be said of it. `early` is called when all but the vectors, of so many
    numbers, is written, if they are not ready soon, and says another final name. `whole` is what it is a part of.
    """
    with writing(written), seldom_collected():
        described = schema.to_dict() if schema is not None else None
        writer = SegmentWriter(
            written, creator=creator, suggest=suggest, schema=described, scale=scale_of(root, beside), whole=whole
        )
        with closing(writer):
            fill(writer)
        sample = Sample()
        queries = queries or Generated(root, ())
        opened = Encoder.open(root / "encoder" / encoder)
        encoded = Encoded(opened, reuse_root or root, reuse, Computed(root, encoder, opened.dim))
        with Encoding(encoded, writer.entities, len(writer), written, creator) as encoding:
            _index(writer, creator, written, sample, queries, progress)
            if model is not None:
                write_sparse(written, model, _texts(writer, creator), len(writer), progress)
            writer.finish_text()
            notes = (*queries.notes, *more(entity.id for entity in writer.entities()))
            if early is not None and not encoding.ends_within(_PATIENCE):
                final = early(writer, opened.dim)
            vectors = encoding.result(progress)
        writer.finish(
            vectors.writer,
            vectors.hashes,
            vectors.passages,
            fluency=sample.fluency(opened, vectors.writer.matrix),
            generated=queries.entities,
        )
    handle = share(written)  # so that nobody collects it before it is live
    try:
        with writing(written):
            settle(written, final)
        return Made(
            live=Live(name=final.name, entities=len(writer), files=inventory(final)),
            encoded=encoded.encoded,
            reused=encoded.reused,
            passages=len(vectors.passages),
            suggested=writer.suggested,
            notes=notes,
            handle=handle,
        )
    except BaseException:
        if handle is not None:
            os.close(handle)
        raise


def scale_of(root: Path, segments: Sequence[Live]) -> Scale | None:
    """Return the scale of the largest of the segments, None where there is none."""
    largest = max(segments, key=lambda live: live.entities, default=None)
    return None if largest is None else Scale.read(root / "segments" / largest.name, largest.entities)


def _index(
    writer: SegmentWriter,
    creator: str,
    directory: Path,
    sample: Sample,
    queries: Generated,
    progress: Callable[[str, int, int | None], None],
) -> None:
    """Index every row and predict its queries."""
    predicted = PredictedWriter(directory, creator=creator, values=writer.counted)
    for row, entity, popularity, indexed in writer.rows(predicted.read):
        predicted.add(row, entity, popularity, indexed)
        sample.add(row, entity, writer.languages[row])
        if (row + 1) % 500 == 0:
            progress("indexing", 500, len(writer))
    progress("indexing", len(writer) % 500, len(writer))
    predicted.refine(writer.analysis, generated=queries.write(directory, lambda: _texts(writer, creator), progress))
    predicted.write(lambda judged, total: progress("predicting", judged, total))


def _texts(writer: SegmentWriter, creator: str) -> Iterator[str]:
    """Yield the text that is encoded of each row."""
    return (document(entity, creator) for entity in writer.entities())
