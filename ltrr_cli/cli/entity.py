"""An entity as people read it: `ltrr index show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.cli.text import safe, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.records import Entity, Value

_WIDTH = 12


def show_entity(entity: Entity, suggested: Sequence[tuple[str, str, float]]) -> None:
    """Print a line for each field; suggested values are marked."""
    rows = [("id", entity.id), ("type", entity.type), ("title", entity.title), ("text", entity.text)]
    if entity.popularity is not None:
        rows.append(("popularity", f"{entity.popularity:g}"))
    for name, values in entity.attributes.items():
        weights = entity.weights.get(name, ())
        told = [f"{_spoken(value)} {weight:g}" for value, weight in zip(values, weights, strict=False)]
        rows.append((name, ", ".join(told or map(_spoken, values))))
    rows += [(name, f"{value} {weight:.2f} (suggested: the text names it)") for name, value, weight in suggested]
    for name, told_of in rows:
        say(f"{safe(name):<{_WIDTH}} {safe(told_of) or '-'}")


def _spoken(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"
