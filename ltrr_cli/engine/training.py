"""Training the ranker: what the log holds for it, when it is due, and the control records that say what came of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.engine.contest import GO_LIVE, KIND
from ltrr_cli.errors import NotFoundError
from ltrr_cli.ranking.bias import MOST, Shown, harvest, not_steeper_than_clicks
from ltrr_cli.ranking.train import Sample
from ltrr_cli.text import key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.ranking.debias import Curve
    from ltrr_cli.ranking.linear import LinearRanker

MOST_LISTS = 100_000
"""So many of the last lists with an action are trained on."""
_AT_LEAST, _SHARE = 20, 0.05
"""A user's last lists count up to so many, or up to this share of all: one user alone teaches everybody little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One shown list with an action: what training needs of it.

    `text` is the query's key, of a page without one a name of its own: what suits one person there says nothing of what
    suits the next.

    `values` (n, features), `gains` (n,) by place: each entity's largest reward in size, below 0 where only disliked.
    """

    text: str
    shown: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float32]
    gains: NDArray[np.float32]


def due(opened: Opened) -> bool:
    """Whether enough was acted on since the ranker was last trained."""
    learned = opened.learned
    return learned.counts["training lists"] >= max(opened.config.train_every, learned.contest.due_at)


def acted_pages(opened: Opened) -> list[Page]:
    """Return the last lists with an action, as they were shown; a user who has too many gives the latest of them."""
    gains: dict[str, dict[str, float]] = {}
    users: dict[str, str] = {}
    for event in opened.logs.all_events():
        reward = opened.config.reward(event.action, event.dwell)
        if event.query_id and reward:
            own = gains.pop(event.query_id, {})  # to the end: the dict keeps the order of the last action
            own[event.entity_id] = max(reward, own.get(event.entity_id, reward))
            gains[event.query_id] = own
            users[event.query_id] = event.user or event.session
            if len(gains) > MOST_LISTS:
                users.pop(oldest := next(iter(gains)))
                gains.pop(oldest)
    cap = max(_AT_LEAST, _SHARE * len(gains))
    lists: Counter[str] = Counter()
    found = []
    for query_id, own in reversed(gains.items()):
        user = users[query_id]
        lists[user] += bool(user)
        if lists[user] <= cap:
            found.append(_page(opened, query_id, own))
    return [page for page in reversed(found) if page is not None]


def _page(opened: Opened, query_id: str, own: Mapping[str, float]) -> Page | None:
    impression = opened.impressions.find(query_id)
    trace = impression.trace if impression is not None else None
    if impression is None or trace is None or not trace.features or opened.config.is_held_out(impression.text):
        return None
    return Page(
        text=key(impression.text) or f"\0{query_id}",
        shown=impression.shown,
        names=trace.feature_names,
        values=np.array(trace.features, np.float32),
        gains=np.array([own.get(entity_id, 0.0) for entity_id in impression.shown], np.float32),
    )


def shown_of(pages: list[Page]) -> Shown:
    """Return what was shown where, and whether it was acted on."""
    numbers: defaultdict[tuple[str, str], int] = defaultdict(lambda: len(numbers))
    pairs = [numbers[page.text, one] for page in pages for one in page.shown]
    lengths = [len(page.shown) for page in pages]
    return Shown(
        pages=np.repeat(np.arange(len(pages)), lengths),
        pairs=np.array(pairs, np.int64),
        positions=np.concatenate([np.empty(0, np.int64), *(np.arange(1, length + 1) for length in lengths)]),
        clicked=np.concatenate([np.empty(0, np.bool_), *(page.gains > 0 for page in pages)]),
    )


def curve_of(pages: list[Page]) -> Curve:
    """Return the examination curve that the pages tell, the usual one as far as they do not."""
    shown = shown_of(pages)
    return not_steeper_than_clicks(harvest(shown), shown)


def samples_of(pages: list[Page], curve: Curve) -> Iterator[Sample]:
    """Yield the lists to train on. The largest reward of all counts 1."""
    most = max((float(np.abs(page.gains).max(initial=0)) for page in pages), default=1.0) or 1.0
    for page in pages:
        yield Sample(
            names=page.names,
            values=page.values,
            gains=page.gains / np.float32(most),
            seen=np.array([curve.examination(place + 1) for place in range(len(page.shown))], np.float32),
        )


def trained_row(
    opened: Opened, ranker: LinearRanker, now: float, *, source: str, curve: Curve | None = None, promote: bool = False
) -> dict[str, Any]:
    """Return the control record of a newly trained ranker; the version is the next one.

    The next is trained when there are twice as many lists: so each has as long a test as what it was learned from.
    """
    contest, end = opened.learned.contest, opened.logs.events.end()
    lists = opened.learned.counts["training lists"]
    chances = () if curve is None else tuple(curve.examination(place) for place in range(1, MOST + 1))
    return {
        "kind": KIND,
        "time": now,
        "source": source,
        "next": lists + max(opened.config.train_every, lists),
        "promote": promote,
        "examination": chances,
        "after": [end.file, end.offset],
        "ranker": {**ranker.to_dict(), "version": contest.latest + 1},
    }


def live_row(opened: Opened, version: int, now: float, reason: str) -> dict[str, Any]:
    """Return the control record that puts a version live. Raises `NotFoundError` for one that is not there."""
    known, end = opened.learned.contest.versions, opened.logs.events.end()
    if version not in known:
        raise NotFoundError(f"the ranker has no version {version}", next=f"there are {min(known)} to {max(known)}")
    return {"kind": GO_LIVE, "time": now, "version": version, "reason": reason, "after": [end.file, end.offset]}
