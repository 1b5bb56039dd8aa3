"""The parts of an ONNX graph: nodes, constants, and matrix products as exact or as small as asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ltrr_cli.encoder.quantize import BLOCK, quantize_blocks, quantize_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import onnx
    from numpy.typing import NDArray

    from ltrr_cli.encoder.graph import BertConfig
    from ltrr_cli.encoder.ranges import Range

Precision = Literal["fp32", "int8"]

# Pinned, so that the bytes do not depend on the installed onnx: opset 20 is the first with Gelu, IR 9 belongs to it.
OPSET, IR_VERSION = 20, 9


class Nodes:
    """Collects nodes and initializers; outputs are numbered in the order of adding, so names are stable."""

    def __init__(
        self,
        config: BertConfig,
        weights: Mapping[str, NDArray[np.float32]],
        precision: Precision,
        ranges: Mapping[str, Range],
    ) -> None:
        self.config = config
        self.weights = weights
        self.precision = precision
        self.ranges = ranges
        self.flows: dict[str, str] = {}
        """Matrix products, by name, and what flows into them."""
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

    def model(self, outputs: Mapping[str, Sequence[str | int]]) -> onnx.ModelProto:
        """Return the model whose outputs are these, float32, by their axes."""
        from onnx import TensorProto, helper

        axes: list[str | int | None] = ["batch", "sequence"]
        proto = helper.make_graph(
            self.nodes,
            "encoder",
            [helper.make_tensor_value_info(name, TensorProto.INT64, axes) for name in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [*shape]) for name, shape in outputs.items()],
            self.initializers,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        if self.precision == "int8":
            opsets.append(helper.make_opsetid("com.microsoft", 1))
        return helper.make_model(proto, opset_imports=opsets, ir_version=IR_VERSION, producer_name="ltrr")

    def factors(self, name: str, matrix: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Return what the input channels of an integer product are divided by, (K,); None where it is none."""
        known = self.ranges.get(name)
        return None if known is None else known.factors(matrix)

    def linear(
        self, name: str, inputs: str, matrix: NDArray[np.float32], bias: NDArray[np.float32], *, divided: bool = False
    ) -> str:
        """Add `inputs @ matrix + bias`; matrix is (K, N). `divided`: the inputs were, by this product's `factors`."""
        self.flows[name] = inputs
        if name in self.ranges:
            return self._integers(name, inputs, matrix, bias, divided=divided)
        if self.precision == "fp32":
            product = self.add("MatMul", [inputs, self.constant(f"{name}.weight", matrix)])
        else:
            product = self._blocks(name, inputs, matrix)
        return self.add("Add", [product, self.constant(f"{name}.bias", bias)])

    def _integers(
        self, name: str, inputs: str, matrix: NDArray[np.float32], bias: NDArray[np.float32], *, divided: bool
    ) -> str:
        import numpy as np

        known = self.ranges[name]
        factors = known.factors(matrix)
        if not divided:
            inputs = self.add("Mul", [inputs, self.constant(f"{name}.divisors", (1 / factors).astype(np.float32))])
        step, zero = known.steps(factors)
        columns = quantize_columns(matrix * factors[:, None])
        steps = self.constant(f"{name}.step", np.array(step, np.float32))
        zeros = self.constant(f"{name}.zero", np.array(zero, np.uint8))
        whole = self.add("QuantizeLinear", [inputs, steps, zeros])
        weights = self.constant(f"{name}.columns", columns.values)
        scales, offsets = self.constant(f"{name}.scales", columns.scales), self.constant(f"{name}.bias", bias)
        given = [whole, weights, steps, scales, zeros, "", offsets]
        return self.add("MatMulIntegerToFloat", given, domain="com.microsoft")

    def _blocks(self, name: str, inputs: str, matrix: NDArray[np.float32]) -> str:
        blocks = quantize_blocks(matrix)
        packed = self.constant(f"{name}.packed", blocks.packed)
        scales = self.constant(f"{name}.scales", blocks.scales.reshape(-1))
        # Accuracy level 4: activations are rounded to int8 per block too, and the product is integer arithmetic.
        return self.add(
            "MatMulNBits",
            [inputs, packed, scales],
            domain="com.microsoft",
            K=blocks.rows,
            N=blocks.columns,
            bits=8,
            block_size=BLOCK,
            accuracy_level=4,
        )
