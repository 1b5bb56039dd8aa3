"""A segment made of entities that the index has, with its encoder, models and vectors: to compact, and to update."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ltrr_cli.engine.external import write_given
from ltrr_cli.engine.generated import Generated
from ltrr_cli.engine.making import write_segment
from ltrr_cli.engine.publish import next_name, temporary
from ltrr_cli.engine.sparse import open_sparse
from ltrr_cli.index.computed import forget_computed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ltrr_cli.catalog.schema import Schema
    from ltrr_cli.engine.making import Made
    from ltrr_cli.index.manifest import Manifest
    from ltrr_cli.index.segment import SegmentWriter


@contextmanager
def renewed(
    root: Path,
    before: Manifest,
    *,
    creator: str,
    schema: Schema | None,
    fill: Callable[[SegmentWriter], None],
    suggest: bool,
    add: bool,
    progress: Callable[[str, int, int | None], None],
) -> Iterator[Made]:
    """Yield the segment, which nobody collects meanwhile, to be put live: `add` beside the others, or in their place.

    Holds: the build lock.
    """
    parent = root / "segments"
    number = next_name(parent, before.next_segment)
    written = temporary(parent, number)
    held = None
    try:
        made = write_segment(
            root,
            written,
            parent / number,
            creator=creator,
            schema=schema,
            beside=before.segments if add else (),
            fill=fill,
            encoder=before.encoder,
            reuse=before.segments,
            suggest=suggest,
            model=open_sparse(root, before),
            queries=Generated(root, before.segments),
            more=lambda ids: write_given(root, before, written, ids, (), add=add),
            progress=progress,
        )
        held = made.handle
        yield made
        forget_computed(root)
    finally:
        shutil.rmtree(written, ignore_errors=True)
        if held is not None:
            os.close(held)
