"""`ltrr index add`, `update`, `delete` and `rollback`: a catalogue that changes."""

from __future__ import annotations

from typing import Annotated

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
from ltrr_cli.cli.options import IndexOption, JsonOption, files_of, find_index
from ltrr_cli.cli.rejected import Rejected
from ltrr_cli.cli.text import notice, plural, say, show_json
from ltrr_cli.errors import UsageError

ADD_EPILOG = """\b
Examples:
  ltrr index add new-songs.jsonl
  tail -n 100 catalog.jsonl | ltrr index add -
"""
UPDATE_EPILOG = """\b
Examples:
  ltrr index update prices.csv
  echo '{"id": "s1", "year": 1965, "label": null}' | ltrr index update -
  ltrr index export | jq -c '{id, new: (.year > 2000)}' | ltrr index update -
"""
DELETE_EPILOG = """\b
Examples:
  ltrr index delete song:yesterday song:hey-jude
  ltrr index export | jq -r 'select(.year < 1950) | .id' | ltrr index delete -
"""
ROLLBACK_EPILOG = """\b
Examples:
  ltrr index rollback
  ltrr index info --json | jq .before
"""


def add(
    catalogs: CatalogsArgument,
    *,
    index: IndexOption = None,
    no_suggest: NoSuggestOption = False,
    vectors: VectorsOption = None,
    query_generator: GeneratorOption = None,
    generated_queries: GeneratedOption = None,
    strict: StrictOption = False,
    bad: BadOption = None,
    quiet: SilentOption = False,
    as_json: JsonOption = False,
) -> None:
    """Add entities; one with an id that is there replaces it whole: see update.

    Exit code 3 if records were left out, see ltrr index build.
    """
    target, files = find_index(index), files_of(catalogs)
    from ltrr_cli.cli.built import show_built
    from ltrr_cli.cli.console import bars
    from ltrr_cli.engine import Engine

    rejected = Rejected("catalogue", target, bad, files)
    with bars(quiet=quiet) as tell, rejected:
        built = Engine.build(
            files,
            target,
            strict=strict,
            add=True,
            suggest=not no_suggest,
            vectors=vectors or (),
            query_generator=query_generator,
            generated_queries=generated_queries,
            stdin=standard_input(),
            on_bad=rejected.add,
            progress=tell,
        )
    show_built(built, target, quiet=quiet, as_json=as_json)
    rejected.leave("bad record", tell=not as_json)


def update(
    catalogs: CatalogsArgument,
    *,
    index: IndexOption = None,
    strict: StrictOption = False,
    bad: BadOption = None,
    quiet: SilentOption = False,
    as_json: JsonOption = False,
) -> None:
    """Change some fields of entities.

    What a record does not name stays as it is. A record has the id and the fields to change, called as in the
    catalogue, or as ltrr index export writes them. A field that is null, or an empty cell, is emptied, a new one
    becomes an attribute. Of an object, {"price": {"eur": 3}}, the field price.eur changes, in place of a price without
    it. An id that the index does not have is a bad record, and so is a value that it cannot hold; exit code 3 if there
    were any.
    """
    target, files = find_index(index), files_of(catalogs)
    from dataclasses import asdict

    from ltrr_cli.cli.console import bars
    from ltrr_cli.engine import Engine

    rejected = Rejected("catalogue", target, bad, files)
    with bars(quiet=quiet) as tell, rejected:
        done = Engine.update(files, target, strict=strict, stdin=standard_input(), on_bad=rejected.add, progress=tell)
    if as_json:
        show_json(asdict(done))
    elif not quiet:
        same = f", {done.unchanged:,} were like this already" if done.unchanged else ""
        say(f"changed {plural(done.changed, 'entity', 'entities')}{same}; {done.encoded:,} encoded")
    for remark in () if quiet else done.notes:
        notice(f"note: {remark}")
    rejected.leave("bad record", tell=not as_json)


def delete(
    ids: Annotated[
        list[str], typer.Argument(metavar="ID", help="The ids of entities; - is stdin, which has one on each line.")
    ],
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete entities. Exit code 3 if the index does not have some of them, 1 if it has none."""
    path = find_index(index)
    from ltrr_cli.engine import Engine

    wanted = list(dict.fromkeys(one for word in ids for one in (_listed() if word == "-" else [word])))
    missing = Engine.delete(path, wanted)
    deleted = len(wanted) - len(missing)
    for entity_id in missing:
        notice(f"not in the index: {entity_id}")
    if as_json:
        show_json({"deleted": deleted, "missing": missing})
    else:
        say(f"deleted {plural(deleted, 'entity', 'entities')}")
    if missing:
        raise typer.Exit(3 if deleted else 1)


def _listed() -> list[str]:
    """Return the ids on standard input, one a line."""
    source = standard_input()
    lines = [] if source is None else source.read().decode("utf-8", "replace").split("\n")
    found = [one for line in lines if (one := line.removesuffix("\r"))]
    if not found:
        raise UsageError("no ids on stdin", next="write one on each line, or give them as arguments")
    return found


def rollback(*, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Go back to the catalogue before the last change.

    That is the last build, add, update or delete; a second rollback takes the first back. What was learned stays. One
    earlier catalogue is kept: its segments, as far as the live one does not share them, take room (ltrr index info
    says how much) until the next change or ltrr index compact, which keeps none.
    """
    from dataclasses import asdict

    path = find_index(index)
    from ltrr_cli.engine import Engine

    done = Engine.rollback(path)
    if as_json:
        show_json(asdict(done))
    else:
        entities = plural(done.entities, "entity", "entities")
        say(f"back to the catalogue of generation {done.generation}: {entities}, before {done.before:,}")
