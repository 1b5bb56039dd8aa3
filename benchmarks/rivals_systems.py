"""The systems of benchmarks/rivals.py, each as its own documentation sets it up; run by the environment of the rivals.

What a system indexes of an entity is its title, its text and everything else that is words (`more`), and a vector. *One
text* is the three in one field, as hybrid examples have it; *fields* are three fields with words, where a system takes
several, the title weighing what is best on 500 of MSRD's train queries. A request takes DEPTH candidates of each list
before they are fused, whatever k is, or what the system takes by itself where that cannot be said (`by_k`).
"""

from __future__ import annotations

import importlib
import json
import os
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

DEPTH = 100
RRF_K = 60
FIELDS = ("title", "text", "more")
BATCH = 1_000


class Rival(Protocol):
    """A search system: `build` writes what `open` opens; `search` returns the ids of the k best."""

    packages: tuple[str, ...]
    by_k: bool
    """Whether the first ten of k answers depend on k."""
    dense: bool = True
    """Whether it uses vectors."""

    def build(self, folder: Path, documents: Sequence[Mapping[str, str]], vectors: Vectors) -> None:
        """Index documents (id, title, text, more) with their vectors, (n, dim) unit rows, and write them."""

    def open(self, folder: Path) -> None:
        """Open what was built."""

    def search(self, text: str, vector: Vectors, k: int) -> list[str]:
        """Return at most k ids, best first."""


def one_text(document: Mapping[str, str]) -> str:
    """Return all words of a document."""
    return "\n".join(document[name] for name in FIELDS if document[name])


class LanceDB(Rival):
    """LanceDB's embedded tables: its own full text and vectors, compared with all of them, fused by its RRFReranker."""

    packages = ("lancedb",)
    by_k = False

    def __init__(self, boosts: Mapping[str, float]) -> None:
        """Take the columns with words, and what each weighs."""
        os.environ.setdefault("LANCEDB_LOG", "error")  # read at import; else each query warns of a future version
        self._boosts = boosts

    def build(self, folder: Path, documents: Sequence[Mapping[str, str]], vectors: Vectors) -> None:
        """Make the table, then a full-text index for each column."""
        pa: Any = importlib.import_module("pyarrow")
        several = len(self._boosts) > 1
        texts = [[d[name] if several else one_text(d) for d in documents] for name in self._boosts]
        columns = {"id": pa.array([d["id"] for d in documents]), **dict(zip(self._boosts, texts, strict=True))}
        flat = pa.array(vectors.reshape(-1), pa.float32())
        columns["vector"] = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
        index: Any = importlib.import_module("lancedb.index")
        table = importlib.import_module("lancedb").connect(str(folder)).create_table("documents", pa.table(columns))
        for name in self._boosts:
            table.create_index(name, config=index.FTS())
        table.optimize()

    def open(self, folder: Path) -> None:
        """Open the table."""
        self._table = importlib.import_module("lancedb").connect(str(folder)).open_table("documents")
        self._reranker = importlib.import_module("lancedb.rerankers").RRFReranker()
        self._query: Any = importlib.import_module("lancedb.query")

    def search(self, text: str, vector: Vectors, k: int) -> list[str]:
        """Ask for DEPTH, since the limit is that of each list."""
        words: Any = text
        if len(self._boosts) > 1:
            words = self._query.MultiMatchQuery(text, list(self._boosts), boosts=list(self._boosts.values()))
        asked = self._table.search(query_type="hybrid").vector(vector).text(words).limit(max(k, DEPTH)).select(["id"])
        return [str(one) for one in asked.rerank(self._reranker).to_arrow()["id"].to_pylist()[:k]]


class MilvusLite(Rival):
    """Milvus Lite: a BM25 function for each text field, one dense field, hybrid_search with RRFRanker.

    Its analyzers are `standard` (no stemming) and `jieba`; `english`, which Milvus has, it refuses.
    """

    packages = ("milvus-lite", "pymilvus")
    by_k = False

    def __init__(self, *, fields: bool) -> None:
        self._texts = FIELDS if fields else ("text",)

    def build(self, folder: Path, documents: Sequence[Mapping[str, str]], vectors: Vectors) -> None:
        """Make the collection and its indexes, then insert in batches."""
        m: Any = importlib.import_module("pymilvus")
        schema = m.MilvusClient.create_schema(auto_id=False)
        schema.add_field("id", m.DataType.VARCHAR, is_primary=True, max_length=256)
        schema.add_field("dense", m.DataType.FLOAT_VECTOR, dim=vectors.shape[1])
        client = m.MilvusClient(str(folder / "milvus.db"))
        indexes = client.prepare_index_params()
        indexes.add_index(field_name="dense", index_type="AUTOINDEX", metric_type="COSINE")
        for name in self._texts:
            sparse = f"{name}_sparse"
            schema.add_field(name, m.DataType.VARCHAR, max_length=65_535, enable_analyzer=True)
            schema.add_field(sparse, m.DataType.SPARSE_FLOAT_VECTOR)
            schema.add_function(
                m.Function(
                    name=f"{name}_bm25",
                    function_type=m.FunctionType.BM25,
                    input_field_names=[name],
                    output_field_names=[sparse],
                )
            )
            indexes.add_index(field_name=sparse, index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
        client.create_collection("documents", schema=schema, index_params=indexes)
        several = len(self._texts) > 1
        for start in range(0, len(documents), BATCH):
            part = zip(documents[start : start + BATCH], vectors[start : start + BATCH].tolist(), strict=True)
            rows = [
                {"id": d["id"], "dense": v, **{n: d[n] if several else one_text(d) for n in self._texts}}
                for d, v in part
            ]
            client.insert("documents", rows)
        client.flush("documents")
        client.close()

    def open(self, folder: Path) -> None:
        """Open the file, which starts Milvus Lite, and load the collection."""
        self._milvus: Any = importlib.import_module("pymilvus")
        self._client = self._milvus.MilvusClient(str(folder / "milvus.db"))
        self._client.load_collection("documents")

    def search(self, text: str, vector: Vectors, k: int) -> list[str]:
        """Fuse DEPTH of the vectors and of each text."""
        ask = self._milvus.AnnSearchRequest
        depth = max(k, DEPTH)
        lists = [ask(data=[vector.tolist()], anns_field="dense", param={"metric_type": "COSINE"}, limit=depth)]
        for name in self._texts:
            param = {"metric_type": "BM25"}
            lists.append(ask(data=[text], anns_field=f"{name}_sparse", param=param, limit=depth))
        ranker = self._milvus.RRFRanker(RRF_K)
        (hits,) = self._client.hybrid_search("documents", reqs=lists, ranker=ranker, limit=k)
        return [str(hit["id"]) for hit in hits]


class Txtai(Rival):
    """txtai's Embeddings, hybrid: its BM25 and Faiss; the normalised scores are added, half and half.

    From 5,000 entities on its default is an inverted file of which Faiss looks at a small part; `exact` compares all.
    """

    packages = ("txtai",)
    by_k = True

    def __init__(self, *, exact: bool) -> None:
        self._settings = {"faiss": {"components": "IDMap,Flat"}} if exact else {}

    def build(self, folder: Path, documents: Sequence[Mapping[str, str]], vectors: Vectors) -> None:
        """Index (id, text), vectors given by an external function."""
        texts = [one_text(d) for d in documents]
        known = dict(zip(texts, vectors, strict=True))
        txtai: Any = importlib.import_module("txtai")
        give = {"method": "external", "transform": lambda asked: [known[text] for text in asked]}
        embeddings = txtai.Embeddings(**give, **self._settings, hybrid=True)
        embeddings.index([(d["id"], text, None) for d, text in zip(documents, texts, strict=True)])
        embeddings.save(str(folder))
        embeddings.close()

    def open(self, folder: Path) -> None:
        """Load the index; the external function gives the vector of the query that is searched."""
        self._asked: Vectors
        self._index = importlib.import_module("txtai").Embeddings()
        self._index.load(str(folder), config={"transform": lambda asked: [self._asked for _ in asked]})

    def search(self, text: str, vector: Vectors, k: int) -> list[str]:
        """Search words and vectors, 10 k of each."""
        self._asked = vector
        return [str(found) for found, _ in self._index.search(text, k)]


class ByHand(Rival):
    """Tantivy with its English stemmer, USearch with its defaults, and reciprocal rank fusion in five lines."""

    packages = ("tantivy", "usearch")
    by_k = False

    def __init__(self, *, boost: float) -> None:
        self._boosts = {"title": boost}

    def build(self, folder: Path, documents: Sequence[Mapping[str, str]], vectors: Vectors) -> None:
        """Write both, and the ids."""
        tantivy: Any = importlib.import_module("tantivy")
        builder = tantivy.SchemaBuilder()
        for name in FIELDS:
            builder.add_text_field(name, tokenizer_name="en_stem")
        builder.add_integer_field("row", fast=True)
        (folder / "words").mkdir()
        index = tantivy.Index(builder.build(), str(folder / "words"))
        writer = index.writer()
        for row, d in enumerate(documents):
            writer.add_document(tantivy.Document(row=row, **{name: d[name] for name in FIELDS}))
        writer.commit()
        writer.wait_merging_threads()
        usearch: Any = importlib.import_module("usearch.index")
        nearest = usearch.Index(ndim=vectors.shape[1], metric="cos")
        nearest.add(importlib.import_module("numpy").arange(len(vectors)), vectors)
        nearest.save(str(folder / "vectors.usearch"))
        (folder / "ids.json").write_text(json.dumps([d["id"] for d in documents]), encoding="utf-8")

    def open(self, folder: Path) -> None:
        """Open both, and the ids."""
        self._words = importlib.import_module("tantivy").Index.open(str(folder / "words"))
        self._searcher = self._words.searcher()
        self._nearest = importlib.import_module("usearch.index").Index.restore(
            str(folder / "vectors.usearch"), view=True
        )
        self._ids: list[str] = json.loads((folder / "ids.json").read_text(encoding="utf-8"))

    def search(self, text: str, vector: Vectors, k: int) -> list[str]:
        """Fuse DEPTH of both; what is no syntax in the query counts as words."""
        depth = max(k, DEPTH)
        query, _ = self._words.parse_query_lenient(text, list(FIELDS), field_boosts=self._boosts)
        hits = self._searcher.search(query, depth).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits]) if hits else []
        scores: dict[int, float] = {}
        for found in (rows, self._nearest.search(vector, depth).keys.tolist()):
            for rank, row in enumerate(found, 1):
                scores[row] = scores.get(row, 0.0) + 1 / (RRF_K + rank)
        return [self._ids[row] for row in sorted(scores, key=scores.__getitem__, reverse=True)[:k]]


class BM25S(Rival):
    """bm25s with its default (Lucene's BM25), English stop words and the stemmer that its README recommends."""

    packages = ("bm25s", "PyStemmer")
    by_k = False
    dense = False

    def build(self, folder: Path, documents: Sequence[Mapping[str, str]], vectors: Vectors) -> None:  # noqa: ARG002 – it has none
        """Index the words."""
        bm25s: Any = importlib.import_module("bm25s")
        retriever = bm25s.BM25()
        retriever.index(self._tokens([one_text(d) for d in documents]), show_progress=False)
        retriever.save(str(folder), corpus=[{"id": d["id"]} for d in documents])

    def open(self, folder: Path) -> None:
        """Load everything."""
        self._retriever = importlib.import_module("bm25s").BM25.load(str(folder), load_corpus=True)

    def search(self, text: str, vector: Vectors, k: int) -> list[str]:  # noqa: ARG002 – it has none
        """Search; what has none of the words scores 0 and is no answer."""
        found, scores = self._retriever.retrieve(self._tokens([text]), k=k, show_progress=False)
        return [str(one["id"]) for one, score in zip(found[0], scores[0], strict=True) if score > 0]

    def _tokens(self, texts: list[str]) -> Any:
        stemmer = importlib.import_module("Stemmer").Stemmer("english")
        return importlib.import_module("bm25s").tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)


RIVALS: Mapping[str, Rival] = {
    "LanceDB, one text": LanceDB({"text": 1.0}),
    "LanceDB, fields, title × 2": LanceDB({"title": 2.0, "text": 1.0, "more": 1.0}),
    "Milvus Lite, one text": MilvusLite(fields=False),
    "Milvus Lite, fields": MilvusLite(fields=True),
    "txtai": Txtai(exact=False),
    "txtai, exact": Txtai(exact=True),
    "Tantivy + USearch + RRF": ByHand(boost=1.0),
    "Tantivy + USearch + RRF, title × 3": ByHand(boost=3.0),
    "bm25s": BM25S(),
}
