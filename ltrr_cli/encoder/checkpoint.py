"""Read a sentence-transformers folder: config.json, model.safetensors, and how its tokens are pooled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ltrr_cli.encoder.fields import FileFields
from ltrr_cli.encoder.graph import BertConfig
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_ACTIVATIONS: dict[str, Literal["gelu", "gelu_tanh", "relu"]] = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
}
_MODULES = ("Transformer", "Pooling", "Normalize")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A BERT encoder's numbers and float32 weights, by checkpoint name without prefix, shapes checked."""

    config: BertConfig
    weights: dict[str, NDArray[np.float32]]


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read and check the BERT network in `folder`.

    Raises:
        EncoderError: a file is missing or broken, the architecture is not BERT, or a weight is missing or has
            another shape than config.json says.
    """
    config = read_config(folder)
    _check_modules(folder)
    return Checkpoint(config=config, weights=_read_weights(folder / "model.safetensors", config))


def read_config(folder: Path) -> BertConfig:
    """Read config.json.

    Raises:
        EncoderError: it is missing or broken, or describes a network that cannot be exported.
    """
    fields = FileFields.read(folder / "config.json", advice="give the folder of a sentence-transformers model")
    family = fields.text("model_type", "")
    if family != "bert":
        raise EncoderError(
            f"the architecture {family or 'unknown'!r} cannot be exported",
            where=f"{fields.path}, model_type",
            next="supported: 'bert' (BertModel); else make a model.onnx elsewhere and give its folder to --encoder",
        )
    positions = fields.text("position_embedding_type", "absolute")
    if positions != "absolute":
        raise EncoderError(
            f"position embeddings of type {positions!r} cannot be exported",
            where=f"{fields.path}, position_embedding_type",
            next="supported: 'absolute'",
        )
    activation = fields.text("hidden_act", "gelu")
    if activation not in _ACTIVATIONS:
        raise EncoderError(
            f"the activation {activation!r} cannot be exported",
            where=f"{fields.path}, hidden_act",
            next=f"supported: {', '.join(_ACTIVATIONS)}",
        )
    hidden, heads = fields.count("hidden_size"), fields.count("num_attention_heads")
    if hidden % heads:
        raise EncoderError(
            f"{heads} attention heads do not divide a hidden size of {hidden}",
            where=f"{fields.path}, num_attention_heads",
            next="check config.json",
        )
    return BertConfig(
        hidden_size=hidden,
        num_hidden_layers=fields.count("num_hidden_layers"),
        num_attention_heads=heads,
        intermediate_size=fields.count("intermediate_size"),
        vocab_size=fields.count("vocab_size"),
        max_position_embeddings=fields.count("max_position_embeddings"),
        type_vocab_size=fields.count("type_vocab_size", 2),
        layer_norm_eps=fields.number("layer_norm_eps", 1e-12),
        activation=_ACTIVATIONS[activation],
    )


def expected_shapes(config: BertConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the name and shape of every weight that the network needs; a pooler is not one of them."""
    hidden, wide = config.hidden_size, config.intermediate_size
    yield "embeddings.word_embeddings.weight", (config.vocab_size, hidden)
    yield "embeddings.position_embeddings.weight", (config.max_position_embeddings, hidden)
    yield "embeddings.token_type_embeddings.weight", (config.type_vocab_size, hidden)
    yield from _pair("embeddings.LayerNorm", (hidden,))
    for index in range(config.num_hidden_layers):
        layer = f"encoder.layer.{index}"
        for part in ("query", "key", "value"):
            yield from _pair(f"{layer}.attention.self.{part}", (hidden, hidden))
        yield from _pair(f"{layer}.attention.output.dense", (hidden, hidden))
        yield from _pair(f"{layer}.attention.output.LayerNorm", (hidden,))
        yield from _pair(f"{layer}.intermediate.dense", (wide, hidden))
        yield from _pair(f"{layer}.output.dense", (hidden, wide))
        yield from _pair(f"{layer}.output.LayerNorm", (hidden,))


def _pair(name: str, shape: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def _read_weights(path: Path, config: BertConfig) -> dict[str, NDArray[np.float32]]:
    import numpy as np
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise EncoderError(
            "there is no model.safetensors",
            where=str(path.parent),
            next="save the model as one safetensors file (pickled and sharded weights are not read)",
        )
    weights: dict[str, NDArray[np.float32]] = {}
    try:
        with safe_open(str(path), framework="np") as file:
            # Checkpoints of BertForPreTraining and its kin put the encoder below `bert.`.
            names = {name.removeprefix("bert."): name for name in file.keys()}  # noqa: SIM118 (not a dict)
            for name, shape in expected_shapes(config):
                if name not in names:
                    raise EncoderError(
                        f"the weight {name} is missing",
                        where=str(path),
                        next="check that config.json and model.safetensors belong together",
                    )
                value = file.get_tensor(names[name])
                if value.shape != shape:
                    raise EncoderError(
                        f"the weight {name} has shape {value.shape}, but config.json says {shape}",
                        where=str(path),
                        next="check that config.json and model.safetensors belong together",
                    )
                weights[name] = value.astype(np.float32)
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise EncoderError(
            f"the weights cannot be read: {error}",
            where=str(path),
            next="download the file again; weights must be stored as float32 or float16",
        ) from error
    return weights


def _check_modules(folder: Path) -> None:
    """Refuse modules after the pooling (a Dense layer, say) that the graph would leave out."""
    path = folder / "modules.json"
    if not path.is_file():
        return
    for module in FileFields.read_list(path):
        kind = module.text("type", "").rpartition(".")[2]
        if kind not in _MODULES:
            raise EncoderError(
                f"the module {kind!r} cannot be exported", where=str(path), next=f"supported: {', '.join(_MODULES)}"
            )
