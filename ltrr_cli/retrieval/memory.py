"""memory: what answered this query, or one like it, before; and what was predicted to answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from ltrr_cli.retrieval.base import Request


class Memory:
    """The query→entity memory (Q2E), predicted and observed."""

    name = "memory"
    learns = True

    def applies(self, request: Request) -> bool:
        """Whether the memory knows the query or one that shares words with it."""
        return len(request.recall.rows) > 0

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the entities with the best score, (a + κ·p₀) / (n + κ)."""
        return Hits(*request.view.top(request.recall.rows, request.recall.scores, depth))


strategy = Memory
