"""Small real segments, made in a temporary folder, for the tests of stages that look into an index."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest

from ltrr_cli.index.external import write_external
from ltrr_cli.index.manifest import Live
from ltrr_cli.index.segment import SegmentWriter
from ltrr_cli.index.sparse import SparseWriter
from ltrr_cli.index.view import View
from ltrr_cli.memory.predicted import PredictedWriter
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.records import Entity

DIM = 16


class MakeView(Protocol):
    """Writes segments and opens a view of them."""

    def __call__(
        self,
        *segments: Sequence[Entity],
        tombstones: Sequence[Sequence[int]] = (),
        vectors: NDArray[np.float32] | None = None,
    ) -> View:
        """Return a view of the segments; `tombstones` gives deleted rows of each, `vectors` one row for each entity."""


def terms_of(text: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return a sparse vector that depends on the text's words alone: all weigh 1."""
    found = sorted({hash64(word) % 1000 for word in text.lower().split()[:200]})
    return np.array(found, np.int32), np.ones(len(found), np.float32)


def _more_vectors(directory: Path, entities: Sequence[Entity]) -> None:
    """Write vectors called `sound` of most entities, by their ids, and sparse ones of all, by their titles."""
    rows = [row for row, entity in enumerate(entities) if hash64(entity.id) % 5]
    if rows:
        drawn = [np.random.default_rng(hash64(entities[row].id)).normal(size=8) for row in rows]
        unit = np.array([one / np.linalg.norm(one) for one in drawn], np.float32)
        write_external(directory, "sound", np.array(rows, np.int64), unit)
    sparse = SparseWriter()
    for entity in entities:
        sparse.add(*terms_of(entity.title))
    sparse.write(directory)


@pytest.fixture(scope="session")
def weigh() -> Callable[[str], tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """Return what gives a query the sparse vector that the segments of `make_view` are made for."""
    return terms_of


@pytest.fixture(scope="session")
def make_view(tmp_path_factory: pytest.TempPathFactory) -> MakeView:
    """Return a function that writes segments of entities, with seeded random unit vectors unless some are given."""

    def make(
        *segments: Sequence[Entity],
        tombstones: Sequence[Sequence[int]] = (),
        vectors: NDArray[np.float32] | None = None,
    ) -> View:
        root = tmp_path_factory.mktemp("index")
        count = sum(map(len, segments))
        if vectors is None:
            drawn = np.random.default_rng(0).normal(size=(count, DIM))
            vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        live, base = [], 0
        for number, entities in enumerate(segments):
            gone = tombstones[number] if number < len(tombstones) else ()
            directory = root / "segments" / f"{number + 1:06}"
            writer = SegmentWriter(directory, creator="creator")
            predicted = PredictedWriter(directory, creator="creator", values=writer.counted)
            for entity in entities:
                writer.add(entity)
            for row, entity, popularity, indexed in writer.rows(predicted.read):
                predicted.add(row, entity, popularity, indexed)
            predicted.refine(writer.analysis)
            predicted.write()
            texts = np.array([hash64(entity.title) for entity in entities], np.uint64)
            _more_vectors(directory, entities)
            writer.finish(vectors[base : base + len(entities)], texts)
            live.append(Live(name=directory.name, entities=len(entities), tombstones=tuple(gone)))
            base += len(entities)
        return View(root, live)

    return make


_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_WORDS = (
    "love",
    "heart",
    "car",
    "auto",
    "rain",
    "summer",
    "night",
    "train",
    "home",
    "river",
    "number",
    "about",
    "song",
)
_SYNONYMS = {"love": "heart", "heart": "love", "car": "auto", "auto": "car"}
_OWN, _OTHER = 4.0, 1.0
"""Logits of a word for itself, and for its synonym."""


def _write_mlm(folder: Path, *, output: str = "logits", drop: int = 0, **settings: object) -> Path:
    """Write model.onnx, tokenizer.json and, with settings, sparse.json; the graph knows `drop` terms too few."""
    from onnx import TensorProto, helper, numpy_helper, save_model
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokens = [*_SPECIAL, *_WORDS]
    place = {token: number for number, token in enumerate(tokens)}
    table = np.full((len(tokens), len(tokens) - drop), -1, np.float32)
    for word in _WORDS:
        if place[word] < table.shape[1]:
            table[place[word], place[word]] = _OWN
        if word in _SYNONYMS:
            table[place[word], place[_SYNONYMS[word]]] = _OTHER
    folder.mkdir(parents=True)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], [output], axis=0)],
        "mlm",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "sequence"])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", "sequence", table.shape[1]])],
        [numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="ltrr")
    save_model(model, str(folder / "model.onnx"))
    tokenizer = Tokenizer(models.WordLevel(place, unk_token="[UNK]"))  # noqa: S106 – no password
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(list(_SPECIAL))
    tokenizer.save(str(folder / "tokenizer.json"))
    if settings:
        (folder / "sparse.json").write_text(json.dumps({"format_version": 1, **settings}))
    return folder


class MakeMlm(Protocol):
    """Writes a masked-language model of a few kB."""

    def __call__(self, folder: Path, *, output: str = "logits", drop: int = 0, **settings: object) -> Path:
        """Return the folder."""


@pytest.fixture(scope="session")
def make_mlm() -> MakeMlm:
    """Return a function that writes a masked-language model of a few words.

    Each has a large logit for itself, a smaller one for its synonym, and negative ones for all others.
    """
    pytest.importorskip("onnx", reason="the extra 'export' is not installed")
    return _write_mlm
