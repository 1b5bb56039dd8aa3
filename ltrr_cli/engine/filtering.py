"""Filters of queries: read once, evaluated once for each generation of the index, kept while they are asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.engine.surprises import remarks
from ltrr_cli.errors import UsageError
from ltrr_cli.filters.expression import all_of, text_of
from ltrr_cli.filters.grammar import parse
from ltrr_cli.filters.inline import split, unread
from ltrr_cli.filters.names import field_named, nearest
from ltrr_cli.index.narrow import fields_of, narrowed
from ltrr_cli.records import Facet, Facets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.index.view import View
    from ltrr_cli.records import Answer, Query

_MOST_VIEWS = 64
_MOST_BYTES = 64 << 20
_BYTES = 9
"""A view keeps for each row whether it is allowed, and the number of each that is."""
MOST_VALUES = 20
"""Values of a facet that are told, the most frequent first; the rest is one sum."""


def complete(opened: Opened, answered: Answer, query: Query, *, typed: str, facets: Sequence[str]) -> Answer:
    """Return the answer with what was typed, its filter, and facets of the named fields."""
    notes = opened.filters.unread(typed)
    if not query.filter and not facets and not notes:
        return answered
    told = None
    if facets:
        words = bool(query.text.strip())
        told = opened.filters.facets(facets, answered.trace.pool_ids, query.filter, words=words)
    count = opened.filters.view(query.filter).entities if query.filter else None
    notes += opened.filters.remarks(query.filter) if query.filter else ()
    return replace(answered, query=typed, filter=query.filter, allowed=count, facets=told, notes=notes)


class Filters:
    """What the filters of one view allow."""

    def __init__(self, view: View, root: Path) -> None:
        self._view = view
        self._directories = [root / "segments" / segment.name for segment in view.segments]
        self._most = max(1, min(_MOST_VIEWS, _MOST_BYTES // (_BYTES * max(1, view.rows))))
        self._views: dict[str, View] = {}
        self._remarks: dict[str, tuple[str, ...]] = {}

    @cached_property
    def fields(self) -> Mapping[str, bool]:
        """The fields that a filter may name, and whether all of a field's values are numbers."""
        return fields_of(self._view)

    @cached_property
    def _called(self) -> Mapping[str, str]:
        """What the catalogue calls the fields that play a role, those that a filter may name."""
        from ltrr_cli.engine.schemas import roles_of  # all that reads catalogues: only some filters need it

        return {name: role for name, role in roles_of(self._directories).items() if role in self.fields}

    def named(self, name: str) -> str | None:
        """Return the field that a name means; None where it means none, or may mean several."""
        return field_named(name, self.fields, self._called)

    def read(self, text: str, wanted: str) -> tuple[str, str]:
        """Return a query's text without the filters in it, and these and the `wanted` one together, as written.

        Raises `FilterError` where `wanted` is no filter.
        """
        if not isinstance(wanted, str):
            raise UsageError(f"a filter is a text, not {wanted!r}")
        if not wanted.strip() and ":" not in text:
            return text, ""
        words, inline = split(text, self.fields, self._called)
        return words, text_of(all_of(parse(wanted, self.fields, self._called), inline))

    def view(self, written: str) -> View:
        """Return the view that a filter allows, all of it for "". Raises `FilterError` where it is none."""
        if not written:
            return self._view
        found = self._views.pop(written, None)
        if found is None:
            expression = parse(written, self.fields)
            found = self._view if expression is None else narrowed(self._view, expression)
            while len(self._views) >= self._most:
                self._views.pop(next(iter(self._views)))
        self._views[written] = found  # to the end: the one asked for longest ago goes first
        return found

    def unread(self, text: str) -> tuple[str, ...]:
        """Return a sentence for each filter in a query's text that names no field, and is read as words."""
        names = unread(text, self.fields, self._called) if ":" in text else ()
        return tuple(
            f"there is no field {name[:80]!r}: it is read as words; fields: {', '.join(nearest(name, self.fields))}"
            for name in names
        )

    def remarks(self, written: str) -> tuple[str, ...]:
        """Return what there is to say of a filter that can be read and will surprise."""
        if written not in self._remarks:
            while len(self._remarks) >= _MOST_VIEWS:
                self._remarks.pop(next(iter(self._remarks)))
            self._remarks[written] = remarks(self._view, parse(written, self.fields))
        return self._remarks[written]

    def allows(self, written: str, row: int) -> bool:
        """Whether a row meets a filter that was logged; False where that cannot be read (any more).

        Where it does not, the filter or the entity has changed since, and no arm could supply it.
        """
        try:
            view = self.view(written)
        except UsageError:
            return False
        return view.allowed is None or bool(view.allowed[row])

    def facets(self, fields: Sequence[str], ids: Sequence[str], written: str, *, words: bool) -> Facets:
        """Return how often each value of the fields occurs in the pool, or without words in all that the filter allows.

        `ids` are those of the pool. Raises `UsageError` for a field that the catalogue does not have.
        """
        view = self.view(written)
        if words or view.allowed is None:
            chosen = np.zeros(view.rows, np.bool_)
            chosen[[row for row in map(view.row, ids) if row is not None]] = True
            of = "pool"
        else:
            chosen, of = view.allowed, "filter"
        count = int(np.count_nonzero(chosen))
        return Facets(of=of, entities=count, facets=tuple(self._facet(name, chosen) for name in fields))

    def _facet(self, name: str, chosen: NDArray[np.bool_]) -> Facet:
        field = self.named(name)
        if field == "id":
            raise UsageError("no facets of id: no two entities have the same", next="name another field")
        if field is None:
            near = ", ".join(one for one in nearest(name, self.fields) if one != "id")
            raise UsageError(f"no facets of {name[:80]!r}: there is no such field", next=f"fields: {near}")
        sums: dict[str | float, int] = {}
        for segment in self._view.segments:
            own = chosen[segment.base : segment.base + len(segment)]
            for value, count in segment.postings.counts(field, own):
                sums[value] = sums.get(value, 0) + count
        ordered = sorted(sums.items(), key=lambda item: (-item[1], str(item[0])))
        told = tuple(ordered[:MOST_VALUES])
        return Facet(field=field, values=told, others=sum(count for _, count in ordered[MOST_VALUES:]))
