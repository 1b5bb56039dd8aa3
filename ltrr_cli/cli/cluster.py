"""`ltrr cluster`: build and serve an index with the machines of a Ray cluster."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 – typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from ltrr_cli.cli.catalog_options import BadOption, NoSuggestOption, SilentOption, StrictOption  # noqa: TC001
from ltrr_cli.cli.options import JsonOption, files_of
from ltrr_cli.cli.rejected import Rejected
from ltrr_cli.cli.text import notice, plural, safe, say, show_json

if TYPE_CHECKING:
    from ltrr_cli.cluster.build import Built

app = typer.Typer(
    name="cluster", help="Several machines: shards built and searched side by side, by Ray.", no_args_is_help=True
)
AddressOption = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="The Ray cluster; by default RAY_ADDRESS, else one is started on this machine.",
        show_default=False,
    ),
]


@app.command(
    epilog="""\b
Examples:
  ltrr cluster build catalog.jsonl big.ltrr --shards 8
  ltrr cluster build 'p/*.jsonl' big.ltrr --shards 64 --address 10.0.0.1:6379
"""
)
def build(
    catalogs: Annotated[
        list[str], typer.Argument(metavar="CATALOG", help="JSONL, CSV or Parquet files, also compressed.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The index, where every machine sees it.")],
    *,
    shards: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="Parts, by the hash of the id.")],
    address: AddressOption = None,
    encoder: Annotated[
        str | None,
        typer.Option(metavar="DIR|ORG/MODEL", help="A folder or a hub name, not the built-in.", show_default=False),
    ] = None,
    no_suggest: NoSuggestOption = False,
    strict: StrictOption = False,
    bad: BadOption = None,
    quiet: SilentOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build an index in shards, each by a task somewhere.

    Whatever dies meanwhile, the same command goes on where it was, and of finished shards nothing is done again. What
    comes of it is an index like any other, and each of its shards is one, too.
    """
    from ltrr_cli.cli.console import bars
    from ltrr_cli.cluster.build import build_cluster

    catalogs = files_of(catalogs)
    rejected = Rejected("catalogue", out, bad, catalogs)
    with bars(quiet=quiet) as tell, rejected:
        built = build_cluster(
            catalogs,
            out,
            shards=shards,
            address=address,
            encoder=encoder,
            strict=strict,
            suggest=not no_suggest,
            on_bad=rejected.add,
            progress=tell,
        )
        rejected.before(built.bad_count)
    _show(built, out, quiet=quiet, as_json=as_json)
    rejected.leave("bad record", tell=not as_json)


def _show(built: Built, out: Path, *, quiet: bool, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        show_json({"index": str(out), **asdict(built)})
        return
    for remark in () if quiet else built.notes:
        notice(f"note: {remark}")
    if not quiet:
        say(f"{safe(out)}: {plural(built.entities, 'entity', 'entities')} in {plural(built.shards, 'shard')}")
        if built.skipped and built.made:
            say(f"  {plural(built.skipped, 'shard')} had been finished before")
        say(f"Next: ltrr query some words --cluster {safe(out)}")


@app.command(
    epilog="""\b
Examples:
  ltrr cluster serve /shared/big.ltrr --address 10.0.0.1:6379
  RAY_ADDRESS=10.0.0.1:6379 ltrr query love --cluster /shared/big.ltrr
"""
)
def serve(
    index: Annotated[Path, typer.Argument(metavar="DIR", help="An index, where every machine sees it.")],
    *,
    address: AddressOption = None,
    replicas: Annotated[
        int, typer.Option(metavar="N", min=1, max=16, help="Replicas of each shard, on different machines.")
    ] = 2,
    quiet: SilentOption = False,
) -> None:
    """Keep replicas of an index's shards open, for all who query it with --cluster.

    It ends, and they with it, on Ctrl-C or SIGTERM. A new generation of the index gets new replicas by itself.
    """
    from ltrr_cli.cluster.router import serving

    def tell(segments: int) -> None:
        if not quiet:
            notice(f"{safe(index)}: {plural(replicas * segments, 'replica')} of {plural(segments, 'shard')} are open")

    serving(index, address=address, replicas=replicas, tell=tell)
