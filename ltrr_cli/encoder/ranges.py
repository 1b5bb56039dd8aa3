"""How large the numbers get that flow into a network's matrix products: it fixes the steps to which they are rounded.

Rounding them by a scale known beforehand spares looking at every batch, and makes a text's vector independent of the
other texts of its batch. The scale is measured on the float32 network with texts that nobody wrote: words drawn from
the tokenizer's vocabulary, half of them evenly, half as often as their place in it says (it is sorted by frequency).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.native import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import onnx
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

TEXTS = 400
"""Texts measured: with twice as many, hardly any range grows."""
_MARGIN = 1.05
"""What a text not measured may exceed the range by; beyond, numbers are cut."""
_MOVED = 0.75
"""How much of a channel's size moves from the inputs, which have outliers, into the weights, which have few."""
_LEAST = 1e-6
_FLATTEN = 10
"""Added to a word's place in the vocabulary, so that the first few do not fill the texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The least and largest value of each input channel of a matrix product: (K,) float32 each."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]

    def factors(self, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what to divide each input channel by, and to multiply its weights by: (K,) float32, geometric mean 1.

        max|x|^α / max|w|^(1 - α) of each channel, α = .75 (Xiao et al. 2023, SmoothQuant, eq. 4), `matrix` (K, N).
        """
        inputs = np.maximum(np.maximum(np.abs(self.low), np.abs(self.high)), _LEAST).astype(np.float64)
        weights = np.maximum(np.abs(matrix).max(axis=1), _LEAST).astype(np.float64)
        logs = _MOVED * np.log(inputs) - (1 - _MOVED) * np.log(weights)
        factors: NDArray[np.float32] = np.exp(logs - logs.mean()).astype(np.float32)
        return factors

    def steps(self, factors: NDArray[np.float32]) -> tuple[float, int]:
        """Return the (step, byte that means 0) of the inputs divided by `factors`, for all channels together."""
        low = min(0.0, float((self.low / factors).min()) * _MARGIN)
        high = max(0.0, float((self.high / factors).max()) * _MARGIN)
        step = max(high - low, _LEAST) / 255
        return step, round(-low / step)


def measure_ranges(graph: onnx.ModelProto, tokenizer: Tokenizer, max_tokens: int) -> dict[str, Range]:
    """Return the range of every output of a float32 graph, (batch, sequence, K) each, over `TEXTS` made-up texts."""
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL  # one order of sums everywhere
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in graph.graph.output]
    found: dict[str, Range] = {}
    for ids in _ids(tokenizer, max_tokens):
        tokens = np.array([ids], np.int64)
        outputs = session.run(names, {"input_ids": tokens, "attention_mask": np.ones_like(tokens)})
        found = dict(_widened(found, zip(names, outputs, strict=True)))
    return found


def _widened(
    found: Mapping[str, Range], outputs: Iterator[tuple[str, NDArray[np.float32]]]
) -> Iterator[tuple[str, Range]]:
    for name, output in outputs:
        rows = output.reshape(-1, output.shape[-1])
        low, high = rows.min(axis=0), rows.max(axis=0)
        if name in found:
            low, high = np.minimum(low, found[name].low), np.maximum(high, found[name].high)
        yield name, Range(low=low, high=high)


def _ids(tokenizer: Tokenizer, max_tokens: int) -> Iterator[Sequence[int]]:
    """Yield the token ids of the texts: short ones as often as long ones, by powers of two."""
    rng = np.random.default_rng(0)
    special = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    ranked = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    words = np.array([token.removeprefix("##") for token, _ in ranked if token not in special and token[:1] != "["])
    frequent = 1 / (np.arange(len(words)) + _FLATTEN)
    frequent /= frequent.sum()
    for number in range(TEXTS):
        count = int(np.exp(rng.uniform(0, np.log(max_tokens))))
        drawn = rng.choice(words, count, p=frequent if number % 2 else None)
        yield tokenizer.encode(" ".join(drawn.tolist())).ids
