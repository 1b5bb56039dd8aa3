"""One entity, all of it, and what has to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.serve.page.shown import value_text
from ltrr_cli.wire.text import safe

if TYPE_CHECKING:
    from ltrr_cli.engine import Engine

_TEXT = 20_000
_VALUES = 50
_RELATED = 6
_LINKS = ("https://", "http://")


def entity_page(engine: Engine, entity_id: str) -> dict[str, Any] | None:
    """Return what a page of an entity shows, all texts `safe`; None where the index does not have it.

    `fields` are [name, [value, …]]; `link` is the first value that is an address of the web, else "".
    """
    entity = engine.entity(entity_id)
    if entity is None:
        return None
    values = [value for own in entity.attributes.values() for value in own if isinstance(value, str)]
    links = [value for value in values if value.startswith(_LINKS) and not any(one.isspace() for one in value)]
    related = engine.related(entity_id, k=_RELATED)
    return {
        "id": entity.id,
        "type": safe(entity.type),
        "title": safe(entity.title or entity.id),
        "text": safe(entity.text[:_TEXT]),
        "link": safe(links[0]) if links else "",
        "fields": [
            [safe(name), [value_text(value) for value in own[:_VALUES]]]
            for name, own in entity.attributes.items()
            if own and not all(isinstance(one, str) and one in engine for one in own)
        ],
        "related": [{"id": one.id, "title": safe(one.title or one.id), "type": safe(one.type)} for one in related],
    }
