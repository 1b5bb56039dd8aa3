"""Blocks and rows stand for the matrix within half a step."""

from __future__ import annotations

import numpy as np
import pytest

from ltrr_cli.encoder.quantize import BLOCK, LIMIT, ZERO_POINT, quantize_blocks, quantize_columns, quantize_rows


@pytest.mark.parametrize(("rows", "columns"), [(BLOCK, 3), (2 * BLOCK, 5), (BLOCK + 1, 4), (7, 1)])
def test_blocks_are_within_half_a_step(rows: int, columns: int) -> None:
    """Every element comes back within half its block's scale, whether or not the rows fill whole blocks."""
    matrix = np.random.default_rng(1).normal(size=(rows, columns)).astype(np.float32)
    blocks = quantize_blocks(matrix)
    assert blocks.packed.shape == (columns, -(-rows // BLOCK), BLOCK)
    steps = np.repeat(blocks.scales, BLOCK, axis=1)[:, :rows].T
    assert (np.abs(blocks.dequantized() - matrix) <= steps * 0.5001).all()


def test_blocks_by_hand() -> None:
    """A block of 127, -127, 63.5 and zeros has scale 1 and the bytes 255, 1, 192 (half to even) and 128."""
    matrix = np.zeros((BLOCK, 1), dtype=np.float32)
    matrix[:3, 0] = [127, -127, 63.5]
    blocks = quantize_blocks(matrix)
    assert blocks.scales.tolist() == [[1.0]]
    assert blocks.packed[0, 0, :4].tolist() == [255, 1, 192, ZERO_POINT]


def test_columns_are_within_half_a_step_of_seven_bits() -> None:
    """Every element comes back within half its column's scale, and no step needs the eighth bit."""
    matrix = np.random.default_rng(4).normal(size=(33, 9)).astype(np.float32)
    matrix[:, 4] = 0
    columns = quantize_columns(matrix)
    assert columns.values.shape == matrix.shape
    assert np.abs(columns.values).max() == LIMIT == 63
    assert (np.abs(columns.values * columns.scales - matrix) <= columns.scales * 0.5001).all()


def test_rows_are_within_half_a_step() -> None:
    """Every element comes back within half its row's scale; a row of zeros stays one."""
    table = np.random.default_rng(2).normal(size=(9, 33)).astype(np.float32)
    table[4] = 0
    rows = quantize_rows(table)
    assert rows.values.dtype == np.int8
    assert (np.abs(rows.dequantized() - table) <= rows.scales * 0.5001).all()
    assert not rows.dequantized()[4].any()


def test_matmulnbits_reads_the_blocks_as_written() -> None:
    """The operator of onnxruntime itself, on an identity matrix, gives back the dequantised matrix."""
    onnx = pytest.importorskip("onnx", reason="the extra 'export' is not installed")
    from ltrr_cli.native import onnxruntime

    rows, columns = BLOCK + 16, 5
    blocks = quantize_blocks(np.random.default_rng(3).normal(size=(rows, columns)).astype(np.float32))
    node = onnx.helper.make_node(
        "MatMulNBits", ["x", "w", "s"], ["y"], domain="com.microsoft", K=rows, N=columns, bits=8, block_size=BLOCK
    )
    shape = ["n", rows]
    graph = onnx.helper.make_graph(
        [node],
        "one",
        [onnx.helper.make_tensor_value_info("x", 1, shape)],
        [onnx.helper.make_tensor_value_info("y", 1, ["n", columns])],
        [
            onnx.numpy_helper.from_array(blocks.packed, "w"),
            onnx.numpy_helper.from_array(blocks.scales.reshape(-1), "s"),
        ],
    )
    opsets = [onnx.helper.make_opsetid("", 20), onnx.helper.make_opsetid("com.microsoft", 1)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9)
    session = onnxruntime().InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"x": np.eye(rows, dtype=np.float32)})
    np.testing.assert_allclose(result, blocks.dequantized(), atol=1e-6)
