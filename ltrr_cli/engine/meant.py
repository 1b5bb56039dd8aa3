"""A query as it was probably meant: what reads it so, and what judges by it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ltrr_cli.ranking.features import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.retrieval.base import Request

ARM = "fuzzy"
"""The arm that corrects; where an index does without it, nothing is corrected."""


def as_meant(opened: Opened, request: Request) -> Request:
    """Return the request for the corrected text where the correction is sure, else the request itself.

    All arms then search for the corrected text, and fuzzy also for what else may have been meant. What is learned
    stays with the query as it was typed, and a query that has been acted on is meant as it is.
    """
    if not request.understood.unseen or request.recall.known or all(one.name != ARM for one in opened.strategies):
        return request
    correction = request.correction
    if not correction.sure or (corrected := request.corrected) is None:
        return request
    return replace(corrected, spelt=correction)


def meant(opened: Opened, request: Request, arms: Sequence[str]) -> Subject | None:
    """Return what the features of an unsure correction are made from, None where there is none."""
    if ARM not in arms or (corrected := request.corrected) is None:
        return None
    return Subject(
        view=opened.view,
        understood=corrected.understood,
        recall=corrected.recall,
        vector=corrected.vector,
        rewarded=opened.rewarded,
    )


def suggestion(request: Request, arms: Sequence[str]) -> str:
    """Return the text to ask about, "did you mean": one that finds clearly more; "" where there is none."""
    return request.correction.text if ARM in arms and request.correction.more else ""
