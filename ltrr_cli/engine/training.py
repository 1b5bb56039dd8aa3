"""Training the ranker: when it is due, what it is trained on, and the control record of what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.ranking.debias import inverse_weight
from ltrr_cli.ranking.linear import LinearRanker
from ltrr_cli.ranking.train import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltrr_cli.engine.opened import Opened

_TRAINING_LISTS = 20_000
_MOST_IN_TEST = 5
"""A challenger still undecided after this many training intervals gives way to a newer one."""


def is_due(opened: Opened) -> bool:
    """Whether enough was clicked since the ranker was last trained, and none is in the middle of its test."""
    learned, every = opened.learned, opened.config.train_every
    waiting = learned.challenger is not None and learned.bet.seen < _MOST_IN_TEST * every
    return learned.counts["training lists"] - learned.trained_at >= every and not waiting


def ranker_row(opened: Opened, weights: dict[str, float], now: float) -> dict[str, Any]:
    """Return the control record of a newly trained ranker."""
    learned, end = opened.learned, opened.logs.events.end()
    version = 1 + max(
        [learned.ranker.version, *(int(entry["version"]) for entry in learned.ranker_log)]
        + ([learned.challenger.version] if learned.challenger is not None else [])
    )
    return {
        "kind": "ranker",
        "time": now,
        "lists": learned.counts["training lists"],
        "after": [end.file, end.offset],
        "ranker": LinearRanker(weights, version=version).to_dict(),
    }


def samples(opened: Opened) -> Iterator[Sample]:
    """Yield the last lists with a rewarded entity: what was shown, and gains weighted by 1 / examination."""
    gains: dict[str, dict[str, float]] = {}
    for event in opened.logs.all_events():
        reward = opened.config.reward(event.action, event.dwell)
        if event.query_id and reward > 0:
            own = gains.pop(event.query_id, {})  # to the end: the dict keeps the order of the last action
            own[event.entity_id] = max(reward, own.get(event.entity_id, 0.0))
            gains[event.query_id] = own
            if len(gains) > _TRAINING_LISTS:
                gains.pop(next(iter(gains)))
    for query_id, own in gains.items():
        impression = opened.impressions.find(query_id)
        if impression is None or impression.trace is None or not impression.trace.features:
            continue
        if opened.config.is_held_out(impression.text):
            continue
        weights = [
            own.get(entity_id, 0.0) * inverse_weight(place + 1) for place, entity_id in enumerate(impression.shown)
        ]
        yield Sample(
            names=impression.trace.feature_names,
            values=np.array(impression.trace.features, np.float32),
            gains=np.array(weights, np.float32),
        )
