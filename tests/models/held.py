"""What an index holds, for tests that look at it from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.records import Entity


def entity_of(index: Path, entity_id: str) -> Entity:
    """Return an entity that is there."""
    with Engine.open(index) as engine:
        found = engine.entity(entity_id)
    assert found is not None
    return found
