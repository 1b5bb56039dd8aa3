"""Models small enough to make in a test: random BERTs of two layers, and the encoder shipped in the package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ltrr_cli.encoder import Encoder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

CONFIG = {
    "model_type": "bert",
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 80,
    "vocab_size": 40,
    "max_position_embeddings": 24,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-6,
    "hidden_act": "gelu",
}
WORDS = [
    *"abc[]&.",
    "red",
    "green",
    "blue",
    "shoe",
    "shoes",
    "hat",
    "##s",
    "##ing",
    "cls",
    "mask",
    "tom",
    "jerry",
    "the",
    "of",
]


@pytest.fixture(scope="session")
def shipped() -> Encoder:
    """Return the encoder in the package."""
    return Encoder.open()


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a sentence-transformers folder with random weights."""
    pytest.importorskip("safetensors", reason="the extra 'export' is not installed")
    pytest.importorskip("onnx", reason="the extra 'export' is not installed")

    def make(
        *, prefix: str = "", pooling: str = "mean_tokens", pooler: bool = True, drop: str = "", **changes: Any
    ) -> Path:
        from safetensors.numpy import save_file

        folder = tmp_path / "model"
        (folder / "1_Pooling").mkdir(parents=True)
        config = CONFIG | changes
        (folder / "config.json").write_text(json.dumps(config))
        weights = random_weights(CONFIG, pooler=pooler)
        save_file(
            {prefix + name: value for name, value in weights.items() if name != drop}, folder / "model.safetensors"
        )
        modes = {f"pooling_mode_{mode}": mode == pooling for mode in ("cls_token", "mean_tokens", "max_tokens")}
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(modes))
        (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 16}))
        write_tokenizer(folder / "tokenizer.json")
        return folder

    return make


def random_weights(config: dict[str, Any], *, pooler: bool) -> dict[str, NDArray[np.float32]]:
    """Return weights of a BERT by their checkpoint name; seeded."""
    rng = np.random.default_rng(7)
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], hidden),
        "embeddings.position_embeddings.weight": (config["max_position_embeddings"], hidden),
        "embeddings.token_type_embeddings.weight": (config["type_vocab_size"], hidden),
        "embeddings.LayerNorm.weight": (hidden,),
    }
    for layer in (f"encoder.layer.{i}" for i in range(config["num_hidden_layers"])):
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            shapes[f"{layer}.attention.{part}.weight"] = (hidden, hidden)
        shapes[f"{layer}.intermediate.dense.weight"] = (wide, hidden)
        shapes[f"{layer}.output.dense.weight"] = (hidden, wide)
        shapes[f"{layer}.attention.output.LayerNorm.weight"] = (hidden,)
        shapes[f"{layer}.output.LayerNorm.weight"] = (hidden,)
    if pooler:
        shapes["pooler.dense.weight"] = (hidden, hidden)
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    for name, shape in shapes.items():
        if not name.endswith("_embeddings.weight"):
            weights[name.replace(".weight", ".bias")] = rng.normal(0, 0.1, shape[0]).astype(np.float32)
        if "LayerNorm" in name:
            weights[name] += 1
    return weights


def write_tokenizer(path: Path) -> None:
    """Write a BERT-like tokenizer of 40 tokens that pads to 128, as the shipped model's original does."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    tokens += [f"filler{i}" for i in range(CONFIG["vocab_size"] - len(tokens))]  # type: ignore[operator]
    tokenizer = Tokenizer(models.WordPiece({token: i for i, token in enumerate(tokens)}, unk_token="[UNK]"))  # noqa: S106 (no password)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(tokens[:5])
    tokenizer.enable_padding(length=128)
    tokenizer.enable_truncation(128)
    tokenizer.save(str(path))
