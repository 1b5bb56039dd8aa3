"""Around every request: safe headers, a line in the log, a count; and no error that is not told as one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from ltrr_cli.serve.log import LOG, tell
from ltrr_cli.serve.problems import problem_of
from ltrr_cli.wire.text import safe

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ltrr_cli.serve.metrics import Metrics
    from ltrr_cli.serve.settings import Settings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing is loaded from elsewhere, and nothing that stands in a page itself runs."""
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_LONGEST = 500
"""Characters of an address in the log."""


class Access:
    """The outermost part of the server."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._headers = {
            **_HEADERS,
            "Cross-Origin-Resource-Policy": "cross-origin" if settings.cors else "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, count it, and write it down."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status, length, ended = 0, 0, False

        async def send_safely(message: Message) -> None:
            nonlocal status, length, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            elif message["type"] == "http.response.body":
                length += len(message.get("body", b""))
                ended = not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, send_safely)
        except Exception as error:
            if status and not ended:
                raise  # half an answer is out: the connection has to break
            if not status:
                tell(error)
                await problem_of(error).response()(scope, receive, send_safely)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.request(_route(scope), status, seconds)
            if self._settings.log_access:
                LOG.info("%s", self._line(scope, status, length, seconds))

    def _line(self, scope: Scope, status: int, length: int, seconds: float) -> str:
        query = scope["query_string"].decode("latin-1") if self._settings.log_queries else ""
        address = scope["path"] + (f"?{query}" if query else "")
        shown = address if len(address) <= _LONGEST else f"{address[:_LONGEST]}…"
        client = (scope.get("client") or ("-",))[0]
        return safe(f"{client} {scope['method']} {shown} {status or '-'} {length} B {seconds * 1e3:.1f} ms")


def _route(scope: Scope) -> str:
    """Return the name of what was asked, of which there are only a few, whatever is asked."""
    path: str = getattr(scope.get("route"), "path", "")
    return path or "other"
