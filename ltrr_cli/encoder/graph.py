"""Write a BERT encoder as an ONNX graph, from its weights alone: no torch, no tracing.

Inputs `input_ids` and `attention_mask` (int64, batch × sequence, both dynamic), output `embedding` (float32, batch ×
dim, unit norm). Pooling and normalisation are part of the graph. The network is that of Devlin et al. 2019 (BERT), its
attention eq. 1 of Vaswani et al. 2017. Rewritten without changing what it computes: the three projections of attention
are one matrix product, 1/√head is folded into the query's weights, and token type 0's embedding into the positions.

In 8 bits, the products of the projections, of attention's output and of the first feed-forward layer take whole numbers
and give a float: inputs rounded by a step known beforehand (`ranges`), weights to 7 bits by column. The second
feed-forward layer's inputs differ too much in size for that: it is a `MatMulNBits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ltrr_cli.encoder.nodes import Nodes, Precision
from ltrr_cli.encoder.quantize import quantize_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import onnx
    from numpy.typing import NDArray

    from ltrr_cli.encoder.ranges import Range

Pooling = Literal["mean", "cls"]

MASKED = -1e9
"""Added to the attention score of padding: exp of it is 0 in float32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BertConfig:
    """The numbers of a BERT network, named as in its config.json."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    vocab_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float
    activation: Literal["gelu", "gelu_tanh", "relu"]

    @property
    def head_size(self) -> int:
        """The width of one attention head."""
        return self.hidden_size // self.num_attention_heads


def bert_graph(
    config: BertConfig,
    weights: Mapping[str, NDArray[np.float32]],
    *,
    pooling: Pooling,
    precision: Precision,
    ranges: Mapping[str, Range] | None = None,
) -> onnx.ModelProto:
    """Return the ONNX model of a BERT encoder; the same arguments give the same bytes.

    Args:
        config: the network's numbers.
        weights: float32 arrays by their checkpoint name, without a `bert.` prefix, shapes checked.
        pooling: `mean` over the attended tokens, or `cls` (the first token).
        precision: `int8` stores the word table as rows of int8, and matrices as 7-bit columns where `ranges` knows
            their inputs, else as `MatMulNBits` blocks.
        ranges: of the inputs of matrix products, by the names that `inputs_graph` gives them.
    """
    graph = Nodes(config, weights, precision, ranges or {})
    pooled = _pooled(graph, _network(graph), pooling)
    graph.add("LpNormalization", [pooled], output="embedding", axis=-1, p=2)
    return graph.model({"embedding": ["batch", config.hidden_size]})


def inputs_graph(config: BertConfig, weights: Mapping[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """Return a float32 graph whose outputs are the inputs, (batch, sequence, K), of the products to be in integers."""
    graph = Nodes(config, weights, "fp32", {})
    _network(graph)
    outputs: dict[str, list[str | int]] = {}
    for name, flow in graph.flows.items():
        if "attention" in name or "intermediate" in name:
            outputs[graph.add("Identity", [flow], output=name)] = ["batch", "sequence", config.hidden_size]
    return graph.model(outputs)


def _network(graph: Nodes) -> str:
    """Add all layers; returns the last one's output."""
    hidden = _embeddings(graph)
    bias = _attention_bias(graph)
    for layer in range(graph.config.num_hidden_layers):
        hidden = _layer(graph, f"encoder.layer.{layer}", hidden, bias)
    return hidden


def _norm(graph: Nodes, name: str, inputs: str) -> str:
    """Add a layer norm with the weights of that name."""
    scale = graph.constant(f"{name}.weight", graph.weights[f"{name}.weight"])
    shift = graph.constant(f"{name}.bias", graph.weights[f"{name}.bias"])
    return graph.add("LayerNormalization", [inputs, scale, shift], axis=-1, epsilon=graph.config.layer_norm_eps)


def _embeddings(graph: Nodes) -> str:
    """Add word + position + type-0 embeddings, normalised: (batch, sequence, hidden)."""
    weights = graph.weights
    table = weights["embeddings.word_embeddings.weight"]
    if graph.precision == "fp32":
        words = graph.add("Gather", [graph.constant("words", table), "input_ids"], axis=0)
    else:
        from onnx import TensorProto

        rows = quantize_rows(table)
        values = graph.add("Gather", [graph.constant("words.values", rows.values), "input_ids"], axis=0)
        scales = graph.add("Gather", [graph.constant("words.scales", rows.scales), "input_ids"], axis=0)
        words = graph.add("Mul", [graph.add("Cast", [values], to=int(TensorProto.FLOAT)), scales])
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    length = graph.add("Shape", ["input_ids"], start=1, end=2)
    zero = graph.integers(0)
    here = graph.add("Slice", [graph.constant("positions", positions), zero, length, zero])
    return _norm(graph, "embeddings.LayerNorm", graph.add("Add", [words, here]))


def _attention_bias(graph: Nodes) -> str:
    """Add the (batch, 1, 1, sequence) bias: 0 where attended, `MASKED` at padding."""
    import numpy as np
    from onnx import TensorProto

    mask = graph.add("Cast", ["attention_mask"], to=int(TensorProto.FLOAT))
    spread = graph.add("Unsqueeze", [mask, graph.integers(1, 2)])
    padding = graph.add("Sub", [graph.constant("one", np.array(1, dtype=np.float32)), spread])
    return graph.add("Mul", [padding, graph.constant("masked", np.array(MASKED, dtype=np.float32))])


def _layer(graph: Nodes, name: str, inputs: str, bias: str) -> str:
    """Add one transformer layer: attention, feed-forward, each with a residual and a norm."""
    import numpy as np

    config, weights = graph.config, graph.weights

    def matrix(part: str) -> NDArray[np.float32]:
        return weights[f"{name}.{part}.weight"].T

    def offset(part: str) -> NDArray[np.float32]:
        return weights[f"{name}.{part}.bias"]

    part = "attention.output.dense"
    factors = graph.factors(f"{name}.{part}", matrix(part))
    # What attention's output is divided by goes into the values, of which it is a mean.
    spread = np.float32(1) if factors is None else (1 / factors).astype(np.float32)
    scales = (np.float32(config.head_size**-0.5), np.float32(1), spread)
    parts = ("attention.self.query", "attention.self.key", "attention.self.value")
    joined = np.concatenate([matrix(one) * scale for one, scale in zip(parts, scales, strict=True)], axis=1)
    offsets = np.concatenate([offset(one) * scale for one, scale in zip(parts, scales, strict=True)])
    projected = graph.linear(f"{name}.attention.projections", inputs, joined, offsets)
    # (batch, sequence, 3·hidden) → (3, batch, heads, sequence, head) in one transpose
    shape = graph.integers(0, 0, 3, config.num_attention_heads, config.head_size)
    split = graph.add("Transpose", [graph.add("Reshape", [projected, shape])], perm=[2, 0, 3, 1, 4])
    query, key, value = (
        graph.add("Gather", [split, graph.constant(f"index_{i}", np.array(i, dtype=np.int64))], axis=0)
        for i in range(3)
    )
    scores = graph.add("MatMul", [query, graph.add("Transpose", [key], perm=[0, 1, 3, 2])])
    shares = graph.add("Softmax", [graph.add("Add", [scores, bias])], axis=-1)
    heads = graph.add("Transpose", [graph.add("MatMul", [shares, value])], perm=[0, 2, 1, 3])
    merged = graph.add("Reshape", [heads, graph.integers(0, 0, config.hidden_size)])
    attended = graph.linear(f"{name}.{part}", merged, matrix(part), offset(part), divided=factors is not None)
    middle = _norm(graph, f"{name}.attention.output.LayerNorm", graph.add("Add", [attended, inputs]))

    part = "intermediate.dense"
    wide = graph.linear(f"{name}.{part}", middle, matrix(part), offset(part))
    if config.activation == "relu":
        active = graph.add("Relu", [wide])
    elif config.activation == "gelu":
        active = graph.add("Gelu", [wide])
    else:
        active = graph.add("Gelu", [wide], approximate="tanh")
    narrow = graph.linear(f"{name}.output.dense", active, matrix("output.dense"), offset("output.dense"))
    return _norm(graph, f"{name}.output.LayerNorm", graph.add("Add", [narrow, middle]))


def _pooled(graph: Nodes, hidden: str, pooling: Pooling) -> str:
    """Add the pooling: (batch, sequence, hidden) → (batch, hidden)."""
    import numpy as np
    from onnx import TensorProto

    if pooling == "cls":
        return graph.add("Gather", [hidden, graph.constant("index_0", np.array(0, dtype=np.int64))], axis=1)
    mask = graph.add("Cast", ["attention_mask"], to=int(TensorProto.FLOAT))
    weighted = graph.add("Mul", [hidden, graph.add("Unsqueeze", [mask, graph.integers(2)])])
    # The sum points the same way as the mean, and the norm takes the length away.
    return graph.add("ReduceSum", [weighted, graph.integers(1)], keepdims=0)
