"""Showing the token once, in a browser: a form without scripts, and the cookie that it leaves."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, RedirectResponse, Response

from ltrr_cli.serve.bodies import read_bytes, read_json
from ltrr_cli.serve.guard import COOKIE, cookie_of, same
from ltrr_cli.serve.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from ltrr_cli.serve.settings import Settings

_DAYS = 30
_FORM = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>ltrr</title><link rel="stylesheet" href="/static/page.css"><link rel="stylesheet" href="/static/other.css">
<script type="module" src="/static/login.js"></script></head>
<body><main><h1>ltrr</h1>
<form method="post" action="/login"><input type="hidden" name="next" value="{next}">
<p><label for="token">Token</label> <input id="token" name="token" type="password" autocomplete="current-password"
required autofocus> <button>Enter</button></p>{remark}</form></main></body></html>
"""


def form(request: Request) -> Response:
    """Return the form; `next` is where to go afterwards."""
    return _page(_within(request.query_params.get("next", "/")))


async def enter(request: Request) -> Response:
    """Take the token of the form, or of a JSON object; who shows the right one is let in for a month."""
    settings: Settings = request.app.state.settings
    written = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if written:
        body = parse_qs((await read_bytes(request, within=settings.timeout)).decode(errors="replace"))
        shown, after = body.get("token", [""])[0], _within(body.get("next", ["/"])[0])
    else:
        value = await read_json(request, within=settings.timeout)
        shown, after = (value.get("token", "") if isinstance(value, dict) else ""), "/"
    if settings.token and not (isinstance(shown, str) and same(shown.strip(), settings.token)):
        if written:
            return _page(after, remark="<p role='alert'>The token is another.</p>", status=401)
        raise Problem(kind="no-token", detail="the token is another", headers={"WWW-Authenticate": "Bearer"})
    response: Response = RedirectResponse(after, 303) if written else Response(status_code=204)
    if settings.token:
        response.set_cookie(
            COOKIE,
            cookie_of(settings.token),
            max_age=_DAYS * 86400,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
    return response


def _page(after: str, *, remark: str = "", status: int = 200) -> Response:
    return HTMLResponse(_FORM.format(next=escape(after), remark=remark), status)


def _within(address: str) -> str:
    r"""Return an address of this server: `//other.example` and `/\other.example` are none."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if inside else "/"
