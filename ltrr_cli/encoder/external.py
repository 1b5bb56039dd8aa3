"""Find out, without the onnx package, whether a model file refers to data in other files.

onnxruntime would read those files, also outside the encoder's folder, and an index would not hold them. The wire format
is Protocol Buffers'; the field numbers are those of onnx.proto (ONNX 1.x, unchanged since IR version 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

# Which fields of a message can hold a tensor further down: kind of message → field number → kind of that field.
_INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_TENSOR_EXTERNAL_DATA = 13  # repeated key and value: location, offset, length
_TENSOR_DATA_LOCATION = 14  # 0 is DEFAULT, 1 EXTERNAL
_DEEPEST = 64


class _Field(NamedTuple):
    number: int
    value: int
    """A number's value, or where the bytes of a length-delimited field start."""
    end: int
    """Where those bytes end; 0 for a number."""


def has_external_data(model: bytes | mmap) -> bool:
    """Return whether any tensor of a serialised ONNX model lies in another file.

    Raises:
        ValueError: the bytes are no well-formed message.
    """
    with memoryview(model) as data:
        return _search(data, 0, len(data), "model", 0)


def _search(data: memoryview, start: int, end: int, kind: str, depth: int) -> bool:
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    inside = _INSIDE.get(kind, {})
    for field in _fields(data, start, end):
        if kind == "tensor" and (
            field.number == _TENSOR_EXTERNAL_DATA or (field.number == _TENSOR_DATA_LOCATION and field.value)
        ):
            return True
        if (
            field.end
            and field.number in inside
            and _search(data, field.value, field.end, inside[field.number], depth + 1)
        ):
            return True
    return False


def _fields(data: memoryview, start: int, end: int) -> Iterator[_Field]:
    at = start
    while at < end:
        tag, at = _varint(data, at, end)
        if tag >= 1 << 32:  # readers may cut it to 32 bits, and see another field than we do
            raise ValueError("a field number out of range")
        wire = tag & 7
        if wire == 0:
            value, at = _varint(data, at, end)
            yield _Field(tag >> 3, value, 0)
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        elif wire == 2:
            size, at = _varint(data, at, end)
            at += size
            if at <= end:
                yield _Field(tag >> 3, at - size, at)
        else:
            raise ValueError(f"wire type {wire}")
        if at > end:
            raise ValueError("a field runs past the end")


def _varint(data: memoryview, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("a number runs past the end")
