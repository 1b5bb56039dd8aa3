"""The page's addresses: `/`, `/entity/ID` and `/static/FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ltrr_cli.errors import LtrrError
from ltrr_cli.serve.page.about import About, look
from ltrr_cli.serve.page.entity import entity_page
from ltrr_cli.serve.page.state import PAGE, State
from ltrr_cli.serve.page.views import entity_url, view
from ltrr_cli.serve.problems import Problem
from ltrr_cli.wire.text import referenced, safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from ltrr_cli.engine import Engine

T = TypeVar("T")
_HERE = Path(__file__).parent
SESSION = "ltrr_session"
"""The cookie in which the scripts keep a visit's random name; it ends with the browser."""


class Asker(Protocol):
    """What the page needs of the server."""

    async def search(self, **params: Any) -> dict[str, Any]:
        """Return the JSON of `/search` for its parameters."""
        ...

    async def run(self, work: Callable[[Engine], T]) -> T:
        """Do something with an engine, away from the event loop."""
        ...

    def stamp(self) -> object:
        """Return what differs once another generation of the index was published."""
        ...


def routes(asker: Asker) -> list[BaseRoute]:
    """Return the routes of the page of an index."""
    page = _Page(asker)
    return [
        Route("/", page.search, name="page"),
        Route("/entity/{entity_id:path}", page.entity, name="entity"),
        Mount("/static", StaticFiles(directory=_HERE / "static"), name="static"),
    ]


class _Page:
    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._about: tuple[object, About] | None = None
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["entity_url"] = entity_url
        self._templates.filters["safe_text"] = safe
        self._templates.filters["exact"] = lambda text: Markup(referenced(str(escape(text))))  # noqa: S704 – escaped

    async def search(self, request: Request) -> Response:
        """Answer the query of the address; an empty one shows the best known entities."""
        state = State.read(request.query_params, request.cookies.get(SESSION, ""))
        about = await self._known()
        answer: dict[str, Any] = {}
        error = ""
        logged = about.logs and _is_meant(request, state)
        try:
            answer = await self._answer(state, about, log=logged)
        except LtrrError as found:
            error = safe(found)
        except Problem as found:
            error = safe(found.detail)
        return self._html(
            "search.html",
            view(state, about, answer, logged=logged and not error, error=error),
            status=400 if error else 200,
        )

    async def entity(self, request: Request) -> Response:
        """Show an entity, as a page or for the scripts as JSON."""
        entity_id: str = request.path_params["entity_id"]
        found = await self._asker.run(lambda engine: entity_page(engine, entity_id))
        status = 404 if found is None else 200
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse(found, status, headers={"Vary": "Accept"})
        about = await self._known()
        return self._html("entity.html", {"about": about, "entity": found}, status=status)

    async def _known(self) -> About:
        stamp = self._asker.stamp()
        if self._about is None or self._about[0] != stamp:
            self._about = stamp, await self._asker.run(look)
        return self._about[1]

    async def _answer(self, state: State, about: About, *, log: bool) -> dict[str, Any]:
        if state.offset and state.query_id:
            return await self._asker.search(
                q=state.q, query_id=state.query_id, offset=state.offset, k=PAGE, highlight=True
            )
        return await self._asker.search(
            q=state.q,
            filter=state.filter,
            facets=about.choice.facets,
            offset=state.offset,
            k=PAGE,
            user=state.user,
            session=state.session,
            log=log,
            explore=about.logs,  # what is found by chance teaches nothing there, and would differ on the next page
            highlight=True,
        )

    def _html(self, template: str, context: dict[str, Any], *, status: int) -> Response:
        text = self._templates.get_template(template).render(context)
        return HTMLResponse(text, status, headers={"Vary": "Accept", "Cache-Control": "no-store"})


def _is_meant(request: Request, state: State) -> bool:
    """Whether somebody asked for this: not a browser that fetches ahead, and not the page as it stands at first."""
    ahead = "prefetch" in request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    return bool(state.q or state.filters) and not ahead
