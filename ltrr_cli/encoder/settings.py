"""What an encoder's folder says about itself: encoder.json, or what sentence-transformers wrote.

encoder.json, format_version 1:

    {"format_version": 1, "name": "…", "dim": 384, "max_tokens": 256, "pooling": "graph" | "mean" | "cls",
     "precision": "fp32" | "int8", "prompts": {"query": "", "document": ""}, "source": "…", "licence": "…",
     "sha256": {"model.onnx": "…", "tokenizer.json": "…"}}

Only `format_version` is required. `pooling` says what happens to a graph's output: `graph` leaves it as it is (2-d),
`mean` and `cls` pool token embeddings (3-d output). A prompt is put before every text of its kind.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from ltrr_cli.encoder.fields import FileFields
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT_VERSION = 1
DEFAULT_MAX_TOKENS = 256
FEWEST_TOKENS = 8
"""Below this, truncation would leave hardly anything but the special tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """An encoder's settings; `dim` 0 means that the graph says it."""

    name: str = ""
    dim: int = 0
    max_tokens: int = DEFAULT_MAX_TOKENS
    pooling: Literal["graph", "mean", "cls"] = "mean"
    precision: str = "unknown"
    query_prompt: str = ""
    document_prompt: str = ""
    source: str = ""
    licence: str = "unknown"
    sha256: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the text of encoder.json, keys in a fixed order."""
        fields = {
            "format_version": FORMAT_VERSION,
            "name": self.name,
            "dim": self.dim,
            "max_tokens": self.max_tokens,
            "pooling": self.pooling,
            "precision": self.precision,
            "prompts": {"query": self.query_prompt, "document": self.document_prompt},
            "source": self.source,
            "licence": self.licence,
            "sha256": dict(sorted(self.sha256.items())),
        }
        return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"


def read_settings(folder: Path) -> Settings:
    """Read encoder.json; without one, the max_seq_length, pooling and prompts of a sentence-transformers folder.

    Raises:
        EncoderError: a file is broken, a value is out of range, or encoder.json has a newer format.
    """
    path = folder / "encoder.json"
    if not path.is_file():
        query, document = foreign_prompts(folder)
        return Settings(
            name=folder.name,
            max_tokens=foreign_max_tokens(folder) or DEFAULT_MAX_TOKENS,
            pooling=foreign_pooling(folder),
            query_prompt=query,
            document_prompt=document,
        )
    fields = FileFields.read(path)
    version = fields.count("format_version")
    if version > FORMAT_VERSION:
        raise EncoderError(
            f"format_version {version} is newer than {FORMAT_VERSION}, the newest this version reads",
            where=str(path),
            next="update ltrr, or export the encoder again",
        )
    pooling = fields.text("pooling", "mean")
    if pooling not in ("graph", "mean", "cls"):
        raise fields.error("pooling", f"must be graph, mean or cls, not {pooling!r}")
    max_tokens = fields.count("max_tokens", DEFAULT_MAX_TOKENS)
    if max_tokens < FEWEST_TOKENS:
        raise fields.error("max_tokens", f"must be at least {FEWEST_TOKENS}, not {max_tokens}")
    prompts, hashes = fields.texts("prompts"), fields.texts("sha256")
    return Settings(
        name=fields.text("name", folder.name),
        dim=fields.count("dim", 0),
        max_tokens=max_tokens,
        pooling=cast("Literal['graph', 'mean', 'cls']", pooling),
        precision=fields.text("precision", "unknown"),
        query_prompt=prompts.get("query", ""),
        document_prompt=prompts.get("document", ""),
        source=fields.text("source", ""),
        licence=fields.text("licence", "unknown"),
        sha256=hashes,
    )


def foreign_max_tokens(folder: Path) -> int:
    """Return max_seq_length of sentence_bert_config.json, 0 where it is not said."""
    path = folder / "sentence_bert_config.json"
    if not path.is_file():
        return 0
    value = FileFields.read(path).count("max_seq_length", 0)
    return value if value >= FEWEST_TOKENS else 0


def foreign_pooling(folder: Path) -> Literal["mean", "cls"]:
    """Return the pooling of 1_Pooling/config.json, `mean` where it is not said.

    Raises:
        EncoderError: it is another one (max, last token …).
    """
    path = folder / "1_Pooling" / "config.json"
    if not path.is_file():
        return "mean"
    fields = FileFields.read(path)
    chosen = [key for key, value in fields.values.items() if key.startswith("pooling_mode") and value is True]
    if isinstance(fields.values.get("pooling_mode"), str):  # sentence-transformers from 5.2 writes one word
        chosen.append(f"pooling_mode_{fields.values['pooling_mode']}")
    if chosen in (["pooling_mode_cls_token"], ["pooling_mode_cls"]):
        return "cls"
    if chosen in (["pooling_mode_mean_tokens"], ["pooling_mode_mean"], []):
        return "mean"
    raise fields.error("pooling_mode", f"only mean and cls pooling are supported, not {', '.join(chosen)}")


def foreign_prompts(folder: Path) -> tuple[str, str]:
    """Return the query's and the document's prompt of config_sentence_transformers.json, empty where it has none."""
    path = folder / "config_sentence_transformers.json"
    if not path.is_file():
        return "", ""
    prompts = FileFields.read(path).texts("prompts")
    return prompts.get("query", ""), prompts.get("document", prompts.get("passage", ""))
