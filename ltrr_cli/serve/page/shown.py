"""What a result shows of its entity: the title and some of the text with the query's words marked, and short fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.wire.text import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.engine import Engine
    from ltrr_cli.records import Entity, Result, Value

_READ = 4_000
"""Characters of a text in which words are looked for."""
_FIRST = 600
"""Characters of a text in which they are looked for at first."""
_SNIPPET = 170
_LEAD = 50
"""Characters before the first marked word."""
_FACTS = 3
_VALUES = 3
_SHORT = 40

Marks = list[tuple[int, int]]
Pieces = list[tuple[str, bool]]
"""A text cut where marks begin and end: (piece, whether it is marked). Offsets would count differently in a browser."""


def shown(engine: Engine, query: str, result: Result) -> dict[str, Any]:
    """Return `title` and `text` as pieces, and `facts`, a few short texts; all are `safe`."""
    title = safe(result.title or result.id)
    text = safe((result.passage or result.text)[:_READ])
    in_title, in_text = _marks(engine, query, title, text[:_FIRST])
    if not in_text and (result.passage or len(text) > _FIRST):  # nearest in meaning, or later in the text
        whole = safe(result.text[:_READ])
        in_text = engine.marks(query, whole)
        text = whole if in_text else text
    entity = engine.entity(result.id)
    return {
        "title": pieces(title, in_title),
        "text": [] if text == title else snippet(text, in_text),
        "facts": [] if entity is None else facts(engine, entity),
    }


def _marks(engine: Engine, query: str, title: str, text: str) -> tuple[Marks, Marks]:
    """Return where words of the query stand in both, which are looked at together: to read the query takes longest."""
    start = len(title) + 1
    found = engine.marks(query, f"{title}\n{text}")
    in_text = [(low - start, high - start) for low, high in found if low >= start]
    return [one for one in found if one[1] < start], in_text


def facts(engine: Engine, entity: Entity) -> list[str]:
    """Return the few attributes that say most without their names: years first, then short texts that are no ids."""
    years, texts = [], []
    for values in entity.attributes.values():
        plain = [value_text(value) for value in values[:_VALUES]]
        if len(values) == 1 and not isinstance(values[0], str) and values[0].is_integer() and 1000 <= values[0] <= 2100:
            years += plain
        elif len(values) <= _VALUES and all(isinstance(one, str) and 0 < len(one) <= _SHORT for one in values):
            texts += [", ".join(plain)] if values and not _is_reference(engine, values[0]) else []
    return [*years[:1], *texts[:_FACTS]]


def _is_reference(engine: Engine, value: Value) -> bool:
    """Whether a value is another entity's id: that is no word for people."""
    return isinstance(value, str) and " " not in value and value in engine


def value_text(value: Value) -> str:
    """Return a value of an attribute as text; whole numbers without a decimal point."""
    return safe(value) if isinstance(value, str) else f"{value:.15g}"


def pieces(text: str, marks: Sequence[tuple[int, int]]) -> Pieces:
    """Cut a text where the marks (start, end), ascending and apart, begin and end."""
    found: Pieces = []
    at = 0
    for start, end in marks:
        found += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [piece for piece in [*found, (text[at:], False)] if piece[0]]


def snippet(text: str, marks: Sequence[tuple[int, int]], size: int = _SNIPPET) -> Pieces:
    """Return about `size` characters of the text as pieces, from shortly before where most marks stand together."""
    start = _densest(marks, size - _LEAD)
    start = 0 if start <= _LEAD or len(text) <= size else text.rfind(" ", 0, start - _LEAD // 2) + 1
    end = len(text) if len(text) - start <= size else max(text.rfind(" ", start, start + size), start + size // 2)
    inside = [(max(low, start) - start, min(high, end) - start) for low, high in marks if low < end and high > start]
    found = pieces(text[start:end], inside)
    before: Pieces = [("… ", False)] if start else []
    after: Pieces = [(" …", False)] if end < len(text) else []
    return [*before, *found, *after]


def _densest(marks: Sequence[tuple[int, int]], width: int) -> int:
    """Return where the mark begins after which, within `width` characters, most marks end; 0 without any."""
    best, most, last = 0, 0, 0
    for number, (start, _) in enumerate(marks):
        last = max(last, number)
        while last < len(marks) and marks[last][1] <= start + width:
            last += 1
        if last - number > most:
            best, most = start, last - number
    return best
