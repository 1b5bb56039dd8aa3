"""The parameters of requests: one table that reads them, from a query string or a JSON object, and documents them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ltrr_cli.serve.problems import Problem
from ltrr_cli.serve.settings import MAX_K, MAX_OFFSET, MAX_QUERY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}
_MANY = 32
"""Values of a list, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter: what it is called, holds and means; `low` and `high` bound a number, or a text's length.

    A `list` is given several times or, with `commas`, as one text; a JSON body has an array.
    """

    name: str
    kind: Literal["text", "integer", "number", "flag", "list"]
    about: str
    default: Any = None
    low: float | None = None
    high: float | None = None
    needed: bool = False
    commas: bool = False
    example: Any = None

    def schema(self) -> dict[str, Any]:
        """Return its JSON Schema."""
        if self.kind == "list":
            item: dict[str, Any] = {"type": "string", "maxLength": 512}
            return {"type": "array", "items": item, "maxItems": _MANY}
        types = {"text": "string", "integer": "integer", "number": "number", "flag": "boolean"}
        row: dict[str, Any] = {"type": types[self.kind]}
        low, high = ("minLength", "maxLength") if self.kind == "text" else ("minimum", "maximum")
        row |= {name: value for name, value in ((low, self.low), (high, self.high)) if value is not None}
        if self.default is not None:
            row["default"] = self.default
        return row

    def read(self, value: object, *, typed: bool) -> Any:
        """Return the value; `typed` where it comes from JSON, else it is a text. Raises `Problem`."""
        if self.kind == "text":
            return self._text(value)
        if self.kind == "list":
            return self._list(value)
        if self.kind == "flag":
            return self._flag(value, typed=typed)
        return self._number(value, typed=typed)

    def _text(self, value: object) -> str:
        if not isinstance(value, str):
            raise self.wrong("is no text")
        if len(value) < (self.low or 0):
            raise self.wrong("is empty")
        if self.high is not None and len(value) > self.high:
            raise self.wrong(f"has {len(value):,} characters, at most {self.high:,} are read")
        return value

    def _list(self, value: object) -> tuple[str, ...]:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            raise self.wrong("is no list of texts")
        if self.commas:
            values = [part.strip() for one in values for part in one.split(",")]
        if len(values) > _MANY or any(len(one) > 512 for one in values):
            raise self.wrong(f"has more than {_MANY} values, or one of more than 512 characters")
        return tuple(filter(None, values)) if self.commas else tuple(values)

    def _flag(self, value: object, *, typed: bool) -> bool:
        if typed and isinstance(value, bool):
            return value
        if not typed and isinstance(value, str) and value.lower() in _TRUE | _FALSE:
            return value.lower() in _TRUE
        raise self.wrong("is neither true nor false")

    def _number(self, value: object, *, typed: bool) -> float:
        whole = self.kind == "integer"
        try:
            if typed and (isinstance(value, bool | str) or not isinstance(value, int | float)):
                raise ValueError
            number = float(value)  # type: ignore[arg-type]
        except (ValueError, OverflowError, TypeError):
            raise self.wrong("is no number") from None
        if not math.isfinite(number) or (whole and not number.is_integer()):
            raise self.wrong("is no whole number" if whole else "is no finite number")
        if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
            raise self.wrong(f"is not from {self.low:g} to {self.high:g}")
        return int(number) if whole else number

    def wrong(self, what: str) -> Problem:
        """Return the problem that the value is not usable."""
        return Problem(kind="bad-request", detail=f"{self.name} {what}", where=self.name, next=self.about)


def read_texts(parameters: Sequence[Parameter], given: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the values of a query string, all that are not given with their defaults. Raises `Problem`."""
    lists: dict[str, list[str]] = {}
    for name, value in given:
        lists.setdefault(name, []).append(value)
    kinds = {one.name: one.kind for one in parameters}
    for name, values in lists.items():
        if len(values) > 1 and kinds.get(name) != "list":
            raise Problem(kind="bad-request", detail=f"{name} is given {len(values)} times", where=name)
    single = {name: values if kinds.get(name) == "list" else values[0] for name, values in lists.items()}
    return _read(parameters, single, typed=False)


def read_object(parameters: Sequence[Parameter], given: object) -> dict[str, Any]:
    """Return the values of a JSON object, all that are not given with their defaults. Raises `Problem`."""
    if not isinstance(given, dict):
        raise Problem(
            kind="bad-request", detail="the body is no JSON object", next="send the parameters as its members"
        )
    return _read(parameters, given, typed=True)


def _read(parameters: Sequence[Parameter], given: Mapping[str, object], *, typed: bool) -> dict[str, Any]:
    known = {one.name: one for one in parameters}
    unknown = [name for name in given if name not in known]
    if unknown:
        raise Problem(
            kind="bad-request",
            detail=f"no parameter is called {unknown[0][:80]!r}",
            where=unknown[0][:80],
            next=f"there are {', '.join(known)}",
        )
    read: dict[str, Any] = {}
    for name, one in known.items():
        if name in given:
            read[name] = one.read(given[name], typed=typed)
        elif one.needed:
            raise Problem(kind="bad-request", detail=f"{name} is missing", where=name, next=one.about)
        else:
            read[name] = () if one.kind == "list" else one.default
    return read


Q = Parameter(name="q", kind="text", about="the query", default="", high=MAX_QUERY, example="rainy day")
USER = Parameter(name="user", kind="text", about="who asks", default="", high=512)
SESSION = Parameter(name="session", kind="text", about="in which session", default="", high=512)
K = Parameter(name="k", kind="integer", about="how many results", default=10, low=1, high=MAX_K)
QUERY_ID = Parameter(name="query_id", kind="text", about="the id of an answer", needed=True, low=1, high=512)
ENTITY = Parameter(name="id", kind="text", about="the id of an entity", needed=True, low=1, high=512)

SEARCH = (
    Q,
    K,
    Parameter(name="offset", kind="integer", about="leave out the N best", low=0, high=MAX_OFFSET),
    Parameter(
        name="query_id",
        kind="text",
        about="with offset: a page of this answer, if it was logged, whatever was learned since",
        default="",
        high=512,
    ),
    Parameter(
        name="filter",
        kind="text",
        about="find only what meets this, such as: year >= 1990 and genre = rock",
        default="",
        high=MAX_QUERY,
    ),
    Parameter(name="type", kind="list", about="find only these types"),
    Parameter(name="facets", kind="list", about="count the values of these fields", commas=True),
    Parameter(name="cap", kind="text", about="FIELD:N, at most N results with the same value of a field", high=512),
    Parameter(name="diversity", kind="number", about="how much likeness counts against a result", low=0, high=0.99),
    USER,
    SESSION,
    Parameter(name="context", kind="list", about="what else is known of the query, NAME=VALUE each, at most 16"),
    Parameter(name="seed", kind="integer", about="makes chance repeatable", low=0, high=2**48),
    Parameter(name="explore", kind="flag", about="false: the policy's mean", default=True),
    Parameter(name="explain", kind="flag", about="true: also how the answer came about", default=False),
    Parameter(name="log", kind="flag", about="false: log nothing; feedback cannot refer to it", default=True),
    Parameter(name="highlight", kind="flag", about="true: also titles and texts, cut where words match", default=False),
)
COMPLETE = (Q, Parameter(name="k", kind="integer", about="how many completions", default=8, low=1, high=50))
UNDERSTAND = (Q,)
RELATED = (ENTITY, K)
EXPLAIN = (QUERY_ID, ENTITY)
UNDO = (Parameter(name="event_id", kind="text", about="the id of an event", needed=True, low=1, high=512),)
