"""`ltrr index`: build an index, add to it, delete from it, look at it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.cli import index_more, integrity
from ltrr_cli.cli.options import IndexOption, JsonOption, files_of, find_index, index_to_build
from ltrr_cli.cli.text import dumps, left_out, notice, plural, safe, say, show_json
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ltrr_cli.catalog import Overrides
    from ltrr_cli.catalog.schema import Schema
    from ltrr_cli.engine.build import Built
    from ltrr_cli.records import Bad

app = typer.Typer(name="index", help="Build an index, add to it, delete from it, look at it.", no_args_is_help=True)

_Catalogs = Annotated[
    list[str], typer.Argument(metavar="CATALOG", help="JSONL, CSV or Parquet files, also compressed; - is stdin.")
]
_Vectors = Annotated[
    list[str] | None,
    typer.Option(
        "--vectors",
        metavar="[NAME=]FILE",
        help="Vectors made elsewhere, id and vector, as JSONL, Parquet or .npy beside .ids.txt (repeatable); "
        "NAME= drops them.",
        show_default=False,
    ),
]
_Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first bad record.")]
_Bad = Annotated[
    Path | None,
    typer.Option("--bad", metavar="FILE", help="Write here which records were left out, and why.", show_default=False),
]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars; print nothing but errors.")]

_NoSuggest = Annotated[bool, typer.Option("--no-suggest", help="Suggest no values that an entity's text names for it.")]

_Generator = Annotated[
    str | None,
    typer.Option(
        "--query-generator",
        metavar="DIR",
        help="A folder with the encoder_model.onnx and decoder_model.onnx of a doc2query model, used now and not kept; "
        "'' drops what one made before.",
        show_default=False,
    ),
]
_Generated = Annotated[
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


def _role(role: str, what: str) -> Any:
    return typer.Option(f"--{role}-field", metavar="FIELD", help=f"{what}; '' for none.", show_default=False)


@app.command(
    epilog="""\b
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
)
def build(
    catalogs: _Catalogs,
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
    no_suggest: _NoSuggest = False,
    vectors: _Vectors = None,
    sparse: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="A folder with the model.onnx of a masked-language model (SPLADE); '' for none.",
            show_default=False,
        ),
    ] = None,
    query_generator: _Generator = None,
    generated_queries: _Generated = None,
    strict: _Strict = False,
    bad: _Bad = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check the catalogue, say what would be built, write nothing.")
    ] = False,
    quiet: _Quiet = False,
    as_json: JsonOption = False,
) -> None:
    """Make an index from a catalogue, or make it anew.

    Which field is the id, the title and so on is inferred, and shown. Building anew keeps what was learned, and until
    the new index is whole the old one answers.
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
    built = _build(
        catalogs,
        target,
        encoder=encoder,
        roles=roles,
        strict=strict,
        bad=bad,
        quiet=quiet,
        holdout=holdout,
        suggest=not no_suggest,
        vectors=vectors,
        sparse=sparse,
        query_generator=query_generator,
        generated_queries=generated_queries,
    )
    _show(built, target, quiet=quiet, as_json=as_json)


@app.command(
    epilog="""\b
Examples:
  ltrr index add new-songs.jsonl
  tail -n 100 catalog.jsonl | ltrr index add -
"""
)
def add(
    catalogs: _Catalogs,
    *,
    index: IndexOption = None,
    no_suggest: _NoSuggest = False,
    vectors: _Vectors = None,
    query_generator: _Generator = None,
    generated_queries: _Generated = None,
    strict: _Strict = False,
    bad: _Bad = None,
    quiet: _Quiet = False,
    as_json: JsonOption = False,
) -> None:
    """Add a catalogue's entities; those with an id that the index has replace it."""
    target = find_index(index)
    built = _build(
        files_of(catalogs),
        target,
        encoder=None,
        roles=None,
        strict=strict,
        bad=bad,
        add=True,
        quiet=quiet,
        suggest=not no_suggest,
        vectors=vectors,
        query_generator=query_generator,
        generated_queries=generated_queries,
    )
    _show(built, target, quiet=quiet, as_json=as_json)


@app.command(
    epilog="""\b
Examples:
  ltrr index delete song:yesterday song:hey-jude
"""
)
def delete(
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="The ids of entities.")],
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete entities. Exit code 1 if the index has none of them."""
    path = find_index(index)
    from ltrr_cli.engine import Engine

    wanted = list(dict.fromkeys(ids))
    missing = Engine.delete(path, wanted)
    deleted = len(wanted) - len(missing)
    for entity_id in missing:
        notice(f"not in the index: {entity_id}")
    if as_json:
        show_json({"deleted": deleted, "missing": missing})
    else:
        say(f"deleted {plural(deleted, 'entity', 'entities')}")
    if not deleted:
        raise typer.Exit(1)


@app.command(
    epilog="""\b
Examples:
  ltrr index info
  ltrr index info --json | jq .arms
"""
)
def info(*, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show what an index holds and what it has learned."""
    from dataclasses import asdict

    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        found = engine.info()
    if as_json:
        show_json(asdict(found))
        return
    from ltrr_cli.cli.console import make_console
    from ltrr_cli.cli.info import show_info

    show_info(make_console(), found)


@app.command(
    epilog="""\b
Examples:
  ltrr index show song:yesterday
  ltrr index show song:yesterday --json | jq .suggested
"""
)
def show(
    entity_id: Annotated[str, typer.Argument(metavar="ID", help="The id of an entity.")],
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an entity: its fields, the weights of its values, and what was suggested for it."""
    from ltrr_cli.cli.entity import entity_json, show_entity
    from ltrr_cli.errors import UsageError

    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        entity, suggested = engine.entity(entity_id), engine.suggestions(entity_id)
    if entity is None:
        raise UsageError(f"the index has no entity {entity_id[:80]!r}", where=str(path))
    if as_json:
        show_json(entity_json(entity, suggested))
    else:
        show_entity(entity, suggested)


app.command(epilog=integrity.VERIFY_EPILOG)(integrity.verify)
app.command(epilog=integrity.REPAIR_EPILOG)(integrity.repair)
app.command(epilog=integrity.ADOPT_EPILOG)(integrity.adopt)


for _name, _command, _examples in (
    ("fields", index_more.fields, "ltrr index fields\n  ltrr index fields --json | jq '.fields[].name'"),
    ("export", index_more.export, "ltrr index export > catalog.jsonl"),
    ("compact", index_more.compact, "ltrr index compact"),
    ("encode", index_more.encode, "ltrr index encode"),
):
    app.command(name=_name, epilog=f"\b\nExamples:\n  {_examples}\n")(_command)


def _build(
    catalogs: list[str],
    target: Path,
    *,
    encoder: str | None,
    roles: Overrides | None,
    strict: bool,
    bad: Path | None,
    quiet: bool,
    add: bool = False,
    holdout: float | None = None,
    suggest: bool = True,
    vectors: list[str] | None = None,
    sparse: str | None = None,
    query_generator: str | None = None,
    generated_queries: int | None = None,
) -> Built:
    from ltrr_cli.cli.console import bars
    from ltrr_cli.engine import Engine

    stdin = sys.stdin.buffer if sys.stdin is not None else None
    with bars(quiet=quiet) as tell, _bad_file(bad, catalogs) as on_bad:
        return Engine.build(
            catalogs,
            target,
            encoder=encoder,
            overrides=roles,
            strict=strict,
            add=add,
            holdout=holdout,
            suggest=suggest,
            vectors=vectors or (),
            sparse=sparse,
            query_generator=query_generator,
            generated_queries=generated_queries,
            stdin=stdin,
            on_bad=on_bad,
            progress=tell,
        )


@contextmanager
def _bad_file(path: Path | None, catalogs: list[str]) -> Iterator[Callable[[Bad], None] | None]:
    """Give a function that writes a line for each record that is left out; None where nobody wants to know."""
    if path is None:
        yield None
        return
    if path.exists() and any(name != "-" and Path(name).exists() and path.samefile(name) for name in catalogs):
        raise UsageError("this file is read, bad records cannot be written to it", where=str(path), next="name another")
    with path.open("w") as out:
        yield lambda bad: print(dumps({"source": bad.source, "line": bad.line, "reason": bad.reason}), file=out)


def _dry_run(catalogs: list[str], target: Path, roles: Overrides, *, strict: bool, quiet: bool, as_json: bool) -> None:
    """Read a catalogue, and show what a build would make of it."""
    from ltrr_cli.catalog import Catalog
    from ltrr_cli.cli.console import bars

    catalog = Catalog(catalogs, overrides=roles, strict=strict, stdin=sys.stdin.buffer if sys.stdin else None)
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
        _show_schema(catalog.schema)
    if catalog.bad_count and not as_json:
        left_out(catalog.bad_count, "bad record", catalog.bad[0])
    for remark in () if quiet else catalog.notes:
        notice(f"note: {remark}")


def _show(built: Built, target: Path, *, quiet: bool, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        row = {"index": str(target), **asdict(built), "schema": built.schema.to_dict()}
        show_json(row)
    elif not quiet:
        _show_built(built, target)
    if built.bad_count and not as_json:
        left_out(built.bad_count, "bad record", built.bad[0])
    if built.suggested and not quiet:
        whom = plural(built.suggested_for, "entity", "entities")
        what = plural(built.suggested, "value is", "values are")
        notice(
            f"note: {what} suggested for {whom}, from their texts; ltrr index show ID tells which, --no-suggest none"
        )
    if not quiet:
        for remark in built.notes:
            notice(f"note: {remark}")


def _show_built(built: Built, target: Path) -> None:
    say(f"{safe(target)}: {plural(built.entities, 'entity', 'entities')}")
    _show_schema(built.schema)
    reused = f", {built.reused:,} taken over" if built.reused else ""
    passages = f"; {built.passages:,} of passages of long texts" if built.passages else ""
    say(f"  {'vectors':<11} {built.encoded:,} encoded{reused}{passages}")
    if built.generated:
        say(f"  {'generated':<11} {plural(built.generated, 'query', 'queries')}")
    if built.removed:
        say(f"  {'removed':<11} {built.removed:,} entities that the index had before are not in this catalogue")
    say(f"Next: ltrr query some words --index {safe(target)}")


def _show_schema(schema: Schema) -> None:
    roles = {"id": schema.id or "(made from the content)", "title": schema.title, "text": ", ".join(schema.text)}
    roles |= {"type": schema.type, "popularity": schema.popularity, "creator": schema.creator}
    for role, field in roles.items():
        say(f"  {role:<11} {safe(field) or '-'}")
    say(f"  {'attributes':<11} {safe(', '.join(schema.attributes)) or '-'}")
    for field, reason in schema.ignored:
        say(f"  {'ignored':<11} {safe(field)}: {safe(reason)}")
