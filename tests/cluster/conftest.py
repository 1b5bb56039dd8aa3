"""The machines, joined by the tests' process, a catalogue, and the index that one machine builds of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from machines import ENCODER, STORE, Machines, entities

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def machines() -> Iterator[Machines]:
    """Return the machines; the tests' process has joined them."""
    pytest.importorskip("ray", reason="ray is not installed: pip install 'ltrr[ray]'")
    from ltrr_cli.cluster.runtime import connect, ray

    module = ray()
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, "object_store_memory": STORE},
    )
    try:
        found = Machines(cluster)
        connect(found.address)
        yield found
    finally:
        module.shutdown()
        cluster.shutdown()  # type: ignore[no-untyped-call]


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a catalogue file."""
    path = tmp_path_factory.mktemp("catalogue") / "songs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in entities()))
    return path


@pytest.fixture(scope="session")
def one(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the index that one machine builds of it."""
    path = tmp_path_factory.mktemp("one") / "one.ltrr"
    Engine.build(catalogue, path, encoder=ENCODER)
    return path
