"""`ltrr index fields|export|compact|encode`: looking into an index, its catalogue, one segment of many, its vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.cli.options import IndexOption, JsonOption, QuietOption, find_index
from ltrr_cli.cli.text import dumps, plural, safe, say, show_json

if TYPE_CHECKING:
    from ltrr_cli.engine.fields import Field
    from ltrr_cli.records import Entity


def fields(*, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show the fields of the entities: how many have them, how many values there are, the most frequent ones."""
    from dataclasses import asdict

    path = find_index(index)
    from ltrr_cli.engine import Engine
    from ltrr_cli.engine.fields import fields as fields_of

    with Engine.open(path) as engine:
        total, found = fields_of(engine.entities())
    if as_json:
        show_json({"entities": total, "fields": [asdict(one) for one in found]})
        return
    from ltrr_cli.cli.tables import show
    from ltrr_cli.evaluation.chart import Table

    rows = [
        (one.name, f"{one.entities / total:.0%}", "number" if one.numeric else "text", _distinct(one), _frequent(one))
        for one in found
    ]
    show(
        Table(
            caption=plural(total, "entity", "entities"),
            header=("field", "have it", "kind", "distinct", "most frequent"),
            rows=tuple(rows),
            numeric=(1, 3),
        )
    )


def export(*, index: IndexOption = None) -> None:
    """Write the catalogue as JSON lines, in the order of the index: what was deleted or replaced is left out.

    Building an index from it gives the same entities again.
    """
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        for entity in engine.entities():
            say(dumps(_row(entity)))


def compact(*, index: IndexOption = None, quiet: QuietOption = False, as_json: JsonOption = False) -> None:
    """Merge all segments into one, as if the index were built anew; vectors and what was learned are kept."""
    from dataclasses import asdict

    path = find_index(index)
    from ltrr_cli.cli.console import bars
    from ltrr_cli.engine import Engine

    with bars(quiet=quiet) as tell:
        done = Engine.compact(path, progress=tell)
    if as_json:
        show_json(asdict(done))
    elif done.segments <= 1 and not done.removed:
        say(f"{safe(path)} is compact: one segment, nothing deleted")
    else:
        gone = f", {done.removed:,} deleted or replaced ones removed" if done.removed else ""
        say(f"{plural(done.segments, 'segment')} → 1: {plural(done.entities, 'entity', 'entities')}{gone}")


def encode(*, index: IndexOption = None, quiet: QuietOption = False, as_json: JsonOption = False) -> None:
    """Compute the vectors that a build which was stopped did not come to; stopped itself, it goes on when called again.

    Until then the index answers without them.
    """
    path = find_index(index)
    from ltrr_cli.cli.console import bars
    from ltrr_cli.engine import Engine

    with bars(quiet=quiet) as tell:
        encoded = Engine.encode(path, progress=tell)
    if as_json:
        show_json({"encoded": encoded})
    else:
        say(f"{plural(encoded, 'text')} encoded" if encoded else f"{safe(path)} has all its vectors")


def _row(entity: Entity) -> dict[str, Any]:
    row: dict[str, Any] = {"id": entity.id}
    row |= {name: value for name in ("type", "title", "text") if (value := getattr(entity, name))}
    if entity.popularity is not None:
        row["popularity"] = _number(entity.popularity)
    for name, values in entity.attributes.items():
        plain = [_number(value) if isinstance(value, float) else value for value in values]
        weights = entity.weights.get(name)
        one = plain[0] if len(plain) == 1 else plain
        row.setdefault(name, one if weights is None else dict(zip(map(str, plain), weights, strict=True)))
    return row


def _number(value: float) -> float | int:
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _distinct(one: Field) -> str:
    return f"{'≥ ' if one.capped else ''}{one.distinct:,}"


def _frequent(one: Field) -> str:
    if one.distinct == one.values:  # all differ: a few examples
        return "; ".join(_short(value) for value, _ in one.frequent[:2])
    return "; ".join(f"{_short(value)} ({count:,})" for value, count in one.frequent)


def _short(value: object) -> str:
    text = safe(f"{value:g}" if isinstance(value, float) else value)
    return text if len(text) <= 24 else text[:23] + "…"
