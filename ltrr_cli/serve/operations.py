"""The operations of the API, in one table: the server routes by it, and documents itself by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ltrr_cli.serve import schemas
from ltrr_cli.serve.parameters import COMPLETE, EXPLAIN, RELATED, SEARCH, UNDERSTAND, UNDO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltrr_cli.serve.parameters import Parameter

_ALWAYS = ("bad-request", "not-allowed", "wrong-host", "too-many", "broken", "busy", "too-slow")
_BODY = ("late", "too-large", "wrong-type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What can be asked at a path: by GET with `parameters` in the address, by POST with them in a JSON body.

    `answer` is the JSON Schema of what comes back, None for text. `example` is what follows the address of the server
    in a call with curl.
    """

    path: str
    about: str
    methods: tuple[str, ...] = ("GET",)
    parameters: tuple[Parameter, ...] = ()
    answer: Mapping[str, Any] | None = None
    example: str = ""
    problems: tuple[str, ...] = ()
    open: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of problems that it may answer with."""
        return (
            *self.problems,
            *(() if self.open else ("no-token",)),
            *_ALWAYS,
            *(_BODY if "POST" in self.methods else ()),
        )


OPERATIONS = (
    Operation(
        path="/search",
        about="Answer a query; with query_id and offset, the next page of an answer.",
        methods=("GET", "POST"),
        parameters=SEARCH,
        answer=schemas.ANSWER,
        example="'/search?q=rainy+day&k=3'",
        problems=("unusable",),
    ),
    Operation(
        path="/feedback",
        about="Record what people did: a UBI event, an array of them, or one a line (application/x-ndjson). "
        "What is told is recorded is on the disk, and the next answer knows it; the same event twice changes nothing.",
        methods=("POST",),
        answer=schemas.RECEIVED,
        example='/feedback -H \'Content-Type: application/json\' -d \'{"action_name": "click", "query_id": "ID", '
        '"event_attributes": {"object": {"object_id": "song:rain"}}}\'',
        problems=("unusable", "read-only"),
    ),
    Operation(
        path="/undo",
        about="Take an event back, for good: all is as if it had never come; false where it was taken back before.",
        methods=("POST",),
        parameters=UNDO,
        answer=schemas.UNDONE,
        example="/undo -H 'Content-Type: application/json' -d '{\"event_id\": \"ID\"}'",
        problems=("not-found", "read-only"),
    ),
    Operation(
        path="/complete",
        about="Return texts that go on from what is typed: titles, values, and what enough people asked.",
        parameters=COMPLETE,
        answer=schemas.COMPLETIONS,
        example="'/complete?q=rai'",
    ),
    Operation(
        path="/understand",
        about="Show how a query is read; nothing is searched or logged.",
        parameters=UNDERSTAND,
        answer=schemas.UNDERSTOOD,
        example="'/understand?q=90s+sad+songs'",
    ),
    Operation(
        path="/related",
        about="Show what has to do with an entity.",
        parameters=RELATED,
        answer=schemas.RELATED,
        example="'/related?id=song:rain&k=3'",
        problems=("not-found",),
    ),
    Operation(
        path="/explain",
        about="Show how an entity came to its place in an answer: arms, what the policy expects of them, features.",
        parameters=EXPLAIN,
        answer=schemas.EXPLAINED,
        example="'/explain?query_id=ID&id=song:rain'",
        problems=("not-found",),
    ),
    Operation(
        path="/arms",
        about="Show what was learned: the arms' shares and posteriors, the ranker's weights, reward and regret.",
        answer=schemas.ARMS,
        example="/arms",
    ),
    Operation(
        path="/health",
        about="Tell whether answers are given; needs no token.",
        answer=schemas.HEALTH,
        example="/health",
        open=True,
    ),
    Operation(path="/metrics", about="Return counters and figures in Prometheus' text format.", example="/metrics"),
)
