"""The application: the operations, the page, and what stands before them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from ltrr_cli import __version__
from ltrr_cli.errors import FeedbackError, LtrrError
from ltrr_cli.serve import login, openapi
from ltrr_cli.serve.access import Access
from ltrr_cli.serve.asker import Asker
from ltrr_cli.serve.bodies import read_events, read_json
from ltrr_cli.serve.gone import while_there
from ltrr_cli.serve.guard import Guard
from ltrr_cli.serve.log import tell
from ltrr_cli.serve.metrics import CONTENT_TYPE, Metrics
from ltrr_cli.serve.operations import OPERATIONS
from ltrr_cli.serve.page import routes as page_routes
from ltrr_cli.serve.parameters import read_object, read_texts
from ltrr_cli.serve.problems import Busy, Problem, problem_of
from ltrr_cli.wire.text import dumps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from starlette.requests import Request

    from ltrr_cli.serve.operations import Operation
    from ltrr_cli.serve.settings import Settings


def make_app(settings: Settings) -> Access:
    """Return the application of one worker; its engines open when it starts."""
    asker, metrics = Asker(settings), Metrics(settings.counters)
    api = _Api(asker, metrics, settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        asker.open()
        try:
            yield
        finally:
            await asker.close()

    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors,
        allow_methods=("GET", "POST"),
        allow_headers=("Authorization", "Content-Type"),
        max_age=600,
    )
    app = Starlette(
        routes=[
            *(Route(one.path, api.handler(one), methods=list(one.methods)) for one in OPERATIONS),
            Route("/openapi.json", api.description),
            Route("/docs", lambda _: HTMLResponse(openapi.page())),
            Route("/docs.css", lambda _: Response(openapi.STYLE, media_type="text/css")),
            Route("/login", login.form),
            Route("/login", login.enter, methods=["POST"]),
            *page_routes(asker),
        ],
        middleware=[*([cors] if settings.cors else []), Middleware(Guard, settings=settings)],
        exception_handlers={
            **dict.fromkeys((Problem, LtrrError, Busy, TimeoutError, Exception), _problem),
            HTTPException: _http_problem,
        },
        lifespan=lifespan,
    )
    app.state.settings = settings
    return Access(app, settings, metrics)


class _Api:
    """The operations as they are asked over HTTP."""

    def __init__(self, asker: Asker, metrics: Metrics, settings: Settings) -> None:
        self._asker = asker
        self._metrics = metrics
        self._settings = settings

    def handler(self, one: Operation) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers an operation: the method with its name."""
        answer: Callable[[Request, Operation], Coroutine[Any, Any, Response]] = getattr(self, one.path.strip("/"))

        async def handle(request: Request) -> Response:
            if request.method == "POST" and request.query_params:
                name = next(iter(request.query_params))[:80]
                raise Problem(
                    kind="bad-request",
                    detail=f"{name!r} stands in the address, and is read from the body",
                    where=name,
                    next="put it into the body" + (", or ask by GET" if "GET" in one.methods else ""),
                )
            working = answer(request, one)
            return await (while_there(request, working) if request.method == "GET" else working)

        return handle

    async def search(self, request: Request, one: Operation) -> Response:
        """Answer a query."""
        found = await self._asker.search(**await self._parameters(request, one))
        self._metrics.answer(empty=not found["results"], failed=list(found.get("failed", ())))
        return _json(found)

    async def feedback(self, request: Request, _: Operation) -> Response:
        """Record events; a single one that is refused is a problem, in a batch each has its own reason."""
        rows, batch = await read_events(request, within=self._settings.timeout)
        told = await self._asker.feedback(rows)
        statuses = [one["status"] for one in told]
        self._metrics.events(statuses)
        counts = {status: statuses.count(status) for status in ("recorded", "repeated", "refused")}
        if counts["refused"] and (not batch or counts["refused"] == len(told)):
            raise Problem(
                kind="unusable",
                detail=told[0]["reason"] if not batch else f"none of {len(told)} events can be used",
                next="see /docs#/feedback" if batch else "",
                more={"events": told} if batch else {},
            )
        return _json({**counts, "events": told})

    async def undo(self, request: Request, one: Operation) -> Response:
        """Take an event back."""
        return _json(await self._asker.undo((await self._parameters(request, one))["event_id"]))

    async def complete(self, request: Request, one: Operation) -> Response:
        """Complete what is typed."""
        return _json(await self._asker.complete(**await self._parameters(request, one)))

    async def understand(self, request: Request, one: Operation) -> Response:
        """Read a query."""
        return _json(await self._asker.understand((await self._parameters(request, one))["q"]))

    async def related(self, request: Request, one: Operation) -> Response:
        """Find what has to do with an entity."""
        wanted = await self._parameters(request, one)
        found = await self._asker.related(wanted["id"], wanted["k"])
        if found is None:
            raise Problem(kind="not-found", detail="the index has no such entity", where=wanted["id"])
        return _json(found)

    async def explain(self, request: Request, one: Operation) -> Response:
        """Explain a result."""
        wanted = await self._parameters(request, one)
        try:
            return _json(await self._asker.explain(wanted["query_id"], wanted["id"]))
        except FeedbackError as error:
            raise Problem(kind="not-found", detail=error.what, where=error.where) from error

    async def arms(self, request: Request, one: Operation) -> Response:
        """Tell what was learned."""
        await self._parameters(request, one)
        return _json(await self._asker.arms())

    async def health(self, _: Request, __: Operation) -> Response:
        """Tell that answers are given: an engine has to be free within the time of a request."""
        await self._asker.run(lambda engine: "" in engine)
        return _json({"status": "ok", "version": __version__})

    async def metrics(self, _: Request, __: Operation) -> Response:
        """Return the counters."""
        info, regrets = await self._asker.run(lambda engine: (engine.info(), engine.regret()))
        return PlainTextResponse(self._metrics.text(info, regrets), media_type=CONTENT_TYPE)

    async def description(self, _: Request) -> Response:
        """Return the OpenAPI document."""
        return _json(openapi.openapi(token=bool(self._settings.token)))

    async def _parameters(self, request: Request, one: Operation) -> dict[str, Any]:
        if request.method == "POST":
            return read_object(one.parameters, await read_json(request, within=self._settings.timeout))
        return read_texts(one.parameters, request.query_params.multi_items())


def _json(value: object) -> Response:
    return Response(dumps(value), media_type="application/json")


def _problem(_: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem.kind == "broken":
        tell(error)
    return problem.response()


def _http_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = {404: "not-found", 405: "wrong-method"}.get(error.status_code, "bad-request")
    detail = {"not-found": "no such address", "wrong-method": "not by this method"}.get(kind, error.detail)
    return Problem(kind=kind, detail=detail, next="see /docs", headers=error.headers or {}).response()
