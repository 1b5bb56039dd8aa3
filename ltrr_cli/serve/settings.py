"""How the server listens, whom it lets in, and how much of it anybody may use."""

from __future__ import annotations

import ipaddress
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

LEAST_TOKEN = 16
"""Characters of a token, at least."""
MAX_TIMEOUT = 600
"""Seconds for a request, at most."""
MAX_K = 100
"""Results of a page, at most."""
MAX_OFFSET = 900
"""Results that may be left out: an answer has a thousand at most."""
MAX_QUERY = 2000
"""Characters of a query."""
MAX_BODY = 2**20
"""Bytes of a request's body."""
MAX_EVENTS = 1000
"""Events of one request."""
_NAME = re.compile(r"(?=.{1,253}\Z)\w(?:[\w.-]*\w)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that a server is told at its start; every worker process gets the same.

    `timeout` in seconds is the deadline of a request, `rate` the requests a second of one client (0: no limit; each
    worker counts for itself). `engines` answer side by side in each of the `workers`. `hosts` are further names by
    which this machine is called; `cors` are origins whose pages may call. `counters` is a folder in which the workers
    add up their metrics, "" where there is one worker.
    """

    index: Path
    host: str = "127.0.0.1"
    port: int = 8080
    token: str = ""
    workers: int = 1
    engines: int = 1
    timeout: float = 10.0
    rate: float = 1000.0
    cors: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    log_access: bool = True
    log_queries: bool = True
    counters: str = ""

    def check(self) -> None:
        """Raise `UsageError` for what would not be safe, or makes no sense."""
        if not 0.1 <= self.timeout <= MAX_TIMEOUT:
            raise UsageError(f"--timeout: {self.timeout:g} is not from 0.1 to {MAX_TIMEOUT} seconds")
        if not 0 <= self.rate < math.inf:
            raise UsageError(f"--rate: {self.rate:g} is no number of requests", next="give 0 for any number")
        if not self.host or any(not char.isprintable() or char.isspace() for char in self.host):
            raise UsageError(f"--host: {self.host[:80]!r} is no address", next="for example 127.0.0.1")
        for name in self.hosts:
            if not _NAME.fullmatch(name):
                raise UsageError(
                    f"--allow-host: {name[:80]!r} is no name of a machine",
                    next="give the name alone, such as search.example, without http:// and port",
                )
        if self.token and (len(self.token) < LEAST_TOKEN or not self.token.isascii() or not self.token.isprintable()):
            raise UsageError(
                f"a token has at least {LEAST_TOKEN} printable ASCII characters",
                next="make one with: python -c 'import secrets; print(secrets.token_urlsafe())'",
            )
        if not self.token and not is_loopback(self.host):
            raise UsageError(
                f"{self.host} can be reached by others, so who asks must show a token",
                next="give --token or LTRR_TOKEN, or listen on 127.0.0.1",
            )
        for origin in self.cors:
            if origin == "*" or not origin.startswith(("http://", "https://")) or origin.count("/") != 2:
                raise UsageError(f"--cors: {origin[:80]!r} is no origin", next="for example https://shop.example")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; names other than localhost are taken to be of others."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
