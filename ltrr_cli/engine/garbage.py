"""Looking for garbage less often: a build makes a hundred small objects an entity that stay, and hardly ever cycles.

Python looks for cycles each time that 700 more objects are alive, and now and then through all there are. In a build
that takes a tenth of the time beside the encoder's.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OBJECTS = 50_000
"""Objects that may wait: some megabytes."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let Python look for cycles only once so many more objects are alive; as before afterwards, and if it was off."""
    young, *older = gc.get_threshold()
    if young:
        gc.set_threshold(max(young, _OBJECTS), *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
