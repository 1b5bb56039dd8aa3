"""Answering a query one way, or two ways on one page; the answer is logged."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from ltrr_cli.engine.arguments import check_depths
from ltrr_cli.engine.arranging import wanted_cap, wanted_diversity
from ltrr_cli.engine.filtering import complete
from ltrr_cli.engine.interleaving import Named, answer_interleaved
from ltrr_cli.engine.search import Choice, answer
from ltrr_cli.engine.showing import impression_of
from ltrr_cli.errors import UsageError
from ltrr_cli.feedback.ubi import impression_to_ubi
from ltrr_cli.policy.baselines import Fixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.engine.ways import Way
    from ltrr_cli.records import Answer, Query


def answer_query(
    opened: Opened,
    query: Query,
    ways: Sequence[Way],
    *,
    seed: int | None,
    explore: bool,
    explain: bool,
    log: bool,
    typed: str = "",
    cap: str | None = None,
    diversity: float | None = None,
    facets: Sequence[str] = (),
) -> Answer:
    """Answer one way, or two ways on one page; the arguments are those of `Engine.search`.

    Where nothing was asked and nothing is found, there is nothing to log.
    """
    if seed is not None and seed < 0:
        raise UsageError(f"seed must be 0 or more, not {seed}")
    chance = secrets.randbits(48) if seed is None else seed
    most, diverse = wanted_cap(opened, cap), wanted_diversity(opened, diversity)
    choices = []
    for way in ways:
        check_depths(opened, way.depths)
        chosen = opened.policy(way.policy)
        choices.append(
            Choice(
                seed=chance,
                explore=explore,
                policy=chosen if way.depths is None else Fixed(way.depths),
                ranker=opened.ranker(way.ranker),
                explain=explain,
                cap=most,
                diversity=diverse,
                noise=opened.config.noise if explore else 0.0,
            )
        )
    if len(ways) == 1:
        answered = answer(opened, query, choices[0])
    else:
        a, b = (Named(name=way.name, choice=choice) for way, choice in zip(ways, choices, strict=True))
        answered = answer_interleaved(opened, query, a, b)
    answered = complete(opened, answered, query, typed=typed, facets=facets)
    if log and (answered.results or not query.empty):
        opened.note(impression_to_ubi(impression_of(answered, query)))
    return answered
