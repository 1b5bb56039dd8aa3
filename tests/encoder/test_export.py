"""The exported graph computes what the checkpoint means, and mistakes are named."""

from __future__ import annotations

import json
import math
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ltrr_cli.encoder import Encoder
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

pytest.importorskip("onnx", reason="the extra 'export' is not installed")
pytest.importorskip("safetensors", reason="the extra 'export' is not installed")

from ltrr_cli.encoder.export import export_encoder

TEXTS = ["red shoes", "", "tom & jerry", "the of a b c red green blue hat " * 4, "unknown words only"]


def layer_norm(x: NDArray[np.float64], weights: dict[str, Any], name: str, eps: float) -> NDArray[np.float64]:
    """Return the layer norm (Ba et al. 2016) of the last axis."""
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
    result: NDArray[np.float64] = scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return result


def bert(ids: list[int], weights: dict[str, Any], config: dict[str, Any], pooling: str) -> NDArray[np.float64]:
    """Return one text's unit vector, straight from the definition in float64: no batch, no padding."""

    def linear(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        result: NDArray[np.float64] = x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
        return result

    eps, heads = config["layer_norm_eps"], config["num_attention_heads"]
    width = config["hidden_size"] // heads
    x = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.position_embeddings.weight"][: len(ids)]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    x = layer_norm(x, weights, "embeddings.LayerNorm", eps)
    for layer in (f"encoder.layer.{i}" for i in range(config["num_hidden_layers"])):
        query, key, value = (linear(x, f"{layer}.attention.self.{part}") for part in ("query", "key", "value"))
        parts = []
        for head in (slice(i * width, (i + 1) * width) for i in range(heads)):
            scores = np.exp(query[:, head] @ key[:, head].T / math.sqrt(width))
            parts.append(scores / scores.sum(-1, keepdims=True) @ value[:, head])
        attended = linear(np.concatenate(parts, axis=-1), f"{layer}.attention.output.dense")
        x = layer_norm(x + attended, weights, f"{layer}.attention.output.LayerNorm", eps)
        wide = linear(x, f"{layer}.intermediate.dense")
        if config["hidden_act"] == "gelu":
            wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        elif config["hidden_act"] == "gelu_new":
            wide = wide * 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3)))
        else:
            wide = np.maximum(wide, 0)
        x = layer_norm(x + linear(wide, f"{layer}.output.dense"), weights, f"{layer}.output.LayerNorm", eps)
    pooled = x[0] if pooling == "cls_token" else x.mean(0)
    unit: NDArray[np.float64] = pooled / np.linalg.norm(pooled)
    return unit


def expected(model: Path, pooling: str) -> NDArray[np.float64]:
    """Return the vectors of TEXTS by `bert`, tokenised with nothing but the file and truncation."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(16)
    config = json.loads((model / "config.json").read_text())
    stored = load_file(model / "model.safetensors")
    weights = {name.removeprefix("bert."): value.astype(np.float64) for name, value in stored.items()}
    return np.stack([bert(tokenizer.encode(text).ids, weights, config, pooling) for text in TEXTS])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pooling": "cls_token"},
        {"hidden_act": "gelu_new"},
        {"hidden_act": "relu"},
        {"prefix": "bert.", "pooler": False},
    ],
    ids=["mean", "cls", "gelu_new", "relu", "prefix without pooler"],
)
def test_fp32_graph_is_the_network(make_model: Callable[..., Path], tmp_path: Path, options: dict[str, Any]) -> None:
    """An fp32 export gives the vectors of an independent NumPy implementation, within 1e-5."""
    model = make_model(**options)
    export_encoder(model, tmp_path / "out", precision="fp32")
    vectors = Encoder.open(tmp_path / "out").encode(TEXTS)
    np.testing.assert_allclose(vectors, expected(model, options.get("pooling", "mean_tokens")), atol=1e-5)


def test_int8_graph_is_close(make_model: Callable[..., Path], tmp_path: Path) -> None:
    """An int8 export of the same model stays within a cosine of .996, though 32 is no multiple of the block."""
    model = make_model()
    export_encoder(model, tmp_path / "out")
    vectors = Encoder.open(tmp_path / "out").encode(TEXTS)
    assert (vectors * expected(model, "mean_tokens")).sum(axis=1).min() >= 0.996


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_same_model_gives_same_bytes(make_model: Callable[..., Path], tmp_path: Path, precision: Any) -> None:
    """Exporting twice gives byte-identical files."""
    model = make_model()
    for name in ("one", "two"):
        export_encoder(model, tmp_path / name, precision=precision)
    for file in ("model.onnx", "tokenizer.json", "encoder.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_settings_say_what_was_exported(make_model: Callable[..., Path], tmp_path: Path) -> None:
    """encoder.json holds width, longest text, prompts, licence of the model card and the hashes of the files."""
    import hashlib

    model = make_model()
    (model / "README.md").write_text("---\ntags: x\nlicense: mit\n---\n# Card\n")
    (model / "config_sentence_transformers.json").write_text(
        '{"prompts": {"query": "query: ", "passage": "passage: "}}'
    )
    settings = export_encoder(model, tmp_path / "out", name="tiny")
    assert (settings.name, settings.dim, settings.max_tokens, settings.licence) == ("tiny", 32, 16, "mit")
    assert (settings.query_prompt, settings.document_prompt) == ("query: ", "passage: ")
    for file, digest in settings.sha256.items():
        assert hashlib.sha256((tmp_path / "out" / file).read_bytes()).hexdigest() == digest
    assert Encoder.open(tmp_path / "out").settings == settings


def test_max_tokens_never_exceed_the_positions(make_model: Callable[..., Path], tmp_path: Path) -> None:
    """Without a max_seq_length, the default is cut to the model's positions, and a text of that length works."""
    model = make_model()
    (model / "sentence_bert_config.json").unlink()
    assert export_encoder(model, tmp_path / "out").max_tokens == 24
    assert np.isfinite(Encoder.open(tmp_path / "out").encode(["red " * 100])).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model_type": "roberta"}, "'roberta' cannot be exported.*'bert'"),
        ({"hidden_act": "swish"}, "'swish' cannot be exported.*gelu"),
        ({"position_embedding_type": "relative_key"}, "relative_key.*absolute"),
        ({"num_attention_heads": 5}, "5 attention heads do not divide"),
        ({"hidden_size": "32"}, "hidden_size: must be a whole number"),
        ({"intermediate_size": 81}, r"intermediate.dense.weight has shape \(80, 32\).*\(81, 32\)"),
        ({"num_hidden_layers": 3}, "encoder.layer.2.attention.self.query.weight is missing"),
        ({"drop": "encoder.layer.1.output.dense.bias"}, "encoder.layer.1.output.dense.bias is missing"),
        ({"pooling": "max_tokens"}, "only mean and cls pooling"),
    ],
)
def test_unusable_models_are_named(
    make_model: Callable[..., Path], tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    """What cannot be exported is named, with what can, and nothing is written."""
    with pytest.raises(EncoderError, match=message):
        export_encoder(make_model(**options), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json"])
def test_missing_and_broken_files_are_named(make_model: Callable[..., Path], tmp_path: Path, file: str) -> None:
    """A model folder without one of its files, or with a broken one, gives an error that names it."""
    model = make_model()
    if file != "tokenizer.json":  # copied as it is
        (model / file).write_bytes(b"\xff\x00 nonsense")
        with pytest.raises(EncoderError) as broken:
            export_encoder(model, tmp_path / "out")
        assert file in broken.value.where
    (model / file).unlink()
    with pytest.raises(EncoderError, match=f"there is no {file}") as missing:
        export_encoder(model, tmp_path / "out")
    assert missing.value.where == str(model)
    assert missing.value.next


def test_a_module_after_the_pooling_is_refused(make_model: Callable[..., Path], tmp_path: Path) -> None:
    """A model with a Dense module is refused: its graph would leave the module out."""
    model = make_model()
    (model / "modules.json").write_text('[{"type": "sentence_transformers.models.Dense"}]')
    with pytest.raises(EncoderError, match="'Dense' cannot be exported"):
        export_encoder(model, tmp_path / "out")


def test_a_target_in_use_is_left_alone(make_model: Callable[..., Path], tmp_path: Path) -> None:
    """An existing folder with something in it is not overwritten; an empty one is filled."""
    model, target = make_model(), tmp_path / "out"
    target.mkdir()
    (target / "mine.txt").write_text("keep")
    with pytest.raises(EncoderError, match="already in use"):
        export_encoder(model, target)
    assert [path.name for path in target.iterdir()] == ["mine.txt"]
    (target / "mine.txt").unlink()
    export_encoder(model, target)
    assert Encoder.open(target).dim == 32


def test_an_interrupted_export_leaves_nothing(
    make_model: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk fails half way, neither the target nor a temporary folder stays behind."""
    model = make_model()

    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ltrr_cli.encoder.export.sync_file", fail)
    with pytest.raises(EncoderError, match="No space left"):
        export_encoder(model, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without onnx and safetensors the error says what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EncoderError, match="onnx and safetensors") as error:
        export_encoder(tmp_path, tmp_path / "out")
    assert "ltrr[export]" in error.value.next


def test_an_exported_folder_is_self_contained(make_model: Callable[..., Path], tmp_path: Path) -> None:
    """The encoder works after the model that it was made from is gone."""
    model = make_model()
    export_encoder(model, tmp_path / "out")
    before = Encoder.open(tmp_path / "out").encode(TEXTS)
    shutil.rmtree(model)
    shutil.move(tmp_path / "out", tmp_path / "elsewhere")
    np.testing.assert_array_equal(Encoder.open(tmp_path / "elsewhere").encode(TEXTS), before)
