"""What a build did: counts, the schema, what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.cli.text import notice, plural, safe, say, show_json

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.catalog.schema import Schema
    from ltrr_cli.engine.build import Built


def show_built(built: Built, target: Path, *, quiet: bool, as_json: bool) -> None:
    """Print what a build or an add did, and on standard error what there is to know of it."""
    from dataclasses import asdict

    if as_json:
        row = {"index": str(target), **asdict(built), "schema": built.schema.to_dict()}
        show_json(row)
    elif not quiet:
        _show_counts(built, target)
    if built.suggested and not quiet:
        whom = plural(built.suggested_for, "entity", "entities")
        what = plural(built.suggested, "value is", "values are")
        notice(
            f"note: {what} suggested for {whom}, from their texts; ltrr index show ID tells which, --no-suggest none"
        )
    if not quiet:
        for remark in built.notes:
            notice(f"note: {remark}")


def _show_counts(built: Built, target: Path) -> None:
    say(f"{safe(target)}: {plural(built.entities, 'entity', 'entities')}")
    show_schema(built.schema)
    reused = f", {built.reused:,} taken over" if built.reused else ""
    passages = f"; {built.passages:,} of passages of long texts" if built.passages else ""
    say(f"  {'vectors':<11} {built.encoded:,} encoded{reused}{passages}")
    if built.generated:
        say(f"  {'generated':<11} {plural(built.generated, 'query', 'queries')}")
    if built.removed:
        say(f"  {'removed':<11} {built.removed:,} entities that the index had before are not in this catalogue")
    say(f"Next: ltrr query some words --index {safe(target)}")


def show_schema(schema: Schema) -> None:
    """Print which field plays which role."""
    roles = {"id": schema.id or "(made from the content)", "title": schema.title, "text": ", ".join(schema.text)}
    roles |= {"type": schema.type, "popularity": schema.popularity, "creator": schema.creator}
    for role, field in roles.items():
        say(f"  {role:<11} {safe(field) or '-'}")
    say(f"  {'attributes':<11} {safe(', '.join(schema.attributes)) or '-'}")
    for field, role in schema.also:
        say(f"  {role:<11} {safe(field)}, where a record has no other")
    if schema.amounts:
        say(f"  {'amounts':<11} {safe(', '.join(name for name, _ in schema.amounts))}: texts, read as numbers")
    if schema.html:
        say(f"  {'html':<11} {safe(', '.join(schema.html))}: without its tags")
    for field, reason in schema.ignored:
        say(f"  {'ignored':<11} {safe(field)}: {safe(reason)}")
