"""Models that keep data in other files are found out without the onnx package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.encoder import Encoder, encoder_folder
from ltrr_cli.encoder.external import has_external_data
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from pathlib import Path

PLACES = ["initializer", "sparse", "attribute", "subgraph", "function"]


def model(place: str, location: str, *, external: bool = True) -> bytes:
    """Return a serialised model with a tensor in `place` that refers to the file `location`."""
    onnx = pytest.importorskip("onnx", reason="the extra 'export' is not installed")
    helper = onnx.helper
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[4])
    if external:
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
    else:
        tensor.raw_data = bytes(16)
    nodes, initializers, options = [helper.make_node("Add", ["x", "w"], ["y"])], [], {}
    inputs = [helper.make_tensor_value_info("x", 1, [4])]
    outputs = [helper.make_tensor_value_info("y", 1, [4])]
    constant = helper.make_node("Constant", [], ["w"], value=tensor)
    sparse: list[Any] = []
    if place == "initializer":
        initializers = [tensor]
    elif place == "sparse":
        sparse = [onnx.SparseTensorProto(values=tensor, dims=[4])]
    elif place == "attribute":
        nodes.insert(0, constant)
    elif place == "subgraph":
        inner = helper.make_graph([constant], "inner", [], [helper.make_tensor_value_info("w", 1, [4])])
        nodes = [helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)]
    else:
        options["functions"] = [helper.make_function("d", "f", [], ["w"], [constant], [helper.make_opsetid("", 17)])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializers, sparse_initializer=sparse)
    serialised: bytes = helper.make_model(graph, ir_version=9, **options).SerializeToString()
    return serialised


@pytest.mark.parametrize("place", PLACES)
def test_external_data_is_found_everywhere(place: str) -> None:
    """A reference is found wherever a tensor can be; the same model with its data inside has none."""
    assert has_external_data(model(place, "other.bin"))
    assert not has_external_data(model(place, "", external=False))


def test_the_shipped_model_is_one_file() -> None:
    """The shipped graph refers to no other file."""
    assert not has_external_data((encoder_folder(None) / "model.onnx").read_bytes())


def test_truncated_bytes_are_no_model() -> None:
    """Any prefix of a model either ends between two fields or is refused; none runs on for ever or crashes."""
    whole = model("subgraph", "other.bin")
    refused = 0
    for end in range(len(whole)):
        try:
            has_external_data(whole[:end])
        except ValueError:
            refused += 1
    assert refused > len(whole) // 2


def test_an_encoder_with_external_data_is_refused(tmp_path: Path) -> None:
    """A folder whose graph reads a file outside it is refused, though the file is there."""
    (tmp_path / "secret.bin").write_bytes(bytes(16))
    folder = tmp_path / "encoder"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(model("initializer", "../secret.bin"))
    (folder / "tokenizer.json").write_bytes((encoder_folder(None) / "tokenizer.json").read_bytes())
    with pytest.raises(EncoderError, match="keeps data in other files") as error:
        Encoder.open(folder)
    assert error.value.where == str(folder / "model.onnx")


@pytest.mark.parametrize(
    "crafted",
    [
        b"\x3a\x0a\x2a\x08\x70\x81\x80\x80\x80\x10\x08\x01",  # data_location 2³² + 1: 1 to a reader of 32 bits
        b"\x3a\x04\x2a\x02\x70\x01\x3a\x00",  # the graph in two parts, which a reader merges
    ],
    ids=["wide number", "two graphs"],
)
def test_crafted_references_are_found(crafted: bytes) -> None:
    """Encodings that readers accept, though no writer makes them, are no way around."""
    assert has_external_data(crafted)


@pytest.mark.parametrize(
    "crafted",
    [b"", b"\xba\x80\x80\x80\x80\x10\x02\x2a\x00", b"\x3a\x7f\x00", b"\x3b", b"\xff" * 20],
    ids=["empty", "wide tag", "runs past the end", "group", "endless number"],
)
def test_malformed_models_are_refused(crafted: bytes, tmp_path: Path) -> None:
    """Files that are no well-formed message give an EncoderError when opened."""
    (tmp_path / "model.onnx").write_bytes(crafted)
    (tmp_path / "tokenizer.json").write_bytes((encoder_folder(None) / "tokenizer.json").read_bytes())
    with pytest.raises(EncoderError, match="no ONNX model"):
        Encoder.open(tmp_path)
