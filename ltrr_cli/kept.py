"""What a function made of the last arguments: a dictionary, since looking up is all that a build does for most words.

`functools.lru_cache` takes twice as long for an argument that is known, three times for two, and keeps a link for each
that the collector of garbage goes through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Argument = TypeVar("Argument")
Made = TypeVar("Made")


class Kept(dict[Argument, Made]):
    """Look up by `[argument]`: what is not there is made. When `most` are there it begins anew. Thread-safe."""

    def __init__(self, make: Callable[[Argument], Made], most: int = 1 << 16) -> None:
        super().__init__()
        self._make, self._most = make, most

    def __missing__(self, argument: Argument) -> Made:
        """Make it."""
        made = self._make(argument)
        if len(self) >= self._most:
            self.clear()
        self[argument] = made
        return made
