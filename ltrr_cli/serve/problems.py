"""What goes wrong, as RFC 9457 problem details: status, title, what happened, where, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ltrr_cli.errors import LockedError, LtrrError, UsageError
from ltrr_cli.wire.text import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLES = {
    "bad-request": (400, "The request cannot be read"),
    "no-token": (401, "A token is needed"),
    "not-allowed": (403, "Pages of other sites may not ask this"),
    "not-found": (404, "There is nothing here"),
    "wrong-method": (405, "This is asked by another method"),
    "late": (408, "The body has not come in time"),
    "too-large": (413, "The body is too large"),
    "wrong-type": (415, "The body is of another type than JSON"),
    "wrong-host": (421, "This server has another name"),
    "unusable": (422, "The request is read, and cannot be done"),
    "too-many": (429, "Too many requests"),
    "broken": (500, "Something is wrong with the server"),
    "read-only": (503, "The index cannot be written to"),
    "busy": (503, "The server is busy"),
    "too-slow": (504, "No answer in time"),
}
"""Of each kind the status and the title; a kind's `type` is its place on the page of documentation."""


@dataclass(slots=True, kw_only=True)
class Problem(Exception):  # noqa: N818 – what RFC 9457 calls it
    """A request that gets no answer; `kind` is one of TITLES, `more` are further members."""

    kind: str
    detail: str
    where: str = ""
    next: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return TITLES[self.kind][0]

    def response(self) -> Response:
        """Return it as it is sent."""
        row: dict[str, Any] = {
            "type": f"/docs#{self.kind}",
            "title": TITLES[self.kind][1],
            "status": self.status,
            "detail": self.detail,
        }
        row |= {name: value for name, value in (("where", self.where), ("next", self.next)) if value}
        return Response(
            dumps({**row, **self.more}), self.status, dict(self.headers), media_type="application/problem+json"
        )


class Busy(Exception):  # noqa: N818 – no fault of anybody
    """More is waiting than can be done in time."""


def problem_of(error: Exception) -> Problem:
    """Return the problem that an error of the engine, or of its pool, is to whoever asked.

    What is not the caller's fault says no more than its kind: paths and states of this machine are nobody else's.
    """
    match error:
        case Problem():
            return error
        case UsageError():
            found = Problem(kind="bad-request", detail=error.what, where=error.where, next=error.next)
        case LockedError() | Busy():
            wait = {"Retry-After": "1"}
            found = Problem(kind="busy", detail="others are served", next="try again in a second", headers=wait)
        case TimeoutError():
            found = Problem(kind="too-slow", detail="the answer took too long", next="ask for less, or try again")
        case _:
            detail = error.what if isinstance(error, LtrrError) else "an internal error"
            found = Problem(kind="broken", detail=detail, next="whoever runs this server sees more in its log")
    return found
