"""MEET: the only place where the stages meet. `Engine` is the public API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltrr_cli.engine.engine import Engine

__all__ = ["Engine"]


def __getattr__(name: str) -> object:
    """Import `Engine` on first use: what is light here, such as `ways`, must not load it."""
    if name == "Engine":
        from ltrr_cli.engine.engine import Engine

        return Engine
    raise AttributeError(name)
