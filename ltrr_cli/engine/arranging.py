"""The page's arrangement: which order the settings make of the ranker's scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.errors import UsageError
from ltrr_cli.filters.names import nearest
from ltrr_cli.ranking.diversity import Arranged, Cap, arrange, parse_cap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.engine.search import Choice
    from ltrr_cli.retrieval.pool import Pool

MOST_DIVERSE = 0.99


def wanted_cap(opened: Opened, text: str | None) -> Cap | None:
    """Return the cap that a caller (else ltrr.toml) names, None for "". Raises `UsageError` where it is none."""
    written = opened.config.cap if text is None else text
    if not written.strip():
        return None
    cap = parse_cap(written)
    if cap is None:
        raise UsageError(f"{written[:80]!r} is no cap", next="write FIELD:NUMBER, such as artist:2")
    field = opened.filters.named(cap.field)
    if field is None:
        near = ", ".join(nearest(cap.field, opened.filters.fields))
        raise UsageError(f"no cap by {cap.field[:80]!r}: there is no such field", next=f"fields: {near}")
    return Cap(field, cap.most)


def wanted_diversity(opened: Opened, share: float | None) -> float:
    """Return the diversity that a caller (else ltrr.toml) names. Raises `UsageError` where it is out of range."""
    if share is not None and not 0 <= share <= MOST_DIVERSE:
        raise UsageError(f"diversity must be from 0 to {MOST_DIVERSE}, not {share}")
    return opened.config.diversity if share is None else share


def arranged(
    opened: Opened, pool: Pool, scores: NDArray[np.float32], best: NDArray[np.intp], choice: Choice, k: int
) -> Arranged | None:
    """Return how a choice arranges the candidates, None where by their scores alone; `best` is their order by these.

    Noise, where there is any, is drawn here, from the choice's seed.
    """
    if choice.cap is None and not choice.diversity:
        return None
    return arrange(
        scores,
        best,
        k,
        most=choice.cap.most if choice.cap is not None else 0,
        values=_values(opened, pool, choice.cap.field) if choice.cap is not None else (),
        diversity=choice.diversity,
        vectors=opened.view.vectors(pool.rows) if choice.diversity else None,
        noise=choice.noise,
        rng=np.random.default_rng([choice.seed, _DRAWN]),
    )


_DRAWN = 3
"""Names the stream of chance of drawn places, beside the policies', the draft's and the noise's."""


def _values(opened: Opened, pool: Pool, field: str) -> list[frozenset[object]]:
    """Return each candidate's values of a field."""
    if field == "id":
        return [frozenset((row,)) for row in pool.rows.tolist()]
    found: list[set[object]] = [set() for _ in pool.rows]
    for segment, places, own in opened.view.by_segment(pool.rows):
        for place, value in segment.postings.held(field, own):
            found[int(places[place])].add(value)
    return [frozenset(one) for one in found]
