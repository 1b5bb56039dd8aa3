"""The Ray that the work is done by: joined where an address is given, else started on this machine."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ltrr_cli
from ltrr_cli.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAMESPACE = "ltrr"
_REACHED = 5.0
"""Seconds in which a cluster's head has to take a connection."""
_STORE_BYTES = 128 * 2**20
"""Ray's store of objects, here: only queries and hits pass through it."""
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing phones home
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # leave the variables of accelerators alone; else Ray warns of a change
    # A node that is lost is noticed after 2.5 seconds and not 13; read where the cluster is started.
    "RAY_health_check_initial_delay_ms": "0",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "500",
    "RAY_health_check_failure_threshold": "4",
}


def ray() -> Any:
    """Return the module, with an environment in which it keeps to itself. Raises `ClusterError` without it."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray as module
    except ImportError as error:
        raise ClusterError("ray is not installed", next="install it: pip install 'ltrr[ray]'") from error
    return module


def connect(address: str | None = None) -> Any:
    """Join the Ray cluster at an address (`host:port`, or `auto`), or start one on this machine; returns the module.

    A process belongs to one cluster: where it has joined one already, it stays there. Without an address RAY_ADDRESS
    counts, as everywhere in Ray. Raises `ClusterError`.
    """
    module = ray()
    if module.is_initialized():
        return module
    known = address or os.environ.get("RAY_ADDRESS", "")
    _check_reachable(known)
    started = {} if known else _started()
    on_end = signal.getsignal(signal.SIGTERM)
    try:
        with _elsewhere():
            module.init(address=address, namespace=NAMESPACE, log_to_driver=False, logging_level="ERROR", **started)
    except Exception as error:
        raise ClusterError(
            f"no Ray to work with: {_first_line(error)}",
            where=known or "this machine",
            next="check the address (host:port), and that RAY_AUTH_TOKEN_PATH names the token of that cluster",
        ) from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_end)  # Ray takes it, and ends with 15
    return module


def _check_reachable(address: str) -> None:
    """Raise `ClusterError` where nobody listens at `host:port`: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACHED).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(
            f"no Ray listens there: {error}", where=address, next="check the address (host:port) and the head node"
        ) from error


@contextmanager
def _elsewhere() -> Iterator[None]:
    """Be where this package lies meanwhile: Ray's workers import from the directory in which Ray is joined.

    They would run what lies about there: a `tantivy.py` of whoever unpacked an archive.
    """
    here = Path.cwd()
    os.chdir(Path(ltrr_cli.__file__).parent.parent)
    try:
        yield
    finally:
        os.chdir(here)


def _started() -> dict[str, Any]:
    """Return how to start one for this machine alone."""
    return {"include_dashboard": False, "object_store_memory": _STORE_BYTES, "_node_ip_address": "127.0.0.1"}


def actor(kind: type, root: Path, name: str, *arguments: object, shared: bool, **options: object) -> tuple[Any, bool]:
    """Return the actor of an index that has this name, and whether it was made now: of `kind`, with the arguments.

    One that is not `shared` ends with the process that made it. It is restarted, wherever it dies.
    """
    module = ray()
    own = f"{blake2b(str(root).encode(), digest_size=8).hexdigest()}/{name}"
    try:
        return module.get_actor(own, namespace=NAMESPACE), False
    except ValueError:
        pass  # there is none: whoever makes it first, it is the same
    settings = {"name": own, "namespace": NAMESPACE, "get_if_exists": True, "num_cpus": 0, "max_restarts": -1}
    lifetime = {"lifetime": "detached"} if shared else {}
    return module.remote(kind).options(**settings, **lifetime, **options).remote(str(root), *arguments), True


def done(references: Sequence[Any]) -> list[Any]:
    """Wait for tasks, in order. What a task raised is raised; `ClusterError` where the cluster could not run it."""
    module = ray()
    try:
        return list(module.get(list(references)))
    except module.exceptions.RayTaskError as error:
        raise error.cause from None
    except module.exceptions.RayError as error:
        raise ClusterError(
            f"the cluster lost the work: {_first_line(error)}", next="run it again: what is done stays done"
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
