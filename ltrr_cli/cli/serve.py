"""`ltrr serve`: the search page and the API, over HTTP."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ltrr_cli.cli.options import IndexOption, find_index
from ltrr_cli.errors import ServeError

HELP = """Serve the search page and an API over HTTP.

By default for this machine alone. Another --host needs a token, which programs send as Authorization: Bearer TOKEN, and
people type once at /login. Behind a proxy that speaks TLS, name the site with --allow-host.

The API is described at /docs, and for programs at /openapi.json: /search, /feedback (UBI events), /undo, /complete,
/related, /understand, /explain, /arms, /health, /metrics. What /feedback says is recorded is on the disk.

It ends on Ctrl-C or SIGTERM, once what has been asked is answered."""
EPILOG = """\b
Examples:
  ltrr serve --open
  ltrr serve --port 9000 --workers 2 --quiet
  LTRR_TOKEN=$(cat token) ltrr serve --host 0.0.0.0
  ltrr serve --cors https://shop.example --no-log-queries
  curl 'http://127.0.0.1:8080/search?q=rainy+day&k=3'
"""


def serve(
    *,
    index: IndexOption = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="The port; 0 takes a free one.")] = 8080,
    token: Annotated[
        str,
        typer.Option(
            metavar="TOKEN",
            envvar="LTRR_TOKEN",
            help="Who asks must show it; others see what stands in a command, so set the variable.",
            show_default=False,
            show_envvar=True,
        ),
    ] = "",
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=64,
            help="Processes that answer; by default two, or one where there is one processor.",
            show_default=False,
        ),
    ] = None,
    engines: Annotated[
        int, typer.Option(metavar="N", min=1, max=64, help="Engines of each, which answer side by side.")
    ] = 1,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.1, max=600, help="Deadline of a request.")] = 10.0,
    rate: Annotated[
        float,
        typer.Option(metavar="N", min=0, help="Requests a second of one client to a worker, at most; 0: any number."),
    ] = 1000.0,
    cors: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Let this site's pages ask (repeatable).", show_default=False),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name by which this machine is asked (repeatable).", show_default=False),
    ] = None,
    no_log_queries: Annotated[bool, typer.Option("--no-log-queries", help="Leave queries out of the log.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Log no requests.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Parse, look that all is there, listen."""
    from ltrr_cli.cli.text import notice
    from ltrr_cli.engine import Engine
    from ltrr_cli.serve.settings import Settings

    settings = Settings(
        index=find_index(index),
        host=host,
        port=port,
        token=token.strip(),
        workers=workers or min(2, os.cpu_count() or 1),
        engines=engines,
        timeout=timeout,
        rate=rate,
        cors=tuple(one.rstrip("/") for one in cors or ()),
        hosts=tuple(allow_host or ()),
        log_access=not quiet,
        log_queries=not no_log_queries,
    )
    settings.check()
    _check_installed()
    with Engine.open(settings.index) as engine:
        if engine.read_only:
            notice("this index may not be written to: nothing is logged, and feedback is not possible")
        engine.encode_ahead(["ready"])()  # a broken encoder is told now, and not by every worker
    from ltrr_cli.serve.server import listen, run

    with listen(settings) as listener:
        address = _address(host, listener.getsockname()[1])
        notice(f"{settings.index} is served at {address} (Ctrl-C ends it)")
        if open_page:
            _open(f"{address}#token={settings.token}" if settings.token else address)
        run(settings, listener)


def _check_installed() -> None:
    """Raise `ServeError` where a module of the extra is missing."""
    from importlib.util import find_spec

    missing = [name for name in ("starlette", "uvicorn", "jinja2", "prometheus_client") if find_spec(name) is None]
    if missing:
        raise ServeError(f"{missing[0]} is not installed", next="install what serves: pip install 'ltrr[serve]'")


def _address(host: str, port: int) -> str:
    """Return the address for a browser on this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{name}:{port}/"


def _open(address: str) -> None:
    """Open a browser in a moment: the page is there by then, and if it is not, the browser waits."""
    import threading
    import webbrowser

    threading.Timer(1.0, webbrowser.open, (address,)).start()
