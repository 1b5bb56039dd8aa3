"""MEET: the only place where the stages meet. `Engine` is the public API."""

from ltrr_cli.engine.engine import Engine

__all__ = ["Engine"]
