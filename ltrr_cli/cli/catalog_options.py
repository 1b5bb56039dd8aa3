"""Options that `ltrr index build`, `add` and `update` share: what is read, what is made of it, what is left out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

CatalogsArgument = Annotated[
    list[str], typer.Argument(metavar="CATALOG", help="JSONL, CSV or Parquet files, also compressed; - is stdin.")
]
VectorsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--vectors",
        metavar="[NAME=]FILE",
        help="Vectors made elsewhere, id and vector, as JSONL, Parquet or .npy beside .ids.txt (repeatable); "
        "NAME= drops them.",
        show_default=False,
    ),
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Stop at the first bad record.")]
BadOption = Annotated[
    Path | None,
    typer.Option("--bad", metavar="FILE", help="Write here which records were left out, and why.", show_default=False),
]
SilentOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars; print nothing but errors.")]
NoSuggestOption = Annotated[
    bool, typer.Option("--no-suggest", help="Suggest no values that an entity's text names for it.")
]
GeneratorOption = Annotated[
    str | None,
    typer.Option(
        "--query-generator",
        metavar="DIR",
        help="A folder with the encoder_model.onnx and decoder_model.onnx of a doc2query model, used now and not kept; "
        "'' drops what one made before.",
        show_default=False,
    ),
]
GeneratedOption = Annotated[
    int | None,
    typer.Option(
        "--generated-queries",
        metavar="N",
        min=1,
        max=20,
        help="At most so many generated queries for an entity, by default 3.",
        show_default=False,
    ),
]


def standard_input() -> BinaryIO | None:
    """Return standard input's bytes, None where there is none."""
    return sys.stdin.buffer if sys.stdin is not None else None
