"""`ltrr encoder`: look at an encoder, export one, measure its speed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 (typer reads the annotations)
from typing import Annotated

import typer

from ltrr_cli.cli.text import safe, show_json

app = typer.Typer(
    name="encoder",
    help="Look at the encoder that turns texts into vectors, export another model, measure its speed.",
    no_args_is_help=True,
)

_EncoderOption = Annotated[
    str | None,
    typer.Option(
        "--encoder", metavar="DIR|ORG/MODEL", help="A folder or a hub name; by default the encoder in the package."
    ),
]
_JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class PrecisionChoice(StrEnum):
    """How weights are stored."""

    INT8 = "int8"
    FP32 = "fp32"


@app.command()
def info(encoder: _EncoderOption = None, as_json: _JsonOption = False) -> None:
    """Show an encoder's name, vector width, longest text, size, hash and licence.

    For example:

        ltrr encoder info

        ltrr encoder info --encoder ./my-encoder --json
    """
    from ltrr_cli.encoder import Encoder, encoder_folder
    from ltrr_cli.encoder.source import encoder_files

    opened = Encoder.open(encoder_folder(encoder))
    settings = opened.settings
    _show(
        {
            "name": settings.name,
            "dim": opened.dim,
            "max_tokens": opened.max_tokens,
            "bytes": sum(path.stat().st_size for path in encoder_files(opened.folder).values()),
            "sha256": opened.sha256,
            "precision": settings.precision,
            "licence": settings.licence,
            "source": settings.source,
            "folder": str(opened.folder),
        },
        as_json=as_json,
    )


@app.command()
def export(
    model_dir: Annotated[Path, typer.Argument(help="A sentence-transformers folder of a BERT model.")],
    out: Annotated[Path, typer.Argument(help="The new encoder's folder.")],
    *,
    precision: Annotated[
        PrecisionChoice, typer.Option(help="int8 is a quarter of fp32's size, at a cosine of .99 or more to it.")
    ] = PrecisionChoice.INT8,
    name: Annotated[str, typer.Option(help="What to call it; the folder's name by default.")] = "",
    source: Annotated[str, typer.Option(help="Where the model came from.")] = "",
    licence: Annotated[str, typer.Option(help="Its licence; the model card's by default.")] = "",
    as_json: _JsonOption = False,
) -> None:
    """Make an encoder from a sentence-transformers folder (config.json, model.safetensors, tokenizer.json).

    Needs the extra named export (onnx, safetensors). The same model gives the same bytes.

    For example:

        ltrr encoder export ./bge-small-en-v1.5 ./my-encoder

        ltrr encoder export ./all-MiniLM-L6-v2 ./exact --precision fp32
    """
    from ltrr_cli.encoder import encoder_digest
    from ltrr_cli.encoder.export import export_encoder

    settings = export_encoder(model_dir, out, precision=precision.value, name=name, source=source, licence=licence)
    _show(
        {
            "folder": str(out),
            "name": settings.name,
            "dim": settings.dim,
            "max_tokens": settings.max_tokens,
            "precision": settings.precision,
            "bytes": sum(path.stat().st_size for path in out.iterdir()),
            "sha256": encoder_digest(out),
        },
        as_json=as_json,
    )


@app.command()
def bench(
    encoder: _EncoderOption = None,
    texts: Annotated[int, typer.Option(min=10, help="How many titles; a tenth as many passages.")] = 1000,
    threads: Annotated[int, typer.Option(min=1, help="Batches computed at once.")] = 2,
    as_json: _JsonOption = False,
) -> None:
    """Measure how many short and long texts a second an encoder does, and the milliseconds of one query.

    For example:

        ltrr encoder bench

        ltrr encoder bench --encoder ./my-encoder --texts 200 --threads 1 --json
    """
    from dataclasses import asdict

    from ltrr_cli.encoder import Encoder, encoder_folder
    from ltrr_cli.encoder.bench import measure

    opened = Encoder.open(encoder_folder(encoder), threads=threads)
    speed = asdict(measure(opened, texts=texts, threads=threads))
    labels = {"titles": "titles_per_second", "passages": "passages_per_second"}
    rounded = {labels.get(key, key): round(value, 2) for key, value in speed.items()}
    _show({"name": opened.settings.name, **rounded}, as_json=as_json)


def _show(fields: dict[str, str | int | float], *, as_json: bool) -> None:
    """Print one record: as JSON, or as a two-column table."""
    if as_json:
        show_json(fields)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in fields.items():
        table.add_row(key.replace("_", " "), f"{value:,}" if isinstance(value, int) else safe(value))
    Console(markup=False, highlight=False).print(table)
