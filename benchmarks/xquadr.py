"""Words alone, language by language: nDCG@10 of the lexical arm on xquadr (questions and sentences in 11 languages).

Each language's sentences in an index of their own, asked that language's questions, and all languages in one index,
where the same sentence in another language counts half. Beside our arm: plain BM25 over our terms, and Tantivy with
its stock tokenizer and the stemmer of the language (none where it has none). Nothing is encoded.

    python benchmarks/xquadr.py [LANGUAGE …]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import tantivy
from common import data, judgments, mean, plain_bm25, quantile, rows, times

from ltrr_cli.catalog import Catalog
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.index.manifest import Live
from ltrr_cli.index.segment import SegmentWriter
from ltrr_cli.index.view import View
from ltrr_cli.query.understand import understand
from ltrr_cli.records import Query
from ltrr_cli.retrieval.base import Request
from ltrr_cli.retrieval.lexical import Lexical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ltrr_cli.memory.recall import Recall
    from ltrr_cli.records import Entity

STEMMERS = {"ar": "arabic", "de": "german", "el": "greek", "en": "english", "es": "spanish", "ru": "russian"} | {
    "tr": "turkish"
}
POOLED = "pooled"
DEPTH = 10


def make_view(root: Path, entities: Sequence[Entity], creator: str) -> View:
    """Return a view of a segment of these entities, whose vectors say nothing."""
    directory = root / "segments" / "000001"
    writer = SegmentWriter(directory, creator=creator)
    for entity in entities:
        writer.add(entity)
    for _ in writer.rows():
        pass
    vectors = np.zeros((len(entities), 2), np.float32)
    vectors[:, 0] = 1
    writer.finish(vectors, np.zeros(len(entities), np.uint64))
    return View(root, [Live(name=directory.name, entities=len(entities), tombstones=())])


def ours(view: View) -> Callable[[str], list[str]]:
    """Return the lexical arm: text → ids, best first."""
    arm = Lexical()

    def search(text: str) -> list[str]:
        request = Request(
            query=Query(id="", text=text, time=0.0),
            understood=understand(text, view),
            remember=lambda: cast("Recall", None),
            view=view,
            encode=lambda _: np.zeros(2, np.float32),
        )
        return view.ids(arm.retrieve(request, DEPTH).rows) if arm.applies(request) else []

    return search


def stock(entities: Sequence[Entity], language: str) -> Callable[[str], list[str]]:
    """Return Tantivy as it comes: default tokenizer, lower case, the language's stemmer; title and text alike."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.lowercase())
    if language in STEMMERS:
        builder = builder.filter(tantivy.Filter.stemmer(STEMMERS[language]))
    analyzer = builder.build()
    schema = tantivy.SchemaBuilder().add_integer_field("row", fast=True)
    for name in ("title", "text"):
        schema = schema.add_text_field(name, tokenizer_name="stock")
    built = schema.build()
    index = tantivy.Index(built)
    index.register_tokenizer("stock", analyzer)
    writer = index.writer(64 * 2**20, 1)
    for row, entity in enumerate(entities):
        document = tantivy.Document(title=entity.title, text=entity.text)
        document.add_integer("row", row)
        writer.add_document(document)
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def search(text: str) -> list[str]:
        terms = [
            (tantivy.Occur.Should, tantivy.Query.term_query(built, name, term))
            for term in analyzer.analyze(text)
            for name in ("title", "text")
        ]
        hits = searcher.search(tantivy.Query.boolean_query(terms), DEPTH, count=False).hits
        found: list[Any] = searcher.fast_field_values("row", [address for _, address in hits])
        return [entities[int(row)].id for row in found]

    return search


def judge(
    search: Callable[[str], list[str]], queries: Sequence[dict[str, Any]], judged: dict[str, dict[str, int]]
) -> tuple[float, float]:
    """Return nDCG@10 and the median time of a query in ms."""
    (measure,) = parse_measures(["nDCG@10"])
    scores = [measure.score(search(row["query"]), judged[row["query_id"]]) for row in queries]
    return mean(scores), quantile(times(search, [row["query"] for row in queries[:300]]), 0.5)


def main() -> None:
    """Judge each language, then all together."""
    folder = data("xquadr")
    catalog = Catalog([folder / "catalog.jsonl.zst"])
    entities = list(catalog)
    queries, qrels = rows(folder / "queries.jsonl.zst"), judgments(folder / "qrels.tsv.zst")
    every = sorted({row["lang"] for row in queries})
    print(f"{'':8}{'stock':>8}{'BM25':>8}{'lexical':>8}{'ms':>8}")
    for language in sys.argv[1:] or [*every, POOLED]:
        own = [one for one in entities if language in (POOLED, one.id[:2])]
        ids = {one.id for one in own}
        asked = [row for row in queries if language in (POOLED, row["lang"])]
        judged = {
            row["query_id"]: {name: grade for name, grade in qrels[row["query_id"]].items() if name in ids}
            for row in asked
        }
        with tempfile.TemporaryDirectory() as root:
            view = make_view(Path(root), own, catalog.schema.creator)
            plain = judge(lambda text, view=view: [name for name, _ in plain_bm25(view, text, DEPTH)], asked, judged)  # type: ignore[misc]
            lexical, took = judge(ours(view), asked, judged)
            usual = judge(stock(own, language), asked, judged)
        print(f"{language:8}{usual[0]:8.3f}{plain[0]:8.3f}{lexical:8.3f}{took:8.2f}", flush=True)


if __name__ == "__main__":
    main()
