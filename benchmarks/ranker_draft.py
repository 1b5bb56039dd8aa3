"""How much a page tells of two rankers: by the doubt rule's estimate from clicks, and by a team draft of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ranker_data import NAMES
from ranker_worlds import K, World, position_based

from ltrr_cli.engine.training import curve_of, samples_of
from ltrr_cli.ranking.draft import team_draft
from ltrr_cli.ranking.linear import LinearRanker
from ltrr_cli.ranking.preference import preference
from ltrr_cli.ranking.train import train
from ltrr_cli.records import TEAM_A, TEAM_B

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ranker_data import Pages
    from ranker_worlds import Session

LISTS = (100, 400, 1600)
PAGES = 5000


def sensitivity(data: Pages, seeds: Sequence[int]) -> dict[int, dict[str, list[float]]]:
    """Return by the lists that a ranker was trained on, for every seed, the (mean / deviation)² of 1,000 pages.

    `clicks` are pages in the live order, each with the sum of its clicks' preferences; `draft` are drafted pages, each
    1, 0 or -1 as the new ranker's team has more clicks, as many, or fewer. The new ranker is better in all of them.
    """
    live = LinearRanker()
    found: dict[int, dict[str, list[float]]] = {count: {"clicks": [], "draft": []} for count in LISTS}
    for seed in seeds:
        log = World(data, seed=seed).sessions(4 * max(LISTS), live)
        fresh = World(data, seed=10_000 + seed).sessions(PAGES, live)
        for count, row in found.items():
            lists = log.pages()[:count]
            curve = curve_of(lists)
            new = train(list(samples_of(lists, curve)))
            rng = np.random.default_rng(seed)
            clicks, draft = [], []
            for one in fresh.rows:
                values = data.of(one.query)[0][one.shown]
                scores = live.score(NAMES, values), new.score(NAMES, values)
                clicks.append(sum(preference(*scores, place, curve) for place in np.flatnonzero(one.clicked).tolist()))
                draft.append(_vote(data, one, live, new, rng))
            row["clicks"].append(_strength(clicks))
            row["draft"].append(_strength(draft))
    return found


def _vote(data: Pages, session: Session, live: LinearRanker, new: LinearRanker, rng: np.random.Generator) -> float:
    values, grades = data.of(session.query)
    a, b = (np.argsort(-ranker.score(NAMES, values), kind="stable")[:K].tolist() for ranker in (live, new))
    drafted = team_draft(a, b, K, rng)
    clicked, _ = position_based(0, np.array([grades[row] > 0 for row, _ in drafted]), rng)
    teams = [team for (_, team), click in zip(drafted, clicked.tolist(), strict=True) if click]
    return float(np.sign(teams.count(TEAM_B) - teams.count(TEAM_A)))


def _strength(values: Sequence[float]) -> float:
    return 1000 * float(np.mean(values)) ** 2 / float(np.var(values))
