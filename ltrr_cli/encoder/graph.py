"""Write a BERT encoder as an ONNX graph, from its weights alone: no torch, no tracing.

Inputs `input_ids` and `attention_mask` (int64, batch × sequence, both dynamic), output `embedding` (float32, batch ×
dim, unit norm). Pooling and normalisation are part of the graph. The network is that of Devlin et al. 2019 (BERT), its
attention eq. 1 of Vaswani et al. 2017. Rewritten without changing what it computes: the three projections of attention
are one matrix product, 1/√head is folded into the query's weights, and token type 0's embedding into the positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ltrr_cli.encoder.quantize import BLOCK, quantize_blocks, quantize_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import onnx
    from numpy.typing import NDArray

Precision = Literal["fp32", "int8"]
Pooling = Literal["mean", "cls"]

# Pinned, so that the bytes do not depend on the installed onnx: opset 20 is the first with Gelu, IR 9 belongs to it.
OPSET, IR_VERSION = 20, 9
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
    config: BertConfig, weights: Mapping[str, NDArray[np.float32]], *, pooling: Pooling, precision: Precision
) -> onnx.ModelProto:
    """Return the ONNX model of a BERT encoder; the same arguments give the same bytes.

    Args:
        config: the network's numbers.
        weights: float32 arrays by their checkpoint name, without a `bert.` prefix, shapes checked.
        pooling: `mean` over the attended tokens, or `cls` (the first token).
        precision: `int8` stores matrices as `MatMulNBits` blocks and the word table as rows of int8.
    """
    from onnx import TensorProto, helper

    graph = _Graph(config, weights, precision)
    hidden = _embeddings(graph)
    bias = _attention_bias(graph)
    for layer in range(config.num_hidden_layers):
        hidden = _layer(graph, f"encoder.layer.{layer}", hidden, bias)
    pooled = _pooled(graph, hidden, pooling)
    graph.add("LpNormalization", [pooled], output="embedding", axis=-1, p=2)
    axes: list[str | int | None] = ["batch", "sequence"]
    proto = helper.make_graph(
        graph.nodes,
        "encoder",
        [helper.make_tensor_value_info(name, TensorProto.INT64, axes) for name in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", config.hidden_size])],
        graph.initializers,
    )
    opsets = [helper.make_opsetid("", OPSET)]
    if precision == "int8":
        opsets.append(helper.make_opsetid("com.microsoft", 1))
    return helper.make_model(proto, opset_imports=opsets, ir_version=IR_VERSION, producer_name="ltrr")


class _Graph:
    """Collects nodes and initializers; outputs are numbered in the order of adding, so names are stable."""

    def __init__(self, config: BertConfig, weights: Mapping[str, NDArray[np.float32]], precision: Precision) -> None:
        self.config = config
        self.weights = weights
        self.precision = precision
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._known: set[str] = set()

    def add(self, op: str, inputs: Sequence[str], *, output: str = "", domain: str = "", **attributes: Any) -> str:
        """Add a node with one output and return the output's name."""
        from onnx import helper

        name = output or f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, domain=domain or None, **attributes))
        return name

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Add an initializer once and return its name."""
        from onnx import numpy_helper

        if name not in self._known:
            self._known.add(name)
            self.initializers.append(numpy_helper.from_array(value.copy(order="C"), name))
        return name

    def integers(self, *values: int) -> str:
        """Add a 1-d int64 constant (axes, shapes) and return its name."""
        import numpy as np

        return self.constant("int_" + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def linear(self, name: str, inputs: str, matrix: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """Add `inputs @ matrix + bias`; matrix is (K, N)."""
        if self.precision == "fp32":
            product = self.add("MatMul", [inputs, self.constant(f"{name}.weight", matrix)])
        else:
            blocks = quantize_blocks(matrix)
            packed = self.constant(f"{name}.packed", blocks.packed)
            scales = self.constant(f"{name}.scales", blocks.scales.reshape(-1))
            # Accuracy level 4: activations are rounded to int8 per block too, and the product is integer arithmetic.
            product = self.add(
                "MatMulNBits",
                [inputs, packed, scales],
                domain="com.microsoft",
                K=blocks.rows,
                N=blocks.columns,
                bits=8,
                block_size=BLOCK,
                accuracy_level=4,
            )
        return self.add("Add", [product, self.constant(f"{name}.bias", bias)])


def _norm(graph: _Graph, name: str, inputs: str) -> str:
    """Add a layer norm with the weights of that name."""
    scale = graph.constant(f"{name}.weight", graph.weights[f"{name}.weight"])
    shift = graph.constant(f"{name}.bias", graph.weights[f"{name}.bias"])
    return graph.add("LayerNormalization", [inputs, scale, shift], axis=-1, epsilon=graph.config.layer_norm_eps)


def _embeddings(graph: _Graph) -> str:
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


def _attention_bias(graph: _Graph) -> str:
    """Add the (batch, 1, 1, sequence) bias: 0 where attended, `MASKED` at padding."""
    import numpy as np
    from onnx import TensorProto

    mask = graph.add("Cast", ["attention_mask"], to=int(TensorProto.FLOAT))
    spread = graph.add("Unsqueeze", [mask, graph.integers(1, 2)])
    padding = graph.add("Sub", [graph.constant("one", np.array(1, dtype=np.float32)), spread])
    return graph.add("Mul", [padding, graph.constant("masked", np.array(MASKED, dtype=np.float32))])


def _layer(graph: _Graph, name: str, inputs: str, bias: str) -> str:
    """Add one transformer layer: attention, feed-forward, each with a residual and a norm."""
    import numpy as np

    config, weights = graph.config, graph.weights

    def matrix(part: str) -> NDArray[np.float32]:
        return weights[f"{name}.{part}.weight"].T

    def offset(part: str) -> NDArray[np.float32]:
        return weights[f"{name}.{part}.bias"]

    shrink = np.float32(config.head_size**-0.5)
    parts = ("attention.self.query", "attention.self.key", "attention.self.value")
    factors = (shrink, np.float32(1), np.float32(1))
    joined = np.concatenate([matrix(part) * factor for part, factor in zip(parts, factors, strict=True)], axis=1)
    offsets = np.concatenate([offset(part) * factor for part, factor in zip(parts, factors, strict=True)])
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
    part = "attention.output.dense"
    attended = graph.linear(f"{name}.{part}", merged, matrix(part), offset(part))
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


def _pooled(graph: _Graph, hidden: str, pooling: Pooling) -> str:
    """Add the pooling: (batch, sequence, hidden) → (batch, hidden)."""
    import numpy as np
    from onnx import TensorProto

    if pooling == "cls":
        return graph.add("Gather", [hidden, graph.constant("index_0", np.array(0, dtype=np.int64))], axis=1)
    mask = graph.add("Cast", ["attention_mask"], to=int(TensorProto.FLOAT))
    weighted = graph.add("Mul", [hidden, graph.add("Unsqueeze", [mask, graph.integers(2)])])
    # The sum points the same way as the mean, and the norm takes the length away.
    return graph.add("ReduceSum", [weighted, graph.integers(1)], keepdims=0)
