"""Query understanding: types and spans on snips' voice requests, and how long it takes with a large dictionary.

- the type of what the request is after (the targets judged highest) among the likeliest one, and two, of `types`;
- span tagging: names (titles, artists, playlists …) and kinds ("album", "movie") as annotated, against the readings'
  most probable ones that do not overlap; a span counts where both ends and the class agree. The annotation knows
  kinds and names that the catalogue does not have ("tune", "saga"): they count as missed;
- milliseconds of `understand` for these requests on an index whose dictionary has 100,000 values more: each is read
  three times, and the quickest counts.

    python benchmarks/understand.py [VALUES]
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from common import OUT, data, judgments, mean, quantile, report, rows, times

from ltrr_cli import Engine
from ltrr_cli.index.manifest import Live
from ltrr_cli.index.segment import SegmentWriter
from ltrr_cli.index.view import View
from ltrr_cli.query.understand import understand
from ltrr_cli.records import Entity
from ltrr_cli.text import key, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltrr_cli.records import Tag, Understood

INDEX = OUT / "snips.ltrr"
VALUES = 100_000
NAMES = ("artist", "track", "album", "playlist", "movie_name", "object_name", "entity_name")
KINDS = ("music_item", "object_type")
Span = tuple[int, int, str]
"""Words from the first number up to the second, and the class: name or kind."""


def gold(row: dict[str, Any]) -> set[Span]:
    """Return the annotated spans; the annotation gives texts, each of which is looked for from the left."""
    words = tokens(row["query"])
    found: set[Span] = set()
    for slot, texts in row["slots"].items():
        kind = "name" if slot in NAMES else "kind" if slot in KINDS else ""
        for text in texts if kind else ():
            part = tokens(text)
            places = [place for place in range(len(words)) if words[place : place + len(part)] == part]
            for place in places:
                span = (place, place + len(part), kind)
                if not any(place < end and start < span[1] for start, end, _ in found):
                    found.add(span)
                    break
    return found


def surest(understood: Understood) -> list[Tag]:
    """Return the most probable readings that do not overlap."""
    taken: list[Tag] = []
    for tag in sorted(understood.tags, key=lambda tag: (-tag.probability, tag.start)):
        if all(tag.end <= one.start or one.end <= tag.start for one in taken):
            taken.append(tag)
    return taken


def tagged(understood: Understood, least: float) -> set[Span]:
    """Return the spans of the surest readings of at least this probability."""
    return {
        (tag.start, tag.end, "kind" if tag.attribute == "type" else "name")
        for tag in surest(understood)
        if tag.probability >= least
    }


def f1(found: list[set[Span]], wanted: list[set[Span]], kind: str = "") -> tuple[float, float, float]:
    """Return precision, recall and F1 over all spans, or those of one class."""
    both = sum(sum(span[2].endswith(kind) for span in a & b) for a, b in zip(found, wanted, strict=True))
    had = sum(sum(span[2].endswith(kind) for span in one) for one in found)
    should = sum(sum(span[2].endswith(kind) for span in one) for one in wanted)
    return both / max(1, had), both / max(1, should), 2 * both / max(1, had + should)


def vocabulary(count: int, rng: np.random.Generator) -> Iterator[Entity]:
    """Yield entities with so many different values in all, of one to three words that requests also have."""
    words = sorted({word for row in rows(data("snips") / "queries.jsonl.zst") for word in tokens(row["query"])})
    values: set[str] = set()
    while len(values) < count:
        values.add(" ".join(rng.choice(words, int(rng.integers(1, 4)))))
    listed = sorted(values)
    for place in range(0, count, 10):
        some = tuple(listed[place : place + 10])
        yield Entity(id=f"v{place}", type="thing", title=f"thing {place}", attributes={"tag": some})


def large(root: Path, count: int) -> View:
    """Return a view of snips' entities and of `count` further values, in one segment."""
    writer = SegmentWriter(root / "segments" / "000001", creator="")
    for row in rows(data("snips") / "catalog.jsonl.zst"):
        writer.add(Entity(id=row["id"], type=row["type"], title=row["title"]))
    for entity in vocabulary(count, np.random.default_rng(1)):
        writer.add(entity)
    for _ in writer.rows():
        pass
    vectors = np.zeros((len(writer), 8), np.float32)
    vectors[:, 0] = 1
    writer.finish(vectors, np.zeros(len(writer), np.uint64))
    return View(root, [Live(name="000001", entities=len(writer))])


def main() -> None:
    """Measure."""
    folder = data("snips")
    if not (INDEX / "manifest.json").exists():
        Engine.build(folder / "catalog.jsonl.zst", INDEX)
    kinds = {row["id"]: key(row["type"]) for row in rows(folder / "catalog.jsonl.zst")}
    judged = judgments(folder / "qrels.tsv.zst")
    requests = rows(folder / "queries.jsonl.zst")
    lines: list[tuple[str, str]] = []
    with Engine.open(INDEX) as engine:
        read = [engine.understand(row["query"]) for row in requests]
    right: dict[int, list[float]] = {1: [], 2: []}
    for row, understood in zip(requests, read, strict=True):
        grades = judged.get(row["query_id"], {})
        targets = {kinds[one] for one, grade in grades.items() if grade == max(grades.values()) and one in kinds}
        for most, found in right.items():
            if targets:
                found.append(float(bool(targets & {kind for kind, _ in understood.types[:most]})))
    for most, found in right.items():
        lines.append((f"right type among the top {most}", f"{mean(found):.4f} of {len(found):,} requests"))
    wanted = [gold(row) for row in requests]
    for split in ("train", "test"):
        places = [place for place, row in enumerate(requests) if row["split"] == split]
        for kind in ("", "name", "kind"):
            found_spans = [tagged(read[place], 0.3) for place in places]
            p, r, f = f1(found_spans, [wanted[place] for place in places], kind)
            lines.append((f"spans, {split}, {kind or 'all'}", f"F1 {f:.3f} (precision {p:.3f}, recall {r:.3f})"))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else VALUES
    with TemporaryDirectory() as root:
        view = large(Path(root), count)
        texts = [row["query"] for row in requests]
        spent = [
            min(some)
            for some in zip(*(times(lambda text: understand(text, view), texts) for _ in range(3)), strict=True)
        ]
        entries = len(view.segments[0].values.dictionary.hashes)
    told = f"p50 {quantile(spent, 0.5):.3f} ms, p95 {quantile(spent, 0.95):.3f} ms"
    lines.append((f"understand, {entries:,} phrases in the dictionary", told))
    report(lines)


if __name__ == "__main__":
    main()
