"""What a page's address says, and the addresses of pages that differ in one thing."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ltrr_cli.serve.page.choice import EVERYTHING
from ltrr_cli.wire.text import plain

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

PAGE = 10
_FURTHEST = 900
_PLAIN = re.compile(r"(?!(?:and|or|not|in)$)[a-z_][a-z0-9_]*", re.IGNORECASE | re.ASCII)
"""Fields that are written without quotes; the browser's half of the page writes them the same."""
_EQUAL = re.compile(r'(\w+) = "((?:[^"\\]|\\.)*)"')
_COMPARED = re.compile(r"(\w+) (<=|>=) (\S+)")


@dataclass(frozen=True, slots=True)
class State:
    """A search as an address names it: each of `filters` has to be met; `offset` results come before the page.

    `q` is read without control characters.
    `query_id` is that of the answer that a further page belongs to, "" where it was not logged.
    """

    q: str = ""
    filters: tuple[str, ...] = ()
    offset: int = 0
    query_id: str = ""
    user: str = ""
    session: str = ""

    @classmethod
    def read(cls, params: QueryParams, session: str) -> State:
        """Read an address; what it says that makes no sense is left out. Ranges come as `least.FIELD`, `most.FIELD`."""
        filters = [one for one in params.getlist("filter") if one.strip()]
        for name, value in params.multi_items():
            bound, _, field = name.partition(".")
            if bound in ("least", "most") and field and (number := _number(value)):
                filters.append(f"{_name(field)} {'>=' if bound == 'least' else '<='} {number}")
        if params.get("type"):
            filters.append(is_value("type", params["type"]))
        offset = params.get("offset", "")
        return cls(
            q=plain(params.get("q", "")),
            filters=tuple(dict.fromkeys(filters)),
            offset=min(int(offset), _FURTHEST) if offset.isascii() and offset.isdigit() and len(offset) < 6 else 0,
            query_id=params.get("query_id", ""),
            user=params.get("user", ""),
            session=params.get("session", "") or session,
        )

    @property
    def filter(self) -> str:
        """All filters as one; that which everything meets where nothing is asked at all."""
        if len(self.filters) > 1:
            return " and ".join(f"({one})" for one in self.filters)
        return self.filters[0] if self.filters else "" if self.q else EVERYTHING

    def url(self) -> str:
        """Return the address, the session left out: it is nobody else's."""
        parts = [("q", self.q)] if self.q else []
        parts += [("filter", one) for one in self.filters]
        parts += [("offset", str(self.offset))] if self.offset else []
        parts += [("query_id", self.query_id)] if self.offset and self.query_id else []
        parts += [("user", self.user)] if self.user else []
        return "/?" + urlencode(parts) if parts else "/"

    def asking(self, q: str) -> str:
        """Return the address of another query."""
        return replace(self, q=q, offset=0).url()

    def at(self, offset: int, query_id: str) -> str:
        """Return the address of another page of the same answer."""
        return replace(self, offset=max(0, offset), query_id=query_id).url()

    def toggled(self, part: str) -> str:
        """Return the address with a filter put in, or taken out if it is there."""
        rest = tuple(one for one in self.filters if one != part)
        return replace(self, filters=rest if part in self.filters else (*rest, part), offset=0).url()


def is_value(field: str, value: str) -> str:
    """Return the filter that a field has a value."""
    return f"{_name(field)} = {_quoted(value)}"


def label(part: str) -> str:
    """Return a filter as people read it."""
    if found := _EQUAL.fullmatch(part):
        return f"{found[1]}: " + re.sub(r"\\(.)", r"\1", found[2])
    if found := _COMPARED.fullmatch(part):
        return f"{found[1]} {'from' if found[2] == '>=' else 'to'} {found[3]}"
    return part


def _name(field: str) -> str:
    return field if _PLAIN.fullmatch(field) else _quoted(field)


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _number(text: str) -> str:
    """Return a number as it was written, "" for what is none."""
    found = text.strip().replace(",", "")
    return found if re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", found, re.ASCII) else ""
