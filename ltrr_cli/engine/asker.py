"""Who asks, and what was shown so far: what a request knows beside the query's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.memory.evidence import growth
from ltrr_cli.memory.person import Person
from ltrr_cli.text import key

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.records import Query


def person_of(opened: Opened, query: Query) -> Person:
    """Return who asks; of somebody without a name it says at least what people act on together."""
    return Person(
        opened.learned.people,
        opened.view,
        user=query.user,
        session=query.session,
        likes=query.likes,
        scale=growth(query.time, opened.config.half_life_s),
        done=_done(opened, query),
    )


def exposure_of(opened: Opened, query: Query) -> Callable[[NDArray[np.int64]], NDArray[np.float32]]:
    """Return a function that says of rows how often each was shown, in today's worth."""
    exposure = opened.impressions.exposure
    return lambda rows: exposure.of(opened.view.hashes(rows), query.time)


def _done(opened: Opened, query: Query) -> Callable[[NDArray[np.int64]], NDArray[np.float32]] | None:
    """Return a function that says of rows whether the user acted on them under this very query.

    Times how sure it is that people do not do so twice: where they come back, to have been here is no reproach.
    """
    learned, name, sure = opened.learned, key(query.text), opened.learned.people.once
    if not query.user or not name or sure <= 0:
        return None

    def done(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        acted = [learned.has_acted(query.user, name, one) for one in opened.view.ids(rows)]
        return np.array(acted, np.float32) * np.float32(sure)

    return done
