"""Sparse vectors (SPLADE): texts → weights of terms, by a masked-language model that the user supplies.

The weight of term t of the model's vocabulary for a text of tokens i is max_i log(1 + relu(logit_it)), and the terms
that weigh most are kept (Formal, Piwowarski & Clinchant, SIGIR 2021; max pooling: Formal et al., "SPLADE v2", 2021).

The folder holds model.onnx, whose output is (batch, sequence, vocabulary) logits or (batch, vocabulary) weights that
are pooled already, tokenizer.json, and where wanted sparse.json, format_version 1:

    {"format_version": 1, "max_tokens": 256, "query": "model" | "idf", "document_terms": 128, "query_terms": 32,
     "threshold": 0.0}

`query` "idf" is for models whose queries are not encoded: each token of the query then weighs its idf in the index.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from ltrr_cli.encoder.batches import by_length, padded
from ltrr_cli.encoder.encoder import open_tokenizer
from ltrr_cli.encoder.fields import FileFields
from ltrr_cli.encoder.model import Model
from ltrr_cli.encoder.settings import DEFAULT_MAX_TOKENS, FEWEST_TOKENS
from ltrr_cli.encoder.source import SPARSE, encoder_files
from ltrr_cli.encoder.text import clean
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

FORMAT_VERSION = 1
_WINDOW = 1024
Terms = tuple["NDArray[np.int32]", "NDArray[np.float32]"]
"""Terms of a text, ascending, and their weights, above 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseSettings:
    """What sparse.json says; `query` is how a query's terms are weighed."""

    max_tokens: int = DEFAULT_MAX_TOKENS
    query: Literal["model", "idf"] = "model"
    document_terms: int = 128
    query_terms: int = 32
    threshold: float = 0.0


class SparseEncoder:
    """A tokenizer and a masked-language model; opened with `SparseEncoder.open`."""

    def __init__(self, settings: SparseSettings, tokenizer: Tokenizer, model: Model) -> None:
        self.settings = settings
        self._tokenizer = tokenizer
        self._model = model
        padding = tokenizer.padding
        self._pad = int(padding["pad_id"]) if padding else 0
        tokenizer.no_padding()

    @classmethod
    def open(cls, folder: Path) -> SparseEncoder:
        """Open a folder.

        Raises:
            EncoderError: a file is missing or broken, or the graph is not that of a masked-language model.
        """
        files = encoder_files(folder)
        settings = _read(folder)
        tokenizer = open_tokenizer(files["tokenizer.json"], settings.max_tokens)
        opened = cls(settings, tokenizer, Model(files["model.onnx"], pooling="graph", outputs=("logits", "prediction")))
        width, known = opened._pooled([[opened._pad, opened._pad]]).shape[1], tokenizer.get_vocab_size()
        if width < known:
            raise EncoderError(
                f"the graph knows {width:,} terms, the tokenizer {known:,}",
                where=str(folder),
                next="give a masked-language model (SPLADE), whose output is logits over its vocabulary",
            )
        return opened

    def encode(self, texts: Iterable[str], *, kind: Literal["query", "document"] = "document") -> Iterator[Terms]:
        """Yield each text's terms, in order of the texts; at most as many as the settings say for its kind.

        A query of a model with `query` "idf" has its tokens, each with weight 1.

        Raises:
            EncoderError: the graph fails.
        """
        import numpy as np

        most = self.settings.query_terms if kind == "query" else self.settings.document_terms
        source = iter(texts)
        while window := list(islice(source, _WINDOW)):
            cleaned = [clean(text, max_tokens=self.settings.max_tokens) for text in window]
            encodings = self._tokenizer.encode_batch(cleaned)
            if kind == "query" and self.settings.query == "idf":
                for one in encodings:
                    plain = [i for i, special in zip(one.ids, one.special_tokens_mask, strict=True) if not special]
                    terms = np.unique(np.array(plain, np.int32))[:most]
                    yield terms, np.ones(len(terms), np.float32)
                continue
            ids = [one.ids or [self._pad] for one in encodings]
            found: list[Terms] = [(np.empty(0, np.int32), np.empty(0, np.float32))] * len(ids)
            for batch in by_length([len(one) for one in ids]):
                for place, row in zip(batch, self._pooled([ids[i] for i in batch]), strict=True):
                    found[place] = _pruned(row, most, self.settings.threshold)
            yield from found

    def _pooled(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return (n, vocabulary) weights, ≥ 0."""
        import numpy as np

        tokens, mask = padded(ids, self._pad)
        logits = self._model.output(tokens, mask)
        if logits.ndim == 2 and len(logits) == len(tokens):
            return np.maximum(logits, 0)
        if logits.ndim != 3 or logits.shape[:2] != tokens.shape:
            raise EncoderError(
                f"the graph's output has shape {logits.shape} for token ids of shape {tokens.shape}",
                where=str(self._model.path),
                next="it must be logits, (batch, sequence, vocabulary), or pooled weights, (batch, vocabulary)",
            )
        # log(1 + x) grows with x: the largest logit has the largest weight, and only one is to be computed
        largest = np.where(mask[:, :, None] > 0, logits, np.float32(0)).max(axis=1)
        pooled: NDArray[np.float32] = np.log1p(np.maximum(largest, 0))
        if not np.isfinite(pooled).all():
            raise EncoderError("the graph returns numbers that are not finite", where=str(self._model.path))
        return pooled


def _pruned(weights: NDArray[np.float32], most: int, threshold: float) -> Terms:
    """Return the `most` terms that weigh most, and more than the threshold; of equal ones the first."""
    import numpy as np

    terms = np.flatnonzero(weights > threshold)
    if len(terms) > most:
        terms = np.sort(terms[np.lexsort((terms, -weights[terms]))[:most]])
    return terms.astype(np.int32), weights[terms].astype(np.float32)


def _read(folder: Path) -> SparseSettings:
    path = folder / SPARSE
    if not path.is_file():
        return SparseSettings()
    fields = FileFields.read(path)
    if fields.count("format_version") > FORMAT_VERSION:
        raise fields.error("format_version", f"this ltrr reads {FORMAT_VERSION}")
    query = fields.text("query", "model")
    if query not in ("model", "idf"):
        raise fields.error("query", f"must be model or idf, not {query!r}")
    plain = SparseSettings()
    settings = SparseSettings(
        max_tokens=fields.count("max_tokens", plain.max_tokens),
        query="idf" if query == "idf" else "model",
        document_terms=fields.count("document_terms", plain.document_terms),
        query_terms=fields.count("query_terms", plain.query_terms),
        threshold=fields.number("threshold", plain.threshold),
    )
    if settings.max_tokens < FEWEST_TOKENS or not settings.document_terms or not settings.query_terms:
        raise fields.error("max_tokens", f"must be at least {FEWEST_TOKENS}, and the numbers of terms at least 1")
    return settings
