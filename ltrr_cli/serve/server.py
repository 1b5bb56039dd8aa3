"""Listening: the socket, one process or several, and an end at which nothing is lost."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ltrr_cli.errors import ServeError
from ltrr_cli.serve.log import speak

if TYPE_CHECKING:
    from uvicorn import Config

    from ltrr_cli.serve.access import Access
    from ltrr_cli.serve.settings import Settings

_BACKLOG = 1024
_CONNECTIONS = 1000
"""Connections of a worker, at most; more are told to come again."""


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens where the settings say; port 0 takes one that is free.

    Raises `ServeError` where the address is in use, or not this machine's.
    """
    where = f"{settings.host}:{settings.port}"
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(found[0], socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(found[4])
            listener.listen(_BACKLOG)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServeError(
                "another program listens there", where=where, next="end it, or give another --port (0: any)"
            ) from error
        raise ServeError(
            f"cannot listen: {error.strerror or error}", where=where, next="give another --host or --port"
        ) from error
    listener.set_inheritable(True)
    return listener


def run(settings: Settings, listener: socket.socket) -> None:
    """Serve until a signal ends it; what has been asked by then is answered, what was told is recorded is.

    SIGINT and SIGTERM then do what they did before the call.
    """
    from uvicorn import Server

    if settings.workers == 1:
        Server(_config(settings)).run(sockets=[listener])
        return
    folder = tempfile.mkdtemp(prefix="ltrr-serve-")
    try:
        _run_several(replace(settings, counters=folder), listener)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_worker(settings: Settings) -> Access:
    """Return the application in a worker process, which also ends when its parent has."""
    from ltrr_cli.serve.app import make_app

    speak()
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=follow, name="ltrr-parent", daemon=True).start()
    return make_app(settings)


def _config(settings: Settings) -> Config:
    from uvicorn import Config

    return Config(
        partial(make_worker, settings),
        factory=True,
        workers=settings.workers,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whoever asks could say that he is somebody else
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(settings.timeout) + 5,
    )


def _run_several(settings: Settings, listener: socket.socket) -> None:
    from uvicorn.supervisors import Multiprocess

    ended: list[int] = []

    class Workers(Multiprocess):
        """Starts a worker anew that has died, and remembers which signal ended all of them."""

        def handle_int(self) -> None:
            """End on Ctrl-C."""
            ended.append(signal.SIGINT)
            super().handle_int()

        def handle_term(self) -> None:
            """End on SIGTERM."""
            ended.append(signal.SIGTERM)
            super().handle_term()

    speak()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    Workers(_config(settings), sockets=[listener]).run()
    for number, handler in before.items():
        signal.signal(number, handler)
    if not ended:
        raise ServeError("a worker could not start", where=str(settings.index), next="see the lines above")
    signal.raise_signal(ended[0])
