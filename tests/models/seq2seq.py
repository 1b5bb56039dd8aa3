"""An encoder-decoder of a few kB, as Optimum would write it, that copies the first words of its text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WORDS = ("love", "rain", "summer", "night", "train", "home", "river", "number", "about", "song", "heart")
SETTINGS = {"decoder_start_token_id": 0, "eos_token_id": 3, "pad_token_id": 0}
_OWN, _END = 4.0, 100.0
_PLACES = 64


def write_seq2seq(
    folder: Path, *, copies: int = 2, width: int = len(SPECIAL + WORDS) + 3, past: bool = False, **settings: Any
) -> Path:
    """Write the folder: the decoder copies `copies` tokens with a large logit each, and ends.

    `width` is the vocabulary of its logits, by default three more than the tokenizer's; `past` gives it past keys.
    """
    from onnx import TensorProto, helper, numpy_helper

    known = len(SPECIAL + WORDS)
    folder.mkdir(parents=True)
    table = np.eye(known, width, dtype=np.float32) * _OWN
    _save(
        folder / "encoder_model.onnx",
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"], axis=0)],
        {"input_ids": TensorProto.INT64, "attention_mask": TensorProto.INT64},
        "last_hidden_state",
        [numpy_helper.from_array(table, "table")],
    )
    ends = np.zeros((_PLACES, width), np.float32)
    ends[copies:, min(SETTINGS["eos_token_id"], width - 1)] = _END
    numbers = {"zero": [0], "one": [1], "two": [2], "pads": [0, 0, 0, 0, _PLACES, 0]}
    _save(
        folder / "decoder_model.onnx",
        [
            helper.make_node("Shape", ["input_ids"], ["shape"]),
            helper.make_node("Slice", ["shape", "one", "two"], ["length"]),
            helper.make_node("Add", ["length", "one"], ["upto"]),
            helper.make_node("Pad", ["encoder_hidden_states", "pads"], ["longer"]),
            helper.make_node("Slice", ["longer", "one", "upto", "one"], ["copied"]),
            helper.make_node("Slice", ["ends", "zero", "length", "zero"], ["ending"]),
            helper.make_node("Add", ["copied", "ending"], ["logits"]),
        ],
        {"input_ids": TensorProto.INT64, "encoder_attention_mask": TensorProto.INT64}
        | {"encoder_hidden_states": TensorProto.FLOAT}
        | ({"past_key_values.0.key": TensorProto.FLOAT} if past else {}),
        "logits",
        [
            numpy_helper.from_array(ends, "ends"),
            *(numpy_helper.from_array(np.array(value, np.int64), name) for name, value in numbers.items()),
        ],
    )
    _write_tokenizer(folder / "tokenizer.json")
    given = {name: value for name, value in {**SETTINGS, **settings}.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(given))
    return folder


def _save(path: Path, nodes: list[Any], inputs: Mapping[str, int], output: str, constants: list[Any]) -> None:
    from onnx import TensorProto, helper, save_model

    def value(name: str, kind: int) -> Any:
        ids = kind == TensorProto.INT64
        return helper.make_tensor_value_info(name, kind, ["n", f"{name} length"] + ([] if ids else ["dim"]))

    given = [value(name, kind) for name, kind in inputs.items()]
    graph = helper.make_graph(nodes, "seq2seq", given, [value(output, TensorProto.FLOAT)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="ltrr")
    save_model(model, str(path))


def _write_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    place = {token: number for number, token in enumerate(SPECIAL + WORDS)}
    tokenizer = Tokenizer(models.WordLevel(place, unk_token="[UNK]"))  # noqa: S106 – no password
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.save(str(path))
