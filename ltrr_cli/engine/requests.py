"""A query's request: understood, its vector begun, looked up in the memory; and what the policy sees of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ltrr_cli.analysis.language import guess, script_of, scripts
from ltrr_cli.engine.asker import exposure_of, person_of
from ltrr_cli.engine.meant import as_meant
from ltrr_cli.engine.nearby import nearby
from ltrr_cli.memory.evidence import growth
from ltrr_cli.memory.recall import recall
from ltrr_cli.query.context import context, relevance
from ltrr_cli.query.understand import understand
from ltrr_cli.retrieval.base import Request
from ltrr_cli.retrieval.lexical import ceiling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.engine.workers import Ran
    from ltrr_cli.index.view import View
    from ltrr_cli.memory.recall import Recall
    from ltrr_cli.records import Past, Query, Understood


def make_request(opened: Opened, query: Query) -> Request:
    """Understand a query, and begin its vector; it is looked up in the memory when that is asked for."""
    understood = understood_by(opened, query.text, query.time)
    if not understood.unseen:  # else it may turn out to be mistyped
        opened.query_vectors.begin(query.text)
    request = Request(
        query,
        understood,
        lambda: remembered(opened, query, understood),
        opened.filters.view(query.filter),
        opened.query_vectors.of,
        popularity=opened.learned.popularity,
        remade=lambda text: make_request(opened, replace(query, text=text)),
        person=person_of(opened, query),
        rewarded=opened.rewarded,
        exposure=exposure_of(opened, query),
        pages=opened.impressions.exposure.pages(query.time),
        weigh=opened.weigh,
    )
    return as_meant(opened, request)


def remembered(opened: Opened, query: Query, understood: Understood) -> Recall:
    """Look a query up in the memory."""
    return recall(
        understood.words,
        opened.predicted,
        opened.learned.queries,
        opened.row,
        living=opened.view.living,
        now=query.time,
        half_life=opened.config.half_life_s,
        near=lambda: nearby(
            opened, query.text, " ".join(understood.words), fluency_of(opened.view, query.text, understood)
        ),
    )


def understood_by(opened: Opened, text: str, now: float) -> Understood:
    """Understand a text by what is in the index, and by how far feedback up to now says to trust each reading."""
    return understand(text, opened.view, opened.learned.trust, growth(now, opened.config.half_life_s))


def context_of(request: Request, past: Past) -> dict[str, float]:
    """Return the features of a query."""
    return context(request.query, request.understood, request.recall, past)


def relevance_of(request: Request, first: Mapping[str, Ran]) -> dict[str, float]:
    """Return the features of a query that the scores of the arms give which have run already."""
    found: dict[str, float] = {}
    for arm, ran in first.items():
        if not ran.error:
            found |= relevance(arm, ran.hits.scores, ceiling(request))
    return found


def fluency_of(view: View, text: str, understood: Understood) -> float:
    """Return how well the encoder knows the language of a query's text, in [0, 1]."""
    return view.fluency.of(guess(text, understood.words, scripts(text)), script_of(text))
