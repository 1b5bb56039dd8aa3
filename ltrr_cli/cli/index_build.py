"""`ltrr index build`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.cli.catalog_options import (
    BadOption,
    CatalogsArgument,
    GeneratedOption,
    GeneratorOption,
    NoSuggestOption,
    SilentOption,
    StrictOption,
    VectorsOption,
    standard_input,
)
from ltrr_cli.cli.options import IndexOption, JsonOption, files_of, index_to_build
from ltrr_cli.cli.rejected import PARTIAL, Rejected
from ltrr_cli.cli.text import left_out, notice, plural, safe, say, show_json

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.catalog import Overrides

BUILD_EPILOG = """\b
Examples:
  ltrr index build catalog.jsonl
  ltrr index build songs.csv artists.csv --index music.ltrr
  ltrr index build products.parquet --title-field name --text-field blurb
  ltrr index build 'parts/*.parquet' --dry-run
  ltrr index build artists.jsonl --vectors listening=artists.parquet
  ltrr index build papers.jsonl --sparse models/splade
  ltrr index build papers.jsonl --query-generator models/doc2query
  ltrr index build scraped.jsonl --bad left-out.jsonl
  zcat dump.gz | ltrr index build - --index dump.ltrr
"""


def _role(role: str, what: str) -> Any:
    return typer.Option(f"--{role}-field", metavar="FIELD", help=f"{what}; '' for none.", show_default=False)


def build(
    catalogs: CatalogsArgument,
    *,
    index: IndexOption = None,
    encoder: Annotated[
        str | None,
        typer.Option(metavar="DIR|ORG/MODEL", help="A folder or a hub name, not the built-in.", show_default=False),
    ] = None,
    id_field: Annotated[str | None, _role("id", "The id")] = None,
    title_field: Annotated[str | None, _role("title", "The title")] = None,
    text_field: Annotated[list[str] | None, _role("text", "A text (repeatable)")] = None,
    type_field: Annotated[str | None, _role("type", "The type")] = None,
    popularity_field: Annotated[str | None, _role("popularity", "The popularity")] = None,
    creator_field: Annotated[str | None, _role("creator", "Who made it")] = None,
    holdout: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            min=0,
            max=0.9,
            help="Never learn from this share of all queries, to measure on them.",
            show_default=False,
        ),
    ] = None,
    no_suggest: NoSuggestOption = False,
    vectors: VectorsOption = None,
    sparse: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="A folder with the model.onnx of a masked-language model (SPLADE); '' for none.",
            show_default=False,
        ),
    ] = None,
    query_generator: GeneratorOption = None,
    generated_queries: GeneratedOption = None,
    strict: StrictOption = False,
    bad: BadOption = None,
    private: Annotated[
        bool, typer.Option("--private", help="Nobody else may read it, now or later: directories 0700, files 0600.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check the catalogue, say what would be built, write nothing.")
    ] = False,
    quiet: SilentOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make an index from a catalogue, or make it anew.

    Which field is the id, the title and so on is inferred, and shown. Building anew keeps what was learned, until the
    new index is whole the old one answers, and ltrr index rollback goes back to it.

    Exit code 3 if records were left out: --bad has them all, else rejected-catalogue.jsonl in the index the first
    10,000, with line and reason.
    """
    from ltrr_cli.catalog import Overrides

    catalogs = files_of(catalogs)
    target = index_to_build(index, catalogs)
    roles = Overrides(
        id=id_field,
        title=title_field,
        text=None if text_field is None else tuple(name for name in text_field if name),
        type=type_field,
        popularity=popularity_field,
        creator=creator_field,
    )
    if dry_run:
        _dry_run(catalogs, target, roles, strict=strict, quiet=quiet, as_json=as_json)
        return
    from ltrr_cli.cli.built import show_built
    from ltrr_cli.cli.console import bars
    from ltrr_cli.engine import Engine

    rejected = Rejected("catalogue", target, bad, catalogs)
    with bars(quiet=quiet) as tell, rejected:
        built = Engine.build(
            catalogs,
            target,
            encoder=encoder,
            overrides=roles,
            strict=strict,
            holdout=holdout,
            suggest=not no_suggest,
            vectors=vectors or (),
            sparse=sparse,
            query_generator=query_generator,
            generated_queries=generated_queries,
            private=private,
            stdin=standard_input(),
            on_bad=rejected.add,
            progress=tell,
        )
    show_built(built, target, quiet=quiet, as_json=as_json)
    rejected.leave("bad record", tell=not as_json)


def _dry_run(catalogs: list[str], target: Path, roles: Overrides, *, strict: bool, quiet: bool, as_json: bool) -> None:
    """Read a catalogue, and show what a build would make of it."""
    from ltrr_cli.catalog import Catalog
    from ltrr_cli.cli.built import show_schema
    from ltrr_cli.cli.console import bars

    catalog = Catalog(catalogs, overrides=roles, strict=strict, stdin=standard_input())
    done = 0
    with bars(quiet=quiet) as tell:
        for count, _ in enumerate(catalog, 1):
            if count % 500 == 0:
                tell("reading", catalog.bytes_read - done, catalog.bytes_total)
                done = catalog.bytes_read
    row = {"index": str(target), "entities": catalog.read_count, "schema": catalog.schema.to_dict()}
    if as_json:
        show_json({**row, "bad_count": catalog.bad_count, "notes": list(catalog.notes), "dry_run": True})
    elif not quiet:
        say(f"{safe(target)} would hold {plural(catalog.read_count, 'entity', 'entities')}")
        show_schema(catalog.schema)
    if catalog.bad_count and not as_json:
        left_out(catalog.bad_count, "bad record", catalog.bad[0])
    for remark in () if quiet else catalog.notes:
        notice(f"note: {remark}")
    if catalog.bad_count:
        raise typer.Exit(PARTIAL)
