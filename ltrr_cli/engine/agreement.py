"""Which readings of a query each shown entity agrees with: logged, and what trust in readings is learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.memory.evidence import growth
from ltrr_cli.records import Agreement
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.index.view import View
    from ltrr_cli.memory.trust import Trust
    from ltrr_cli.records import Event, Impression, Understood

_MOST = 32
"""Readings of one query that are logged, the most probable ones."""


def agreements(view: View, understood: Understood, rows: NDArray[np.int64]) -> tuple[Agreement, ...]:
    """Return for each reading the positions (from 1) of the rows shown that have its value, or lie in its range."""
    if not len(rows):
        return ()
    tags = sorted(understood.tags, key=lambda tag: -tag.probability)[:_MOST]
    parts = view.by_segment(rows)
    has = np.zeros((len(tags), len(rows)), bool)
    if tags:
        wanted = np.array([hash64(tag.term) for tag in tags], np.uint64)
        for segment, places, own in parts:
            has[:, places] = segment.values.having(own, wanted)
    found = [_of(tag.attribute, tag.form, row) for tag, row in zip(tags, has, strict=True)]
    for one in understood.ranges[:_MOST]:
        row = np.zeros(len(rows), bool)
        for segment, places, own in parts:
            inside = segment.numbers.within(one.attribute, one.low, one.high, own)
            if inside is not None:
                row[places] = inside
        found.append(_of(one.attribute, one.form, row))
    return tuple(found)


def _of(attribute: str, form: str, row: NDArray[np.bool_]) -> Agreement:
    positions: Sequence[int] = (row.nonzero()[0] + 1).tolist()
    return Agreement(attribute=attribute, form=form, positions=tuple(positions))


def learn_trust(trust: Trust, event: Event, impression: Impression, half_life: float) -> None:
    """Count what a rewarded choice says of the query's readings; an entity that was not shown says nothing.

    Of several readings of one kind the entity need have the value of one only.
    """
    trace = impression.trace
    if trace is None or event.entity_id not in impression.shown:
        return
    position = impression.shown.index(event.entity_id) + 1
    kinds: dict[tuple[str, str], set[int]] = {}
    for one in trace.agreements:
        kinds.setdefault((one.attribute, one.form), set()).update(one.positions)
    mass = growth(event.time, half_life)
    for (attribute, form), positions in kinds.items():
        if 0 < len(positions) < len(impression.shown):
            trust.add(attribute, form, mass, hit=position in positions)
