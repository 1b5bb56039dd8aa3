"""Who may ask: this machine's name, no pages of other sites, a token, and not more often than is good for the others.

- Host: a name that points here from elsewhere (DNS rebinding) would let a stranger's page read what this machine
  serves. An address is no name, and is let in.
- Origin and Sec-Fetch-Site: a page of another site may link here, and nothing else, unless `--cors` names it.
- Token: compared in constant time; browsers show it once, and then a cookie that is made of it.
- Rate: a bucket for each client's address that fills with `rate` tokens a second and holds two seconds' worth.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
import time
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse

from ltrr_cli.serve.problems import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from ltrr_cli.serve.settings import Settings

COOKIE = "ltrr"
_OPEN = ("/health", "/login", "/docs", "/docs.css", "/openapi.json")
"""Paths that need no token: they say nothing of the index."""
_BURST = 2.0
_CLIENTS = 10_000
_GUESS = 0.05
"""A guess of the token costs what so many seconds let one ask: so there are twenty a second, at most."""


class Guard:
    """Lets requests through to an application, or answers with a problem."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._names = own_names(settings)
        self._buckets: dict[str, tuple[float, float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or send the problem with it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope, Headers(scope=scope))
        except Problem as problem:
            if problem.kind == "no-token" and _wants_page(scope):
                await RedirectResponse(f"/login?next={quote(_address(scope))}", 303)(scope, receive, send)
                return
            await problem.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        names = headers.getlist("host")
        if len(names) != 1:  # RFC 9112, section 3.2: which of two would be meant, others may see otherwise
            raise Problem(
                kind="bad-request", detail=f"the request has {len(names)} Host headers, not one", where="Host"
            )
        self._check_host(names[0])
        self._check_site(scope, headers)
        guess = scope["path"] == "/login" and scope["method"] == "POST"
        self._spend(_client(scope), max(1.0, self._settings.rate * _GUESS) if guess else 1.0)
        if self._settings.token and not _is_open(scope["path"]):
            self._check_token(scope, headers)

    def _check_host(self, host: str) -> None:
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        name = name.strip("[]").lower().removesuffix(".")
        if name in self._names or name.endswith(".localhost") or _is_address(name):
            return
        raise Problem(
            kind="wrong-host",
            detail=f"this server is not called {host[:80]!r}",
            next="ask by its address, or name it with --allow-host",
        )

    def _check_site(self, scope: Scope, headers: Headers) -> None:
        """Refuse what a page of another site asks; browsers say so of their own accord, other programs do not."""
        origin = headers.get("origin", "")
        if origin in self._settings.cors:
            return
        site, mode = headers.get("sec-fetch-site", ""), headers.get("sec-fetch-mode", "")
        follows_link = scope["method"] in ("GET", "HEAD") and mode == "navigate"
        foreign = site in ("cross-site", "same-site") and not follows_link
        if foreign or (origin and origin.partition("://")[2] != headers.get("host", "")):
            raise Problem(
                kind="not-allowed",
                detail=f"pages of {origin[:80] or 'other sites'} may not ask this server",
                next="name the origin with --cors where they should",
            )

    def _check_token(self, scope: Scope, headers: Headers) -> None:
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and same(shown.strip(), self._settings.token):
            return
        if same(_cookie(headers), cookie_of(self._settings.token)):
            return
        if shown:
            self._spend(_client(scope), self._settings.rate * _GUESS)
        raise Problem(
            kind="no-token",
            detail="the token is another" if shown else "no token was shown",
            next="send the header Authorization: Bearer TOKEN",
            headers={"WWW-Authenticate": 'Bearer realm="ltrr"'},
        )

    def _spend(self, client: str, cost: float) -> None:
        rate = self._settings.rate
        if not rate:
            return
        now = time.monotonic()
        left, at = self._buckets.pop(client, (rate * _BURST, now))
        left = min(rate * _BURST, left + (now - at) * rate)
        if len(self._buckets) >= _CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[client] = (left - cost if left >= 1 else left, now)
        if left < 1:
            raise Problem(
                kind="too-many",
                detail=f"more than {rate:g} requests a second",
                next="wait for as long as Retry-After says",
                headers={"Retry-After": str(max(1, round((1 - left) / rate)))},
            )


def cookie_of(token: str) -> str:
    """Return what a browser keeps in place of the token."""
    return hmac.new(token.encode(), b"ltrr cookie", "sha256").hexdigest()


def same(shown: str, wanted: str) -> bool:
    """Compare in a time that does not depend on where they differ."""
    return hmac.compare_digest(shown.encode(errors="replace"), wanted.encode())


def own_names(settings: Settings) -> set[str]:
    """Return the names by which this machine may be asked."""
    return {"localhost", settings.host.lower(), socket.gethostname().lower(), *map(str.lower, settings.hosts)}


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith("/static/")


def _client(scope: Scope) -> str:
    """Return whose bucket it is: an address, of IPv6 the network of a household."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cookie(headers: Headers) -> str:
    try:
        jar: SimpleCookie = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""


def _wants_page(scope: Scope) -> bool:
    return scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")


def _address(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])
