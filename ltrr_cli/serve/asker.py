"""What can be asked of the server, whoever asks: the routes of the API, and those of the page."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from ltrr_cli.errors import FeedbackError
from ltrr_cli.index.manifest import stamp
from ltrr_cli.query.given import parse_given
from ltrr_cli.serve.inbox import Inbox
from ltrr_cli.serve.panel import panel
from ltrr_cli.serve.parameters import COMPLETE, SEARCH, Parameter, read_object
from ltrr_cli.serve.pool import Pool
from ltrr_cli.serve.problems import Problem
from ltrr_cli.wire.answers import answer_json
from ltrr_cli.wire.asking import Asking, filter_of
from ltrr_cli.wire.entities import related_json
from ltrr_cli.wire.explained import explained_json
from ltrr_cli.wire.text import number
from ltrr_cli.wire.understood import understood_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ltrr_cli.engine import Engine
    from ltrr_cli.serve.settings import Settings

T = TypeVar("T")


class Asker:
    """Asks the engines of a pool; every method raises `Problem`, `LtrrError`, `Busy` or `TimeoutError`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._pool = Pool(settings.index, settings.engines, timeout=settings.timeout)
        self._inbox = Inbox(settings.index, self._pool)

    def open(self) -> None:
        """Open the engines; to be called where the event loop runs."""
        self._pool.open()

    async def close(self) -> None:
        """Write what waits to be written, and close the engines."""
        await self._inbox.close()
        await self._pool.close()

    async def run(self, work: Callable[[Engine], T]) -> T:
        """Do something with an engine, away from the event loop."""
        return await self._pool.run(work)

    def stamp(self) -> object:
        """Return what differs once another generation of the index was published."""
        return stamp(self.settings.index)

    async def search(self, **params: Any) -> dict[str, Any]:
        """Answer a query: the JSON of `ltrr query --json`, and `failed`, the arms that did not come in time or failed.

        The parameters are those of `/search`; with `highlight` each result also has `shown`.
        """
        wanted = _read(SEARCH, params)
        text, highlight, paged = wanted["q"], wanted["highlight"], bool(wanted["query_id"])
        if paged and wanted["offset"] is None:
            # It would be the new answer's name, and take the feedback of one that somebody else was given.
            raise Problem(
                kind="bad-request",
                detail="query_id names an answer to go on in",
                where="query_id",
                next="give an offset too",
            )
        asking = Asking(
            k=wanted["k"],
            offset=wanted["offset"],
            query_id=wanted["query_id"],
            user=wanted["user"],
            session=wanted["session"],
            seed=wanted["seed"],
            explore=wanted["explore"],
            explain=wanted["explain"],
            log=wanted["log"],
            context=parse_given(wanted["context"]),
            filter=filter_of([wanted["filter"]], wanted["type"]),
            facets=wanted["facets"],
            cap=wanted["cap"],
            diversity=wanted["diversity"],
        )

        def ask(engine: Engine) -> dict[str, Any]:
            try:
                answer = asking.page(engine, text, wanted["offset"]) if paged else asking.ask(engine, text)
            except FeedbackError as error:
                if not paged:
                    raise
                raise Problem(kind="unusable", detail=error.what, where=asking.query_id) from error
            row = answer_json(answer, explain=asking.explain and not paged)
            failed = {arm.name: arm.error for arm in answer.trace.arms if arm.error and not paged}
            if failed:
                row["failed"] = failed
            if highlight:
                from ltrr_cli.serve.page.shown import shown

                for result, told in zip(answer.results, row["results"], strict=True):
                    told["shown"] = shown(engine, answer.suggestion or answer.query, result)
            return row

        return await self.run(ask)

    async def complete(self, **params: Any) -> dict[str, Any]:
        """Return texts that go on from what is typed."""
        wanted = _read(COMPLETE, params)
        found = await self.run(lambda engine: engine.complete(wanted["q"], k=wanted["k"]))
        return {"completions": [{**asdict(one), "score": number(one.score)} for one in found]}

    async def understand(self, text: str) -> dict[str, Any]:
        """Return how a query is read."""
        return await self.run(lambda engine: understood_json(engine.understand(text)))

    async def related(self, entity_id: str, k: int) -> dict[str, Any] | None:
        """Return what has to do with an entity, None where the index does not have it."""

        def look(engine: Engine) -> dict[str, Any] | None:
            return related_json(entity_id, engine.related(entity_id, k=k)) if entity_id in engine else None

        return await self.run(look)

    async def explain(self, query_id: str, entity_id: str) -> dict[str, Any]:
        """Return how an entity came to its place in an answer."""
        return await self.run(lambda engine: explained_json(engine.explain(query_id, entity_id)))

    async def feedback(self, rows: Sequence[object]) -> list[dict[str, Any]]:
        """Record events; what is told is recorded is on the disk."""
        return [
            {name: value for name, value in asdict(one).items() if value != ""} for one in await self._inbox.put(rows)
        ]

    async def undo(self, event_id: str) -> dict[str, Any]:
        """Take an event back; what is told is taken back is so on the disk."""

        def take_back(engine: Engine) -> dict[str, Any]:
            if engine.read_only:
                raise Problem(kind="read-only", detail="nothing can be taken back")
            try:
                return {"undone": engine.undo(event_id)}
            except FeedbackError as error:
                raise Problem(kind="not-found", detail=error.what, where=event_id) from error

        return await self.run(take_back)

    async def arms(self) -> dict[str, Any]:
        """Return what the panel shows of what was learned, and of the latest answers."""
        return await self.run(panel)


def _read(parameters: Sequence[Parameter], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a call, checked as those of a JSON body; None is as not given."""
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in params.items()}
    return read_object(parameters, {name: value for name, value in given.items() if value is not None})
