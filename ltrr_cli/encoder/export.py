"""Export a sentence-transformers folder as an encoder: model.onnx, tokenizer.json, encoder.json."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.encoder.settings import (
    DEFAULT_MAX_TOKENS,
    Settings,
    foreign_max_tokens,
    foreign_pooling,
    foreign_prompts,
)
from ltrr_cli.encoder.source import sync_file, sync_folder
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from ltrr_cli.encoder.nodes import Precision


def export_encoder(
    model: Path,
    target: Path,
    *,
    precision: Precision = "int8",
    name: str = "",
    source: str = "",
    licence: str = "",
) -> Settings:
    """Write the encoder in the sentence-transformers folder `model` to the new folder `target`; return its settings.

    The same model and precision give the same bytes, in 8 bits on the same kind of processor. The target appears
    complete or not at all.

    Args:
        model: a folder with config.json, model.safetensors, tokenizer.json and, where present, 1_Pooling/config.json,
            sentence_bert_config.json and config_sentence_transformers.json.
        target: a folder that does not exist yet, or is empty.
        precision: `int8` (a quarter of the size, cosine ≥ .99 to the original for all-MiniLM-L6-v2) or `fp32`.
        name: what the encoder is called; the folder's name by default.
        source: where the model came from; free text.
        licence: its licence; that of the model card (README.md) by default.

    Raises:
        EncoderError: the extra `export` is not installed, the model cannot be read or exported, or the target is
            in use.
    """
    _require_extra()
    from ltrr_cli.encoder.checkpoint import read_checkpoint
    from ltrr_cli.encoder.encoder import open_tokenizer
    from ltrr_cli.encoder.graph import bert_graph, inputs_graph
    from ltrr_cli.encoder.ranges import measure_ranges

    target = target.resolve()  # '.' and links: the name and the parent must be real ones for the rename at the end
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise EncoderError("the target is already in use", where=str(target), next="name a new folder")
    tokenizer = model / "tokenizer.json"
    if model.is_dir() and not tokenizer.is_file():
        raise EncoderError(
            "there is no tokenizer.json", where=str(model), next="save the model's fast tokenizer beside its weights"
        )
    checkpoint = read_checkpoint(model)
    pooling = foreign_pooling(model)
    positions = checkpoint.config.max_position_embeddings
    query, document = foreign_prompts(model)
    longest = min(foreign_max_tokens(model) or DEFAULT_MAX_TOKENS, positions)
    ranges = None
    if precision == "int8":
        reader = open_tokenizer(tokenizer, longest)
        reader.no_padding()
        ranges = measure_ranges(inputs_graph(checkpoint.config, checkpoint.weights), reader, longest)
    graph = bert_graph(checkpoint.config, checkpoint.weights, pooling=pooling, precision=precision, ranges=ranges)
    contents = {"model.onnx": graph.SerializeToString(deterministic=True), "tokenizer.json": tokenizer.read_bytes()}
    settings = Settings(
        name=name or model.resolve().name,
        dim=checkpoint.config.hidden_size,
        max_tokens=longest,
        pooling="graph",
        precision=precision,
        query_prompt=query,
        document_prompt=document,
        source=source,
        licence=licence or _card_licence(model),
        sha256={file: hashlib.sha256(data).hexdigest() for file, data in contents.items()},
    )
    contents["encoder.json"] = settings.to_json().encode()
    _publish(target, contents)
    return settings


def _publish(target: Path, contents: dict[str, bytes]) -> None:
    """Write the files to a folder beside the target, fsync, rename."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            for name, data in contents.items():
                (work / name).write_bytes(data)
                sync_file(work / name)
            work.chmod(0o755)  # mkdtemp makes it private
            sync_folder(work)
            work.rename(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        sync_folder(target.parent)
    except OSError as error:
        raise EncoderError(
            f"the encoder cannot be written: {os.strerror(error.errno or 0)}",
            where=str(target),
            next="name a folder on a disk with room that may be written to",
        ) from error


def _card_licence(model: Path) -> str:
    """Return `license:` of the model card's front matter, `unknown` where it is not said."""
    try:
        lines = (model / "README.md").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "unknown"
    for line in lines[1 : lines.index("---", 1)] if lines[:1] == ["---"] and "---" in lines[1:] else []:
        key, _, value = line.partition(":")
        if key == "license" and value.strip():
            return value.strip().strip("'\"")
    return "unknown"


def _require_extra() -> None:
    """Raise EncoderError unless onnx and safetensors can be imported."""
    from importlib.util import find_spec

    missing = [name for name in ("onnx", "safetensors") if find_spec(name) is None]
    if missing:
        raise EncoderError(
            f"export needs {' and '.join(missing)}",
            where="this Python environment",
            next="install the extra: pip install 'ltrr[export]'",
        )
