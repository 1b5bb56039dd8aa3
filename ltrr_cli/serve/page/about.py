"""What the page knows of an index before anybody asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.serve.page.choice import Choice, choose
from ltrr_cli.wire.text import safe

if TYPE_CHECKING:
    from ltrr_cli.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Its name (the folder's), how many entities it has, which fields make facets, and whether answers are logged."""

    name: str
    entities: int
    choice: Choice = field(default_factory=Choice)
    logs: bool = True


def look(engine: Engine) -> About:
    """Look."""
    info = engine.info()
    return About(
        name=safe(Path(info.path).stem), entities=info.entities, choice=choose(engine), logs=not engine.read_only
    )
