"""The server's log, on standard error."""

from __future__ import annotations

import logging
import os
import sys

from ltrr_cli.wire.text import safe

LOG = logging.getLogger("ltrr.serve")


def speak() -> None:
    """Let the server's log go to standard error, a line a request."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    for log, level in ((LOG, logging.INFO), (logging.getLogger("uvicorn.error"), logging.WARNING)):
        log.handlers, log.propagate = [handler], False
        log.setLevel(level)


def tell(error: Exception) -> None:
    """Write down an error that is the server's own, with LTRR_DEBUG=1 where it came from."""
    debug = os.environ.get("LTRR_DEBUG", "") not in ("", "0")
    LOG.error("%s", safe(f"error: {type(error).__name__}: {error}"), exc_info=error if debug else None)
