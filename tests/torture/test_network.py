"""A machine whose network goes down: a node in a network namespace of its own, whose link is cut. Needs root."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from machines import ENCODER, STORE, entities

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltrr_cli.records import Answer

QUERIES = ("love", "rain summer 1950s", "rock albums", "nigth train")
HERE, THERE = "10.231.77.1", "10.231.77.2"
SPACE, LINK = "ltrr-there", "ltrr-here"
PATIENCE = 60.0


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def _another_machine() -> Iterator[None]:
    """Make a network namespace that one link leads to."""
    try:
        _ip("netns", "add", SPACE)
        _ip("link", "add", LINK, "type", "veth", "peer", "name", "eth0", "netns", SPACE)
        _ip("addr", "add", f"{HERE}/24", "dev", LINK)
        _ip("link", "set", LINK, "up")
        for words in (
            ("addr", "add", f"{THERE}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", SPACE, *words)
    except (OSError, subprocess.CalledProcessError) as error:
        _forget()
        pytest.skip(f"no network namespaces here: {error}")
    try:
        yield
    finally:
        _forget()


def _forget() -> None:
    for words in (("link", "del", LINK), ("netns", "del", SPACE)):
        subprocess.run(["ip", *words], check=False, capture_output=True)


@contextmanager
def _node(address: str) -> Iterator[None]:
    """Run a node of the cluster on the other machine."""
    command = ["start", f"--address={address}", f"--node-ip-address={THERE}", "--num-cpus=1", "--block"]
    command = [sys.executable, "-m", "ray.scripts.scripts", *command, f"--object-store-memory={STORE}"]
    with subprocess.Popen(
        ["ip", "netns", "exec", SPACE, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as node:
        try:
            yield
        finally:
            node.terminate()


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Return an index with three segments."""
    for number in range(3):
        own = tmp_path / f"{number}.jsonl"
        own.write_text("".join(json.dumps(row) + "\n" for row in entities()[number::3]))
        Engine.build(own, tmp_path / "songs.ltrr", encoder=ENCODER, add=number > 0)
    return tmp_path / "songs.ltrr"


def _ask(engine: Engine, text: str) -> Answer:
    return engine.search(text, now=1e9, seed=1, explore=False, log=False)


def test_a_link_goes_down(index: Path) -> None:
    """No answer is wrong, a partial one is marked, and all is whole again by itself."""
    pytest.importorskip("ray", reason="ray is not installed: pip install 'ltrr[ray]'")
    if not os.environ.get("LTRR_TORTURE"):
        pytest.skip("it takes a minute: make torture")
    if os.geteuid() or shutil.which("ip") is None:
        pytest.skip("network namespaces need root, and ip")
    from ltrr_cli.cluster.router import Cluster
    from ltrr_cli.cluster.runtime import connect, ray

    with Engine.open(index) as engine:
        expected = {text: _ask(engine, text) for text in QUERIES}
    module: Any = ray()
    from ray.cluster_utils import Cluster as Machines

    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": STORE, "node_ip_address": HERE}
    with _another_machine():
        machines: Any = Machines(initialize_head=True, head_node_args=head)
        try:
            connect(machines.address)
            with _node(machines.address):
                _until(lambda: sum(node["Alive"] for node in module.nodes()) == 2)
                with Cluster.open(index, replicas=2) as cluster:
                    cluster.fleet.wait()
                    asked = _whole(cluster, expected)
                    _ip("link", "set", LINK, "down")
                    begun = time.monotonic()
                    marked = _whole(cluster, expected)
                    _until(lambda: sum(node["Alive"] for node in module.nodes()) == 1)
                    noticed = time.monotonic() - begun
                    marked += _whole(cluster, expected)
                    assert len(set(cluster.fleet.wait())) == 6
                    print(f"link down: noticed after {noticed:.1f} s, {marked} answers marked as partial, 0 wrong")
                    assert asked == 0
        finally:
            module.shutdown()
            machines.shutdown()


def _whole(cluster: Engine, expected: dict[str, Answer]) -> int:
    """Ask until each query is answered as before, three times in turn; returns how many answers were marked."""
    marked, whole, end = 0, 0, time.monotonic() + PATIENCE
    while whole < 3 * len(QUERIES):
        assert time.monotonic() < end, "it does not come back"
        answer = _ask(cluster, QUERIES[whole % len(QUERIES)])
        if answer.missing:
            marked, whole = marked + 1, 0
        else:
            assert answer.results == expected[QUERIES[whole % len(QUERIES)]].results
            whole += 1
    return marked


def _until(true: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it does not come to this"
        time.sleep(0.1)
