"""The queries that a model generated for a segment's entities, by the hash of the text that it read.

generated.jsonl has a line for each text that a model has read, in the order of rows:

    {"text": "9f3c…", "by": "0a1b…:3", "queries": ["…"]}

They are kept as they were made, before any filter, so that a later build can use them for the same text; a text that
changed has none. `by` says which model, and how many it was asked for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.text import clean

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from pathlib import Path

NAME = "generated.jsonl"
_BEFORE_TEXT = b'{"text": "'


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """What one model made of one text, whose 64-bit hash is `text`."""

    text: int
    by: str
    queries: tuple[str, ...]


def write_generated(directory: Path, rows: Iterable[Generated]) -> None:
    """Write a segment's file."""
    with (directory / NAME).open("w", encoding="utf-8") as out:
        for one in rows:
            row = {"text": f"{one.text:016x}", "by": one.by, "queries": one.queries}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_generated(directory: Path, wanted: Container[int] | None = None) -> Iterator[Generated]:
    """Yield what a segment has, of the `wanted` texts or of all.

    A damaged line is left out, and a segment without the file has none.
    """
    try:
        lines = (directory / NAME).read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        try:
            if wanted is not None and int(line[len(_BEFORE_TEXT) :][:16], 16) not in wanted:  # before it is parsed
                continue
            row = json.loads(line)
            text, by, queries = int(row["text"], 16), row["by"], row["queries"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(by, str) and isinstance(queries, list) and all(isinstance(one, str) for one in queries):
            yield Generated(text=text, by=clean(by), queries=tuple(map(clean, queries)))
