"""structured: entities that have the attribute values which the query names.

Each reading of the query scores its probability × the value's idf; readings of different spans add up, and popularity
orders what matches equally. Soft: an entity with two of three values is found after those with all three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from ltrr_cli.retrieval.base import Request


class Structured:
    """Attribute values found by query understanding."""

    name = "structured"
    learns = False

    def applies(self, request: Request) -> bool:
        """Whether the query names any value."""
        return bool(request.understood.tags)

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the entities with the most, and the most telling, of the named values."""
        view = request.view
        wanted = [(tag.term, tag.probability * view.idf(min(tag.count, view.rows))) for tag in request.understood.tags]
        found = view.search(
            lambda segment, limit: segment.fulltext.search(segment.fulltext.values(wanted), limit, by_popularity=True),
            depth,
        )
        return Hits(*found)


strategy = Structured
