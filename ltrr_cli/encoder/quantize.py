"""Shrink weights to 8 bits: columns and blocks for matrix products, rows for embedding tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 64
"""Weights that share one scale. 32 costs 0.66 MB more in the shipped model; 128 loses accuracy."""

LIMIT = 63
"""Largest magnitude of a column's steps: sums of two products of 8 bits and 7 fit into 16, where CPUs without VNNI add
them up; with 127 they are cut there."""

ZERO_POINT = 128
"""The stored byte that means 0; `MatMulNBits` assumes it when no zero points are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """A matrix in the layout of onnxruntime's `MatMulNBits` with 8 bits.

    Attributes:
        packed: (columns, blocks, BLOCK) uint8, the matrix transposed, `ZERO_POINT` means 0.
        scales: (columns, blocks) float32.
        rows: inputs of the matrix product (K), before padding to whole blocks.
        columns: its outputs (N).
    """

    packed: NDArray[np.uint8]
    scales: NDArray[np.float32]
    rows: int
    columns: int

    def dequantized(self) -> NDArray[np.float32]:
        """Return the (rows, columns) float32 matrix that the blocks stand for."""
        import numpy as np

        values = (self.packed.astype(np.float32) - ZERO_POINT) * self.scales[:, :, None]
        return np.ascontiguousarray(values.reshape(self.columns, -1)[:, : self.rows].T)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A table with one scale per row: `values * scales` is the table.

    Attributes:
        values: (n, dim) int8 in [-127, 127].
        scales: (n, 1) float32.
    """

    values: NDArray[np.int8]
    scales: NDArray[np.float32]

    def dequantized(self) -> NDArray[np.float32]:
        """Return the (n, dim) float32 table that the rows stand for."""
        import numpy as np

        return self.values.astype(np.float32) * self.scales


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A matrix with one scale per column: `values * scales` is the matrix.

    Attributes:
        values: (rows, columns) int8 in [-LIMIT, LIMIT].
        scales: (columns,) float32.
    """

    values: NDArray[np.int8]
    scales: NDArray[np.float32]


def quantize_columns(matrix: NDArray[np.float32]) -> Columns:
    """Quantise a (rows, columns) float32 matrix symmetrically, one scale per column (its largest magnitude / LIMIT)."""
    import numpy as np

    scales, steps = _scaled(np.ascontiguousarray(matrix.T), LIMIT)
    return Columns(values=np.ascontiguousarray(steps.T.astype(np.int8)), scales=scales[:, 0])


def quantize_blocks(matrix: NDArray[np.float32]) -> Blocks:
    """Quantise a (rows, columns) float32 matrix symmetrically, one scale per `BLOCK` inputs of a column.

    The error of an element is at most half its block's scale, which is the block's largest magnitude / 127.
    """
    import numpy as np

    rows, columns = matrix.shape
    count = -(-rows // BLOCK)
    padded = np.zeros((columns, count * BLOCK), dtype=np.float32)
    padded[:, :rows] = matrix.T
    blocks = padded.reshape(columns, count, BLOCK)
    scales, steps = _scaled(blocks)
    packed = (steps + ZERO_POINT).astype(np.uint8)
    return Blocks(packed=packed, scales=scales[:, :, 0], rows=rows, columns=columns)


def quantize_rows(table: NDArray[np.float32]) -> Rows:
    """Quantise a (n, dim) float32 table symmetrically, one scale per row (its largest magnitude / 127)."""
    import numpy as np

    scales, steps = _scaled(table)
    return Rows(values=steps.astype(np.int8), scales=scales)


def _scaled(values: NDArray[np.float32], limit: int = 127) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (scales with a last axis of 1, whole steps in [-limit, limit]); an all-zero group gets scale 1."""
    import numpy as np

    largest = np.abs(values).max(axis=-1, keepdims=True)
    scales = np.where(largest > 0, largest / np.float32(limit), np.float32(1)).astype(np.float32)
    return scales, np.clip(np.rint(values / scales), -limit, limit).astype(np.float32)
