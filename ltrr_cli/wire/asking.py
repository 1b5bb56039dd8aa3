"""What is asked of an engine beside a query's text, as the command line and the server read it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ltrr_cli.errors import UsageError
from ltrr_cli.filters.expression import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ltrr_cli.engine import Engine
    from ltrr_cli.records import Answer, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Everything about a query but its text; the meaning is that of `Engine.search`.

    `offset` leaves out the best results. With the `query_id` of an earlier answer they are the next ones of its list.
    """

    k: int = 10
    user: str = ""
    session: str = ""
    seed: int | None = None
    explore: bool = True
    depths: Mapping[str, int] | None = None
    explain: bool = False
    log: bool = True
    context: Mapping[str, Value] = field(default_factory=dict)
    interleave: tuple[str, str] | None = None
    filter: str = ""
    facets: tuple[str, ...] = ()
    cap: str | None = None
    diversity: float | None = None
    offset: int | None = None
    query_id: str = ""

    def ask(self, engine: Engine, text: str) -> Answer:
        """Ask."""
        from ltrr_cli.engine.arguments import checked_page

        offset = self.offset or 0
        if self.query_id and self.offset is not None and (offset or not text.strip()):
            return self.page(engine, text, offset)
        if offset:
            checked_page(self.k, offset)
        whole = engine.search(
            text,
            k=self.k + offset,
            user=self.user,
            session=self.session,
            seed=self.seed,
            explore=self.explore,
            depths=self.depths,
            explain=self.explain,
            log=self.log,
            context=self.context,
            interleave=self.interleave,
            filter=self.filter,
            facets=self.facets,
            cap=self.cap,
            diversity=self.diversity,
            query_id=self.query_id,
        )
        return replace(whole, results=whole.results[offset:]) if offset else whole

    def page(self, engine: Engine, text: str, offset: int) -> Answer:
        """Return a page of the list that an earlier answer began with; a `text` has to be that answer's."""
        if self.filter or self.facets:
            raise UsageError(
                "a further page has its answer's filter, and no facets",
                next="leave them out, or ask anew without the id",
            )
        found = engine.page(self.query_id, offset=offset, k=self.k)
        if text and text.strip() != found.query.strip():
            raise UsageError(f"the query with this id was {found.query[:80]!r}", next="leave out the text, or the id")
        return found


def filter_of(filters: Sequence[str], types: Sequence[str]) -> str:
    """Return the filter that demands all of the filters, and one of the types; "" where there are none."""
    wanted = [one for one in filters if one.strip()]
    if types:
        wanted.append(f"type in ({', '.join(map(quoted, types))})")
    return wanted[0] if len(wanted) == 1 else " and ".join(f"({one})" for one in wanted)
